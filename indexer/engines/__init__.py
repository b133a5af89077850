"""Search engines behind one seam."""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from indexer.config import Settings
from indexer.engines.base import Engine
from indexer.errors import UsageError


def open_engine(settings: Settings) -> Engine:
    """The engine that `settings.index` names. Engines are imported only when they are used."""
    if settings.index.startswith(("opensearch://", "opensearch+https://")):
        from indexer.engines.opensearch.engine import OpenSearchEngine

        return OpenSearchEngine(settings)
    if "://" in settings.index:
        raise UsageError("--index: give a folder, opensearch://host:port/name or opensearch+https://host:port/name")
    from indexer.engines.whoosh.engine import EmbeddedEngine

    return EmbeddedEngine(Path(settings.index))


@contextmanager
def temporary_engine(settings: Settings) -> Iterator[Engine]:
    """An empty index of the same kind as `settings.index`, gone afterwards."""
    if settings.index.startswith(("opensearch://", "opensearch+https://")):
        from indexer.engines.opensearch.engine import temporary_index

        with temporary_index(settings) as engine:
            yield engine
        return
    with (
        tempfile.TemporaryDirectory(prefix="profile-search-") as folder,
        closing(open_engine(replace(settings, index=str(Path(folder) / "index")))) as engine,
    ):
        yield engine
