"""Generations in a real cluster: refused documents, killed writers, two writers, locks that nobody holds."""

import os
import random
import resource
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median
from urllib.parse import quote

import pytest
from fake_node import Door, serving
from in_cluster import indices, node_of, place_of, via
from local_cluster import AnyCluster
from rebuilding import begin_rebuild
from test_engine_contract import DIGEST, VOCABULARY, company, publish

from indexer.build import rebuild
from indexer.config import Settings
from indexer.engines.opensearch.address import parse_address
from indexer.engines.opensearch.cluster import Refused
from indexer.engines.opensearch.engine import OpenSearchEngine, temporary_index
from indexer.engines.opensearch.loading import document, load
from indexer.engines.opensearch.lock import TIMES, Owner, Times, WriterLock, read_lock
from indexer.engines.opensearch.verify import LET_GO, verify
from indexer.errors import EngineUnavailable, IndexBusy, IndexCorrupt, OperatorError, StorageFailed
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
COMPANIES = 30
NOBODY = 2**22 + 1
"""The number of no process: Linux counts to 2**22."""


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


def metal_of(engine: OpenSearchEngine) -> str:
    """The one version that every section of every company is of.

    Both questions go to one generation: what a killed writer has sent may be published between them.
    """
    found, service = {}, SearchService(engine)
    generation = service.searcher().generation.id
    for metal in ("copper", "silver"):
        page = service.search(SearchRequest(metal, size=50, generation=generation))
        assert (page.generation, page.partial) == (generation, False)
        found[metal] = page.total, next((v.count for v in page.facets["section"] if v.value == "compensation"), 0)
    assert sorted(found.values()) == [(0, 0), (COMPANIES, COMPANIES)], found
    return max(found, key=lambda metal: found[metal])


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
    index, mark = engine._generations.index("twice"), engine._generations.mark("twice")
    for _ in range(2):
        load(engine._cluster, mark, [document(f"company-{n}", {"slug": f"company-{n}"}) for n in range(20)])
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
    about = hurried._cluster.ask("GET", f"/{index}/_settings", flat_settings="true")[index]["settings"]
    assert not LET_GO.keys() & about.keys()


@pytest.mark.parametrize("lost", ["company-7", "#facts-0"])
def test_generation_that_lacks_a_document_is_not_sound(hurried: OpenSearchEngine, lost: str) -> None:
    made = publish(hurried, [company(f"Company {n}", ("overview", "pay")) for n in range(9)])
    index, record = hurried._generations.index(made), hurried._generations.read(made)
    hurried._cluster.ask("DELETE", f"/{index}/_doc/{quote(lost)}")
    with pytest.raises(IndexCorrupt, match=r"holds \d profiles with \d sections, and \d documents .*; sent were 9 "):
        verify(hurried._cluster, record, index)


def lock_with(engine: OpenSearchEngine, **changes: object) -> str:
    """Leave a lock of this process, with these changes, as if it were another one's; who is said to hold it."""
    with WriterLock(engine._cluster, engine._generations.name).held():
        held = read_lock(engine._cluster, f"{engine._generations.name}-lock")
    assert held is not None
    owner = replace(held.owner, token="somebody else", **changes)  # type: ignore[arg-type]
    engine._cluster.ask("PUT", f"/{engine._generations.name}-lock/_doc/writer", asdict(owner))
    return str(owner)


@pytest.mark.parametrize("changes", [{"pid": NOBODY}, {"began": "1"}], ids=["is gone", "has a follower of its number"])
def test_lock_of_a_process_that_is_gone_is_taken_over_at_once(
    engine: OpenSearchEngine, changes: dict[str, object]
) -> None:
    lock_with(engine, **changes)
    started = time.monotonic()
    publish(engine, [company("Beta", ("overview", "pay"))])
    assert time.monotonic() - started < TIMES.lifetime
    assert [facts.slug for facts in engine.open().facts()] == ["beta"]


def test_lock_of_another_container_of_our_name_is_respected_until_nobody_renews_it(engine: OpenSearchEngine) -> None:
    cluster, name = engine._cluster, engine._generations.name
    done = threading.Event()

    def renew() -> None:
        while not done.wait(0.2):
            lock_with_home()

    def lock_with_home() -> str:
        owner = Owner("somebody else", socket.gethostname(), NOBODY, "another system", "1")
        cluster.ask("PUT", f"/{name}-lock/_doc/writer", asdict(owner))
        return str(owner)

    said = lock_with_home()
    renewing = threading.Thread(target=renew)
    renewing.start()
    with pytest.raises(IndexBusy, match=said), WriterLock(cluster, name, Times(0.3, 1.0, 2.5)).held():
        pass
    assert f"being rebuilt by {said}" in engine.status().reason
    done.set()
    renewing.join()
    with WriterLock(cluster, name, Times(0.3, 1.0, 2.5)).held() as lock:
        lock.check()


