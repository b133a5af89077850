"""A node dies while people search: nobody gets an error, half an answer, or one of two generations."""

import threading
import time
from collections import Counter
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
from webapp import create_app

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

SECONDS = 60.0
KILLED_AFTER, BACK_AFTER = 4.0, 12.0
CLIENTS = 4
PROBED_EVERY = 0.25
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
    """Threads that search until they are told to stop, each with connections of its own; a prober asks a web server.

    `probes`: seconds and status of each answer of /readyz.
    """

    settings: Settings
    answers: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    probes: list[tuple[float, int]] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def run(self, seconds: float, meanwhile: Callable[[], None]) -> None:
        """Search for so many seconds, and as long as `meanwhile` takes."""
        threads = [threading.Thread(target=self._search) for _ in range(CLIENTS)]
        threads.append(threading.Thread(target=self._probe))
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

    def _probe(self) -> None:
        web = create_app(self.settings).test_client()
        while not self.done.wait(PROBED_EVERY):
            started = time.monotonic()
            status = web.get("/readyz").status_code
            self.probes.append((time.monotonic() - started, status))

    def check(self) -> None:
        """Nothing failed, and nothing took too long."""
        print(self)
        assert not self.faults, str(self)
        assert max(self.answers) < LONGEST, str(self)
        assert {status for _, status in self.probes} == {200}, str(self)
        assert max(self.probes)[0] < LONGEST, str(self)

    def __str__(self) -> str:
        slow, probed = sorted(self.answers)[-3:], sorted(self.probes)[-3:]
        said = f"{len(self.answers)} answers, {len(self.faults)} faults, slowest {slow}: {self.faults[:3]}"
        return f"{said}; {len(self.probes)} probes, slowest {probed}, {Counter(status for _, status in self.probes)}"


@pytest.fixture(scope="module")
def nodes(cluster: AnyCluster) -> Iterator[LocalCluster]:
    """A cluster whose nodes may be killed; all of them run again afterwards."""
    if isinstance(cluster, GivenCluster):
        pytest.skip("the nodes of a given cluster are not ours to kill")
    cluster.use_nodes(spare_the_manager=False)
    cluster.wait_for(3, "green")
    yield cluster
    cluster.wait_for(3, "green")
    cluster.use_nodes(spare_the_manager=True)


@pytest.fixture(scope="module")
def engine(nodes: LocalCluster) -> Iterator[OpenSearchEngine]:
    with temporary_index(Settings(index=f"opensearch://{','.join(nodes.hosts)}/faults?shards=2")) as made:
        publish(made, corpus("copper"))
        nodes.wait_for(3, "green")
        yield made


def clients_of(engine: OpenSearchEngine) -> Clients:
    place = engine._cluster.address
    return Clients(Settings(index=f"opensearch://{','.join(f'{h}:{p}' for h, p in place.hosts)}/{place.name}?shards=2"))


def holder_of_a_primary(engine: OpenSearchEngine) -> int:
    """The number of a node whose loss costs the index a primary shard."""
    index = engine._generations.index(engine.open().generation.id)
    shards = engine._cluster.ask("GET", f"/_cat/shards/{index}", format="json")
    return int(next(shard["node"] for shard in shards if shard["prirep"] == "p").removeprefix("node"))


def outcome(service: SearchService) -> tuple[float, Page | str]:
    """What a search gives, or the reason why it gives nothing, after how many seconds."""
    started = time.monotonic()
    found: Page | str
    try:
        found = service.search(SearchRequest("metal", size=50))
    except EngineUnavailable as error:
        found = str(error)
    return time.monotonic() - started, found


@pytest.fixture(scope="module")
def lonely(nodes: LocalCluster) -> Iterator[OpenSearchEngine]:
    """An index without second copies, which has a shard on every node."""
    with temporary_index(Settings(index=f"opensearch://{','.join(nodes.hosts)}/lonely?shards=3")) as made:
        index = made._generations.index(publish(made, corpus("silver")))
        made._cluster.ask("PUT", f"/{index}/_settings", {"auto_expand_replicas": "false", "number_of_replicas": 0})
        yield made


def test_node_and_then_the_manager_killed_and_started_again_while_four_clients_search(
    nodes: LocalCluster, engine: OpenSearchEngine, lonely: OpenSearchEngine
) -> None:
    clients = clients_of(engine)
    killed, whole, halves = [], [], []

    def kill_and_start(victim: int) -> None:
        clients.done.wait(KILLED_AFTER)
        nodes.kill(victim)
        killed.append(victim)
        halves.extend(outcome(SearchService(lonely)) for _ in range(2))
        clients.done.wait(BACK_AFTER - KILLED_AFTER)
        nodes.start_node(victim)
        nodes.wait_for(3, "green")
        whole.append(outcome(SearchService(lonely))[1])

    def kill_two() -> None:
        kill_and_start(holder_of_a_primary(engine))
        kill_and_start(nodes.manager())

    clients.run(SECONDS, kill_two)
    clients.check()
    assert len(killed) == 2
    for seconds, found in halves:  # an error in time, and never half an answer
        assert isinstance(found, str), found
        assert seconds < LONGEST
    assert all(isinstance(page, Page) and is_of_one_generation(page) for page in whole), whole


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
    print(f"{len(published)} generations")
    clients.check()
    assert len(published) >= 2
