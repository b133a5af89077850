"""The distributed engine: generations in an OpenSearch cluster, read and written by many machines at once."""

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from math import inf

from indexer.config import Settings
from indexer.deadline import due
from indexer.engines.base import Generation, Status
from indexer.engines.opensearch.address import parse_address
from indexer.engines.opensearch.builder import GenerationBuilder
from indexer.engines.opensearch.cluster import WRITING, Cluster
from indexer.engines.opensearch.generations import Generations, Shelf
from indexer.engines.opensearch.lock import TIMES, Watch, WriterLock, lock_owner
from indexer.engines.opensearch.searcher import ClusterSearcher
from indexer.errors import EngineUnavailable, IndexCorrupt, IndexMissing, IndexOutdated, OperatorError

TEMPORARY = "-temporary-"
TEMPORARY_SECONDS = 86_400
"""Seconds after which a temporary index is nobody's any more, by clocks that may be hours apart."""


class OpenSearchEngine:
    """The index that `settings.index` names. Safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        address = parse_address(settings.index)
        self._cluster = Cluster(address, settings)
        self._generations = Generations(self._cluster)
        self._watch = Watch(TIMES.lifetime)
        self._lock = threading.Lock()
        self._current: ClusterSearcher | None = None
        self._previous: ClusterSearcher | None = None

    @contextmanager
    def begin(self) -> Iterator[GenerationBuilder]:
        """Start a generation; leaving the context without `publish` discards it. One writer at a time."""
        with WriterLock(self._cluster, self._generations.name).held() as lock:
            self._sweep()
            with GenerationBuilder(self._cluster, self._generations, lock) as builder:
                try:
                    yield builder
                finally:
                    with suppress(OperatorError):  # the next writer sweeps, as does who took the lock over
                        lock.check()
                        self._sweep(builder.published)

    def open(self, generation: str | None = None) -> ClusterSearcher:
        """The current generation, or the named one while it is kept (otherwise the current one)."""
        while True:
            shelf = self._generations.shelf()
            try:
                return self._on_shelf(shelf, generation)
            except IndexMissing:
                if shelf.current is None or self._generations.shelf() == shelf:
                    raise  # otherwise a writer published and swept meanwhile: look again

    def _on_shelf(self, shelf: Shelf, generation: str | None) -> ClusterSearcher:
        if shelf.current is None:
            raise IndexMissing(f"there is no index {self._generations.name} in the cluster yet")
        if generation is not None and generation == shelf.previous:
            return self._older(generation)
        current = self._current
        if current is None or current.generation.id != shelf.current:
            with self._opening():
                current = self._current
                if current is None or current.generation.id != shelf.current:
                    self._previous, self._current = current, self._searcher(shelf.current)
                    current = self._current
        return current

    @contextmanager
    def _opening(self) -> Iterator[None]:
        """One thread at a time opens a generation; the others wait for it no longer than their requests may take."""
        left = due() - time.monotonic()
        if not self._lock.acquire(timeout=-1 if left == inf else max(0.0, left)):
            raise EngineUnavailable(f"no answer from {self._cluster.address} in time")
        try:
            yield
        finally:
            self._lock.release()

    def status(self) -> Status:
        """What state the index is in. Never raises for a bad index."""
        try:
            return self._status()
        except OperatorError as fault:
            return Status("unavailable", fault.reason)

    def rollback(self) -> Generation:
        """Publish the previous generation again."""
        with WriterLock(self._cluster, self._generations.name).held():
            shelf = self._generations.shelf(WRITING)
            if shelf.previous is None:
                raise IndexMissing("there is no previous generation to go back to")
            record = self._generations.read(shelf.previous, WRITING)
            self._generations.publish(shelf.previous, shelf)
        return record.generation

    def close(self) -> None:
        """Let go of the connections."""
        self._current = self._previous = None
        self._cluster.close()

    def remove(self) -> None:
        """Remove every generation, and the lock."""
        shelf = self._generations.shelf(WRITING)
        self._generations.remove(*filter(None, (shelf.current, shelf.previous, *shelf.leftovers)))
        self._cluster.ask("DELETE", f"/{self._generations.name}-lock", ignore_unavailable="true")

    def remove_old(self, prefix: str) -> None:
        """Remove the indexes whose names begin like this and that are too old to be in use."""
        found = self._cluster.ask("GET", f"/{prefix}*/_settings", patience=WRITING)
        for index, about in found.items():
            created = int(about["settings"]["index"]["creation_date"]) / 1e3
            if time.time() - created > TEMPORARY_SECONDS:
                self._cluster.ask("DELETE", f"/{index}", patience=WRITING, ignore_unavailable="true")

    def _searcher(self, generation: str) -> ClusterSearcher:
        return ClusterSearcher(self._cluster, self._generations.index(generation), self._generations.read(generation))

    def _older(self, generation: str) -> ClusterSearcher:
        older = self._previous
        if older is None or older.generation.id != generation:
            older = self._previous = self._searcher(generation)
        return older

    def _sweep(self, published: str | None = None) -> None:
        """Remove what killed writers left, and generations that are no longer kept. Only for who holds the lock."""
        leftovers = self._generations.shelf(WRITING).leftovers
        self._generations.remove(*(generation for generation in leftovers if generation != published))

    def _status(self) -> Status:
        owner = lock_owner(self._cluster, self._generations.name, self._watch)
        writer = f"; being rebuilt by {owner}" if owner else ""
        shelf = self._generations.shelf()
        if shelf.current is None:
            reason = f"there is no index {self._generations.name} in the cluster yet{writer}"
            return Status("building" if owner else "missing", reason)
        try:
            current = self._generations.read(shelf.current)
            health = self._generations.health(shelf.current)
        except IndexOutdated as fault:
            return Status("outdated", f"{fault.reason}{writer}")
        except IndexCorrupt as fault:
            return Status("corrupt", f"{fault.reason}{writer}")
        previous = self._kept(shelf.previous)
        state = "corrupt" if health == "red" else "ok"
        reason = (
            f"generation {shelf.current} has lost shards" if health == "red" else f"generation {shelf.current} answers"
        )
        answering = current.generation if state == "ok" else None
        return Status(state, f"{reason}, the cluster is {health}{writer}", answering, previous)

    def _kept(self, generation: str | None) -> Generation | None:
        try:
            return self._generations.read(generation).generation if generation else None
        except OperatorError:
            return None


@contextmanager
def temporary_index(settings: Settings) -> Iterator[OpenSearchEngine]:
    """An empty index beside the one that the settings name, gone afterwards, as are old ones of killed processes."""
    place, separator, options = settings.index.partition("?")
    name = f"{place}{TEMPORARY}{secrets.token_hex(4)}{separator}{options}"
    with closing(OpenSearchEngine(replace(settings, index=name))) as engine:
        engine.remove_old(parse_address(settings.index).name + TEMPORARY)
        try:
            yield engine
        finally:
            engine.remove()
