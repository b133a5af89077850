"""Who has to leave when a server is nearly full: connections that wait for their client, the longest wait first.

Timeouts of waitress do not help here: each byte that a slow client sends or takes begins them anew.
"""

import time
from collections.abc import Iterable
from typing import Any

from waitress.channel import HTTPChannel

CONNECTIONS, FEWEST = 6_000, 32
"""Open connections at most: waitress's default of 100 is blocked by 150 idle ones, and a link checker that is in no
bad faith keeps two thousand. At least so many are allowed.
"""
OTHER_FILES = 220
"""Open files that are no connections: those of two generations, logs, a rebuild at the start."""
CROWDED = 2 / 3
"""With a larger share of the connections, who waits must leave; the room above is for those who come meanwhile."""
PATIENCE_SECONDS = 2.0
"""How long a client may take in a crowd to send a request whole, to take its answer, or to ask again."""
LOOK_SECONDS = 0.5
"""Between two looks at all connections."""


class Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """A connection that knows since when it has been waiting for its client: its last answer, or its beginning."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self.waiting_since = time.monotonic()
        super().__init__(*arguments, **named)

    def service(self) -> None:
        """Answer one request."""
        super().service()
        self.waiting_since = time.monotonic()


class Crowd:
    """All connections of a server, looked at from its loop; `connections` is how many it takes."""

    def __init__(self, open_files: float) -> None:
        """`open_files`: how many this process may have."""
        self.connections = int(max(FEWEST, min(CONNECTIONS, open_files - OTHER_FILES)))
        self._crowded = int(self.connections * CROWDED)
        self._looked = 0.0

    def thin_out(self, number: int, channels: Iterable[Channel]) -> None:
        """Of so many connections close some until there is room again, but none that is owed an answer or has waited
        a moment only.
        """
        now = time.monotonic()
        if number <= self._crowded or now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        everybody = list(channels)
        waiting = sorted((found for found in everybody if not found.requests), key=lambda found: found.waiting_since)
        for channel in waiting[: max(0, len(everybody) - self._crowded)]:
            if now - channel.waiting_since > PATIENCE_SECONDS:
                channel.handle_close()
