"""Filters and facets in OpenSearch's own words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from indexer import text
from indexer.engines.base import VERIFIED_DAYS
from indexer.engines.opensearch.statistics import LISTED
from indexer.engines.opensearch.translate import Clause, any_of
from indexer.query.request import UNKNOWN, Filters

VERIFIED = "verified"
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
        chosen = {
            "specialty": self.filters.specialties,
            "hiring": self.filters.hiring,
            "service": self.filters.services,
        }
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

    def section_counts(self, matching: Clause) -> Clause:
        """The aggregation of the facet "section": sections that match by themselves, of companies that pass."""
        kinds = {"kinds": {"terms": {"field": "sections.kind", "size": self._size("section")}}}
        sections = {"nested": {"path": "sections"}, "aggs": {"matching": {"filter": matching, "aggs": kinds}}}
        return self._under("", sections)

    def _under(self, without: str, counted: Clause) -> Clause:
        passing = self.clauses(without)
        return {"filter": {"bool": {"filter": passing}} if passing else {"match_all": {}}, "aggs": {"values": counted}}

    def _count(self, name: str) -> Clause:
        if name != VERIFIED:
            return {"terms": {"field": name, "size": self._size(name)}}
        steps: dict[str, Clause] = {str(days): self._within(days) for days in VERIFIED_DAYS}
        return {"filters": {"filters": {**steps, UNKNOWN: {"term": {VERIFIED: 0}}}}}

    def _size(self, name: str) -> int:
        return max(1, min(MAX_VALUES, self.sizes.get(name, 0)))


def read_counts(aggregations: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Facet to value to count; "section" only where it was asked for."""
    counts = {}
    if "section" in aggregations:
        counts["section"] = _buckets(aggregations["section"]["values"]["matching"]["kinds"])
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
    words = sorted({token.word for token in text.tokenize(choice)})
    clauses: list[Clause] = [{"term": {"slug": choice}}]
    if words:
        clauses.append({"bool": {"filter": [{"term": {"name_words": word}} for word in words]}})
    return clauses
