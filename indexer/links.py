"""Addresses of pages: every state is a URL, and the same state always has the same one."""

from urllib.parse import urlencode

from indexer.labels import CHOICES
from indexer.query.request import DEFAULT_PAGE_SIZE, SearchRequest

FACET_PARAMETERS = {
    "section": "in",
    "specialty": "specialty",
    "hiring": "hiring",
    "service": "service",
    "verified": "verified",
}
"""Facet to the parameter that chooses in it."""


def chosen(request: SearchRequest, facet: str) -> tuple[str, ...]:
    """What the request chose in a facet."""
    values: tuple[str, ...] = getattr(request.filters, CHOICES[facet])
    return values


def search_pairs(request: SearchRequest) -> list[tuple[str, str]]:
    """The parameters of a search, without its page and generation."""
    pairs = [("q", request.text)] if request.text else []
    for facet, parameter in FACET_PARAMETERS.items():
        pairs += [(parameter, value) for value in chosen(request, facet)]
    if request.sort != "relevance":
        pairs.append(("sort", request.sort))
    if request.exact:
        pairs.append(("exact", "1"))
    if request.explain:
        pairs.append(("explain", "1"))
    if request.size != DEFAULT_PAGE_SIZE:
        pairs.append(("size", str(request.size)))
    return pairs


def to(path: str, pairs: list[tuple[str, str]]) -> str:
    """A path with its query string, if there is any."""
    return f"{path}?{urlencode(pairs)}" if pairs else path


def page_link(path: str, request: SearchRequest, page: int, generation: str) -> str:
    """Another page of the same answer: it names its generation, so that nothing is shown twice or never."""
    return to(path, [*search_pairs(request), ("page", str(page)), ("generation", generation)])
