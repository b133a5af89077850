"""Generations in a real cluster: refused documents, killed writers, two writers, locks that nobody holds."""

import json
import random
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from local_cluster import AnyCluster
from test_engine_contract import company, publish

from indexer.build import rebuild
from indexer.config import Settings
from indexer.engines.opensearch.cluster import Refused
from indexer.engines.opensearch.engine import OpenSearchEngine, temporary_index
from indexer.engines.opensearch.loading import document, load
from indexer.engines.opensearch.lock import LIFETIME
from indexer.engines.opensearch.verify import verify
from indexer.errors import StorageFailed
from indexer.query.request import SearchRequest
from indexer.search import SearchService

pytestmark = pytest.mark.cluster

KILLS = 30
PROFILE = """---
company: {name}
service_type: Data annotation
hiring_status: workers
last_verified: 2026-01-29
---
## Overview
{name} describes itself in the metal {metal}.

## Compensation
{name} pays in the metal {metal}.
"""
COMPANIES = 120


@pytest.fixture
def settings(cluster: AnyCluster) -> Settings:
    return Settings(index=f"opensearch://{','.join(cluster.hosts)}/generations")


@pytest.fixture
def engine(settings: Settings) -> Iterator[OpenSearchEngine]:
    with temporary_index(settings) as made:
        yield made


@pytest.fixture
def corpora(tmp_path: Path) -> dict[str, Path]:
    """Two versions of one corpus, which differ in one word of every section."""
    for metal in ("copper", "silver"):
        (tmp_path / metal).mkdir()
        for number in range(COMPANIES):
            text = PROFILE.format(name=f"Company {number}", metal=metal)
            (tmp_path / metal / f"company-{number}.md").write_text(text, encoding="utf-8")
    return {path.name: path for path in tmp_path.iterdir()}


def address(engine: OpenSearchEngine) -> str:
    """The setting that leads to a temporary index."""
    place = engine._cluster.address
    return f"opensearch://{','.join(f'{host}:{port}' for host, port in place.hosts)}/{place.name}"


def indices(engine: OpenSearchEngine) -> set[str]:
    """The generations that lie in the cluster."""
    place = engine._cluster.address
    host, port = place.hosts[0]
    with closing(urllib.request.urlopen(f"http://{host}:{port}/{place.name}-*/_alias", timeout=30)) as answer:
        return {name for name in json.load(answer) if not name.endswith("-lock")}


def metal_of(engine: OpenSearchEngine) -> str:
    """The one version that every section of every company is of."""
    found = {}
    for metal in ("copper", "silver"):
        page = SearchService(engine).search(SearchRequest(metal, size=50))
        found[metal] = page.total, next((v.count for v in page.facets["section"] if v.value == "compensation"), 0)
    assert sorted(found.values()) == [(0, 0), (COMPANIES, COMPANIES)], found
    return max(found, key=lambda metal: found[metal])


def command(folder: Path, index: str) -> list[str]:
    return [sys.executable, "-m", "indexer", "rebuild", "--corpus", str(folder), "--index", index]


def test_refused_document_publishes_nothing_and_names_profile_and_reason(engine: OpenSearchEngine) -> None:
    first = publish(engine, [company("Alpha", ("overview", "pay"))])
    many = [(f"section-{number}", "pay") for number in range(10_001)]
    with pytest.raises(StorageFailed, match=r"profile crowded: .*nested documents.*nothing was published"):
        publish(engine, [company("Beta", ("overview", "pay")), company("Crowded", *many)])
    assert engine.open().generation.id == first
    assert len(indices(engine)) == 1


def deleted(engine: OpenSearchEngine, index: str) -> list[int]:
    """How many deleted documents each copy of an index holds."""
    engine._cluster.ask("POST", f"/{index}/_refresh")
    shards = engine._cluster.ask("GET", f"/{index}/_segments")["indices"][index]["shards"]
    copies = [copy["segments"].values() for copies in shards.values() for copy in copies]
    return [sum(segment["deleted_docs"] for segment in segments) for segments in copies]


def test_batch_that_is_sent_twice_deletes_nothing(engine: OpenSearchEngine) -> None:
    engine._generations.create("twice", 1)
    index = engine._generations.index("twice")
    for _ in range(2):
        load(engine._cluster, index, [document(f"company-{n}", {"slug": f"company-{n}"}) for n in range(20)])
        engine._cluster.ask("POST", f"/{index}/_refresh")
    assert engine._cluster.ask("GET", f"/{index}/_count")["count"] == 20
    assert set(deleted(engine, index)) == {0}
    engine._cluster.ask("DELETE", f"/{index}")


