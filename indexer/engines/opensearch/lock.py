"""One writer at a time, across machines: a document that its owner renews, changed only by who read it last."""

import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from indexer.engines.opensearch.cluster import Cluster, Refused
from indexer.engines.opensearch.patience import READING, WRITING, Patience
from indexer.errors import EngineUnavailable, IndexBusy

LOOK_AGAIN = 0.25
"""Seconds between looks at a lock that somebody else holds."""
DOCUMENT = "writer"


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds between renewals; for which a lock must stay unchanged to be anybody's; that a writer waits for another.

    Two renewals may fail. A writer waits as long as in the embedded engine, so it outlasts a lock that nobody renews.
    """

    renewal: float = 8.0
    lifetime: float = 25.0
    wait: float = 30.0


TIMES = Times()


@dataclass(frozen=True, slots=True)
class Owner:
    """Who writes. `home` and `began` tell the process from others of its number, "" where the system does not say."""

    token: str
    host: str
    pid: int
    home: str = ""
    began: str = ""

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"

    def is_gone(self) -> bool:
        """Whether the owner was a process of this very system that is no longer there. Names of hosts prove nothing."""
        if not self.home or self.home != _home():
            return False
        return not _is_alive(self.pid) or _began(self.pid) not in ("", self.began)


@dataclass(frozen=True, slots=True)
class _Held:
    """The lock document as it was read: changing it needs these two numbers to be still the same."""

    owner: Owner
    sequence: int
    term: int

    def condition(self) -> dict[str, str | int]:
        """What a request says that is only for this version of the document."""
        return {"if_seq_no": self.sequence, "if_primary_term": self.term}


class Watch:
    """Tells by one's own clock that nobody renews a lock any longer. Clocks of others may be wrong."""

    def __init__(self, lifetime: float) -> None:
        self._lifetime = lifetime
        self._seen: _Held | None = None
        self._since = 0.0

    def is_free(self, held: _Held | None) -> bool:
        """Whether nobody holds the lock as it is now."""
        if held is None or held.owner.is_gone():
            return True
        if held != self._seen:
            self._seen, self._since = held, time.monotonic()
        return time.monotonic() - self._since > self._lifetime


class WriterLock:
    """The lock of the index `name`; `check` says whether it is still ours."""

    def __init__(self, cluster: Cluster, name: str, times: Times = TIMES) -> None:
        self._cluster = cluster
        self._index = f"{name}-lock"
        self._times = times
        pid = os.getpid()
        self._owner = Owner(secrets.token_hex(8), socket.gethostname(), pid, _home(), _began(pid))
        self._watch = Watch(times.lifetime)
        self._done = threading.Event()
        self._lost = False

    def check(self) -> None:
        """Raise IndexBusy when another writer has taken the lock over, EngineUnavailable when nobody can tell."""
        self._renew(WRITING)
        if self._lost:
            raise IndexBusy(
                "another process has taken over writing the index, as this one was silent too long",
                "profile-search rebuild",
            )

    def is_free(self) -> bool:
        """Whether nobody holds the lock, as far as we have seen."""
        return self._watch.is_free(read_lock(self._cluster, self._index, WRITING))

    @contextmanager
    def held(self) -> Iterator["WriterLock"]:
        """Hold the lock, renewing it; raise IndexBusy, naming the owner, when somebody else keeps it too long."""
        self._prepare()
        self._acquire()
        renewing = threading.Thread(target=self._keep_renewing, daemon=True)
        renewing.start()
        try:
            yield self
        finally:
            self._done.set()
            renewing.join()
            self._release()

    def _prepare(self) -> None:
        settings = {"number_of_shards": 1, "auto_expand_replicas": "0-1"}
        mappings = {"dynamic": False, "properties": {}}
        try:
            self._cluster.ask("PUT", f"/{self._index}", {"settings": settings, "mappings": mappings}, patience=WRITING)
        except Refused as refused:
            if refused.kind != "resource_already_exists_exception":
                raise

    def _acquire(self) -> None:
        end = time.monotonic() + self._times.wait
        while True:
            held = read_lock(self._cluster, self._index, WRITING)
            if self._is_ours(held) or (self._watch.is_free(held) and self._write(held)):
                return
            if held and time.monotonic() >= end:
                raise IndexBusy(
                    f"the index is being written by {held.owner}; wait for it, or stop it", "profile-search status"
                )
            self._done.wait(LOOK_AGAIN)

    def _is_ours(self, held: _Held | None) -> bool:
        return held is not None and held.owner.token == self._owner.token

    def _write(self, held: _Held | None) -> bool:
        """Put our name into the lock, provided that it is still as it was read; True when it is ours."""
        condition: dict[str, str | int] = held.condition() if held else {"op_type": "create"}
        path = f"/{self._index}/_doc/{DOCUMENT}"
        try:
            self._cluster.ask("PUT", path, asdict(self._owner), patience=WRITING, **condition)
        except Refused as refused:
            if refused.status != 409:
                raise
            # A repeated request meets what its first attempt wrote.
            return self._is_ours(read_lock(self._cluster, self._index, WRITING))
        return True

    def _keep_renewing(self) -> None:
        while not self._done.wait(self._times.renewal):
            with suppress(EngineUnavailable):  # the next renewal, or the check before publishing, will tell
                self._renew(READING)

    def _renew(self, patience: Patience) -> None:
        held = read_lock(self._cluster, self._index, patience)
        if not self._is_ours(held) or not self._write(held):
            self._lost = True

    def _release(self) -> None:
        try:
            held = read_lock(self._cluster, self._index)
            if held and self._is_ours(held):
                path = f"/{self._index}/_doc/{DOCUMENT}"
                self._cluster.ask("DELETE", path, patience=READING, **held.condition())
        except EngineUnavailable:
            return  # nobody renews it


def read_lock(cluster: Cluster, index: str, patience: Patience = READING) -> _Held | None:
    """The lock document, None when nobody holds it."""
    try:
        found: Any = cluster.ask("GET", f"/{index}/_doc/{DOCUMENT}", patience=patience)
    except Refused as refused:
        if refused.status == 404:
            return None
        raise
    known = {name: value for name, value in found["_source"].items() if name in Owner.__slots__}
    return _Held(Owner(**known), found["_seq_no"], found["_primary_term"])


def lock_owner(cluster: Cluster, name: str, watch: Watch) -> Owner | None:
    """Who writes the index now, None when nobody does."""
    held = read_lock(cluster, f"{name}-lock")
    return None if held is None or watch.is_free(held) else held.owner


@cache
def _home() -> str:
    """The running system and its numbering of processes: containers of one name differ in it; "" if it is not known."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


def _began(pid: int) -> str:
    """When a process of this system began, in ticks of its clock; "" if it is not known."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
    except OSError:
        return ""


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # it belongs to somebody else
    return True
