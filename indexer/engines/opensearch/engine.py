"""The distributed engine: generations in an OpenSearch cluster, read and written by many machines at once."""

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace

from indexer.config import Settings
from indexer.deadline import in_turn
from indexer.engines.base import Generation, Status
from indexer.engines.opensearch.address import parse_address
from indexer.engines.opensearch.builder import GenerationBuilder
from indexer.engines.opensearch.cluster import Cluster, Refused, is_blocked
from indexer.engines.opensearch.generations import Generations, Shelf
from indexer.engines.opensearch.lock import TIMES, Watch, WriterLock, lock_owner
from indexer.engines.opensearch.patience import OPENING, WRITING, attempts
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
        self._opening = threading.Lock()
        self._current: ClusterSearcher | None = None
        self._previous: ClusterSearcher | None = None

    @contextmanager
    def begin(self) -> Iterator[GenerationBuilder]:
        """Start a generation; leaving the context without `publish` discards it. One writer at a time."""
        with ExitStack() as writing:
            lock = self._locked(writing)
            self._sweep()
            with GenerationBuilder(self._cluster, self._generations, lock) as builder:
                try:
                    yield builder
                finally:
                    with suppress(OperatorError):  # the next writer sweeps, as does who took the lock over
                        lock.check()
                        self._sweep()

    def _locked(self, writing: ExitStack) -> WriterLock:
        """The lock, held until `writing` ends. Where a full disk lets nobody write it, room is made first."""
        lock = WriterLock(self._cluster, self._generations.name)
        try:
            return writing.enter_context(lock.held())
        except Refused as refused:
            if not is_blocked(refused.status, refused.kind):
                raise
            swept = self._sweep_abandoned(lock)
            if not swept:
                raise
            what = "1 unfinished generation was" if swept == 1 else f"{swept} unfinished generations were"
            raise EngineUnavailable(
                f"{refused.reason}; {what} removed to make room: try again in a minute", "profile-search rebuild"
            ) from refused

    def open(self, generation: str | None = None) -> ClusterSearcher:
        """The current generation, or the named one while it is kept (otherwise the current one)."""
        faults: list[OperatorError] = []
        for _ in attempts(OPENING):
            shelf = self._generations.shelf()
            newest = self._newest(shelf)
            try:
                return self._on_shelf(shelf, newest, generation)
            except (IndexMissing, IndexCorrupt) as fault:  # a node lags behind, or a writer published and swept
                faults.append(fault)
        raise faults[-1]

    def _on_shelf(self, shelf: Shelf, newest: str, generation: str | None) -> ClusterSearcher:
        """The generation `newest` of the shelf, or the named one, if that is the one before and can be read."""
        if generation and generation != newest and generation in (shelf.current, shelf.previous):
            with suppress(IndexOutdated, IndexCorrupt):
                self._previous = self._opened(generation)
                return self._previous
        current = self._current
        if current is not None and current.generation.id == newest:
            return current
        with in_turn(self._opening):
            return self._move(newest, shelf)

    def _move(self, newest: str, shelf: Shelf) -> ClusterSearcher:
        """The generation `newest`, from now on the current one, if it can be read. One thread at a time."""
        before = self._current
        if before is not None and before.generation.id == newest:
            return before  # another thread was here
        try:
            moved = self._opened(newest)
        except IndexOutdated:  # a newer version of the program has published it
            if before is None or before.generation.id != shelf.previous:
                raise
            return before
        self._previous, self._current = before, moved
        return moved

    def _newest(self, shelf: Shelf) -> str:
        """The current generation, as far as this process knows; raises IndexMissing when there is none."""
        current = self._current
        if current and current.generation.id in shelf.unfinished:  # that node has not heard yet that it is published
            return current.generation.id
        if shelf.current is None:
            raise IndexMissing(f"there is no index {self._generations.name} in the cluster yet")
        return shelf.current

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
            if self._generations.health(shelf.previous) == "red":
                raise IndexCorrupt(f"the previous generation {shelf.previous} has lost shards; the current one stays")
            self._generations.publish(shelf.previous, shelf)
        return record.generation

    def close(self) -> None:
        """Let go of the connections."""
        self._current = self._previous = None
        self._cluster.close()

    def remove(self) -> None:
        """Remove every generation, and the lock."""
        shelf = self._generations.shelf(WRITING)
        every = (shelf.current, shelf.previous, *shelf.unfinished, *shelf.leftovers)
        self._generations.remove(*filter(None, every))
        self._cluster.delete(f"{self._generations.name}-lock")

    def remove_old(self, prefix: str) -> None:
        """Remove the indexes whose names begin like this and that are too old to be in use."""
        found = self._cluster.ask("GET", f"/{prefix}*/_settings", patience=WRITING)
        for index, about in found.items():
            created = int(about["settings"]["index"]["creation_date"]) / 1e3
            if time.time() - created > TEMPORARY_SECONDS:
                self._cluster.delete(index)

    def _opened(self, generation: str) -> ClusterSearcher:
        older = self._previous
        if older is not None and older.generation.id == generation:
            return older
        return ClusterSearcher(self._cluster, self._generations.index(generation), self._generations.read(generation))

    def _sweep(self) -> None:
        """Remove what nobody needs any more. Only for who holds the lock."""
        self._generations.sweep(self._generations.shelf(WRITING))

    def _sweep_abandoned(self, lock: WriterLock) -> int:
        """How many generations were removed, without holding the lock: nobody can, while no cluster takes it in."""
        shelf = self._generations.shelf(WRITING)  # before the lock: who makes one of them holds it
        return self._generations.sweep(shelf) if lock.is_free() else 0

    def _status(self) -> Status:
        owner = None
        with suppress(EngineUnavailable):  # whether somebody writes is no reason not to answer
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
            ours = self._current
            answering = ours.generation if ours and ours.generation.id == shelf.previous else None
            return Status("outdated", f"{fault.reason}{writer}", answering)
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
