"""How well companies match: BM25F of their sections, joined to one score a company."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt

from indexer.engines.whoosh.invert import Longs
from indexer.engines.whoosh.matches import Flags, Matches, ranges
from indexer.engines.whoosh.store import Store
from indexer.engines.whoosh.tokens import Ints
from indexer.ranking import ALL_WORDS_TIERS, EXACT_TIERS, NAME_TIERS, ONE_SECTION_TIERS, SPREAD, TIER

Floats = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float32]
TIERS = {
    "the query names the company": NAME_TIERS,
    "all words": ALL_WORDS_TIERS,
    "all words in one section": ONE_SECTION_TIERS,
    "words as typed": EXACT_TIERS,
}
"""Rules of the ranking with their tiers."""
SLACK = 1 + 1e-5
"""Bounds are summed in single precision; this much more, and no score exceeds its bound."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Exact scores of some companies, with what they are made of.

    `impacts` has a row for each of the `wanted` words and then each optional one, and a column for each section of the
    companies, side by side: company i has the columns `first[i]:first[i + 1]`, column j of it being section
    `base[i] + j`. `largest` (word by company) is a word's best impact in any section, `best` the largest sum that one
    section has, `together` whether one section has all wanted words.
    """

    company: Ints
    wanted: int
    impacts: Matrix
    first: Longs
    base: Longs
    largest: Matrix
    best: Matrix
    together: Flags
    exact: Flags | None
    named: Flags | None

    @property
    def words(self) -> Flags:
        """Word by company: which wanted words a company has, in any section."""
        return self.largest[: self.wanted] > 0

    def by_words(self) -> Matrix:
        """The score before tiers: the best section counts whole, the words' best in other sections by SPREAD."""
        spread: Matrix = self.best + np.float32(SPREAD) * (self.largest.sum(axis=0) - self.best)
        return spread

    def tiers(self) -> dict[str, Flags]:
        """Which rules hold for each company."""
        every: Flags = np.logical_and.reduce(self.words, axis=0) if self.wanted else np.zeros(len(self.company), bool)
        rules: dict[str, Flags] = {
            "all words": every,
            "all words in one section": every & self.together if self.wanted > 1 else np.zeros_like(every),
            "words as typed": every if self.exact is None else every & self.exact,
        }
        return rules if self.named is None else {"the query names the company": self.named, **rules}

    def totals(self) -> Floats:
        """The score of each company."""
        totals = self.by_words().astype(np.float64)
        for rule, holds in self.tiers().items():
            totals += TIER * TIERS[rule] * holds
        return totals


@dataclass(frozen=True, slots=True)
class Scorer:
    """Scores companies by the words of one query. `weight`: factor of a section by its kind, None for 1."""

    store: Store
    wanted: Sequence[Matches]
    optional: Sequence[Matches]
    weight: Matrix | None
    named: Ints

    @property
    def bounds_are_scores(self) -> bool:
        """One plain word that names nobody: companies differ by its best impact alone, and all are in one tier."""
        plain = len(self.wanted) == 1 and self.wanted[0].exact is None
        return plain and not self.optional and self.weight is None and not len(self.named)

    def bounds(self, companies: Ints) -> Matrix:
        """For each company a number that its score by words does not exceed."""
        if len(self.wanted) == 1 and self.wanted[0].company is companies and not self.optional:
            bound = self.wanted[0].best
        else:
            bound = np.zeros(len(self.store.first) - 1, np.float32)
            for match in (*self.wanted, *self.optional):
                bound[match.company] += match.best
            bound = bound[companies] * np.float32(SLACK)
        return bound if self.weight is None else bound * max(np.float32(1.0), self.weight.max(initial=1.0))

    def score(self, companies: Ints) -> Scores:
        """The exact scores of some companies (ascending), with all that they are made of."""
        starts = self.store.first[companies]
        first = np.zeros(len(companies) + 1, np.int64)
        np.cumsum(self.store.first[companies + 1] - starts, out=first[1:])
        base = starts - first[:-1]
        impacts = np.zeros((len(self.wanted) + len(self.optional), int(first[-1])), np.float32)
        for row, match in zip(impacts, (*self.wanted, *self.optional), strict=True):
            _fill(row, match, companies, base)
        if self.weight is not None:
            section, _ = ranges(starts, self.store.first[companies + 1])
            impacts *= self.weight[self.store.kind[section]]
        columns = first[:-1]
        wanted = impacts[: len(self.wanted)]
        least = wanted.min(axis=0) if len(wanted) else impacts.sum(axis=0)
        return Scores(
            company=companies,
            wanted=len(self.wanted),
            impacts=impacts,
            first=first,
            base=starts,
            largest=_best_of(impacts, columns),
            best=_best_of(impacts.sum(axis=0), columns),
            together=_best_of(least, columns) > 0,
            exact=self._exact(companies),
            named=np.isin(companies, self.named) if len(self.named) else None,
        )

    def _exact(self, companies: Ints) -> Flags | None:
        """Which companies have every wanted word as it was typed; None for all of them."""
        typed = [match.exact for match in self.wanted if match.exact is not None]
        return reduce(np.logical_and, [has[companies] for has in typed]) if typed else None


def _best_of(values: Matrix, columns: Longs) -> Matrix:
    """The largest value of each company, whose sections begin at `columns`."""
    best: Matrix = np.maximum.reduceat(values, columns, axis=-1) if len(columns) else values
    return best


def _fill(row: Matrix, match: Matches, companies: Ints, base: Longs) -> None:
    """Put the impacts of one word into the columns of the companies' sections."""
    place, there = match.locate(companies)
    if not there.all():
        place, base = place[there], base[there]
    postings, owner = ranges(match.first[place], match.first[place + 1])
    row[match.section[postings] - base[owner]] = match.impact[postings]
