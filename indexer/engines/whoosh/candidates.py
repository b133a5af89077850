"""Which companies match: the Boolean side of a query."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf

import numpy as np

from indexer.engines.company import naming_terms, naming_words
from indexer.engines.whoosh.columns import Columns
from indexer.engines.whoosh.invert import Longs
from indexer.engines.whoosh.leaves import leaf_matches
from indexer.engines.whoosh.matches import Flags, Matches, is_in, ranges
from indexer.engines.whoosh.tokens import Ints
from indexer.query.tree import Leaf, Or, Phrase, Query


@dataclass(frozen=True, slots=True)
class Candidates:
    """Matching companies (ascending), and how many wanted words each has (None: all, but for those that are named)."""

    company: Ints
    words: Ints | None


class Matcher:
    """The leaves of one query, looked up once. `sections` limits the search to flagged sections.

    After `until` (of `time.monotonic`) no wanted word but the first is looked up any more: `query` is what was asked
    by then, and `partial` is set.
    """

    def __init__(self, columns: Columns, query: Query, sections: Flags | None, until: float = inf) -> None:
        self._columns = columns
        self._sections = sections
        self._until = until
        self.partial = False
        self._allowed = self._without([leaf_matches(columns, leaf) for leaf in query.unwanted])
        self.all_wanted = self._in_time(query.wanted)
        self.wanted = self._limited(self.all_wanted)
        self.optional = self._limited(self._in_time(query.optional))
        self.query = self._asked(query) if self.partial else query

    def _in_time(self, leaves: Sequence[Leaf | Or]) -> list[Matches]:
        """The matches of those leaves that are looked up before the time is over, and of the first one."""
        found: list[Matches] = []
        for leaf in leaves:
            if found and time.monotonic() > self._until:
                self.partial = True
                break
            found.append(leaf_matches(self._columns, leaf))
        return found

    def _asked(self, query: Query) -> Query:
        """The part of the query that was looked up."""
        words = len(self.all_wanted)
        minimum = None if query.minimum is None else min(query.minimum, words)
        optional = query.optional[: len(self.optional)]
        return replace(query, wanted=query.wanted[:words], minimum=minimum, optional=optional)

    def _limited(self, matches: Sequence[Matches]) -> list[Matches]:
        if self._sections is None:
            return list(matches)
        return [match.limited(self._sections, self._columns.store.company_of) for match in matches]

    def candidates(self) -> Candidates:
        """The companies that match, filters aside."""
        lists = [match.company for match in self.wanted]
        words = None
        if not lists:
            company = self._everything()
        elif self.query.required >= len(lists):
            company = self._with_named(intersection(lists, self._columns.companies), lists, self.named)
        else:
            counts = np.bincount(np.concatenate(lists), minlength=self._columns.companies)
            company = self._with_named(_at_least(self.query.required, counts), lists, self.named)
            words = counts[company].astype(np.int32)
        if self._allowed is not None:
            kept = self._allowed[company]
            company, words = company[kept], None if words is None else words[kept]
        return Candidates(company, words)

    @cached_property
    def named(self) -> Ints:
        """The companies (ascending) that the query names, as typed or repaired."""
        ids = self._columns.term_ids
        known = [ids[term] for term in naming_terms(self.query) if term in ids]
        return np.array(self._columns.names.named(known, naming_words(self.query)), np.int32)

    def _with_named(self, found: Ints, lists: Sequence[Ints], named: Ints) -> Ints:
        """`found`, and those of `named` that have any of the words and all phrases, whatever else they lack.

        Whoever compares two companies names both, and neither profile need speak of the other.
        """
        if not len(named):
            return found
        flags = np.zeros(len(named), bool)
        for members in lists:
            flags |= is_in(named, members)
        for node, members in zip(self.query.wanted, lists, strict=True):
            if isinstance(node, Phrase):
                flags &= is_in(named, members)
        return np.union1d(found, named[flags])

    def _without(self, unwanted: Sequence[Matches]) -> Flags | None:
        """For every company whether it has none of these anywhere; None where nothing is unwanted."""
        if not unwanted:
            return None
        allowed = np.ones(len(self._columns.store.first) - 1, bool)
        for match in unwanted:
            allowed[match.company] = False
        return allowed

    def _everything(self) -> Ints:
        store = self._columns.store
        if self._sections is None:
            return np.arange(len(store.first) - 1, dtype=np.int32)
        flags = np.zeros(len(store.first) - 1, bool)
        flags[store.company_of[self._sections]] = True
        return np.flatnonzero(flags).astype(np.int32)

    @cached_property
    def complete_sections(self) -> Ints:
        """Sections, within the limit, that have every wanted word."""
        return intersection([match.postings()[0] for match in self.wanted], len(self._columns.store.company_of))

    def sections(self) -> Ints:
        """Sections that match all by themselves, the limit to sections aside: what the section facet counts."""
        sections = len(self._columns.store.company_of)
        lists = [match.postings()[0] for match in self.all_wanted]
        if not lists:
            found = np.arange(sections, dtype=np.int32)
        elif self.query.required < len(lists):
            found = _at_least(self.query.required, np.bincount(np.concatenate(lists), minlength=sections))
        elif self._sections is None:
            found = self.complete_sections
        else:
            found = intersection(lists, sections)
        if lists and len(self.named):
            first = self._columns.store.first
            of_named = ranges(first[self.named], first[self.named + 1])[0].astype(np.int32)
            found = self._with_named(found, lists, of_named)
        if self._allowed is not None:
            found = found[self._allowed[self._columns.store.company_of[found]]]
        return found


def _at_least(least: int, counts: Longs) -> Ints:
    """The places whose count is at least that."""
    return np.flatnonzero(counts >= least).astype(np.int32)


def intersection(lists: Sequence[Ints], size: int) -> Ints:
    """Numbers below `size` that are in all the ascending lists, found from the shortest one."""
    shortest, *others = sorted(lists, key=len)
    for other in others:
        if len(shortest) * 16 < len(other):
            place = np.minimum(np.searchsorted(other, shortest), len(other) - 1)
            shortest = shortest[other[place] == shortest]
        else:
            flags = np.zeros(size, bool)
            flags[other] = True
            shortest = shortest[flags[shortest]]
    return shortest
