"""The embedded engine: a folder of generations, read by threads and processes at once.

Writing and answering are imported when they are first asked for: Whoosh, which only a rebuild needs, takes a quarter
of the time in which a search on the command line starts.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.engines.base import Generation, Status
from indexer.engines.whoosh.columns import Columns
from indexer.engines.whoosh.contents import COLUMNS, FINGERPRINT, generation_of
from indexer.engines.whoosh.generations import LOCK_WAIT, Generations, Stamp
from indexer.errors import OperatorError

if TYPE_CHECKING:
    from indexer.engines.whoosh.builder import GenerationBuilder
    from indexer.engines.whoosh.manifest import Manifest
    from indexer.engines.whoosh.searcher import ColumnSearcher

logger = logging.getLogger(__name__)


class EmbeddedEngine:
    """The index in the folder `root`."""

    def __init__(self, root: Path, wait: float = LOCK_WAIT) -> None:
        """`wait`: seconds that a writer waits for another one."""
        self._generations = Generations(root, FINGERPRINT, wait, read=f"{COLUMNS}/")
        self._lock = threading.Lock()
        self._stamp: Stamp | None = None
        self._current: ColumnSearcher | None = None
        self._previous: ColumnSearcher | None = None

    @contextmanager
    def begin(self) -> Iterator[GenerationBuilder]:
        """Start a generation; leaving the context without `publish` discards it. One writer at a time."""
        from indexer.engines.whoosh.builder import GenerationBuilder

        with self._generations.begin() as draft:
            yield GenerationBuilder(draft, self._readable())

    def _readable(self) -> Columns | None:
        """The columns of the current generation, None when there is nothing sound to take over from."""
        try:
            return self._generations.open(lambda _, folder: Columns.load(folder / COLUMNS))
        except OperatorError:
            return None

    def open(self, generation: str | None = None) -> ColumnSearcher:
        """The current generation, or the named one while it is kept (otherwise the current one).

        An index folder that vanished does not end the answers of a searcher that has it open.
        """
        current = self._newest()
        if generation in (None, current.generation.id):
            return current
        return self._kept(str(generation)) or current

    def _kept(self, generation: str) -> ColumnSearcher | None:
        """An older generation; None when it is kept no longer, which costs no more than a look at `CURRENT`."""
        older = self._previous
        if older is None or older.generation.id != generation:
            older = self._generations.open_kept(generation, _searcher)
            self._previous = older or self._previous
        return older

    def _newest(self) -> ColumnSearcher:
        stamp = self._generations.stamp()
        current = self._current
        if current is not None and (stamp is None or stamp == self._stamp):
            return current
        with self._lock:
            if self._current is None or stamp != self._stamp:
                try:
                    newest = self._generations.open(_searcher)
                except OperatorError as fault:
                    if self._current is None:
                        raise
                    logger.error("%s; going on with generation %s", fault, self._current.generation.id)
                    newest = self._current
                if self._current is None or newest.generation.id != self._current.generation.id:
                    self._previous, self._current = self._current, newest
                self._stamp = stamp
            return self._current

    def status(self) -> Status:
        """What state the index is in. Never raises for a bad index."""
        health = self._generations.status()
        current = generation_of(health.current) if health.current else None
        return Status(health.state, health.reason, current, generation_of(health.previous) if health.previous else None)

    def rollback(self) -> Generation:
        """Publish the previous generation again."""
        return generation_of(self._generations.rollback())

    def close(self) -> None:
        """Let go of the open generations; their files are unmapped when the last answer is done."""
        self._current = self._previous = self._stamp = None


def _searcher(manifest: Manifest, folder: Path) -> ColumnSearcher:
    from indexer.engines.whoosh.searcher import searcher_of

    return searcher_of(manifest, folder)
