"""These tests need the extra `opensearch`; without it they are left out, and the header of the run says so."""

from collections.abc import Iterator
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


@pytest.fixture(scope="session")
def over_corpus(cluster: AnyCluster) -> Iterator[Pair]:
    """Both engines over the real corpus."""
    with empty_pair(cluster.hosts) as pair:
        for engine in pair.engines:
            rebuild(engine, CORPUS)
        yield pair
