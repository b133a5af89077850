"""Markdown files to an index: Whoosh's own writer against `profile-search rebuild`, each in a process of its own."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import psutil

from indexer.build import rebuild
from indexer.config import Settings
from indexer.engines import open_engine
from indexer.profiles.corpus import read_corpus

from .corpus import MOST_SECTIONS, GeneratedCorpus
from .engines import NAME, load_engine
from .probe import ROOT
from .results import Rebuild
from .wordbook import Wordbook

WATCH_SECONDS = 0.05


def measure_rebuilds(
    wordbook: Wordbook, sizes: Sequence[int], seed: int, tell: Callable[[str], None]
) -> dict[int, dict[str, Rebuild]]:
    """For each number of profiles: Whoosh's writer and ours on the same files."""
    results: dict[int, dict[str, Rebuild]] = {}
    for profiles in sizes:
        with tempfile.TemporaryDirectory(prefix="profile-search-bench-") as folder:
            corpus = Path(folder) / "corpus"
            corpus.mkdir()
            sections = GeneratedCorpus(wordbook, profiles * MOST_SECTIONS, seed).write(corpus, profiles)
            results[profiles] = {}
            for name in ("whoosh", NAME):
                tell(f"rebuilding {profiles:,} profiles with {name}")
                target = Path(folder) / name
                target.mkdir()
                results[profiles][name] = Rebuild(profiles, sections, *_watched([name, str(corpus), str(target)]))
    return results


def _watched(arguments: Sequence[str]) -> tuple[float, float, float, float]:
    """Seconds that the work took and those of the processor, megabytes at the peak of all its processes and of the
    largest."""
    command = [sys.executable, "-m", "tests.bench.rebuilds", *arguments]
    peak = largest = 0.0
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            sizes = _memory(watched)
            peak, largest = max(peak, sum(sizes)), max(largest, *sizes, 0.0)
            try:
                process.wait(WATCH_SECONDS)
            except subprocess.TimeoutExpired:
                continue
        printed = process.stdout.read() if process.stdout else ""
    if process.returncode:
        raise SystemExit(f"the rebuild with {arguments[0]} failed; its message stands above")
    seconds, cpu_seconds = map(float, printed.split())
    return seconds, cpu_seconds, peak, largest


def _memory(process: psutil.Process) -> list[float]:
    """Megabytes of the process and each of its children; nothing when one of them has just ended."""
    try:
        return [one.memory_info().rss / 1e6 for one in (process, *process.children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


def _rebuild(name: str, corpus: Path, target: Path) -> tuple[float, float]:
    """Seconds as they pass and of the processor, workers included."""
    started, before = time.perf_counter(), sum(os.times()[:4])
    if name == NAME:
        with closing(open_engine(Settings(corpus=corpus, index=str(target / "index")))) as engine:
            rebuild(engine, corpus)
    else:
        profiles = (rendering.profile for _, rendering in read_corpus(corpus))
        load_engine(name).build(target, (profile for profile in profiles if profile))
    return time.perf_counter() - started, sum(os.times()[:4]) - before


if __name__ == "__main__":
    print(*_rebuild(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
