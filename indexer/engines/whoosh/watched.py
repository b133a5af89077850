"""An open generation, and an eye on its files: what another program does to them shows through the map."""

import contextlib
import time
from pathlib import Path

from indexer.engines.base import Generation
from indexer.engines.whoosh.contents import COLUMNS
from indexer.engines.whoosh.manifest import Manifest, checksum
from indexer.engines.whoosh.searcher import ColumnSearcher, searcher_of

LOOK_SECONDS = 1.0
"""Between two looks at the files of a generation that answers: a look takes a fifth of a millisecond."""

State = tuple[int, int, int, int]


class OpenGeneration:
    """A searcher with the files that it reads.

    A file that is gone, or that may not be looked at any more, is no change: what is mapped of it stays.
    """

    def __init__(self, manifest: Manifest, folder: Path) -> None:
        """Open the folder; raises IndexCorrupt."""
        self._records = {
            folder / name: record for name, record in manifest.files.items() if name.startswith(f"{COLUMNS}/")
        }
        self._seen = self._states()
        self._looked = time.monotonic()
        self.searcher: ColumnSearcher = searcher_of(manifest, folder)

    @property
    def generation(self) -> Generation:
        """The generation that is open."""
        return self.searcher.generation

    def touched(self) -> bool:
        """Whether a file looks changed since it was opened; True once, and a second goes by between two looks."""
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS:
            return False
        self._looked = now
        found = self._states()
        touched = any(self._seen[path] != state for path, state in found.items())
        self._seen |= found
        return touched

    def altered(self) -> bool:
        """Whether a file does not hold what was written any more; every byte is read."""
        for path, record in self._records.items():
            try:
                if checksum(path) != record.checksum:
                    return True
            except (FileNotFoundError, NotADirectoryError, PermissionError):
                continue
            except OSError:
                return True
        return False

    def _states(self) -> dict[Path, State]:
        states: dict[Path, State] = {}
        for path in self._records:
            with contextlib.suppress(OSError):
                state = path.stat()
                states[path] = state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns
        return states