def test_lock_of_a_living_writer_is_waited_for_and_named_in_the_status(engine: OpenSearchEngine) -> None:
    publish(engine, [company("Alpha", ("overview", "pay"))])
    with ThreadPoolExecutor() as threads:
        with WriterLock(engine._cluster, engine._generations.name).held():
            assert f"being rebuilt by process {os.getpid()} on {socket.gethostname()}" in engine.status().reason
            writing = threads.submit(publish, engine, [company("Beta", ("overview", "pay"))])
            with pytest.raises(TimeoutError):
                writing.result(1)
        writing.result()
    assert [facts.slug for facts in engine.open().facts()] == ["beta"]


def test_writer_whose_lock_was_taken_over_publishes_nothing(engine: OpenSearchEngine) -> None:
    first = publish(engine, [company("Alpha", ("overview", "pay"))])
    with engine.begin() as builder:
        builder.add(company("Beta", ("overview", "pay")))
        owner = Owner("somebody else", "another-machine", 1)
        engine._cluster.ask("PUT", f"/{engine._generations.name}-lock/_doc/writer", asdict(owner))
        with pytest.raises(IndexBusy, match="taken over"):
            builder.publish(DIGEST, VOCABULARY)
    assert engine.open().generation.id == first


@pytest.mark.parametrize("place", ["lock", "2*"])
def test_full_disk_is_named_with_what_to_do(engine: OpenSearchEngine, place: str) -> None:
    first = publish(engine, [company("Alpha", ("overview", "pay"))])
    template = f"/_index_template/full-{engine._generations.name}"
    blocked = {"index.blocks.read_only_allow_delete": True}
    if place == "lock":
        engine._cluster.ask("PUT", f"/{engine._generations.name}-lock/_settings", blocked)
    body = {"index_patterns": [f"{engine._generations.name}-{place}"], "template": {"settings": blocked}}
    engine._cluster.ask("PUT", template, body)
    try:
        with pytest.raises(OperatorError, match="disk of the cluster is too full: free space") as caught:
            publish(engine, [company("Beta", ("overview", "pay"))])
    finally:
        engine._cluster.ask("DELETE", template)
    assert "PASSWORD" not in str(caught.value)
    assert engine.open().generation.id == first
    assert indices(engine) == {engine._generations.index(first)}


def block(engine: OpenSearchEngine, which: str, blocked: bool | None = True) -> None:
    """Let nobody write into these indexes, as where a disk is full; None lifts that."""
    engine._cluster.ask("PUT", f"/{engine._generations.name}-{which}/_settings", {"index.blocks.write": blocked})


def test_rebuild_that_a_full_disk_ends_takes_its_unfinished_generation_with_it(engine: OpenSearchEngine) -> None:
    first = publish(engine, [company("Alpha", ("overview", "pay"))])

    class Fills(Door):
        """Lets nobody write any more when the first documents come, not even into the lock."""

        node = node_of(engine)

        def admit(self, body: bytes) -> bool:
            if "/_bulk" in self.path:
                seen.append(len(indices(engine)))
                block(engine, "*")
            return True

    seen: list[int] = []
    with (
        serving(Fills) as port,
        closing(via(port, engine)) as filling,
        pytest.raises(StorageFailed, match="too full"),
    ):
        publish(filling, [company("Beta", ("overview", "pay"))])
    assert seen == [2]
    assert indices(engine) == {engine._generations.index(first)}


def test_unfinished_generation_of_a_killed_rebuild_makes_room_on_a_full_disk(engine: OpenSearchEngine) -> None:
    first = publish(engine, [company("Alpha", ("overview", "pay"))])
    engine._generations.create(engine._generations.new_id(DIGEST), 1)
    lock_with(engine, pid=NOBODY)
    block(engine, "lock")
    with pytest.raises(EngineUnavailable, match=r"too full: .*1 unfinished generation .*was removed.*try again"):
        publish(engine, [company("Beta", ("overview", "pay"))])
    assert indices(engine) == {engine._generations.index(first)}
    block(engine, "lock", None)
    publish(engine, [company("Beta", ("overview", "pay"))])
    assert [facts.slug for facts in engine.open().facts()] == ["beta"]


