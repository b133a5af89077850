"""One size of the benchmark: generate, index with every engine, ask, weigh."""

import dataclasses
import json
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from indexer.profiles.model import RenderedProfile

from .corpus import GeneratedCorpus
from .engines import NAME, Line, load_engine
from .engines.profile_search import postings_read
from .measure import Pace, time_queries
from .probe import QUERIES, start_of
from .queries import KINDS, BenchQuery, draw_queries
from .results import Build, Growth, SizeResult, Start, Times

Tell = Callable[[str], None]
"""Called with what is being done."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What to measure. `folder` is where indexes go; those of other engines that stand there are used again."""

    engines: Sequence[str]
    queries: int
    pace: Pace
    folder: Path


def measure_size(bench: Bench, corpus: GeneratedCorpus, tell: Tell) -> SizeResult:
    """Everything about one size."""
    tell(f"generating {corpus.sections:,} sections")
    profiles = list(corpus.rendered())
    queries = draw_queries(profiles, corpus.wordbook, bench.queries, corpus.seed)
    places = {name: bench.folder / f"{corpus.sections}-{corpus.seed}" / name for name in bench.engines}
    builds: dict[str, Build] = {}
    starts: dict[str, Start] = {}
    for name, place in places.items():
        tell(f"indexing with {name}")
        builds[name] = _built(name, place, profiles)
        starts[name] = start_of(name, place, _some(queries, QUERIES), bench.pace.repeat)
    lines: dict[str, Line] = {}
    for name, place in places.items():
        lines.update(load_engine(name).open(place))
    times = time_queries(lines, queries, bench.pace, tell)
    words = sum(len(section.text.split()) for profile in profiles for section in profile.sections)
    growth = _growth(places[NAME], queries, times) if NAME in places else {}
    return SizeResult(corpus.sections, len(profiles), words, builds, starts, times, growth)


def _built(name: str, place: Path, profiles: Iterable[RenderedProfile]) -> Build:
    """The engine's index; one kept from an earlier run is used again, unless it is ours."""
    note = place.with_suffix(".json")
    if note.is_file() and name != NAME:
        return Build(**json.loads(note.read_text()))
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    started = time.perf_counter()
    load_engine(name).build(place, profiles)
    seconds = time.perf_counter() - started
    size = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
    build = Build(seconds, size / 1e6)
    note.write_text(json.dumps(dataclasses.asdict(build)))
    return build


def _some(queries: Sequence[BenchQuery], count: int) -> list[BenchQuery]:
    """Plain queries of different lengths."""
    plain = [query for query in queries if query.form == "words" and not query.hiring and not query.facets]
    return plain[:: max(1, len(plain) // count)][:count]


def _growth(place: Path, queries: Sequence[BenchQuery], times: Mapping[str, Times]) -> dict[str, Growth]:
    counts = postings_read(place, queries)
    return {
        kind: Growth(
            median(count for query, count in zip(queries, counts, strict=True) if query.kind == kind),
            median(times[NAME][kind].values()),
        )
        for kind in KINDS
    }
