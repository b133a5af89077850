"""Filters and facets in OpenSearch's own words."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from indexer import text
from indexer.engines.base import VERIFIED_DAYS
from indexer.engines.opensearch.clauses import Clause, any_of
from indexer.engines.opensearch.statistics import LISTED
from indexer.query.request import UNKNOWN, Filters

VERIFIED = "verified"
OF_NAMED = "section of a named company"
"""What counts towards the facet "section" beside the sections that have enough words."""
MAX_VALUES = 60_000
"""Values that one facet may count; a cluster takes 65,535 buckets a request."""


@dataclass(frozen=True)
class Choices:
    """The choices of one request. `sizes`: how many values each facet has in this generation."""

    filters: Filters
    today: date
    sizes: Mapping[str, int]

    def always(self) -> list[Clause]:
        """What no facet leaves out: companies named by a filter."""
        if not self.filters.companies:
            return []
        return [any_of(clause for choice in self.filters.companies for clause in _named(choice))]

    def clauses(self, without: str = "") -> list[Clause]:
        """A clause for each facet with a choice but "section", the one named `without` aside."""
        filters = self.filters
        chosen = {"specialty": filters.specialties, "hiring": filters.hiring, "service": filters.services}
        clauses: list[Clause] = [
            {"terms": {name: list(values)}} for name, values in chosen.items() if values and name != without
        ]
        if self.filters.verified and without != VERIFIED:
            clauses.append(self._verified())
        return clauses

    def _verified(self) -> Clause:
        days = [int(value) for value in self.filters.verified if value != UNKNOWN]
        clauses: list[Clause] = [{"term": {VERIFIED: 0}}] if UNKNOWN in self.filters.verified else []
        if days:
            clauses.append(self._within(max(days)))
        return any_of(clauses)

    def _within(self, days: int) -> Clause:
        return {"range": {VERIFIED: {"gte": max(1, self.today.toordinal() - days)}}}

    def counts(self) -> dict[str, Clause]:
        """An aggregation for each facet but "section", its own choice left out."""
        return {name: self._under(name, self._count(name)) for name in (*LISTED, VERIFIED)}

    def section_counts(self, matching: Clause, of: Clause | None = None) -> Clause:
        """An aggregation for the facet "section": the matching sections of companies that pass; only those `of`."""
        kinds = {"kinds": {"terms": {"field": "sections.kind", "size": self._size("section")}}}
        sections = {"nested": {"path": "sections"}, "aggs": {"matching": {"filter": matching, "aggs": kinds}}}
        return self._under("", sections, of)

    def _under(self, without: str, counted: Clause, of: Clause | None = None) -> Clause:
        passing = self.clauses(without) + ([of] if of else [])
        return {"filter": {"bool": {"filter": passing}} if passing else {"match_all": {}}, "aggs": {"values": counted}}

    def _count(self, name: str) -> Clause:
        if name != VERIFIED:
            return {"terms": {"field": name, "size": self._size(name)}}
        periods = dict.fromkeys([*map(str, VERIFIED_DAYS), *self.filters.verified])
        steps: dict[str, Clause] = {days: self._within(int(days)) for days in periods if days != UNKNOWN}
        return {"filters": {"filters": {**steps, UNKNOWN: {"term": {VERIFIED: 0}}}}}

    def _size(self, name: str) -> int:
        return max(1, min(MAX_VALUES, self.sizes.get(name, 0)))


def read_counts(aggregations: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Facet to value to count; "section" only where it was asked for."""
    counts = {}
    if "section" in aggregations:
        found = [aggregations[name]["values"] for name in ("section", OF_NAMED) if name in aggregations]
        counts["section"] = dict(sum((Counter(_buckets(part["matching"]["kinds"])) for part in found), Counter()))
    for name in (*LISTED, VERIFIED):
        if name in aggregations:
            counts[name] = _buckets(aggregations[name]["values"])
    return counts


def _buckets(answer: Mapping[str, Any]) -> dict[str, int]:
    buckets = answer["buckets"]
    if isinstance(buckets, dict):
        pairs = [(key, bucket["doc_count"]) for key, bucket in buckets.items()]
    else:
        pairs = [(bucket["key"], bucket["doc_count"]) for bucket in buckets]
    return {key: count for key, count in pairs if count}


def _named(choice: str) -> list[Clause]:
    """Companies with the slug, or with every word of the choice in their name."""
    words = sorted(set(text.words_of(choice)))
    having: list[Clause] = [{"bool": {"filter": [{"term": {"name_words": word}} for word in words]}}] if words else []
    return [{"term": {"slug": choice}}, *having]
