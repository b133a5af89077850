"""The links of a page of results: other orders, other pages, fewer filters, single sections."""

from dataclasses import dataclass

from indexer.links import FACET_PARAMETERS, chosen, search_pairs, to
from indexer.page import Page
from indexer.query.request import SORTS

_FILTER_NAMES = frozenset(FACET_PARAMETERS.values())


@dataclass(frozen=True, slots=True)
class Link:
    """A link with its words; `current` for where we are."""

    text: str
    url: str
    current: bool = False
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Navigation:
    """Where a page of results leads. An empty address: nowhere."""

    chips: tuple[Link, ...]
    sections: tuple[Link, ...]
    sorts: tuple[Link, ...]
    pages: tuple[Link, ...]
    previous_url: str
    next_url: str
    feed_url: str
    plain_url: str
    exact_url: str
    canonical: str
    """Of a plain search with hits, which is worth finding; its filtered, sorted and later pages are not."""


def navigation(page: Page, root: str) -> Navigation:
    """The links of a page; they repeat what its request asked for. `root`: the address of the site, with its slash."""
    pairs = search_pairs(page.request)
    number = page.request.page
    plain = number == 1 and all(name == "q" for name, _ in pairs)
    unsorted = [pair for pair in pairs if pair[0] not in ("sort", "explain")]
    # Pages name the generation, so that nothing of one answer is shown twice or never.
    tail = f"generation={page.generation}"
    base = to("/search", pairs)
    base += "&page=" if pairs else "?page="
    return Navigation(
        chips=_chips(page, pairs),
        sections=_section_links(page, pairs),
        sorts=_sort_links(page.request.sort, pairs),
        pages=_page_links(page, base, tail),
        previous_url=f"{base}{number - 1}&{tail}" if number > 1 else "",
        next_url=f"{base}{number + 1}&{tail}" if number < page.pages else "",
        feed_url=to("/feed.atom", unsorted),
        plain_url=to("/search", [pair for pair in pairs if pair[0] not in _FILTER_NAMES]),
        exact_url=to("/search", [*pairs, ("exact", "1")]) if page.query.repaired else "",
        canonical=f"{root}{to('search', pairs)}" if plain and page.results else "",
    )


def _chips(page: Page, pairs: list[tuple[str, str]]) -> tuple[Link, ...]:
    """Each choice, with the address of the same search without it."""
    taken = [pair for pair in pairs if pair[0] in _FILTER_NAMES]
    if not taken:
        return ()
    labels = {
        (FACET_PARAMETERS[facet], value.value): value.label for facet, values in page.facets.items() for value in values
    }
    return tuple(Link(labels.get(pair, pair[1]), to("/search", [p for p in pairs if p != pair])) for pair in taken)


def _section_links(page: Page, pairs: list[tuple[str, str]]) -> tuple[Link, ...]:
    """The sections that the words were found in, each leading to the hits of that section alone."""
    if not page.request.text:
        return ()
    only = chosen(page.request, "section")
    every = page.facets.get("section", ())
    if any(value.selected and value.value not in only for value in every):
        return ()  # a section that was typed (in:concerns) stays: a link could only add another to it
    base = to("/search", [pair for pair in pairs if pair[0] != "in"])
    values = sorted((v for v in every if v.count), key=lambda v: -v.count)
    return tuple(Link(v.label, f"{base}&in={v.value}", only == (v.value,), v.count) for v in values)


def _sort_links(current: str, pairs: list[tuple[str, str]]) -> tuple[Link, ...]:
    base = to("/search", [pair for pair in pairs if pair[0] != "sort"])
    joint = "&" if "?" in base else "?"
    return tuple(
        Link(label, base if sort == "relevance" else f"{base}{joint}sort={sort}", sort == current)
        for sort, label in SORTS.items()
    )


def _page_links(page: Page, base: str, tail: str) -> tuple[Link, ...]:
    """Numbers around the current page, with the first and the last."""
    if page.pages < 2:
        return ()
    here = page.request.page
    numbers = sorted({1, page.pages, *range(max(1, here - 2), min(page.pages, here + 2) + 1)})
    return tuple(Link(str(n), f"{base}{n}&{tail}", n == here) for n in numbers)
