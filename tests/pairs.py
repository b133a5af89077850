"""Both engines side by side, asked the same."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from test_engine_contract import TODAY
from timed import Timed

from indexer.config import Settings
from indexer.engines import temporary_engine
from indexer.engines.base import Engine
from indexer.page import Page
from indexer.query.request import SearchRequest
from indexer.search import SearchService

CORPUS = Path(__file__).parents[1] / "corpus"
THREADS = 4
WHOLE_SECONDS = 30.0


@dataclass(frozen=True)
class Pair:
    """The embedded engine and a cluster with the same generation."""

    embedded: Engine
    cluster: Engine

    @property
    def engines(self) -> tuple[Engine, Engine]:
        """Both."""
        return self.embedded, self.cluster

    def pages(self, request: SearchRequest) -> tuple[Page, Page]:
        """The page of either."""
        return whole(self.embedded, request), whole(self.cluster, request)

    def all_pages(self, requests: Sequence[SearchRequest]) -> list[tuple[Page, Page]]:
        """The pages of many requests, some asked at a time."""
        with ThreadPoolExecutor(THREADS) as threads:
            return list(threads.map(self.pages, requests))


def whole(engine: Engine, request: SearchRequest) -> Page:
    """The page without hurry: on a machine that is busy a cluster may need more than its second."""
    page = SearchService(Timed(engine.open(), WHOLE_SECONDS)).search(request, TODAY)  # type: ignore[arg-type]
    assert not page.partial
    return page


@contextmanager
def empty_pair(hosts: Sequence[str]) -> Iterator[Pair]:
    """Both engines without a generation, the one in a cluster of these hosts."""
    where = Settings(index=f"opensearch://{','.join(hosts)}/agreement?shards=2")
    with ExitStack() as stack:
        yield Pair(*(stack.enter_context(temporary_engine(settings)) for settings in (Settings(), where)))
