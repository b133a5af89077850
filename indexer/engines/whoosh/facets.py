"""Filters and facet counts over companies."""

from collections.abc import Collection
from datetime import date
from functools import reduce

import numpy as np

from indexer import text
from indexer.engines.base import VERIFIED_DAYS
from indexer.engines.whoosh.columns import Columns
from indexer.engines.whoosh.matches import Flags
from indexer.engines.whoosh.tokens import Ints
from indexer.query.request import UNKNOWN, Filters

LISTED = ("specialty", "hiring", "service")
"""Facets whose values are lists of (company, value) pairs."""


class Facets:
    """The choices of one request. A facet without a choice lets every company pass."""

    def __init__(self, columns: Columns, filters: Filters, today: date) -> None:
        self._columns = columns
        self._store = columns.store
        self._periods = dict.fromkeys([*map(str, VERIFIED_DAYS), *filters.verified])
        self._values = columns.facet_values
        self._today = today.toordinal()
        chosen = {"specialty": filters.specialties, "hiring": filters.hiring, "service": filters.services}
        self._passes = {name: self._listed(name, values) for name, values in chosen.items() if values}
        if filters.verified:
            self._passes["verified"] = self._verified(filters.verified)
        if filters.companies:
            self._passes["company"] = self._named(filters.companies)

    def keep(self, companies: Ints, without: str | None = None) -> Ints:
        """Those of `companies` that pass every facet, the one named `without` aside."""
        flags = [flag for name, flag in self._passes.items() if name != without]
        return companies[reduce(np.logical_and, flags)[companies]] if flags else companies

    def passing(self) -> Flags:
        """For every company whether it passes all facets."""
        flags = np.ones(len(self._store.first) - 1, bool)
        return reduce(np.logical_and, self._passes.values(), flags)

    def counts(self, companies: Ints) -> dict[str, dict[str, int]]:
        """For every facet but "section": value to number of companies, its own choice left out."""
        kept = self.keep(companies)
        counts = {}
        for name in (*LISTED, "verified"):
            own = self.keep(companies, name) if name in self._passes else kept
            counts[name] = self._count_verified(own) if name == "verified" else self._count(name, own)
        return counts

    def _count(self, name: str, companies: Ints) -> dict[str, int]:
        values = self._values[name]
        flags = self._flags(companies)
        company, value = getattr(self._store, f"{name}_company"), getattr(self._store, f"{name}_value")
        counts = np.bincount(value[flags[company]], minlength=len(values))
        return {values[place]: int(counts[place]) for place in np.flatnonzero(counts).tolist()}

    def _count_verified(self, companies: Ints) -> dict[str, int]:
        day = self._store.verified[companies]
        since = {value: max(1, self._today - int(value)) for value in self._periods if value != UNKNOWN}
        counts = {value: int(np.count_nonzero(day >= first)) for value, first in since.items()}
        counts[UNKNOWN] = int(np.count_nonzero(day == 0))
        return {value: count for value, count in counts.items() if count}

    def _flags(self, companies: Ints) -> Flags:
        flags = np.zeros(len(self._store.first) - 1, bool)
        flags[companies] = True
        return flags

    def _listed(self, name: str, chosen: Collection[str]) -> Flags:
        wanted = np.array([value in chosen for value in self._values[name]], bool)
        company, value = getattr(self._store, f"{name}_company"), getattr(self._store, f"{name}_value")
        return self._flags(company[wanted[value]])

    def _verified(self, chosen: tuple[str, ...]) -> Flags:
        day = self._store.verified
        flags = (day == 0) if UNKNOWN in chosen else np.zeros(len(day), bool)
        days = [int(value) for value in chosen if value != UNKNOWN]
        if days:
            flags = flags | (day >= max(1, self._today - max(days)))
        return flags

    def _named(self, chosen: tuple[str, ...]) -> Flags:
        """Companies with the slug, or with every word of the choice in their name."""
        flags = np.zeros(len(self._store.first) - 1, bool)
        for choice in chosen:
            having = [self._columns.having_in_name(word) for word in text.words_of(choice)]
            flags[list(frozenset.intersection(*having) if having else ())] = True
            flags[self._columns.slugs.get(choice, [])] = True
        return flags
