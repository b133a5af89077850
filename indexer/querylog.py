"""The log of queries: day, text, sections, number of hits. Not who asked, and not at what time."""

import errno
import json
import logging
import os
import re
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from io import FileIO
from pathlib import Path

MAX_LOG_BYTES = 32 * 1024 * 1024
"""A larger file loses its older half: some 200,000 queries stay."""
PRIVATE_MODE = 0o600
LOCK_PAUSES = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.1)
"""Seconds between tries to lock the file; writing a line takes far less."""
SENT, TYPED = "sent", "typed"
log = logging.getLogger("profile_search.querylog")

_DAY_PREFIX = b'{"day":"'
_EMAIL = re.compile(r"\S+@\S+")
_NUMBER = re.compile(r"\+?\d(?:[ ()/-]{0,2}\d){6,}")


@dataclass(frozen=True, slots=True)
class LoggedQuery:
    """One search. `how`: SENT by somebody who was done, TYPED while somebody went on typing, "" when unknown."""

    day: date
    text: str
    sections: tuple[str, ...]
    total: int
    how: str = ""


class QueryLog:
    """A file of JSON lines that several processes append to."""

    def __init__(self, path: Path, days: int) -> None:
        self.path = path
        self._days = days
        self._checked: date | None = None
        self._failing = False

    def write(self, query: LoggedQuery) -> None:
        """Append a query. A log that cannot be written is a warning, once, and never an exception."""
        try:
            self._append(query)
        except OSError as problem:
            if not self._failing:
                log.warning("queries are not logged: %s: %s", self.path, problem.strerror)
            self._failing = True
        else:
            self._failing = False

    def _append(self, query: LoggedQuery) -> None:
        line = json.dumps(_document(query), ensure_ascii=False, separators=(",", ":"))
        data = f"{line}\n".encode("utf-8", "replace")
        with _opened(self.path) as file:
            too_large = os.fstat(file.fileno()).st_size + len(data) > MAX_LOG_BYTES
            kept = None
            if too_large or self._checked != query.day:
                kept = _kept(file, query.day - timedelta(days=self._days), too_large)
            if kept is None:
                file.write(data)
            elif os.access(self.path.resolve().parent, os.W_OK):
                _replace(self.path, file, kept + data)
            else:  # only the file is ours, not its folder
                file.truncate(0)
                file.write(kept + data)
            self._checked = query.day


def entry(text: str, sections: tuple[str, ...], total: int, how: str = "") -> LoggedQuery:
    """What is logged of a search today: addresses of people and long numbers left out."""
    bare = _NUMBER.sub("[number]", _EMAIL.sub("[email]", " ".join(text.split())))
    return LoggedQuery(datetime.now(UTC).date(), bare, tuple(sorted(sections)), total, how)


def read_log(path: Path, since: date) -> Iterator[LoggedQuery]:
    """The queries from this day on, in order; lines that are none are passed over. Raises OSError."""
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            query = _query(line)
            if query is not None and query.day >= since:
                yield query


def _document(query: LoggedQuery) -> dict[str, object]:
    document: dict[str, object] = {"day": query.day.isoformat(), "query": query.text, "total": query.total}
    if query.sections:
        document["sections"] = query.sections
    if query.how:
        document["how"] = query.how
    return document


def _query(line: str) -> LoggedQuery | None:
    try:
        found = json.loads(line)
        return LoggedQuery(
            date.fromisoformat(found["day"]),
            str(found["query"]),
            tuple(map(str, found.get("sections", ()))),
            int(found["total"]),
            str(found.get("how", "")),
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


@contextmanager
def _opened(path: Path) -> Iterator[FileIO]:
    """The file, made if it is missing, while no other process writes it."""
    file = _open(path)
    try:
        while sys.platform != "win32":  # where every write of a line at the end is one step anyway
            _lock(file.fileno())
            if _is_still(path, file):
                break
            file.close()
            file = _open(path)
        yield file
    finally:
        file.close()


def _open(path: Path) -> FileIO:
    file = FileIO(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, PRIVATE_MODE), "a+")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "this is no file that lines can be kept in")
    return file


def _is_still(path: Path, file: FileIO) -> bool:
    """False when a shorter file was put in its place while the lock was waited for."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _lock(descriptor: int) -> None:
    """Take the lock of the file; raises BlockingIOError where somebody keeps it: no reader waits for a log."""
    import fcntl

    for pause in LOCK_PAUSES:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(pause)
    return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _kept(log_file: FileIO, since: date, too_large: bool) -> bytes | None:
    """What is left without the days before `since` and, of a file that is too large, the older half; None: all of it.

    Days stand at the beginning of lines, and lines in the order of time: most often the first line says it all.
    """
    oldest = _DAY_PREFIX + since.isoformat().encode()
    with open(log_file.fileno(), "rb", closefd=False) as file:
        file.seek(0)
        first = file.readline()
        if not too_large and (not first or first >= oldest):
            return None
        file.seek(max(0, os.fstat(file.fileno()).st_size - MAX_LOG_BYTES // 2) if too_large else 0)
        if too_large:
            file.readline()  # what is left of a line that was cut
        return b"".join(line for line in file if line >= oldest)


def _replace(path: Path, file: FileIO, content: bytes) -> None:
    """Put another content in the place of a locked file in one step: it is the old one or the new one, never a part."""
    path = path.resolve()  # of a link, what it leads to is replaced
    beside = path.with_name(f"{path.name}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(beside, flags, PRIVATE_MODE), "wb") as new:
        new.write(content)
        new.flush()
        os.fsync(new.fileno())
    state = os.fstat(file.fileno())
    beside.chmod(stat.S_IMODE(state.st_mode))
    if sys.platform == "win32":
        file.close()  # no open file can be replaced there
    else:
        with suppress(OSError):  # only root can give a file away
            os.chown(beside, state.st_uid, state.st_gid)
    beside.replace(path)
