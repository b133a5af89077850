"""Before a generation is published: is everything there, and does the cluster score as we do?"""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from indexer.engines.opensearch.cluster import Cluster, Refused, TooLate
from indexer.engines.opensearch.documents import beside_ids, scaled
from indexer.engines.opensearch.generations import Record
from indexer.engines.opensearch.mapping import FREQUENCY_SCALE
from indexer.engines.opensearch.patience import WRITING, Patience
from indexer.engines.opensearch.scoring import rarity
from indexer.engines.opensearch.statistics import Statistics
from indexer.engines.opensearch.stored import Company
from indexer.errors import EngineUnavailable, IndexCorrupt
from indexer.ranking import SATURATION

CLOSE = 1e-3
"""Relative difference of two scores that counts as none."""
EXPUNGING_SECONDS, LOOK_AGAIN = 1_800.0, 1.0
"""Seconds to wait for deleted documents to go: a cluster keeps them for copies that lag behind, and looks which ones
do every 30 s. What is left of a large shard is written anew."""
LET_GO = {"index.merge.policy.expunge_deletes_allowed": 0, "index.soft_deletes.retention_lease.period": "0s"}
"""Settings that let a merge remove every deleted document."""
MERGING = Patience(60.0, 60.0, hurried=False)
"""A merge is waited for no longer than that at a time: what it has done is looked at."""
COPIES_WAIT = 20
"""Seconds to wait for the second copies, so that a node may be lost as soon as the generation answers."""


def verify(cluster: Cluster, record: Record, index: str) -> Record:
    """The record with the size of the index; raises IndexCorrupt unless the index holds as much as was sent."""
    for step in ("_refresh", "_flush"):
        cluster.ask("POST", f"/{index}/{step}", patience=WRITING)
    _await_copies(cluster, index)
    _expunge(cluster, index)
    body = {
        "size": 0,
        "track_total_hits": True,
        "aggs": {
            "profiles": {"filter": {"exists": {"field": "slug"}}},
            "sections": {"nested": {"path": "sections"}},
        },
    }
    answer = cluster.search(index, body, shards=record.shards, patience=WRITING)
    documents, counted = answer["hits"]["total"]["value"], answer["aggregations"]
    profiles, sections = counted["profiles"]["doc_count"], counted["sections"]["doc_count"]
    made = record.generation
    found = profiles, sections, documents - profiles
    sent = made.profiles, made.sections, len(beside_ids(made.profiles, record.pages))
    if found != sent:
        wanting = "{} profiles with {} sections, and {} documents about all of them"
        raise IndexCorrupt(f"{index} holds {wanting.format(*found)}; sent were {wanting.format(*sent)}")
    return replace(record, generation=replace(record.generation, size_bytes=_size(cluster, index)))


def _expunge(cluster: Cluster, index: str) -> None:
    """Merge deleted documents away, if any copy has some: its word statistics count them.

    We delete none, but a copy that was made while a node died may have written a document twice.
    """
    end = time.monotonic() + EXPUNGING_SECONDS
    if not _deleted(cluster, index):
        return
    cluster.ask("PUT", f"/{index}/_settings", LET_GO, patience=WRITING)
    while True:
        with suppress(TooLate):  # the cluster goes on merging
            cluster.ask("POST", f"/{index}/_forcemerge", patience=MERGING, only_expunge_deletes="true")
        cluster.ask("POST", f"/{index}/_refresh", patience=WRITING)
        if not _deleted(cluster, index):
            break
        if time.monotonic() > end:
            raise EngineUnavailable(
                f"the cluster does not let deleted documents of {index} go", "profile-search rebuild"
            )
        threading.Event().wait(LOOK_AGAIN)
    cluster.ask("PUT", f"/{index}/_settings", dict.fromkeys(LET_GO), patience=WRITING)


def _deleted(cluster: Cluster, index: str) -> int:
    """How many deleted documents all copies hold."""
    copies = _copies(cluster, index)
    return sum(segment["deleted_docs"] for copy in copies for segment in copy["segments"].values())


def _size(cluster: Cluster, index: str) -> int:
    """Bytes of one copy, segment by segment: the figures for whole indexes are only renewed every ten seconds."""
    primaries = (copy for copy in _copies(cluster, index) if copy["routing"]["primary"])
    return sum(segment["size_in_bytes"] for copy in primaries for segment in copy["segments"].values())


def _copies(cluster: Cluster, index: str) -> list[dict[str, Any]]:
    """The segments of every copy of every shard."""
    shards = cluster.ask("GET", f"/{index}/_segments", patience=WRITING)["indices"][index]["shards"]
    return [copy for copies in shards.values() for copy in copies]


def measure_unit(cluster: Cluster, record: Record, index: str, sample: tuple[Company, Statistics]) -> float:
    """What the cluster's BM25 gives where ours gives 1: older ones multiply by (k1 + 1).

    Compares the scores of one word of one company; raises IndexCorrupt when they follow no known formula.
    """
    company, statistics = sample
    words = _words(company, record, statistics)
    term, ours = next(words, (None, 1.0))
    if term is None:
        return 1.0
    query = {"nested": {"path": "sections", "score_mode": "max", "query": {"term": {"sections.impact": term}}}}
    body = {"query": {"bool": {"must": query, "filter": {"term": {"slug": company.facts.slug}}}}}
    theirs = cluster.search(index, body, shards=record.shards, patience=WRITING)["hits"]["hits"][0]["_score"]
    for unit in (1.0, SATURATION * FREQUENCY_SCALE + 1):
        if abs(theirs / (ours * unit) - 1) < CLOSE:
            return unit
    raise IndexCorrupt(f"the cluster scores {term!r} {theirs}, not {ours:.6f}; its BM25 is not one that is known here")


def _words(company: Company, record: Record, statistics: Statistics) -> Iterator[tuple[str, float]]:
    """The stems of a company with their best score in any section, (k1 + 1) aside."""
    best: dict[str, float] = {}
    for passage in company.passages:
        for term, frequency in passage.frequencies(record.averages).items():
            best[term] = max(best.get(term, 0.0), scaled(frequency) / FREQUENCY_SCALE)
    for term, frequency in best.items():
        yield (
            term,
            rarity(statistics.frequency[term], record.generation.sections) * frequency / (frequency + SATURATION),
        )


def _await_copies(cluster: Cluster, index: str) -> None:
    """Wait for every copy, if the cluster has the nodes for them; without them it answers all the same."""
    try:
        cluster.ask(
            "GET", f"/_cluster/health/{index}", patience=WRITING, wait_for_status="green", timeout=f"{COPIES_WAIT}s"
        )
    except Refused as refused:
        if refused.status != 408:
            raise
    health = cluster.ask("GET", f"/_cluster/health/{index}", patience=WRITING)
    if health["status"] == "red":
        raise EngineUnavailable(f"the cluster has lost a shard of {index}", "profile-search rebuild")