def test_nothing_of_a_living_writer_is_swept_on_a_full_disk(engine: OpenSearchEngine) -> None:
    generation = engine._generations.new_id(DIGEST)
    lock = WriterLock(engine._cluster, engine._generations.name)
    with lock.held():
        engine._generations.create(generation, 1)
        assert engine._sweep_abandoned(WriterLock(engine._cluster, engine._generations.name)) == 0
    assert indices(engine) == {engine._generations.index(generation)}


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """No file of this process grows beyond so many bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("words", [40_000, 100], ids=["while it is filled", "at its end"])
def test_full_temporary_folder_is_one_error_that_names_it(engine: OpenSearchEngine, words: int) -> None:
    long = company("Alpha", ("overview", " ".join(f"word{number}" for number in range(words))))
    with pytest.raises(StorageFailed, match=f"{tempfile.gettempdir()}: .*TMPDIR"), files_of_at_most(words):
        publish(engine, [long])
    assert not indices(engine)


def test_temporary_indexes_of_killed_processes_are_removed_when_they_are_old(settings: Settings) -> None:
    with temporary_index(settings) as engine:
        name = f"{parse_address(settings.index).name}-temporary-"
        for title, hours in (("old", 25), ("young", 23)):
            created = round((time.time() - hours * 3_600) * 1e3)
            engine._cluster.ask("PUT", f"/{name}{title}-1", {"settings": {"index.creation_date": str(created)}})
        with temporary_index(settings):
            left = engine._cluster.ask("GET", f"/{name}*/_settings")
        engine._cluster.ask("DELETE", f"/{name}young-1")
    assert f"{name}young-1" in left
    assert f"{name}old-1" not in left


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
    both = threading.Barrier(2)

    class AtTheLock(Door):
        """Lets a rebuild look at the lock once both are there to look."""

        node = node_of(engine)

        def admit(self, body: bytes) -> bool:
            if self.path.endswith("-lock/_doc/writer") and self.server not in met:
                met.append(self.server)
                both.wait(60)
            return True

    met: list[object] = []
    name = engine._generations.name
    with serving(type("First", (AtTheLock,), {})) as one, serving(type("Second", (AtTheLock,), {})) as two:
        ports = zip((one, two), corpora.values(), strict=True)
        writers = [begin_rebuild(folder, f"opensearch://127.0.0.1:{port}/{name}") for port, folder in ports]
        for writer in writers:
            writer.join(120)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert len(met) == 2
    assert metal_of(engine) in corpora
    status = engine.status()
    assert status.generation is not None
    assert status.previous is not None
    assert len(indices(engine)) == 2


def length_after_a_kill(folder: Path, index: str) -> float:
    """Seconds that a whole rebuild takes, with what one before it has left."""
    killed = begin_rebuild(folder, index)
    killed.join(0.2)
    killed.kill()
    killed.join()
    started = time.monotonic()
    writer = begin_rebuild(folder, index)
    writer.join()
    assert writer.exitcode == 0
    return time.monotonic() - started


@pytest.mark.slow
def test_killed_rebuilds_leave_one_whole_index_and_the_next_one_sweeps(
    engine: OpenSearchEngine, corpora: dict[str, Path]
) -> None:
    index, chance = place_of(engine), random.Random(30)
    rebuild(engine, corpora["copper"])
    lengths = [length_after_a_kill(corpora["copper"], index) for _ in range(3)]
    now, attempts, published = "copper", 0, 0
    for moment in range(KILLS):  # one in each thirtieth of a rebuild; who was done before it is not counted
        killed = False
        while not killed:
            other = "copper" if now == "silver" else "silver"
            started = time.monotonic()
            writer = begin_rebuild(corpora[other], index)
            writer.join((moment + chance.random()) / KILLS * median(lengths[-3:]))
            writer.kill()
            writer.join()
            killed = writer.exitcode == -signal.SIGKILL
            if not killed:  # a cluster that has warmed up is quicker than it was
                lengths.append(time.monotonic() - started)
            found = metal_of(engine)
            assert found in ((now, other) if killed else (other,))
            now, attempts, published = found, attempts + 1, published + (killed and found == other)
            assert attempts < 4 * KILLS
    print(f"{KILLS} killed in {attempts} attempts, {published} after they had published; a rebuild takes {lengths} s")
    other = "copper" if now == "silver" else "silver"
    started = time.monotonic()
    rebuild(engine, corpora[other])
    assert time.monotonic() - started < TIMES.lifetime  # the lock of a killed process is not waited for
    assert metal_of(engine) == other
    assert len(indices(engine)) == 2
