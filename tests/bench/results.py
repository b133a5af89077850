"""What one run of the benchmark found."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from statistics import median, quantiles


@dataclass(frozen=True, slots=True)
class Build:
    """Writing an index: from rendered profiles to files that can be opened."""

    seconds: float
    megabytes: float


@dataclass(frozen=True, slots=True)
class Start:
    """A fresh process, its modules imported: milliseconds to open the index, and until its first query is answered too;
    megabytes that all this and twenty queries added: its own, and with the index files that it alone has mapped; its
    own in all."""

    open_ms: float
    first_ms: float
    added_mb: float
    added_with_files_mb: float
    process_mb: float


@dataclass(frozen=True, slots=True)
class Growth:
    """Postings that the words of a query have, in the middle, and what our answer took."""

    postings: float
    ms: float


Times = dict[str, dict[int, float]]
"""Class of queries to number of the query to milliseconds."""


@dataclass(frozen=True)
class SizeResult:
    """All about one size. `times`: line of the tables to its times."""

    sections: int
    profiles: int
    words: int
    builds: Mapping[str, Build]
    starts: Mapping[str, Start]
    times: Mapping[str, Times]
    growth: Mapping[str, Growth] = field(default_factory=dict)

    def queries(self, line: str, kind: str) -> int:
        """How many queries of a class this line answered."""
        return len(self.times[line].get(kind, {}))

    def middle(self, line: str, kind: str) -> float | None:
        """Median milliseconds, None where the line cannot answer."""
        times = self.times[line].get(kind)
        return median(times.values()) if times else None

    def slow(self, line: str, kind: str) -> float | None:
        """The 95th percentile."""
        times = list(self.times[line].get(kind, {}).values())
        return quantiles(times, n=20, method="inclusive")[-1] if len(times) > 1 else next(iter(times), None)

    def ratio(self, ours: str, line: str, kind: str) -> float | None:
        """How many times as long as the line we take, by the medians over the queries that both answered."""
        mine, theirs = self.times.get(ours, {}).get(kind, {}), self.times[line].get(kind, {})
        both = sorted(mine.keys() & theirs.keys())
        return median(mine[q] for q in both) / median(theirs[q] for q in both) if both else None

    def figures(self) -> dict[str, object]:
        """What is kept: the times of single queries as median, 95th percentile and number."""
        times = {
            line: {
                kind: {
                    "p50": self.middle(line, kind),
                    "p95": self.slow(line, kind),
                    "queries": self.queries(line, kind),
                }
                for kind in kinds
            }
            for line, kinds in self.times.items()
        }
        return {**asdict(self), "times": times}


@dataclass(frozen=True, slots=True)
class Rebuild:
    """Reading, rendering and indexing a folder of profiles: seconds as they pass, and of the processor in all processes
    together; memory of all of them together, and of the largest."""

    profiles: int
    sections: int
    seconds: float
    cpu_seconds: float
    peak_mb: float
    largest_process_mb: float


@dataclass(frozen=True, slots=True)
class Results:
    """One run. `rebuilds`: number of profiles to who built to what it took."""

    machine: Mapping[str, str]
    options: Mapping[str, object]
    sizes: tuple[SizeResult, ...]
    rebuilds: Mapping[int, Mapping[str, Rebuild]]

    def figures(self) -> dict[str, object]:
        """The run as plain data."""
        return {**asdict(self), "sizes": [size.figures() for size in self.sizes]}
