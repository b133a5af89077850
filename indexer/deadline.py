"""How long the request that is being answered may still take: known to whoever asks another machine for it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf

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
