"""What one leaf of the query matches: sections with impacts, and the same by company."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from indexer.engines.whoosh.invert import Floats, Longs
from indexer.engines.whoosh.tokens import Ints

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Matches:
    """Companies (ascending) with their best impact; company i has the postings `first[i]:first[i + 1]`.

    `section` (ascending) and `impact` are indexed by those postings; they may be the columns of the whole index.
    `typed` are the sections that have the word as it was typed, and `exact` flags their companies (None: all matches).
    """

    company: Ints
    best: Floats
    first: Longs
    section: Ints
    impact: Floats
    typed: Ints | None = None
    exact: Flags | None = None

    def postings(self) -> tuple[Ints, Floats]:
        """All sections with their impacts."""
        if not len(self.company):
            return self.section[:0], self.impact[:0]
        span = slice(int(self.first[0]), int(self.first[-1]))
        return self.section[span], self.impact[span]

    def locate(self, companies: Ints) -> tuple[Ints, Flags]:
        """For each of these companies: its place in `company`, and whether it is there at all."""
        if not len(self.company):
            return np.zeros(len(companies), np.int32), np.zeros(len(companies), bool)
        place = np.minimum(np.searchsorted(self.company, companies), len(self.company) - 1)
        return place, self.company[place] == companies

    def limited(self, keep: Flags, company_of: Ints) -> "Matches":
        """Only the postings in sections that `keep` (a flag for every section) allows."""
        section, impact = self.postings()
        kept = keep[section]
        typed = None if self.typed is None else self.typed[keep[self.typed]]
        return by_company(section[kept], impact[kept], company_of, typed)


def by_company(section: Ints, impact: Floats, company_of: Ints, typed: Ints | None = None) -> Matches:
    """Matches of sections in ascending order; `typed` are those that have the word as it was typed."""
    companies = company_of[section]
    exact = None if typed is None else _flags(company_of[typed], int(company_of[-1]) + 1)
    if not len(companies):
        return Matches(companies, impact, np.zeros(1, np.int64), section, impact, typed, exact)
    starts = np.flatnonzero(np.diff(companies, prepend=companies[:1] - 1))
    first = np.append(starts, len(companies)).astype(np.int64)
    return Matches(companies[starts], np.maximum.reduceat(impact, starts), first, section, impact, typed, exact)


def _flags(numbers: Ints, size: int) -> Flags:
    flags = np.zeros(size, bool)
    flags[numbers] = True
    return flags


def is_in(values: Ints | Longs, among: Ints | Longs) -> Flags:
    """Which of the values stand in the ascending numbers `among`."""
    if not len(among):
        return np.zeros(len(values), bool)
    flags: Flags = among[np.minimum(np.searchsorted(among, values), len(among) - 1)] == values
    return flags


def ranges(starts: Longs, ends: Longs) -> tuple[Longs, Longs]:
    """All numbers of several ranges one after the other, and which range each belongs to."""
    lengths = ends - starts
    owner = np.repeat(np.arange(len(starts)), lengths)
    before = np.cumsum(lengths) - lengths
    return np.arange(len(owner)) + np.repeat(starts - before, lengths), owner
