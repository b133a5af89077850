"""Searches with more or less time than a user grants them."""

import time
from dataclasses import dataclass, replace

from indexer.engines.base import Found, Plan, Searcher


@dataclass(eq=False)
class Timed:
    """An engine of one generation, whose answers are due so many seconds after they were asked for."""

    searcher: Searcher
    seconds: float

    def open(self, generation: str | None = None) -> "Timed":
        return self

    def search(self, plan: Plan) -> Found:
        return self.searcher.search(self._due(plan))

    def coverage(self, plan: Plan) -> int:
        return self.searcher.coverage(self._due(plan))

    def _due(self, plan: Plan) -> Plan:
        until = time.monotonic() + self.seconds
        return replace(plan, until=until, deadline=max(plan.deadline, until + self.seconds))

    def __getattr__(self, name: str) -> object:
        return getattr(self.searcher, name)
