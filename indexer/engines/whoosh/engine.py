"""The embedded engine: a folder of generations, read by threads and processes at once.

Writing and answering are imported when they are first asked for: Whoosh, which only a rebuild needs, takes a quarter
of the time in which a search on the command line starts.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from math import inf
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

AGAIN_SECONDS = 10.0
"""Until another look at a generation that could not be opened: what was in the way may have passed."""


class EmbeddedEngine:
    """The index in the folder `root`."""

    def __init__(self, root: Path, wait: float = LOCK_WAIT) -> None:
        """`wait`: seconds that a writer waits for another one."""
        self._generations = Generations(root, FINGERPRINT, wait, read=f"{COLUMNS}/")
        self._lock = threading.Lock()
        self._stamp: Stamp | None = None
        self._again = inf
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
        due = touched or time.monotonic() > self._again
        if current is not None and not due and stamp in (None, self._stamp):
            return current
        with self._lock:
            newest = self._current
            if newest is None or stamp != self._stamp or (due and newest is current):
                newest = self._move(stamp, touched)
            return newest

    def _move(self, stamp: Stamp | None, touched: bool) -> OpenGeneration:
        """Open what is current now; where that fails, what is open goes on answering unless it was altered itself."""
        before, self._again = self._current, inf
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
            self._again = time.monotonic() + AGAIN_SECONDS
            return before
        finally:
            self._stamp = stamp  # only now: other threads that see it take what is open for the newest
        return newest

    def status(self) -> Status:
        """What state the index is in. Never raises for a bad index.

        Where this engine has a generation open that is found to be altered, or to be another one than a new reader
        gets, it moves on.
        """
        health = self._generations.status()
        if self._current is None:
            return _status(health)
        with self._lock, suppress(OperatorError):
            current = self._current
            if current is not None:
                altered = health.state != "ok" and current.altered()
                if altered or (health.answering is not None and health.answering.id != current.generation.id):
                    self._move(self._generations.stamp(), touched=altered)
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
