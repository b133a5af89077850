"""How long the request that is being answered may still take: known to whoever waits for something in it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from threading import Lock

from indexer.errors import EngineUnavailable

LATE = "the search engine did not answer in time"

_due: ContextVar[float] = ContextVar("due", default=inf)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What is done inside is for a request that ends so many seconds from now."""
    token = _due.set(min(_due.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _due.reset(token)


def due() -> float:
    """The `time.monotonic()` at which nobody waits any longer; infinity outside of requests."""
    return _due.get()


def in_time() -> None:
    """Raises EngineUnavailable when nobody waits any longer for what the request in hand does next."""
    if time.monotonic() > due():
        raise EngineUnavailable(LATE)


@contextmanager
def in_turn(lock: Lock) -> Iterator[None]:
    """Hold the lock; raises EngineUnavailable when who has it takes longer than the request in hand may."""
    left = due() - time.monotonic()
    if not lock.acquire(timeout=-1 if left == inf else max(0.0, left)):
        raise EngineUnavailable(LATE)
    try:
        yield
    finally:
        lock.release()
