"""A fresh process that opens an index and asks it twenty queries: `python -m tests.bench.probe ENGINE FOLDER`.

Reads the queries from standard input and prints a `Start`, both as JSON.
"""

import dataclasses
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import psutil

from .queries import BenchQuery
from .results import Start

ROOT = Path(__file__).parents[2]
QUERIES = 20


def start_of(engine: str, folder: Path, queries: Sequence[BenchQuery], processes: int) -> Start:
    """The middle of several fresh processes."""
    starts = [_ask(engine, folder, queries) for _ in range(processes)]
    return Start(*(median(getattr(start, field.name) for start in starts) for field in dataclasses.fields(Start)))


def _ask(engine: str, folder: Path, queries: Sequence[BenchQuery]) -> Start:
    command = [sys.executable, "-m", "tests.bench.probe", engine, str(folder)]
    asked = json.dumps([dataclasses.asdict(query) for query in queries])
    done = subprocess.run(command, input=asked, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT)
    return Start(**json.loads(done.stdout))


def _own_mb() -> tuple[float, float]:
    """Memory that cannot be shared (no file lies behind it), and that which is not shared now (files that only this
    process has mapped count too); in megabytes. Where the system does not tell the first, the second stands for it."""
    memory = psutil.Process().memory_full_info()
    own = memory.rss - memory.shared if hasattr(memory, "shared") else memory.uss
    return own / 1e6, memory.uss / 1e6


def _probe(engine: str, folder: Path) -> Start:
    queries = [BenchQuery(**{**query, "words": tuple(query["words"])}) for query in json.load(sys.stdin)]
    from .engines import load_engine

    before = _own_mb()
    library = load_engine(engine)
    started = time.perf_counter()
    line = next(iter(library.open(folder).values()))
    opened = time.perf_counter()
    runs = [run for query in queries if (run := line(query)) is not None]
    runs[0]()
    answered = time.perf_counter()
    for run in runs[1:]:
        run()
    after = _own_mb()
    return Start(
        open_ms=(opened - started) * 1e3,
        first_ms=(answered - started) * 1e3,
        added_mb=after[0] - before[0],
        added_with_files_mb=after[1] - before[1],
        process_mb=after[0],
    )


if __name__ == "__main__":
    print(json.dumps(dataclasses.asdict(_probe(sys.argv[1], Path(sys.argv[2])))))
