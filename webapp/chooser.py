"""The form that chooses companies: those that are ticked first, then as many others as a page can list."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from indexer.engines.base import Searcher
from indexer.profiles.model import Facts
from indexer.query.request import MAX_PAGE_SIZE, SearchRequest
from indexer.search import SearchService
from webapp.navigation import Link
from webapp.parameters import CompareParameters


@dataclass(frozen=True, slots=True)
class Chooser:
    """Companies as links whose address is their slug, the ticked ones current; `text` found those of this page."""

    choices: tuple[Link, ...]
    text: str
    page: int
    pages: int
    found_none: bool


def chooser(service: SearchService, searcher: Searcher, asked: CompareParameters) -> Chooser:
    """The ticked companies, then a page of those that the search finds; of all where it finds none.

    Past the last page it is the last one: ticks are never lost.
    """
    text, page, ticked = asked.q, asked.page or 1, dict.fromkeys(asked.company)
    everybody = {facts.slug: facts for facts in searcher.facts()}
    request = SearchRequest(text, page=page, size=MAX_PAGE_SIZE, generation=searcher.generation.id)
    found = service.search(request) if text else None
    if found is not None and page > found.pages > 0:  # the list has become shorter, by other words or a rebuild
        page = found.pages
        found = service.search(replace(request, page=page))
    listed: Sequence[Facts]
    if found is not None and found.total:
        listed, pages = [result.facts for result in found.results], found.pages
    else:
        pages = max(1, -(-len(everybody) // MAX_PAGE_SIZE))
        page = min(page, pages)
        listed = list(everybody.values())[(page - 1) * MAX_PAGE_SIZE : page * MAX_PAGE_SIZE]
    first = [Link(everybody[slug].company, slug, current=True) for slug in ticked if slug in everybody]
    others = [Link(facts.company, facts.slug) for facts in listed if facts.slug not in ticked]
    return Chooser((*first, *others), text, page, pages, found is not None and not found.total)
