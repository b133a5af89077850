"""The editors' view: which profile has which section, how long, how old."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from indexer.engines.base import Searcher
from indexer.labels import profile_url
from indexer.page import FacetValue
from indexer.profiles.model import SECTION_HEADINGS, Facts, RenderedProfile
from webapp.ages import Verified, verified

ROWS = 100
STALE_ROWS = 20


@dataclass(frozen=True, slots=True)
class Cell:
    """Words of a section (0: there is its heading alone; None: not even that)."""

    section: str
    words: int | None
    url: str


@dataclass(frozen=True, slots=True)
class Row:
    """One profile; `others` counts sections outside the template."""

    company: str
    url: str
    verified: Verified
    cells: tuple[Cell, ...]
    others: int


@dataclass(frozen=True, slots=True)
class CoverageView:
    """The table's page, how many of all profiles have each section, and who waits longest to be verified."""

    rows: tuple[Row, ...]
    filled: tuple[int, ...]
    headings: tuple[str, ...]
    stale: tuple[Row, ...]
    stale_total: int
    profiles: int
    page: int
    pages: int


def coverage_view(searcher: Searcher, sections: Sequence[FacetValue], page: int, today: date) -> CoverageView:
    """One page of the table, companies by slug. `sections`: what a search for everything counts by section.

    A heading without a word under it is among these, as it is in every search; its place says 0, and `check` warns.
    """
    everybody = searcher.facts()
    start = (page - 1) * ROWS
    found = [p for p in (searcher.profile(facts.slug) for facts in everybody[start : start + ROWS]) if p]
    rows = tuple(_row(profile, today) for profile in found)
    having = {value.value: value.count for value in sections}
    waiting = [facts for facts in everybody if verified(facts, today).stale]
    waiting.sort(key=lambda facts: facts.verified_on or date.min)
    return CoverageView(
        rows=rows,
        filled=tuple(having.get(id_, 0) for id_ in SECTION_HEADINGS),
        headings=tuple(SECTION_HEADINGS.values()),
        stale=tuple(_stale_row(facts, today) for facts in waiting[:STALE_ROWS]),
        stale_total=len(waiting),
        profiles=len(everybody),
        page=page,
        pages=max(1, -(-len(everybody) // ROWS)),
    )


def _row(profile: RenderedProfile, today: date) -> Row:
    facts = profile.facts
    words = {section.id: len(section.text.split()) for section in profile.sections}
    cells = tuple(
        Cell(heading, words.get(id_), profile_url(facts.slug, section=id_)) for id_, heading in SECTION_HEADINGS.items()
    )
    others = sum(1 for id_ in words if id_ not in SECTION_HEADINGS)
    return Row(facts.company, profile_url(facts.slug), verified(facts, today), cells, others)


def _stale_row(facts: Facts, today: date) -> Row:
    return Row(facts.company, profile_url(facts.slug), verified(facts, today), (), 0)
