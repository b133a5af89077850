"""The index folder: where generations stand, which one is current, how one is checked, added and removed."""

import contextlib
import logging
import secrets
import shutil
import stat
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from indexer.engines.whoosh.manifest import (
    JSON,
    MANIFEST,
    Manifest,
    read_manifest,
    record_files,
    require_intact,
)
from indexer.engines.whoosh.ownership import require_own_content, require_own_entries
from indexer.engines.whoosh.pointer import ID_PATTERN, Pointer, read_pointer, write_pointer
from indexer.engines.whoosh.storage import OTHERS_MAY_WRITE, make_folder, reading, replace_file, settle, sync
from indexer.errors import IndexCorrupt, IndexMissing, IndexOutdated, OperatorError

DRAFT_PREFIX = ".building-"

logger = logging.getLogger(__name__)


class Shelf:
    """The folder `root` as programs with the same `fingerprint` make and read it."""

    def __init__(self, root: Path, fingerprint: str) -> None:
        self.root = root
        self.current_file = root / "CURRENT"
        self._copy_file = root / "CURRENT.copy"
        self.lock_file = root / "LOCK"
        self._generations = root / "generations"
        self._fingerprint = fingerprint

    def prepare(self) -> None:
        """Make the folder if it is missing; raise IndexUnsafe if others may write it."""
        make_folder(self.root)
        make_folder(self._generations)
        self._require_own()

    def folder(self, name: str) -> Path:
        """Where a generation stands."""
        return self._generations / name

    def pointer(self) -> Pointer:
        """What is current; raises IndexMissing, IndexOutdated, or IndexCorrupt where `CURRENT` is damaged or lost."""
        try:
            return read_pointer(self.current_file)
        except IndexMissing:
            if not self._names():
                raise
        raise IndexCorrupt(f"{self.current_file} is gone, though there are generations")

    def likely_pointer(self) -> tuple[Pointer, str]:
        """What is current, and "". Where `CURRENT` is damaged or lost: what its copy says, or the newest generations,
        and a sentence that tells so.
        """
        try:
            return self.pointer(), ""
        except IndexCorrupt as damage:
            names = self._names()
            with contextlib.suppress(OperatorError):
                copy = read_pointer(self._copy_file)
                if set(copy.ids) <= set(names):
                    return copy, f"{damage.reason}; its copy is used"
            if not names:
                raise
            return Pointer(*names[:2]), f"{damage.reason}, its copy too; the newest generation is used"

    def copied_pointer(self) -> Pointer | None:
        """What the copy of `CURRENT` says, None where another version made it, or none; raises IndexCorrupt."""
        with contextlib.suppress(IndexMissing, IndexOutdated):
            return read_pointer(self._copy_file)
        return None

    def point(self, pointer: Pointer, added: Path | None = None) -> None:
        """Make a generation the current one; on failure everything is as before, and the folder `added` is gone.

        The copy is written first: where only that was done, it says what the operator wanted.
        """
        files = self._copy_file, self.current_file
        before = _contents(files)
        try:
            sync(self._generations)
            for path in files:
                write_pointer(path, pointer)
        except OSError:
            with contextlib.suppress(OSError):  # the first failure is the one to report
                _restore(before)
            if added is not None:
                with contextlib.suppress(OSError):
                    shutil.rmtree(added)
            raise

    def examine(self, name: str, below: str = "") -> Manifest:
        """The manifest of a generation that is safe, made by this version, and holds exactly what was written.

        Only files whose path begins with `below` are read.
        """
        folder = self.folder(name)
        with reading(self.root):
            self._require_own()
            require_own_content(folder, self.root)
            manifest = read_manifest(folder)
            if manifest.fingerprint != self._fingerprint:
                raise IndexOutdated(f"generation {name} was made by another version of this program")
            require_intact(folder, manifest, below)
        if manifest.id != name:
            raise IndexCorrupt(f"{folder} says that it is {manifest.id}")
        return manifest

    def new_folder(self) -> Path:
        """An empty folder that only this user can look into."""
        folder = self._generations / f"{DRAFT_PREFIX}{secrets.token_hex(4)}"
        folder.mkdir(mode=0o700)
        return folder

    def describe(self, folder: Path, corpus_digest: str, facts: Mapping[str, JSON]) -> Manifest:
        """Write the manifest of a filled folder, make all of it last, and read it back."""
        created = datetime.now(UTC)
        while self.folder(_id(created, corpus_digest)).exists():
            created += timedelta(milliseconds=1)
        manifest = Manifest(
            _id(created, corpus_digest), created, corpus_digest, self._fingerprint, facts, record_files(folder)
        )
        (folder / MANIFEST).write_bytes(manifest.sealed())
        settle(folder)
        require_intact(folder, read_manifest(folder))
        return manifest

    def add(self, folder: Path, manifest: Manifest) -> None:
        """Put a described folder on the shelf as the current generation; on failure everything is as before."""
        previous = self._last_intact()
        final = self.folder(manifest.id)
        folder.chmod(stat.S_IMODE(self._generations.stat().st_mode) & ~OTHERS_MAY_WRITE)
        folder.rename(final)
        self.point(Pointer(manifest.id, previous), final)

    def sweep(self) -> None:
        """Remove every draft, and every generation that is not kept. What fails is left to the next sweep."""
        kept: tuple[str, ...] = self._names()
        with contextlib.suppress(OperatorError):  # without CURRENT nobody knows which generations are still needed
            kept = self.pointer().ids
        drafts = tuple(path.name for path in self._generations.glob(f"{DRAFT_PREFIX}*"))
        for name in (*drafts, *(set(self._names()) - set(kept))):
            try:
                shutil.rmtree(self.folder(name))
            except OSError as error:
                logger.info("%s is left over: %s", self.folder(name), error.strerror)

    def _last_intact(self) -> str | None:
        """The kept generation that a rollback should give; another version's is kept for that version."""
        try:
            names = self.likely_pointer()[0].ids
        except OperatorError:
            return None
        for name in names:
            try:
                return self.examine(name).id
            except IndexOutdated:
                return name
            except OperatorError:
                continue
        return None

    def _require_own(self) -> None:
        require_own_entries(self.root, (self._generations, self.current_file, self._copy_file))

    def _names(self) -> tuple[str, ...]:
        """Every generation, newest first."""
        names = (path.name for path in self._generations.glob("*"))
        return tuple(sorted(filter(ID_PATTERN.fullmatch, names), reverse=True))


def _contents(files: Iterable[Path]) -> dict[Path, bytes | None]:
    """What the files hold, None where there is none; one that cannot be read is left out: nobody can restore it."""
    found: dict[Path, bytes | None] = {}
    for path in files:
        with contextlib.suppress(OSError):
            found[path] = path.read_bytes() if path.exists() else None
    return found


def _restore(before: Mapping[Path, bytes | None]) -> None:
    for path, content in before.items():
        if content is None:
            path.unlink(missing_ok=True)
        else:
            replace_file(path, content)


def _id(created: datetime, corpus_digest: str) -> str:
    return f"{created:%Y%m%dT%H%M%S}.{created.microsecond // 1000:03d}Z-{corpus_digest[:8]}"
