"""A node dies while people search: nobody gets an error, half an answer, or one of two generations."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import cycle, islice
from pathlib import Path

import pytest
from in_cluster import place_of
from local_cluster import AnyCluster, GivenCluster, LocalCluster
from metals import ADDRESSES, QUESTIONS, Expected, corpus, expected, metals, signature
from test_engine_contract import DIGEST, VOCABULARY, publish
from test_web_on_a_cluster import text_of

from indexer.config import Settings
from indexer.engines import open_engine
from indexer.engines.opensearch.engine import OpenSearchEngine, temporary_index
from indexer.errors import EngineUnavailable, ProfileSearchError
from indexer.page import Page
from indexer.query.request import SearchRequest
from indexer.search import SearchService
from webapp import create_app

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

SECONDS = 60.0
KILLED_AFTER, BACK_AFTER = 4.0, 12.0
CLIENTS = 4
PROBED_EVERY = 0.25
LONGEST = 5.0


@dataclass
class Clients:
    """Threads that search until they are told to stop, each with connections of its own; a prober asks a web server.

    `seen`: generation and metals of each answer. `probes`: seconds and status of each answer of the web server.
    """

    settings: Settings
    expected: Expected
    answers: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    seen: set[tuple[str, str]] = field(default_factory=set)
    probes: list[tuple[float, int]] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)
    second_pages: int = 0
    began: float = field(default_factory=time.monotonic)

    def run(self, seconds: float, meanwhile: Callable[[], None]) -> None:
        """Search for so many seconds, and as long as `meanwhile` takes."""
        threads = [threading.Thread(target=self._search, args=(first,)) for first in range(CLIENTS)]
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

    def _search(self, first: int) -> None:
        with closing(open_engine(self.settings)) as engine:
            service = SearchService(engine)
            for question in islice(cycle(QUESTIONS), first, None):
                page = self._ask(service, question)
                if page and signature(page) not in self.expected.pages[question]:
                    self.faults.append(f"{question.text}: {signature(page)}, not {self.expected.pages[question]}")
                if page and page.pages > 1:
                    self._turn(service, page)
                if self.done.is_set():
                    return

    def _turn(self, service: SearchService, page: Page) -> None:
        """Ask for the second page of the generation that the first one came from, if it is still kept."""
        second = self._ask(service, replace(page.request, page=2, generation=page.generation))
        if second and second.generation == page.generation:
            self.second_pages += 1
            twice = {result.facts.slug for result in page.results} & {result.facts.slug for result in second.results}
            if twice or second.partial or second.total != page.total:
                self.faults.append(f"second page of {page.request.text}: {second.partial} {second.total} {twice}")

    def _ask(self, service: SearchService, request: SearchRequest) -> Page | None:
        started = time.monotonic()
        page = None
        try:
            page = service.search(request)
            self.seen.add((page.generation, " and ".join(metals(page))))
        except ProfileSearchError as error:
            self.faults.append(f"{request.text} at {started - self.began:.1f} s: {error}")
        self.answers.append(time.monotonic() - started)
        return page

    def _probe(self) -> None:
        web = create_app(self.settings).test_client()
        allowed = {address: [text_of(text) for text in texts] for address, texts in self.expected.texts.items()}
        for address in cycle(ADDRESSES):
            for asked in ("/readyz", address):
                started = time.monotonic()
                answer = web.get(asked)
                self.probes.append((time.monotonic() - started, answer.status_code))
                if answer.status_code != 200 or (asked == address and text_of(answer.text) not in allowed[address]):
                    when = f"{started - self.began:.1f} s"
                    self.faults.append(f"{asked} at {when}: {answer.status_code} {answer.text[:1_000]}")
            if self.done.wait(PROBED_EVERY):
                return

    def check(self) -> None:
        """Nothing failed, nothing took too long, and every generation was seen with its own metal only."""
        print(self)
        assert not self.faults, str(self)
        assert max(self.answers) < LONGEST, str(self)
        assert {status for _, status in self.probes} == {200}, str(self)
        assert max(self.probes)[0] < LONGEST, str(self)
        assert self.second_pages, str(self)
        assert len(dict(self.seen)) == len(self.seen), self.seen
        assert {metal for _, metal in self.seen} <= {"copper", "silver"}, self.seen

    def __str__(self) -> str:
        slow, probed = sorted(self.answers)[-3:], sorted(self.probes)[-3:]
        faults = f"{len(self.faults)} faults, {self.faults[:2]} ... {self.faults[-2:]}"
        said = f"{len(self.answers)} answers, slowest {slow}, {faults}"
        probes = f"{len(self.probes)} probes, slowest {probed}, {Counter(status for _, status in self.probes)}"
        return f"{said}; {self.second_pages} second pages of {len(self.seen)} generations; {probes}"


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


@pytest.fixture
def clients(engine: OpenSearchEngine, tmp_path: Path) -> Clients:
    return Clients(Settings(index=f"{place_of(engine)}?shards=2"), expected(tmp_path))


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
    nodes: LocalCluster, engine: OpenSearchEngine, lonely: OpenSearchEngine, clients: Clients
) -> None:
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
    everything = clients.expected.pages[QUESTIONS[0]]
    assert all(isinstance(page, Page) and signature(page) in everything for page in whole), whole


def test_node_killed_during_rebuilds_never_mixes_two_generations(
    nodes: LocalCluster, engine: OpenSearchEngine, clients: Clients
) -> None:
    victim = holder_of_a_primary(engine)
    published: list[str] = []
    loading, killed_while_loading = threading.Event(), []

    def kill_while_loading_and_start() -> None:
        clients.done.wait(KILLED_AFTER)
        killed_while_loading.append(loading.wait(SECONDS))
        nodes.kill(victim)
        clients.done.wait(BACK_AFTER - KILLED_AFTER)
        nodes.start_node(victim)

    def rebuild_and_kill() -> None:
        end = time.monotonic() + SECONDS
        killer = threading.Thread(target=kill_while_loading_and_start)
        killer.start()
        while time.monotonic() < end:
            profiles = corpus("silver" if len(published) % 2 == 0 else "copper")
            with engine.begin() as builder:
                for profile in profiles:
                    builder.add(profile)
                loading.set()
                published.append(builder.publish(DIGEST, VOCABULARY).id)
                loading.clear()
        killer.join()

    clients.run(SECONDS, rebuild_and_kill)
    print(f"{len(published)} generations")
    clients.check()
    assert killed_while_loading == [True]
    assert len(published) >= 2
    assert {metal for _, metal in clients.seen} == {"copper", "silver"}
