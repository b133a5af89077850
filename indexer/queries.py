"""What people search for: the query log, with what was typed in one go merged, and its figures."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from indexer.errors import NotFound
from indexer.profiles.model import SECTION_HEADINGS
from indexer.querylog import SENT, TYPED, LoggedQuery, read_log
from indexer.text import fold

MERGE_WINDOW = 12
"""Steps of one typing stand this close together in the log, other people's searches between them included."""
EVERYWHERE = ""
"""Stands for the sections of a search that is not limited to any."""


@dataclass(frozen=True, slots=True)
class QueryCount:
    """A query with the number of times it was asked, and the hits that the last of them found."""

    text: str
    count: int
    total: int


@dataclass(frozen=True, slots=True)
class SectionDemand:
    """Searches limited to a section (or to none): how many, how many found nothing, and the most frequent of those."""

    section: str
    searches: int
    empty: int
    missed: tuple[QueryCount, ...]


@dataclass(frozen=True, slots=True)
class QueryReport:
    """The figures of a log, the most frequent first."""

    days: int
    searches: int
    empty: int
    top: tuple[QueryCount, ...]
    zero: tuple[QueryCount, ...]
    sections: tuple[SectionDemand, ...]


def report_queries(path: Path, days: int, limit: int = 20) -> QueryReport:
    """The figures of the last `days` days; raises NotFound where there is no log."""
    since = datetime.now(UTC).date() - timedelta(days=days)
    try:
        found = merged(read_log(path, since))
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise NotFound(f"cannot read the query log {path}: {reason}. Name it with --log") from None
    empty = [query for query in found if not query.total]
    return QueryReport(
        days, len(found), len(empty), _counts(found, limit), _counts(empty, limit), _demand(found, limit)
    )


def merged(queries: Iterable[LoggedQuery]) -> list[LoggedQuery]:
    """The queries less those that were steps in typing a later one: `pa`, `pay`, `paym`, `payment` is one query."""
    kept: list[LoggedQuery] = []
    for query in queries:
        for place in range(len(kept) - 1, max(-1, len(kept) - 1 - MERGE_WINDOW), -1):
            if _is_step(kept[place], query):
                del kept[place]
                break
        kept.append(query)
    return kept


def _is_step(earlier: LoggedQuery, later: LoggedQuery) -> bool:
    """Whether the earlier one was on the way to the later one: letters were added to it.

    Letters taken away, or the same text again, may be somebody else, unless the first was still typing.
    """
    if earlier.how == SENT or earlier.day != later.day or earlier.sections != later.sections:
        return False
    one, two = fold(earlier.text), fold(later.text)
    return (two.startswith(one) and one != two) or (earlier.how == TYPED and one.startswith(two))


def _counts(queries: Sequence[LoggedQuery], limit: int) -> tuple[QueryCount, ...]:
    counts: Counter[str] = Counter()
    last: dict[str, LoggedQuery] = {}
    for query in queries:
        key = fold(query.text)
        counts[key] += 1
        last[key] = query
    ordered = sorted(counts, key=lambda key: (-counts[key], key))[:limit]
    return tuple(QueryCount(last[key].text, counts[key], last[key].total) for key in ordered)


def _demand(queries: Sequence[LoggedQuery], limit: int) -> tuple[SectionDemand, ...]:
    """By section, in the template's order; first the searches without one."""
    asked: dict[str, list[LoggedQuery]] = {}
    for query in queries:
        for section in query.sections or (EVERYWHERE,):
            asked.setdefault(section, []).append(query)
    order = {section: place for place, section in enumerate((EVERYWHERE, *SECTION_HEADINGS))}
    demands = []
    for section in sorted(asked, key=lambda section: (order.get(section, len(order)), section)):
        missed = [query for query in asked[section] if not query.total]
        demands.append(SectionDemand(section, len(asked[section]), len(missed), _counts(missed, limit)))
    return tuple(demands)


def report_text(report: QueryReport) -> str:
    """The figures as people read them."""
    lines = [f"{report.searches} searches in {report.days} days, {report.empty} of them without results."]
    for title, counts in (("Most frequent", report.top), ("Without results", report.zero)):
        if counts:
            lines += ["", title, *(f"{found.count:>7}  {found.text}" for found in counts)]
    if report.sections:
        lines += ["", f"{'By section':<24}{'searches':>10}{'in vain':>10}"]
    for demand in report.sections:
        lines.append(f"{demand.section or 'any section':<24}{demand.searches:>10}{demand.empty:>10}")
        lines += [f"{found.count:>7}  {found.text}" for found in demand.missed if demand.section]
    return "\n".join(lines)
