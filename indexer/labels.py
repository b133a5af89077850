"""Words for readers: names of facet values, links, and why a hit was found."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from urllib.parse import quote, urlencode

from indexer.engines.base import VERIFIED_DAYS, CompanyHit
from indexer.page import FacetValue
from indexer.profiles.model import HIRING_STATUSES, SECTION_HEADINGS
from indexer.query.choices import services_meant
from indexer.query.request import UNKNOWN, Filters

CHOICES = {
    "section": "sections",
    "specialty": "specialties",
    "hiring": "hiring",
    "service": "services",
    "verified": "verified",
}
"""Facets with the attribute of Filters that holds their choice."""


NAMED_WORDS = 3
"""More words than these are counted in a reason, not named."""
_TEMPLATE = {id_: place for place, id_ in enumerate(SECTION_HEADINGS)}
_quoted = lru_cache(maxsize=4_096)(quote)
"""Slugs and section ids in addresses: the same few stand on every page, dozens of times."""


def profile_url(slug: str, text: str = "", section: str = "") -> str:
    """The page of a profile, at a section, with the query's words marked."""
    return f"/profiles/{_quoted(slug)}{_query(text) if text else ''}" + (f"#{_quoted(section)}" if section else "")


@lru_cache(maxsize=64)
def _query(text: str) -> str:
    """The query string of a text: the same for the dozens of links of one page."""
    return f"?{urlencode({'q': text})}"


def value_label(facet: str, value: str, labels: Mapping[str, str]) -> str:
    """What a reader sees for a value of a facet."""
    if facet == "verified":
        return "Never verified" if value == UNKNOWN else f"Within {value} days"
    if facet == "hiring":
        return HIRING_STATUSES.get(value, value)
    if value == UNKNOWN and facet != "section":
        return "Unknown"
    return SECTION_HEADINGS.get(value) or labels.get(value, value) if facet == "section" else value


def facet_values(
    facet: str, counts: Mapping[str, int], filters: Filters, labels: Mapping[str, str]
) -> tuple[FacetValue, ...]:
    """The values of one facet in the order readers expect; a chosen value is there even when nothing is left of it."""
    chosen: Sequence[str] = getattr(filters, CHOICES[facet])
    if facet == "service":
        chosen = services_meant(chosen, labels)
    values = dict.fromkeys([*counts, *chosen])
    ordered = sorted(values, key=lambda value: _place(facet, value, counts.get(value, 0)))
    return tuple(
        FacetValue(value, value_label(facet, value, labels), counts.get(value, 0), value in chosen) for value in ordered
    )


def _place(facet: str, value: str, count: int) -> tuple[int, int, str]:
    """Sections in the order of the template, periods by length, the rest by count; "unknown" last."""
    if facet == "section":
        return (0, _TEMPLATE[value], "") if value in _TEMPLATE else (1, -count, value)
    if value == UNKNOWN:
        return (2, 0, "")
    if facet == "verified":
        return (0, int(value), "") if value.isdecimal() else (1, len(VERIFIED_DAYS), value)
    return (0, -count, value.casefold())


def why(hit: CompanyHit, names: Sequence[str], otherwise: str) -> str:
    """A sentence that says why the company was found.

    `names` are the wanted words as typed, or as repaired; `otherwise` is the reason where there are none.
    """
    if not names:
        return otherwise
    where = _where(hit)
    named = "the company you named; " if hit.name_matched and where else ""
    return f"{named}{_which(hit, names)}; {where or 'in the name of the company'}"


def _which(hit: CompanyHit, names: Sequence[str]) -> str:
    """Which of the words the company has; those that make a list too long to read are counted."""
    has = [names[number] for number in sorted(hit.words)]
    words, lacking = set(names), [name for name in dict.fromkeys(names) if name not in has]
    has = list(dict.fromkeys(has))
    if len(words) == 1:
        return _quotes(names[:1])
    if not lacking:
        return "both words" if len(words) == 2 else f"all {len(words)} words"
    count = f"{len(has)} of {len(words)} words"
    if len(lacking) > NAMED_WORDS:
        return f"{count}: {_quotes(has)}" if 0 < len(has) <= NAMED_WORDS else count
    there = f"has {_quotes(has)}" if 0 < len(has) <= NAMED_WORDS else count
    return f"{there}, lacks {_quotes(lacking)}"


def _quotes(words: Sequence[str]) -> str:
    return _listed([word if word.startswith('"') else f"\u201c{word}\u201d" for word in words])


def _where(hit: CompanyHit) -> str:
    """Where the words stand that are shown: what has no mark in its text has one in its heading."""
    texts = _listed([section.heading for section in hit.sections if section.matches])
    headings = [f"\u201c{s.heading}\u201d" for s in hit.sections if s.heading_matched and not s.matches]
    name = "heading" if len(headings) == 1 else "headings"
    in_headings = f"in the {name} {_listed(headings)}" if headings else ""
    return "; ".join(filter(None, [f"in {texts}" if texts else "", in_headings]))


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
