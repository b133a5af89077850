"""These tests need the extra `opensearch`; without it they are left out, and the header of the run says so."""

import socket
from collections.abc import Iterator
from contextlib import closing
from importlib.util import find_spec

import pytest
from local_cluster import AnyCluster
from pairs import CORPUS, Pair, empty_pair

from indexer.build import rebuild

AVAILABLE = find_spec("opensearchpy") is not None
collect_ignore_glob = [] if AVAILABLE else ["test_*.py"]


def pytest_report_header() -> str | None:
    """Why tests are missing."""
    return None if AVAILABLE else "tests/opensearch is left out: pip install '.[opensearch]' brings what it needs"


@pytest.fixture
def silent_host() -> Iterator[str]:
    """A host that takes connections and never says anything."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=64)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture(scope="session")
def over_corpus(cluster: AnyCluster) -> Iterator[Pair]:
    """Both engines over the real corpus."""
    with empty_pair(cluster.hosts) as pair:
        for engine in pair.engines:
            rebuild(engine, CORPUS)
        yield pair
