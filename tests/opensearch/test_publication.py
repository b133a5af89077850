"""One generation after the other: whoever is late, swept or lags behind sees one of them, and never half of two."""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from fake_node import Instead, Reply, serving
from in_cluster import aliases, indices, node_of, place_of, via
from local_cluster import AnyCluster
from test_engine_contract import DIGEST, company, publish

from indexer.config import Settings
from indexer.engines.opensearch.engine import OpenSearchEngine, temporary_index
from indexer.engines.opensearch.generations import Shelf
from indexer.engines.opensearch.loading import document, load
from indexer.errors import EngineUnavailable, IndexBusy, IndexCorrupt, IndexMissing, OperatorError

pytestmark = pytest.mark.cluster

LONGEST = 5.0
"""Seconds within which a reader has an answer or an error."""


@pytest.fixture
def engine(cluster: AnyCluster) -> Iterator[OpenSearchEngine]:
    with temporary_index(Settings(index=f"opensearch://{','.join(cluster.hosts)}/publication")) as made:
        yield made


class Between(Instead):
    """Does something when the alias is to move, before the cluster hears of it."""

    def admit(self, body: bytes) -> bool:
        if self.path.startswith("/_aliases") and b'"add"' in body:
            self.before_it_moves()
        return super().admit(body)

    def before_it_moves(self) -> None:
        """What is done."""


def test_who_takes_the_lock_over_may_sweep_up_to_the_last_moment(engine: OpenSearchEngine) -> None:
    first = publish(engine, [company("Alpha", ("overview", "pay"))])

    class Swept(Between):
        node = node_of(engine)

        def before_it_moves(self) -> None:
            engine._sweep()

    with serving(Swept) as port, closing(via(port, engine)) as late, pytest.raises(OperatorError):
        publish(late, [company("Beta", ("overview", "pay"))])
    assert engine.open().generation.id == first
    assert indices(engine) == {engine._generations.index(first)}


def test_what_is_published_is_not_swept_by_who_saw_it_unfinished(engine: OpenSearchEngine) -> None:
    made = publish(engine, [company("Alpha", ("overview", "pay"))])
    engine._generations.discard(made)
    assert engine.open().generation.id == made
    assert indices(engine) == {engine._generations.index(made)}


def test_first_publication_that_arrives_again_after_the_next_one_changes_nothing(engine: OpenSearchEngine) -> None:
    first, second = (publish(engine, [company(name, ("overview", "pay"))]) for name in ("Alpha", "Beta"))
    with pytest.raises(EngineUnavailable, match="refuses"):
        engine._generations.publish(first, Shelf())
    assert engine._generations.shelf() == Shelf(second, first)


def test_documents_of_a_writer_that_was_swept_bring_no_index_back(engine: OpenSearchEngine) -> None:
    generation = engine._generations.new_id(DIGEST)
    engine._generations.create(generation, 1)
    engine._generations.discard(generation)
    with pytest.raises(IndexBusy, match="another process has removed"):
        load(engine._cluster, engine._generations.mark(generation), [document("alpha", {"slug": "alpha"})])
    assert not indices(engine)


# Readers


def test_reader_who_saw_a_generation_is_not_taken_back_by_a_node_that_lags_behind(engine: OpenSearchEngine) -> None:
    told: list[object] = []
    before: list[object] = []

    class Lagging(Between):
        """Says of the generations what is in `told`, if anything is."""

        node = node_of(engine)

        def before_it_moves(self) -> None:
            before.append(aliases(engine))

        def reply(self) -> Reply | None:
            return (200, told[0]) if told and "/_alias?" in self.path else None

    first = publish(engine, [company("Alpha", ("overview", "pay"))])
    with serving(Lagging) as port, closing(via(port, engine)) as reader, closing(via(port, engine)) as newcomer:
        second = publish(reader, [company("Beta", ("overview", "pay"))])
        assert reader.open().generation.id == second
        told.extend(before)
        assert [reader.open(wanted).generation.id for wanted in (None, second, first)] == [second, second, first]
        assert newcomer.open().generation.id == first
        told.clear()
        assert [reader.open(wanted).generation.id for wanted in (None, second, first)] == [second, second, first]
        assert newcomer.open().generation.id == second
        assert engine.rollback().id == first
        assert reader.open().generation.id == first


