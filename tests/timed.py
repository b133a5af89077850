"""Searches with more or less time than a user grants them."""

import time
from dataclasses import dataclass, replace

from indexer.engines.base import Found, Plan, Searcher

ON_THE_WAY = 0.5
"""Seconds for the way to a cluster and back."""


@dataclass(eq=False)
class Timed:
    """An engine of one generation, whose answers are due so many seconds after they were asked for.

    Nobody waits for them much longer, so that none is granted the time that a cluster may lose on its way.
    """

    searcher: Searcher
    seconds: float

    def open(self, generation: str | None = None) -> "Timed":
        return self

    def search(self, plan: Plan) -> Found:
        return self.searcher.search(self._due(plan))

    def coverage(self, plan: Plan) -> int | None:
        return self.searcher.coverage(self._due(plan))

    def _due(self, plan: Plan) -> Plan:
        until = time.monotonic() + self.seconds
        return replace(plan, until=until, deadline=until + max(self.seconds, ON_THE_WAY))

    def __getattr__(self, name: str) -> object:
        return getattr(self.searcher, name)
