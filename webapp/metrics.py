"""What the process has counted since it started, in the text format of Prometheus."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import accumulate
from threading import Lock
from time import perf_counter, time

from flask import Flask, Response, g, request

from indexer.engines.base import Status

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of the latency buckets: an answer takes a few milliseconds, and a search at most one second."""
STATES = ("missing", "building", "ok", "outdated", "corrupt", "unavailable")
UNMATCHED = "unmatched"
"""The route of addresses that are none of ours: whoever makes them up must not make up series."""

Labels = tuple[tuple[str, str], ...]


class Latency:
    """A histogram of seconds."""

    def __init__(self) -> None:
        self.buckets = [0] * (len(SECONDS) + 1)
        self.sum = 0.0

    def observe(self, seconds: float) -> None:
        """Count one answer."""
        self.buckets[bisect_left(SECONDS, seconds)] += 1
        self.sum += seconds


class Metrics:
    """Counters of one process. Safe to share between threads; as many series as there are routes and statuses."""

    def __init__(self) -> None:
        self.started = time()
        self._lock = Lock()
        self._requests: Counter[tuple[str, int]] = Counter()
        self._latency: dict[str, Latency] = {}
        self._failures: Counter[str] = Counter()
        self._searches: Counter[str] = Counter()

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count an answer."""
        with self._lock:
            self._requests[route, status] += 1
            self._latency.setdefault(route, Latency()).observe(seconds)

    def failed(self, kind: str) -> None:
        """Count a failure that is not the client's."""
        with self._lock:
            self._failures[kind] += 1

    def searched(self, total: int, partial: bool) -> None:
        """Count a search."""
        with self._lock:
            self._searches["all"] += 1
            self._searches["partial" if partial else "found" if total else "empty"] += 1

    def text(self, status: Status) -> str:
        """Everything counted, with the state of the index."""
        with self._lock:
            lines = [*self._traffic(), *self._search_counts()]
        return "\n".join([*lines, *_index_lines(status), ""])

    def _traffic(self) -> Iterator[str]:
        yield from _family("requests_total", "counter", "Answers by route and status.")
        for (route, status), count in sorted(self._requests.items()):
            yield _sample("requests_total", count, (("route", route), ("status", str(status))))
        yield from _family("request_duration_seconds", "histogram", "Time to answer by route.")
        for route, latency in sorted(self._latency.items()):
            counts = list(accumulate(latency.buckets))
            for bound, count in zip((*map(str, SECONDS), "+Inf"), counts, strict=True):
                yield _sample("request_duration_seconds_bucket", count, (("route", route), ("le", bound)))
            yield _sample("request_duration_seconds_sum", round(latency.sum, 6), (("route", route),))
            yield _sample("request_duration_seconds_count", counts[-1], (("route", route),))
        yield from _family("failures_total", "counter", "Answers that failed on this side, by kind.")
        for kind, count in sorted(self._failures.items()):
            yield _sample("failures_total", count, (("kind", kind),))

    def _search_counts(self) -> Iterator[str]:
        yield from _single("searches_total", "counter", "Searches.", self._searches["all"])
        empty = "Searches that found no company."
        yield from _single("searches_without_results_total", "counter", empty, self._searches["empty"])
        partial = "Searches that ran out of time."
        yield from _single("searches_partial_total", "counter", partial, self._searches["partial"])
        started = "When this process started, in seconds since 1970."
        yield from _single("process_start_time_seconds", "gauge", started, round(self.started, 3))


def _index_lines(status: Status) -> Iterator[str]:
    yield from _family("index_state", "gauge", "1 for the state that the index is in.")
    for state in STATES:
        yield _sample("index_state", int(state == status.state), (("state", state),))
    degraded = "1 while searches are answered though the index is not sound."
    yield from _single("index_degraded", "gauge", degraded, int(status.degraded))
    generation = status.generation
    if generation is None:
        return
    created = generation.created.timestamp()
    yield from _family("generation_info", "gauge", "The generation that answers.")
    yield _sample("generation_info", 1, (("id", generation.id),))
    yield from _single("generation_created_seconds", "gauge", "When it was made, in seconds since 1970.", created)
    age = round(max(0.0, time() - created), 3)
    yield from _single("generation_age_seconds", "gauge", "How long ago that was.", age)
    yield from _single("generation_profiles", "gauge", "Its profiles.", generation.profiles)
    yield from _single("generation_sections", "gauge", "Its sections.", generation.sections)
    yield from _single("generation_size_bytes", "gauge", "Its size.", generation.size_bytes)


def _single(name: str, kind: str, meaning: str, value: float) -> Iterable[str]:
    return (*_family(name, kind, meaning), _sample(name, value))


def _family(name: str, kind: str, meaning: str) -> Iterable[str]:
    return (f"# HELP profile_search_{name} {meaning}", f"# TYPE profile_search_{name} {kind}")


def _sample(name: str, value: float, labels: Labels = ()) -> str:
    escaped = (value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") for _, value in labels)
    shown = ",".join(f'{label}="{value}"' for (label, _), value in zip(labels, escaped, strict=True))
    return f"profile_search_{name}{{{shown}}} {value}" if shown else f"profile_search_{name} {value}"


def route_of_request() -> str:
    """The route that answers, as it is written in the program: never an address that somebody typed."""
    rule = request.url_rule
    if rule is None:
        return UNMATCHED
    return "/static" if rule.endpoint == "static" else rule.rule


def install(app: Flask, metrics: Metrics) -> None:
    """Count every answer of the application; to be installed first, so that all other work is timed too."""

    def begin() -> None:
        g.began = perf_counter()

    def count(response: Response) -> Response:
        g.seconds = perf_counter() - g.began if "began" in g else 0.0
        metrics.answered(route_of_request(), response.status_code, g.seconds)
        return response

    app.before_request(begin)
    app.after_request(count)
