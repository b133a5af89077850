"""Generations on disk: built beside, verified, published by one atomic replace, one kept for rollback.

`CURRENT` names the current generation and the one before, as does its copy, for the day it is lost;
`generations/<id>/` holds each; `LOCK` is the writer's.
What a generation contains is its builder's business: files in a folder.
"""

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from indexer.engines.whoosh.health import Health, examine_health
from indexer.engines.whoosh.lock import writer_lock
from indexer.engines.whoosh.manifest import JSON, Manifest
from indexer.engines.whoosh.pointer import Pointer
from indexer.engines.whoosh.shelf import Shelf
from indexer.engines.whoosh.storage import reading, writing
from indexer.errors import IndexCorrupt, IndexMissing, IndexOutdated, OperatorError, StorageFailed

LOCK_WAIT = 30.0
"""Seconds that a writer waits for another one: longer than a rebuild of some thousand profiles takes."""

T = TypeVar("T")
Stamp = tuple[int, int, int]
logger = logging.getLogger(__name__)


class Draft:
    """A folder to fill. Nobody reads it before `publish`; without that it is removed."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self.path = shelf.new_folder()

    def publish(self, corpus_digest: str, facts: Mapping[str, JSON], verify: Callable[[Path], None]) -> Manifest:
        """Make the folder last, check it, let `verify` open it as a reader would, make it the current generation.

        `corpus_digest` is hexadecimal. `verify` leaves no file open, and raises IndexCorrupt for what it finds.
        Whatever fails here, the generation that was current still is.
        """
        with writing(self._shelf.root):
            try:
                manifest = self._shelf.describe(self.path, corpus_digest, facts)
                verify(self.path)
            except IndexCorrupt as damage:
                raise StorageFailed(
                    f"the new index does not read back as written ({damage.reason}); check that disk",
                    "profile-search rebuild",
                ) from damage
            self._shelf.add(self.path, manifest)
        return manifest


class Generations:
    """The generations of the index folder `root`, made and read by programs with the same `fingerprint`."""

    def __init__(self, root: Path, fingerprint: str, wait: float = LOCK_WAIT, read: str = "") -> None:
        """`read`: the beginning of the paths that readers read; `open` checks only their content, `status` all."""
        self._shelf = Shelf(root, fingerprint)
        self._wait = wait
        self._read = read

    @contextmanager
    def begin(self) -> Iterator[Draft]:
        """Start a generation, alone: raises IndexBusy when another writer is not done within the wait.

        Sweeps what killed writers left. Leaving the context without `Draft.publish` discards everything.
        Raises StorageFailed for an OSError of the index folder, also where it happens inside the context.
        """
        with self._alone():
            self._shelf.sweep()
            try:
                yield Draft(self._shelf)
            finally:
                self._shelf.sweep()

    def open(self, load: Callable[[Manifest, Path], T], report: Callable[[str], None] = logger.error) -> T:
        """What `load` makes of the current generation's folder, which is safe to read and intact.

        Where that is corrupt, or `load` raises IndexCorrupt or misses a file, it is the generation before; that, and
        a damaged or lost `CURRENT`, is reported. Raises IndexMissing, IndexOutdated, IndexCorrupt, IndexUnsafe or
        StorageFailed.
        """
        while True:
            stamp = self.stamp()
            try:
                loaded, trouble = self._choose(load)
            except IndexCorrupt:
                if self.stamp() == stamp:
                    raise
                continue  # a writer published and swept meanwhile: look again
            if trouble:
                if self.stamp() != stamp:
                    continue
                report(trouble)
            return loaded

    def _choose(self, load: Callable[[Manifest, Path], T]) -> tuple[T, str]:
        """What a reader gets, and what is wrong with the index as far as a reader sees it ("": nothing)."""
        pointer, lost = self._shelf.likely_pointer()
        try:
            loaded = self._load(pointer.current, load)
        except IndexCorrupt as damage:
            if pointer.previous is None:
                raise
            try:
                loaded = self._load(pointer.previous, load)
            except (IndexCorrupt, IndexOutdated):
                raise damage from None
            reasons = "; ".join(filter(None, (lost, damage.reason)))
            return loaded, f"{reasons}; answering from the generation before, {pointer.previous}"
        return loaded, f"{lost}; answering from generation {pointer.current}" if lost else ""

    def open_kept(self, name: str, load: Callable[[Manifest, Path], T]) -> T | None:
        """What `load` makes of the generation `name`; None where it is not kept, or cannot be read any more."""
        with contextlib.suppress(OperatorError):
            if name in self._shelf.likely_pointer()[0].ids:
                return self._load(name, load)
        return None

    def current(self) -> Manifest:
        """The generation that `open` gives."""
        return self.open(lambda manifest, _: manifest)

    def stamp(self) -> Stamp | None:
        """Changes whenever another generation becomes current; None without an index. One call to the system."""
        try:
            state = self._shelf.current_file.stat()
        except OSError:
            return None
        return state.st_ino, state.st_mtime_ns, state.st_size

    def rollback(self) -> Manifest:
        """Make the previous generation current again, and the current one previous.

        Raises IndexMissing without one, IndexCorrupt where it is gone or damaged: then nothing has changed.
        """
        with self._alone():
            pointer, _ = self._shelf.likely_pointer()
            if pointer.previous is None:
                raise IndexMissing("there is no previous generation to go back to")
            try:
                manifest = self._shelf.examine(pointer.previous)
            except IndexCorrupt as damage:
                why = damage.reason if self._shelf.folder(pointer.previous).exists() else "its folder is gone"
                raise IndexCorrupt(
                    f"there is no way back to the previous generation, {pointer.previous}: {why}. "
                    "The current one stays; to go back, restore the older profiles"
                ) from damage
            self._shelf.point(Pointer(pointer.previous, pointer.current))
        return manifest

    def status(self) -> Health:
        """What state the index is in, after a check of every byte. Never raises for a bad index."""
        return examine_health(self._shelf, lambda: self._choose(lambda manifest, _: manifest))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with writing(self._shelf.root):
            self._shelf.prepare()
            with writer_lock(self._shelf.lock_file, self._wait):
                yield

    def _load(self, name: str, load: Callable[[Manifest, Path], T]) -> T:
        manifest = self._shelf.examine(name, self._read)
        with reading(self._shelf.root):
            return load(manifest, self._shelf.folder(name))
