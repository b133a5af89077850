"""The embedded engine: a folder of generations, read by threads and processes at once.

Writing and answering are imported when they are first asked for: Whoosh, which only a rebuild needs, takes a quarter
of the time in which a search on the command line starts.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.engines.base import Generation, Status
from indexer.engines.whoosh.columns import Columns
from indexer.engines.whoosh.contents import COLUMNS, FINGERPRINT, generation_of
from indexer.engines.whoosh.generations import LOCK_WAIT, Generations, Stamp
from indexer.errors import OperatorError

if TYPE_CHECKING:
    from indexer.engines.whoosh.builder import GenerationBuilder
    from indexer.engines.whoosh.health import Health
    from indexer.engines.whoosh.manifest import Manifest
    from indexer.engines.whoosh.searcher import ColumnSearcher
    from indexer.engines.whoosh.watched import OpenGeneration

logger = logging.getLogger(__name__)


class EmbeddedEngine:
    """The index in the folder `root`."""

    def __init__(self, root: Path, wait: float = LOCK_WAIT) -> None:
        """`wait`: seconds that a writer waits for another one."""
        self._generations = Generations(root, FINGERPRINT, wait, read=f"{COLUMNS}/")
        self._lock = threading.Lock()
        self._stamp: Stamp | None = None
        self._current: OpenGeneration | None = None
        self._previous: OpenGeneration | None = None

    @contextmanager
    def begin(self) -> Iterator[GenerationBuilder]:
        """Start a generation; leaving the context without `publish` discards it. One writer at a time."""
        from indexer.engines.whoosh.builder import GenerationBuilder

        with self._generations.begin() as draft:
            yield GenerationBuilder(draft, self._readable())

    def _readable(self) -> Columns | None:
        """The columns of the current generation, None when there is nothing sound to take over from."""
        try:
            return self._generations.open(lambda _, folder: Columns.load(folder / COLUMNS), logger.info)
        except OperatorError:
            return None

    def open(self, generation: str | None = None) -> ColumnSearcher:
        """The current generation, or the named one while it is kept (otherwise the current one).

        An index folder that vanished does not end the answers of a searcher that has it open; files that were altered
        do, within a second of their change: the generation before answers then.
        """
        current = self._newest()
        if generation in (None, current.generation.id):
            return current.searcher
        return (self._kept(str(generation)) or current).searcher

    def _kept(self, generation: str) -> OpenGeneration | None:
        """An older generation; None when it is kept no longer, which costs no more than a look at `CURRENT`."""
        older = self._previous
        if older is not None and older.touched():
            older = self._previous = None
        if older is None or older.generation.id != generation:
            older = self._generations.open_kept(generation, _open)
            self._previous = older or self._previous
        return older

    def _newest(self) -> OpenGeneration:
        stamp = self._generations.stamp()
        current = self._current
        touched = current is not None and current.touched()
        if current is not None and not touched and stamp in (None, self._stamp):
            return current
        with self._lock:
            newest = self._current
            if newest is None or stamp != self._stamp or (touched and newest is current):
                newest = self._move(stamp, touched)
            return newest

    def _move(self, stamp: Stamp | None, touched: bool) -> OpenGeneration:
        """Open what is current now; where that fails, what is open goes on answering unless it was altered itself."""
        before = self._current
        try:
            newest = self._generations.open(_open)
            if before is not None and before.generation.id != newest.generation.id:
                self._previous = None if touched else before
            self._current = newest
        except OperatorError as fault:
            if before is None or before.altered():
                self._current = self._previous = None
                raise
            logger.error("%s; going on with generation %s", fault, before.generation.id)
            return before
        finally:
            self._stamp = stamp  # only now: other threads that see it take what is open for the newest
        return newest

    def status(self) -> Status:
        """What state the index is in. Never raises for a bad index.

        Where this engine has a generation open that is found to be altered, it lets go of it.
        """
        health = self._generations.status()
        if self._current is None or health.state == "ok":
            return _status(health)
        with self._lock, suppress(OperatorError):
            if self._current is not None and self._current.altered():
                self._move(self._generations.stamp(), touched=True)
        return self._status_while_open(health)

    def _status_while_open(self, health: Health) -> Status:
        """The status as it is for this engine, which answers from what it has open."""
        status, current = _status(health), self._current
        if current is None:
            return replace(status, generation=None)
        answering = current.generation
        if status.generation is not None and status.generation.id == answering.id:
            return status
        reason = f"{status.reason}; this process goes on with generation {answering.id}, which it has open"
        return replace(status, reason=reason, generation=answering)

    def rollback(self) -> Generation:
        """Publish the previous generation again."""
        return generation_of(self._generations.rollback())

    def close(self) -> None:
        """Let go of the open generations; their files are unmapped when the last answer is done."""
        self._current = self._previous = self._stamp = None


def _open(manifest: Manifest, folder: Path) -> OpenGeneration:
    from indexer.engines.whoosh.watched import OpenGeneration

    return OpenGeneration(manifest, folder)


def _status(health: Health) -> Status:
    answering = generation_of(health.answering) if health.answering else None
    return Status(health.state, health.reason, answering, generation_of(health.previous) if health.previous else None)
