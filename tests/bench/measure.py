"""Times of queries, the engines side by side."""

import gc
import random
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median

from .engines import Line, Run
from .queries import BenchQuery
from .results import Times

CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
SLOW_MS = 50.0
"""A query that takes longer is asked once: the noise of the machine is small beside it."""
BLOCK = 10
"""Queries that an engine answers before it is the next one's turn."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often each query is asked, and how many seconds one line may spend on one class of queries.

    `clock`: "wall", or "cpu" on a machine that others use too.
    """

    repeat: int
    budget: float
    clock: str = "wall"


def time_queries(
    lines: Mapping[str, Line], queries: Sequence[BenchQuery], pace: Pace, tell: Callable[[str], None]
) -> dict[str, Times]:
    """Milliseconds of every query on every line: the middle one of its repetitions.

    The lines take turns, in changing order, after some queries of one class each: whatever else the machine does
    meets all of them, and none finds the processor's caches always emptied by the same neighbour.
    """
    times: dict[str, Times] = {name: defaultdict(dict) for name in lines}
    gc.collect()
    gc.freeze()
    for kind, group in groupby(enumerate(queries), lambda numbered: numbered[1].kind):
        tell(kind)
        left = dict.fromkeys(lines, pace.budget * 1e3)
        for block in _blocks(list(group)):
            for name, taken in _time_block(lines, block, pace, left).items():
                times[name][kind].update((number, median(each)) for number, each in taken.items())
    gc.unfreeze()
    return {name: dict(kinds) for name, kinds in times.items()}


def _blocks(queries: Sequence[tuple[int, BenchQuery]]) -> list[Sequence[tuple[int, BenchQuery]]]:
    return [queries[start : start + BLOCK] for start in range(0, len(queries), BLOCK)]


def _time_block(
    lines: Mapping[str, Line], block: Sequence[tuple[int, BenchQuery]], pace: Pace, left: dict[str, float]
) -> dict[str, dict[int, list[float]]]:
    """All repetitions of every query on every line; `left` is what each line may still spend, in milliseconds."""
    taken: dict[str, dict[int, list[float]]] = {name: {} for name in lines}
    order, chance = list(lines), random.Random(block[0][0])
    for _ in range(pace.repeat):
        chance.shuffle(order)
        for name in order:
            for number, query in block:
                before = taken[name].get(number, [])
                asked = before[0] <= SLOW_MS if before else left[name] > 0
                run = lines[name](query) if asked else None
                if run is not None:
                    milliseconds = _time(run, CLOCKS[pace.clock])
                    taken[name].setdefault(number, []).append(milliseconds)
                    left[name] -= milliseconds
    return taken


def _time(run: Run, clock: Callable[[], float]) -> float:
    started = clock()
    run()
    return (clock() - started) * 1e3