@pytest.fixture
def hurried(engine: OpenSearchEngine) -> Iterator[OpenSearchEngine]:
    """An engine whose indexes look five times a second which copies lag behind, where the nodes are those of tests."""
    template = f"/_index_template/{engine._generations.name}"
    settings = {"index.soft_deletes.retention_lease.sync_interval": "200ms"}
    with suppress(Refused):
        body = {"index_patterns": [f"{engine._generations.name}-*"], "template": {"settings": settings}}
        engine._cluster.ask("PUT", template, body)
    yield engine
    with suppress(Refused):
        engine._cluster.ask("DELETE", template)


def test_deleted_documents_are_merged_away_before_a_generation_is_verified(hurried: OpenSearchEngine) -> None:
    made = publish(hurried, [company(f"Company {n}", ("overview", "pay")) for n in range(9)])
    index, record = hurried._generations.index(made), hurried._generations.read(made)
    again = hurried._cluster.ask("GET", f"/{index}/_doc/company-7")["_source"]
    hurried._cluster.ask("PUT", f"/{index}/_doc/company-7", {**again, "sections": [{"impact": "pay|1"}]})
    assert max(deleted(hurried, index)) > 0
    verify(hurried._cluster, record, index)
    assert set(deleted(hurried, index)) == {0}


@pytest.mark.parametrize(
    "owner",
    [
        {"token": "a", "host": "another-machine", "pid": 1, "expires": 1.0},
        {"token": "a", "host": socket.gethostname(), "pid": 2**22 + 1, "expires": 1e12},
    ],
    ids=["expired", "its process is gone"],
)
def test_lock_of_a_writer_that_is_gone_is_taken_over(engine: OpenSearchEngine, owner: dict[str, Any]) -> None:
    publish(engine, [company("Alpha", ("overview", "pay"))])
    engine._cluster.ask("PUT", f"/{engine._generations.name}-lock/_doc/writer", owner)
    publish(engine, [company("Beta", ("overview", "pay"))])
    assert [facts.slug for facts in engine.open().facts()] == ["beta"]


def test_lock_of_a_living_writer_is_waited_for_and_named_in_the_status(engine: OpenSearchEngine) -> None:
    publish(engine, [company("Alpha", ("overview", "pay"))])
    owner = {"token": "a", "host": "another-machine", "pid": 4711, "expires": time.time() + 3}
    engine._cluster.ask("PUT", f"/{engine._generations.name}-lock/_doc/writer", owner)
    assert "being rebuilt by process 4711 on another-machine" in engine.status().reason
    publish(engine, [company("Beta", ("overview", "pay"))])
    assert time.time() >= owner["expires"]
    assert owner["expires"] < time.time() + LIFETIME


def test_rebuild_analyses_changed_profiles_only(engine: OpenSearchEngine, corpora: dict[str, Path]) -> None:
    rebuild(engine, corpora["copper"])
    changed = corpora["copper"] / "company-7.md"
    changed.write_text(changed.read_text(encoding="utf-8").replace("copper", "copper and tin"), encoding="utf-8")
    report = rebuild(engine, corpora["copper"])
    assert (report.analysed, report.kept) == (1, COMPANIES - 1)
    page = SearchService(engine).search(SearchRequest("tin"))
    assert [result.facts.slug for result in page.results] == ["company-7"]


def test_two_rebuilds_from_two_processes_both_publish_one_after_the_other(
    engine: OpenSearchEngine, corpora: dict[str, Path]
) -> None:
    index = address(engine)
    writers = [
        subprocess.Popen(command(folder, index), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for folder in corpora.values()
    ]
    results = [(writer.communicate(timeout=120), writer.returncode) for writer in writers]
    assert [code for _, code in results] == [0, 0], results
    assert metal_of(engine) in ("copper", "silver")
    status = engine.status()
    assert status.generation is not None
    assert status.previous is not None
    assert len(indices(engine)) == 2


@pytest.mark.slow
def test_killed_rebuilds_leave_one_whole_index_and_the_next_one_sweeps(
    engine: OpenSearchEngine, corpora: dict[str, Path]
) -> None:
    index, chance = address(engine), random.Random(30)
    started = time.monotonic()
    rebuild(engine, corpora["copper"])
    assert subprocess.run(command(corpora["silver"], index), capture_output=True, check=False).returncode == 0
    whole = time.monotonic() - started
    now = "silver"
    killed = 0
    for _ in range(KILLS):
        other = "copper" if now == "silver" else "silver"
        writer = subprocess.Popen(command(corpora[other], index), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            writer.wait(chance.uniform(0.3, whole / 2))
        except subprocess.TimeoutExpired:
            writer.kill()
            writer.wait()
            killed += 1
        assert metal_of(engine) in ((now, other) if writer.returncode else (other,))
        now = metal_of(engine)
    assert killed > KILLS / 2
    other = "copper" if now == "silver" else "silver"
    started = time.monotonic()
    rebuild(engine, corpora[other])
    assert time.monotonic() - started < LIFETIME  # the lock of a killed process is not waited for
    assert metal_of(engine) == other
    assert len(indices(engine)) == 2
