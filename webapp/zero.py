"""Help where nothing was found: which words are unknown, what to drop, where to go on."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from indexer.links import FACET_PARAMETERS, chosen, search_pairs, to
from indexer.page import Page, Suggestion
from indexer.query.parser import parse_query
from indexer.query.request import Filters, SearchRequest
from indexer.search import SearchService
from indexer.text import is_stop_word
from webapp.context import today
from webapp.navigation import Link
from webapp.presenters import FACET_LEGENDS

MAX_UNKNOWN = 8
MAX_RELATED = 6
MAX_NAMES = 3
"""Each is a search of its own."""


@dataclass(frozen=True, slots=True)
class ZeroView:
    """`unknown`: words that no profile has. `nobody`: names that no company has, typed as `company:name`.
    `drop`: the same search with less. `related`: things that are there.
    """

    unknown: tuple[str, ...]
    nobody: tuple[str, ...]
    drop: tuple[Link, ...]
    related: tuple[Link, ...]


def zero_view(page: Page, service: SearchService) -> ZeroView:
    """What to offer to somebody who found nothing."""
    typed = parse_query(page.request.text)
    unknown = dict.fromkeys(page.query.unknown)
    words = (word for leaf in typed.query.leaves() for word in leaf.text.split() if not is_stop_word(word))
    known = {word: None for word in words if word not in unknown}
    in_vain = bool(unknown) and not known  # nothing but words that no profile has
    return ZeroView(
        unknown=tuple(unknown)[:MAX_UNKNOWN],
        nobody=tuple(_nobodies(typed.filters, page, service)),
        drop=(
            *_without_filters(page, in_vain),
            *_without_words(tuple(known), bool(unknown) or typed.filters != Filters()),
        ),
        related=_related(service, [*known, *unknown]),
    )


def _nobodies(filters: Filters, page: Page, service: SearchService) -> Iterator[str]:
    for name in filters.companies[:MAX_NAMES]:
        request = SearchRequest(filters=Filters(companies=(name,)), size=1, generation=page.generation)
        found = service.search(request, today())
        if not found.total and not found.partial:
            yield name


def _without_filters(page: Page, in_vain: bool) -> list[Link]:
    request = page.request
    taken = [facet for facet in FACET_PARAMETERS if chosen(request, facet) and not in_vain]
    links = []
    for facet in taken:
        rest = [pair for pair in search_pairs(request) if pair[0] != FACET_PARAMETERS[facet]]
        links.append(Link(f"Search in every {FACET_LEGENDS[facet].lower()}", to("/search", rest)))
    if len(taken) > 1:
        links.append(
            Link("Search without any filter", to("/search", search_pairs(replace(request, filters=Filters()))))
        )
    if request.exact:
        links.append(Link("Allow similar words", to("/search", search_pairs(replace(request, exact=False)))))
    return links


def _without_words(known: tuple[str, ...], more: bool) -> list[Link]:
    """`more`: something else was typed, unknown words or choices."""
    if not known or (len(known) < 2 and not more):
        return []
    links = [Link(f"Search for “{' '.join(known)}”", to("/search", [("q", " ".join(known))]))] if more else []
    if len(known) > 1:
        links += [Link(f"Search for “{word}” alone", to("/search", [("q", word)])) for word in known[:4]]
    return links


def _related(service: SearchService, words: list[str]) -> tuple[Link, ...]:
    found: dict[str, Link] = {}
    for word in words[:4]:
        for start in (word, word[:4], word[:3]):
            suggestions = service.suggest(start, MAX_RELATED) if len(start) > 2 else ()
            for suggestion in suggestions:
                found.setdefault(suggestion.text, _link(suggestion))
            if suggestions:
                break
    return tuple(found.values())[:MAX_RELATED]


def _link(suggestion: Suggestion) -> Link:
    return Link(suggestion.text, suggestion.url or to("/search", [("q", suggestion.text)]))
