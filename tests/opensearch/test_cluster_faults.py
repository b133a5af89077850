"""A node dies while people search: nobody gets an error, half an answer, or one of two generations."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field

import pytest
from local_cluster import AnyCluster, GivenCluster, LocalCluster
from test_engine_contract import company, publish

from indexer.config import Settings
from indexer.engines import open_engine
from indexer.engines.opensearch.engine import OpenSearchEngine, temporary_index
from indexer.errors import EngineUnavailable, ProfileSearchError
from indexer.page import Page
from indexer.profiles.model import RenderedProfile
from indexer.query.request import SearchRequest
from indexer.search import SearchService

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

SECONDS = 60.0
KILLED_AFTER, BACK_AFTER = 15.0, 30.0
CLIENTS = 4
COMPANIES = 400
LONGEST = 5.0


def corpus(metal: str) -> list[RenderedProfile]:
    """Companies in whose every section the metal is the same."""
    return [
        company(
            f"Company {n}",
            ("overview", f"the metal {metal} is n{n % 7}"),
            ("compensation", f"paid in the metal {metal}"),
        )
        for n in range(COMPANIES)
    ]


def is_of_one_generation(page: Page) -> bool:
    """Whether totals, facets and texts of a page all belong to one version of the whole corpus."""
    texts = ["".join(piece.text for piece in section.snippet) for result in page.results for section in result.sections]
    metals = {metal for metal in ("copper", "silver") for text in texts if metal in text}
    counts = {value.value: value.count for value in page.facets["section"]}
    return (
        not page.partial
        and len(metals) == 1
        and len(page.results) == 50
        and page.total == COMPANIES
        and counts == {"overview": COMPANIES, "compensation": COMPANIES}
    )


@dataclass
class Clients:
    """Threads that search until they are told to stop, each with connections of its own."""

    settings: Settings
    answers: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def run(self, seconds: float, meanwhile: Callable[[], None]) -> None:
        threads = [threading.Thread(target=self._search) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        end = time.monotonic() + seconds
        try:
            meanwhile()
            self.done.wait(max(0.0, end - time.monotonic()))
        finally:
            self.done.set()
            for thread in threads:
                thread.join()

    def _search(self) -> None:
        with closing(open_engine(self.settings)) as engine:
            service = SearchService(engine)
            while not self.done.is_set():
                started = time.monotonic()
                try:
                    page = service.search(SearchRequest("metal", size=50))
                    if not is_of_one_generation(page):
                        self.faults.append(f"mixed: {page.total} {page.facets}")
                except ProfileSearchError as error:
                    self.faults.append(str(error))
                self.answers.append(time.monotonic() - started)


@pytest.fixture
def nodes(cluster: AnyCluster) -> Iterator[LocalCluster]:
    """A cluster whose nodes may be killed; all of them run again afterwards."""
    if isinstance(cluster, GivenCluster):
        pytest.skip("the nodes of a given cluster are not ours to kill")
    cluster.use_nodes(spare_the_manager=False)
    cluster.wait_for(3, "green")
    yield cluster
    cluster.wait_for(3, "green")
    cluster.use_nodes(spare_the_manager=True)


@pytest.fixture
def engine(nodes: LocalCluster) -> Iterator[OpenSearchEngine]:
    with temporary_index(Settings(index=f"opensearch://{','.join(nodes.hosts)}/faults?shards=2")) as made:
        publish(made, corpus("copper"))
        nodes.wait_for(3, "green")
        yield made


def clients_of(engine: OpenSearchEngine) -> Clients:
    place = engine._cluster.address
    return Clients(Settings(index=f"opensearch://{','.join(f'{h}:{p}' for h, p in place.hosts)}/{place.name}?shards=2"))


def report(clients: Clients) -> str:
    slowest = sorted(clients.answers)[-3:]
    return f"{len(clients.answers)} answers, {len(clients.faults)} faults, slowest {slowest}: {clients.faults[:3]}"


def holder_of_a_primary(engine: OpenSearchEngine) -> int:
    """The number of a node whose loss costs the index a primary shard."""
    index = engine._generations.index(engine.open().generation.id)
    shards = engine._cluster.ask("GET", f"/_cat/shards/{index}", format="json")
    return int(next(shard["node"] for shard in shards if shard["prirep"] == "p").removeprefix("node"))


def test_node_killed_and_started_again_while_four_clients_search(nodes: LocalCluster, engine: OpenSearchEngine) -> None:
    clients = clients_of(engine)
    victim = holder_of_a_primary(engine)

    def kill_and_start() -> None:
        clients.done.wait(KILLED_AFTER)
        nodes.kill(victim)
        clients.done.wait(BACK_AFTER - KILLED_AFTER)
        nodes.start_node(victim)

    clients.run(SECONDS, kill_and_start)
    print(report(clients))
    assert not clients.faults, report(clients)
    assert max(clients.answers) < LONGEST, report(clients)


def test_shard_without_a_living_copy_is_an_error_in_time_and_never_half_an_answer(
    nodes: LocalCluster, engine: OpenSearchEngine
) -> None:
    index = engine._generations.index(engine.open().generation.id)
    engine._cluster.ask("PUT", f"/{index}/_settings", {"auto_expand_replicas": "false", "number_of_replicas": 0})
    victim = holder_of_a_primary(engine)
    service = SearchService(engine)
    assert is_of_one_generation(service.search(SearchRequest("metal", size=50)))
    nodes.kill(victim)
    for _ in range(2):
        started = time.monotonic()
        with pytest.raises(EngineUnavailable):
            service.search(SearchRequest("metal", size=50))
        assert time.monotonic() - started < LONGEST
    nodes.start_node(victim)
    nodes.wait_for(3, "green")
    assert is_of_one_generation(service.search(SearchRequest("metal", size=50)))


def test_node_killed_during_rebuilds_never_mixes_two_generations(nodes: LocalCluster, engine: OpenSearchEngine) -> None:
    clients = clients_of(engine)
    victim = holder_of_a_primary(engine)
    published = []

    def rebuild_and_kill() -> None:
        end = time.monotonic() + SECONDS
        killer = threading.Timer(KILLED_AFTER, nodes.kill, [victim])
        starter = threading.Timer(BACK_AFTER, nodes.start_node, [victim])
        killer.start()
        starter.start()
        while time.monotonic() < end:
            metal = "silver" if len(published) % 2 == 0 else "copper"
            published.append(publish(engine, corpus(metal)))
        killer.join()
        starter.join()

    clients.run(SECONDS, rebuild_and_kill)
    print(report(clients), f"{len(published)} generations")
    assert not clients.faults, report(clients)
    assert max(clients.answers) < LONGEST, report(clients)
    assert len(published) > 2