def test_generation_that_a_node_does_not_know_yet_is_asked_for_again(engine: OpenSearchEngine) -> None:
    made = publish(engine, [company("Alpha", ("overview", "pay"))])
    asked: list[str] = []

    unknown = 404, {"error": {"type": "index_not_found_exception"}, "status": 404}
    unfinished = 200, {engine._generations.index(made): {"mappings": {}}}

    class Behind(Instead):
        """Learns of a generation when it is asked for it the third time."""

        node = node_of(engine)

        def reply(self) -> Reply | None:
            if "/_mapping" not in self.path:
                return None
            asked.append(self.path)
            return {1: unknown, 2: unfinished}.get(len(asked))

    with serving(Behind) as port, closing(via(port, engine)) as reader:
        assert reader.open().generation.id == made
    assert len(asked) == 3


def test_generations_that_are_all_gone_are_an_error_in_time(engine: OpenSearchEngine) -> None:
    name = engine._generations.name
    gone = [engine._generations.new_id(DIGEST) for _ in range(2)]
    asked: list[str] = []

    class Wrong(Instead):
        """Names one generation and then the other."""

        node = node_of(engine)

        def reply(self) -> Reply | None:
            if "/_alias?" not in self.path:
                return None
            asked.append(self.path)
            return 200, {f"{name}-{gone[len(asked) % 2]}": {"aliases": {name: {}}}}

    started = time.monotonic()
    with serving(Wrong) as port, closing(via(port, engine)) as reader, pytest.raises(IndexMissing, match="is gone"):
        reader.open()
    assert time.monotonic() - started < LONGEST
    assert len(asked) > 2


def test_generation_of_another_version_takes_nobody_from_what_can_be_read(engine: OpenSearchEngine) -> None:
    first = publish(engine, [company("Alpha", ("overview", "pay"))])
    with closing(OpenSearchEngine(Settings(index=place_of(engine)))) as old:
        assert old.open().generation.id == first
        second = publish(engine, [company("Beta", ("overview", "pay"))])
        engine._generations.write(replace(engine._generations.read(second), fingerprint="of another version"))
        assert [old.open(wanted).generation.id for wanted in (None, second, first)] == [first, first, first]
        status = old.status()
        assert (status.state, status.degraded, status.generation and status.generation.id) == ("outdated", True, first)
    third = publish(engine, [company("Gamma", ("overview", "pay"))])
    assert [engine.open(wanted).generation.id for wanted in (second, None)] == [third, third]


def test_generation_that_has_lost_shards_is_not_gone_back_to(engine: OpenSearchEngine) -> None:
    class Red(Instead):
        node = node_of(engine)

        def reply(self) -> Reply | None:
            return (200, {"status": "red"}) if "/_cluster/health" in self.path else None

    second = [publish(engine, [company(name, ("overview", "pay"))]) for name in ("Alpha", "Beta")][1]
    with serving(Red) as port, closing(via(port, engine)) as operator, pytest.raises(IndexCorrupt, match="lost shards"):
        operator.rollback()
    assert engine.open().generation.id == second


def test_lock_that_nobody_can_read_is_no_reason_not_to_answer(engine: OpenSearchEngine) -> None:
    nobody = 503, {"error": {"type": "no_shard_available_action_exception"}}

    class Locked(Instead):
        node = node_of(engine)

        def reply(self) -> Reply | None:
            return nobody if "-lock/" in self.path else None

    made = publish(engine, [company("Alpha", ("overview", "pay"))])
    with serving(Locked) as port, closing(via(port, engine)) as reader:
        status = reader.status()
    assert (status.state, status.generation and status.generation.id) == ("ok", made)
