"""One writer at a time. The operating system holds the lock, so one of a killed owner is never left behind."""

import contextlib
import errno
import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from indexer.errors import IndexBusy

FIRST_PAUSE, LONGEST_PAUSE = 0.005, 0.25
"""Seconds between attempts: the system calls have no bounded wait, so the pauses double up to the longest."""

RECORD_BYTES = 4096
"""The record is shorter; the byte behind it is what Windows locks, so that the record stays readable."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who writes the index, and since when."""

    pid: int
    host: str
    command: str
    since: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} since {self.since} ({self.command})"


@contextmanager
def writer_lock(path: Path, wait: float) -> Iterator[None]:
    """Hold the lock file `path`; raise IndexBusy, naming the owner, after `wait` seconds without it.

    Works between processes and between threads of one process.
    """
    descriptor = _acquire(path, wait)
    try:
        _write_record(descriptor, path)
        yield
    finally:
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
        os.close(descriptor)


def lock_owner(path: Path) -> str | None:
    """Who holds the lock now, in words; None when nobody does or nobody can tell."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        return None if _try_lock(descriptor, shared=True) else _read_record(descriptor)
    finally:
        os.close(descriptor)


def _acquire(path: Path, wait: float) -> int:
    deadline, pause = time.monotonic() + wait, FIRST_PAUSE
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
        try:
            if _try_lock(descriptor) and _is_still(path, descriptor):
                descriptor, kept = -1, descriptor
                return kept
            owner = _read_record(descriptor)
        finally:
            if descriptor >= 0:
                os.close(descriptor)
        if time.monotonic() >= deadline:
            raise IndexBusy(f"the index is being written by {owner}; wait for it, or stop it")
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def _is_still(path: Path, descriptor: int) -> bool:
    """False when the folder was removed and made again after the file was opened."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _try_lock(descriptor: int, shared: bool = False) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, RECORD_BYTES, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK):
            return False
        raise
    return True


def _write_record(descriptor: int, path: Path) -> None:
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])[:200]
    since = datetime.now(UTC).isoformat(timespec="seconds")
    record = json.dumps(asdict(Owner(os.getpid(), socket.gethostname(), command, since))).encode()
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    if os.write(descriptor, record) != len(record):
        raise OSError(errno.EIO, "short write", str(path))


def _read_record(descriptor: int) -> str:
    os.lseek(descriptor, 0, os.SEEK_SET)
    try:
        return str(Owner(**json.loads(os.read(descriptor, RECORD_BYTES))))
    except (ValueError, TypeError):
        return "another process"  # it has the lock but has not written its name yet
