"""Help where nothing was found: which words are unknown, what to drop, where to go on."""

from dataclasses import dataclass, replace

from indexer.links import FACET_PARAMETERS, chosen, search_pairs, to
from indexer.page import Page, Suggestion
from indexer.query.request import Filters
from indexer.search import SearchService
from indexer.text import is_stop_word, tokenize
from webapp.navigation import Link
from webapp.presenters import FACET_LEGENDS

MAX_UNKNOWN = 8
MAX_RELATED = 6


@dataclass(frozen=True, slots=True)
class ZeroView:
    """`unknown`: words that no profile has. `drop`: the same search with less. `related`: things that are there."""

    unknown: tuple[str, ...]
    drop: tuple[Link, ...]
    related: tuple[Link, ...]


def zero_view(page: Page, service: SearchService) -> ZeroView:
    """What to offer to somebody who found nothing."""
    unknown = dict.fromkeys(page.query.unknown)
    words = (token.word for token in tokenize(page.request.text) if not is_stop_word(token.word))
    known = {word: None for word in words if word not in unknown}
    return ZeroView(
        unknown=tuple(unknown)[:MAX_UNKNOWN],
        drop=(*_without_filters(page), *_without_words(tuple(known), bool(unknown))),
        related=_related(service, [*known, *unknown]),
    )


def _without_filters(page: Page) -> list[Link]:
    request = page.request
    taken = [facet for facet in FACET_PARAMETERS if chosen(request, facet)]
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


def _without_words(known: tuple[str, ...], some_unknown: bool) -> list[Link]:
    if not known or (len(known) < 2 and not some_unknown):
        return []
    links = [Link(f"Search for “{' '.join(known)}”", to("/search", [("q", " ".join(known))]))] if some_unknown else []
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
