"""Where an index in a cluster lies, and what of it lies there."""

import json
import urllib.request
from contextlib import closing
from typing import Any

from indexer.config import Settings
from indexer.engines.opensearch.engine import OpenSearchEngine


def node_of(engine: OpenSearchEngine) -> str:
    """host:port of the node that a door stands before."""
    return ":".join(map(str, engine._cluster.address.hosts[0]))


def place_of(engine: OpenSearchEngine) -> str:
    """The setting that leads to the index."""
    place = engine._cluster.address
    return f"opensearch://{','.join(f'{host}:{port}' for host, port in place.hosts)}/{place.name}"


def via(port: int, engine: OpenSearchEngine) -> OpenSearchEngine:
    """The same index, asked through a door."""
    return OpenSearchEngine(Settings(index=f"opensearch://127.0.0.1:{port}/{engine._generations.name}"))


def aliases(engine: OpenSearchEngine) -> dict[str, Any]:
    """What the cluster says of the generations, its lock and their aliases."""
    url = f"http://{node_of(engine)}/{engine._generations.name}-*/_alias"
    with closing(urllib.request.urlopen(url, timeout=30)) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def indices(engine: OpenSearchEngine) -> set[str]:
    """The generations that lie in the cluster."""
    return {name for name in aliases(engine) if not name.endswith("-lock")}
