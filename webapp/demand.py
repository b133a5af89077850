"""What people searched for in vain, section by section: for the operator, who may see the query log."""

from dataclasses import dataclass
from pathlib import Path

from indexer.errors import NotFound
from indexer.links import to
from indexer.profiles.model import SECTION_HEADINGS
from indexer.queries import EVERYWHERE, report_queries
from webapp.navigation import Link

SHOWN = 10
"""Queries listed for each section; `profile-search queries` has the rest."""


@dataclass(frozen=True, slots=True)
class Demand:
    """One section: searches limited to it, how many found nothing, and the most frequent of those with their count."""

    heading: str
    searches: int
    empty: int
    missed: tuple[tuple[Link, int], ...]


@dataclass(frozen=True, slots=True)
class DemandView:
    """The sections that were searched, in the template's order; the first line is the searches without one."""

    days: int
    searches: int
    empty: int
    sections: tuple[Demand, ...]


def demand_view(log: Path, days: int) -> DemandView:
    """The log's figures; empty while nothing was logged."""
    try:
        report = report_queries(log, days, SHOWN)
    except NotFound:
        return DemandView(days, 0, 0, ())
    sections = tuple(
        Demand(
            SECTION_HEADINGS.get(demand.section, demand.section) or "Any section",
            demand.searches,
            demand.empty,
            tuple((_search(missed.text, demand.section), missed.count) for missed in demand.missed),
        )
        for demand in report.sections
    )
    return DemandView(days, report.searches, report.empty, sections)


def _search(text: str, section: str) -> Link:
    chosen = [("in", section)] if section != EVERYWHERE else []
    return Link(text, to("/search", [("q", text), *chosen]))
