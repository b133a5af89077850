"""From ranked companies to hits: facts, sections with text, and the places that matched."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from indexer.engines.base import CompanyHit, Part, Plan, SectionHit
from indexer.engines.company import sections_to_show
from indexer.engines.whoosh.columns import Columns
from indexer.engines.whoosh.marks import Marked, Marker
from indexer.engines.whoosh.matches import Flags, ranges
from indexer.engines.whoosh.scores import TIERS, Scorer, Scores
from indexer.engines.whoosh.tokens import Ints
from indexer.profiles.model import Facts
from indexer.ranking import SPREAD, TIER


@dataclass(frozen=True, slots=True)
class Sections:
    """All sections of the companies of a page, side by side, in the order of their profiles.

    Each has its number, its id, what the query's words add up to in it, a bit for each wanted word that it has, and
    what is marked in it.
    """

    numbers: list[int]
    ids: list[str]
    sums: list[float]
    words: list[int]
    marked: Marked

    def best(self, span: range, allowed: tuple[str, ...]) -> list[int]:
        """The places of the allowed sections among these, the best first."""
        places = [place for place in span if not allowed or self.ids[place] in allowed]
        return sorted(places, key=lambda place: -round(self.sums[place], 4))


class HitReader:
    """Reads the hits of one plan; `facts_of` gives the facts of a company by its number."""

    def __init__(self, columns: Columns, plan: Plan, facts_of: Callable[[int], Facts]) -> None:
        self._columns = columns
        self._store = columns.store
        self._plan = plan
        self._facts_of = facts_of
        self._kinds = columns.kinds
        self._headings, self._texts = columns.store.strings("headings"), columns.store.strings("texts")

    def read(self, companies: Ints, scorer: Scorer) -> tuple[CompanyHit, ...]:
        """The hits of these companies, in this order."""
        if not len(companies):
            return ()
        scores = scorer.score(np.sort(companies))
        sections = self._sections(scores)
        totals, words, first = scores.totals().tolist(), scores.words.T, scores.first.tolist()
        return tuple(
            CompanyHit(
                facts=self._facts_of(int(scores.company[row])),
                score=round(totals[row], 4),
                sections=self._shown(sections, range(first[row], first[row + 1])),
                words=tuple(np.flatnonzero(words[row]).tolist()),
                name_matched=scores.named is not None and bool(scores.named[row]),
                parts=self._parts(scores, row) if self._plan.explain else (),
            )
            for row in np.searchsorted(scores.company, companies).tolist()
        )

    def _sections(self, scores: Scores) -> Sections:
        numbers, _ = ranges(scores.base, scores.base + np.diff(scores.first))
        return Sections(
            numbers=numbers.tolist(),
            ids=[self._kinds[kind] for kind in self._store.kind[numbers].tolist()],
            sums=scores.impacts.sum(axis=0).tolist(),
            words=_bits(scores.impacts[: scores.wanted] > 0),
            marked=Marker(self._columns, self._plan.query).mark(numbers),
        )

    def _shown(self, sections: Sections, span: range) -> tuple[SectionHit, ...]:
        """The best sections whose text or heading matches; the first section when only the name does."""
        best = sections.best(span, self._plan.filters.sections)
        in_text, in_heading = sections.marked.in_text, sections.marked.in_heading
        matching = [place for place in best if in_text[place] or in_heading[place]]
        shown = sections_to_show(matching, sections.words)
        return tuple(
            SectionHit(
                id=sections.ids[place],
                heading=self._headings[sections.numbers[place]],
                score=round(sections.sums[place], 4) if shown else 0.0,
                text=self._texts[sections.numbers[place]],
                matches=sections.marked.matches(place),
                heading_matched=in_heading[place] > 0,
            )
            for place in shown or [min(best)]
        )

    def _parts(self, scores: Scores, row: int) -> tuple[Part, ...]:
        """The addends of a score: each word in the best section, what other sections add, the tiers."""
        span = slice(int(scores.first[row]), int(scores.first[row + 1]))
        impacts = scores.impacts[:, span]
        best = int(impacts.sum(axis=0).argmax())
        kind = self._kinds[self._store.kind[int(scores.base[row]) + best]]
        names = [str(node) for node in (*self._plan.query.wanted, *self._plan.query.optional)]
        rows = impacts[:, best].tolist()
        parts = [Part(f"{name} in {kind}", value) for name, value in zip(names, rows, strict=True) if value]
        elsewhere = float(impacts.max(axis=1, initial=0).sum()) - sum(rows)
        parts.append(Part("in other sections", SPREAD * elsewhere))
        parts += [Part(rule, TIER * TIERS[rule]) for rule, holds in scores.tiers().items() if holds[row]]
        return tuple(part for part in parts if round(part.value, 4))


def _bits(rows: Flags) -> list[int]:
    """For each column a number with the bit n where row n has a flag; rows beyond the 62nd are left aside."""
    rows = rows[:62]
    bits: list[int] = (rows.T @ (1 << np.arange(len(rows)))).tolist()
    return bits
