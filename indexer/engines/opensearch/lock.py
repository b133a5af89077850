"""One writer at a time, across machines: a document with owner and expiry, changed only by who read it last."""

import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any

from indexer.engines.opensearch.cluster import READING, WRITING, Cluster, Patience, Refused
from indexer.errors import EngineUnavailable, IndexBusy

LIFETIME = 30.0
"""Seconds after which a lock that was not renewed is anybody's: its owner's machine is gone."""
RENEWAL = 10.0
"""Seconds between renewals: two may fail."""
WAIT = 30.0
"""Seconds that a writer waits for another one, as in the embedded engine."""
LOOK_AGAIN = 0.25
"""Seconds between looks at a lock that somebody else holds."""
DOCUMENT = "writer"


@dataclass(frozen=True, slots=True)
class Owner:
    """Who writes. `expires` is in seconds since 1970 by the owner's clock."""

    token: str
    host: str
    pid: int
    expires: float

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"

    def is_gone(self) -> bool:
        """Whether the lock has expired, or its owner was a process of this machine that is no longer there."""
        return time.time() > self.expires or (self.host == socket.gethostname() and not _is_alive(self.pid))


@dataclass(frozen=True, slots=True)
class _Held:
    """The lock document as it was read: changing it needs these two numbers to be still the same."""

    owner: Owner
    sequence: int
    term: int


class WriterLock:
    """The lock of the index `name`; `check` says whether it is still ours."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self._cluster = cluster
        self._index = f"{name}-lock"
        self._token = secrets.token_hex(8)
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
        end = time.monotonic() + WAIT
        while not self._try():
            held = read_lock(self._cluster, self._index, WRITING)
            if held and time.monotonic() >= end:
                raise IndexBusy(
                    f"the index is being written by {held.owner}; wait for it, or stop it", "profile-search status"
                )
            self._done.wait(LOOK_AGAIN)

    def _try(self) -> bool:
        """Take the lock if it is free; True when it is ours."""
        held = read_lock(self._cluster, self._index, WRITING)
        if held is None:
            return self._write({"op_type": "create"})
        if held.owner.token == self._token:
            return True
        return held.owner.is_gone() and self._write({"if_seq_no": held.sequence, "if_primary_term": held.term})

    def _write(self, condition: dict[str, str | int]) -> bool:
        owner = Owner(self._token, socket.gethostname(), os.getpid(), time.time() + LIFETIME)
        try:
            self._cluster.ask("PUT", f"/{self._index}/_doc/{DOCUMENT}", asdict(owner), patience=WRITING, **condition)
        except Refused as refused:
            if refused.status != 409:
                raise
            # A repeated request meets what its first attempt wrote.
            held = read_lock(self._cluster, self._index, WRITING)
            return held is not None and held.owner == owner
        return True

    def _keep_renewing(self) -> None:
        while not self._done.wait(RENEWAL):
            with suppress(EngineUnavailable):  # the next renewal, or the check before publishing, will tell
                self._renew(READING)

    def _renew(self, patience: Patience) -> None:
        held = read_lock(self._cluster, self._index, patience)
        if held is None or held.owner.token != self._token:
            self._lost = True
            return
        self._write({"if_seq_no": held.sequence, "if_primary_term": held.term})

    def _release(self) -> None:
        try:
            held = read_lock(self._cluster, self._index)
            if held and held.owner.token == self._token:
                self._cluster.ask(
                    "DELETE", f"/{self._index}/_doc/{DOCUMENT}", if_seq_no=held.sequence, if_primary_term=held.term
                )
        except EngineUnavailable:
            return  # it expires


def read_lock(cluster: Cluster, index: str, patience: Patience = READING) -> _Held | None:
    """The lock document, None when nobody holds it."""
    try:
        found: Any = cluster.ask("GET", f"/{index}/_doc/{DOCUMENT}", patience=patience)
    except Refused as refused:
        if refused.status == 404:
            return None
        raise
    return _Held(Owner(**found["_source"]), found["_seq_no"], found["_primary_term"])


def lock_owner(cluster: Cluster, name: str) -> Owner | None:
    """Who writes the index now, None when nobody does."""
    held = read_lock(cluster, f"{name}-lock")
    return None if held is None or held.owner.is_gone() else held.owner


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # it belongs to somebody else
    return True
