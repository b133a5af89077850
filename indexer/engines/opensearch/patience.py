"""How long a cluster is waited for: by who reads, by who writes, and by a search that has a time limit."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from math import inf
from threading import Event

from indexer.deadline import due

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0
"""Seconds before an attempt is repeated; they double, with a random part so that clients do not return all at once."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds for the first attempt, doubled whenever one brings no answer in time, and for all attempts together.

    `hurried`: the time that the request in hand has left limits them, too.
    """

    attempt: float
    whole: float
    hurried: bool = True

    def end(self) -> float:
        """The `time.monotonic()` at which to give up what is begun now."""
        end = time.monotonic() + self.whole
        return min(end, due()) if self.hurried else end


OPENING = Patience(1.0, 2.0)
"""Which generation answers: any node knows it, in a millisecond or two."""
READING = Patience(1.5, 2.9)
"""Somebody waits in front of a browser: with OPENING before it, an answer or an error within five seconds."""
SEARCHING_SECONDS = 1.5
"""Seconds for one attempt at a search; the deadline of the request limits all of them together."""
ON_THE_WAY = 0.5
"""Seconds that an answer may need beside the time that the cluster was given for it."""
LEAST_SECONDS = 0.5
"""Seconds that the cluster is given for each search, however long the request has waited for nodes that were gone."""
WRITING = Patience(60.0, 180.0, hurried=False)
"""A node that died is replaced within a minute; a rebuild waits for that."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request to search has left: the `time.monotonic()` of Plan.until and of Plan.deadline."""

    until: float
    deadline: float

    def timeout(self) -> dict[str, str]:
        """What tells the cluster to answer by then with what it has."""
        if self.until == inf:
            return {}
        now = time.monotonic()
        seconds = min(max(self.until - now, LEAST_SECONDS), self.deadline - now - ON_THE_WAY)
        return {"timeout": f"{max(1, round(seconds * 1e3))}ms"}

    def patience(self) -> Patience:
        """For all attempts that are left, each as long as the cluster may take and a little more."""
        if self.until == inf:
            return WRITING
        now = time.monotonic()
        attempt = max(SEARCHING_SECONDS, self.until - now + ON_THE_WAY)
        return Patience(attempt, min(self.deadline - now, WRITING.whole), hurried=False)


UNLIMITED = Limits(inf, inf)


def attempts(patience: Patience, pause: float = FIRST_PAUSE) -> Iterator[int]:
    """Counts attempts as long as the patience lasts, with growing pauses between them."""
    end = patience.end()
    for number in count():
        yield number
        if time.monotonic() + pause > end:
            return
        Event().wait(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
