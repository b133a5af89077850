"""Writing that lasts (fsync, atomic replace), and one clear sentence when the disk refuses."""

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from indexer.errors import IndexCorrupt, StorageFailed

OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
ANYBODY_MAY_WRITE = stat.S_IWUSR | OTHERS_MAY_WRITE
DAMAGE = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EIO)
"""Errors while reading that mean that an index is not whole, rather than that this process may not read it."""

ELSEWHERE = "or choose another folder with --index"
REMEDIES = {
    errno.ENOSPC: "make room on that disk",
    errno.EDQUOT: "make room within this user's quota",
    errno.EROFS: f"mount it writable, {ELSEWHERE}",
    errno.EACCES: f"let this user in, {ELSEWHERE}",
    errno.EPERM: f"let this user in, {ELSEWHERE}",
    errno.EEXIST: f"move what is in the way, {ELSEWHERE}",
    errno.ENOTDIR: f"move what is in the way, {ELSEWHERE}",
    errno.EMFILE: "allow more open files (ulimit -n)",
}


@contextmanager
def writing(root: Path) -> Iterator[None]:
    """Turn an OSError about something in `root`, or about no path in particular, into StorageFailed.

    Errors about other paths (a profile that cannot be read, say) pass unchanged.
    """
    try:
        yield
    except OSError as error:
        if not _concerns(error, root):
            raise
        raise _storage_failed("written", root, error) from error


@contextmanager
def reading(root: Path) -> Iterator[None]:
    """Turn an OSError into IndexCorrupt where it means damage, otherwise into StorageFailed."""
    try:
        yield
    except OSError as error:
        if error.errno in DAMAGE:
            raise IndexCorrupt(f"{error.filename or root}: {error.strerror}") from error
        raise _storage_failed("read", root, error) from error


def _storage_failed(done: str, root: Path, error: OSError) -> StorageFailed:
    remedy = REMEDIES.get(error.errno or 0, f"check that disk, {ELSEWHERE}")
    replaced = f" ({Path(os.fsdecode(error.filename2)).name})" if error.filename2 else ""
    reason = f"{error.strerror or error}{replaced}"
    return StorageFailed(f"the index in {root} cannot be {done}: {reason}; {remedy}", "profile-search rebuild")


def _concerns(error: OSError, root: Path) -> bool:
    name = error.filename
    if not isinstance(name, str | bytes | os.PathLike):
        return True  # write and fsync know no path, and only the index is written
    path, root = Path(os.fsdecode(name)).absolute(), root.absolute()
    return path.is_relative_to(root) or root.is_relative_to(path)


def make_folder(path: Path) -> None:
    """Make a folder and its missing parents so that they outlive a power cut; only the owner may write them."""
    if path.is_dir():
        return
    if not path.parent.is_dir():
        make_folder(path.parent)
    path.mkdir(mode=0o755)
    sync(path.parent)


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` at `path` in one step that outlives a power cut."""
    draft = path.with_name(f".{path.name}")
    try:
        draft.write_bytes(content)
        draft.chmod(0o644)
        sync(draft)
        if draft.read_bytes() != content:
            raise OSError(errno.EIO, "what was written does not read back", str(draft))
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    sync(path.parent)


def settle(folder: Path) -> None:
    """Take write permission from everybody in the files of a folder, from others in its folders; make all of it last.

    Windows removes no file that its owner may not write, so there the owner may.
    """
    for path, state in walk(folder):
        keep_owner = stat.S_ISDIR(state.st_mode) or sys.platform == "win32"
        taken = OTHERS_MAY_WRITE if keep_owner else ANYBODY_MAY_WRITE
        sync(path, stat.S_IMODE(state.st_mode) & ~taken)
    sync(folder)


def sync(path: Path, mode: int | None = None) -> None:
    """Wait until a file, or the list of names of a folder, is on the disk; give it these permissions first."""
    is_folder = path.is_dir()
    if sys.platform == "win32" and is_folder:
        return  # folders cannot be opened there, and names are journaled
    descriptor = os.open(path, os.O_RDONLY if is_folder else os.O_RDWR)
    try:
        if mode is not None:
            path.chmod(mode)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def walk(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Everything in a folder, contents first, with its state; links are named, not followed."""
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            yield from walk(Path(entry.path))
        yield Path(entry.path), entry.stat(follow_symlinks=False)
