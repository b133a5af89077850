"""`python -m tests.bench.cluster`: whole pages from the embedded engine and from a cluster, side by side in one run."""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from indexer.config import Settings
from indexer.engines import temporary_engine
from indexer.engines.base import Engine
from indexer.profiles.model import RenderedProfile
from indexer.profiles.vocabulary import read_vocabulary
from indexer.query.lexicon import Vocabulary
from indexer.query.request import Filters, SearchRequest
from indexer.search import SearchService

from .corpus import SEED, GeneratedCorpus
from .engines.profile_search import TODAY
from .machine import describe_machine
from .queries import KINDS, BenchQuery, draw_queries
from .wordbook import CORPUS, make_wordbook

sys.path.append(str(Path(__file__).parents[1]))  # the cluster of the tests stands beside this package

from local_cluster import LocalCluster, compile_node

WARMING = 3
"""Rounds before the clock counts: a Java program is slow until it has compiled what it does often."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One engine at one size. `times`: class of queries to (p50, p95) milliseconds of a whole page."""

    engine: str
    sections: int
    profiles: int
    index_seconds: float
    index_megabytes: float
    open_milliseconds: float
    times: dict[str, tuple[float, float]]


def measure(name: str, engine: Engine, profiles: list[RenderedProfile], queries: list[BenchQuery]) -> Figures:
    """Index the profiles, then ask every query once more than it takes to warm up."""
    vocabulary = read_vocabulary(CORPUS)
    started = time.perf_counter()
    with engine.begin() as builder:
        for profile in profiles:
            builder.add(profile)
        generation = builder.publish("0" * 64, Vocabulary(vocabulary.synonyms, vocabulary.intents))
    indexed = time.perf_counter() - started
    service = SearchService(engine)
    opened = _milliseconds(lambda: service.search(SearchRequest(queries[0].text), TODAY))
    for query in queries * WARMING:
        service.search(_request(query), TODAY)
    times = {kind: _spread([_page(service, query) for query in queries if query.kind == kind]) for kind in KINDS}
    return Figures(name, generation.sections, generation.profiles, indexed, generation.size_bytes / 1e6, opened, times)


def _page(service: SearchService, query: BenchQuery) -> float:
    return _milliseconds(lambda: service.search(_request(query), TODAY))


def _request(query: BenchQuery) -> SearchRequest:
    filters = Filters(hiring=(query.hiring,), specialties=(query.specialty or "",)) if query.hiring else Filters()
    return SearchRequest(query.text, filters)


def _milliseconds(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return (time.perf_counter() - started) * 1e3


def _spread(times: list[float]) -> tuple[float, float]:
    return statistics.median(times), statistics.quantiles(times, n=20)[-1]


def table(results: list[Figures]) -> str:
    """The figures as a Markdown table, a row for each size and engine."""
    head = ["sections", "profiles", "engine", "index s", "MB", "first page ms", *(f"{kind}" for kind in KINDS)]
    lines = [f"| {' | '.join(head)} |", f"|{' ---: |' * 2} --- |{' ---: |' * (len(head) - 3)}"]
    for row in results:
        pages = [f"{middle:.1f} / {high:.1f}" for middle, high in row.times.values()]
        figures = [f"{row.index_seconds:.1f}", f"{row.index_megabytes:.1f}", f"{row.open_milliseconds:.0f}"]
        lines.append(f"| {' | '.join([f'{row.sections:,}', f'{row.profiles:,}', row.engine, *figures, *pages])} |")
    return "\n".join(lines)


def growth(results: list[Figures]) -> str:
    """What each engine grows by, from straight lines through all sizes, as a Markdown table; sizes must differ."""
    lines = ["| engine | sizes | kB a section | sections a second | common words: ms a further 1,000 sections |"]
    lines.append("| --- |" + " ---: |" * 4)
    for engine in dict.fromkeys(row.engine for row in results):
        rows = [row for row in results if row.engine == engine]
        sections = [row.sections for row in rows]
        kilobytes = statistics.linear_regression(sections, [1e3 * row.index_megabytes for row in rows]).slope
        common = statistics.linear_regression(sections, [row.times["common words"][0] for row in rows]).slope
        rates = [row.sections / row.index_seconds for row in rows]
        rate = f"{min(rates):,.0f} to {max(rates):,.0f}"
        lines.append(f"| {engine} | {len(rows)} | {kilobytes:.2f} | {rate} | {1e3 * common:.3f} |")
    return "\n".join(lines)


@contextmanager
def cluster_hosts(hosts: str | None, nodes: int) -> Iterator[list[str]]:
    """The hosts of a cluster: the given one, or one started for this run."""
    if hosts:
        yield hosts.split(",")
        return
    with tempfile.TemporaryDirectory(prefix="profile-search-bench-") as folder:
        started = LocalCluster.start(compile_node(Path(folder)), Path(folder) / "nodes", nodes)
        try:
            yield started.hosts
        finally:
            started.stop()


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--sizes", default="1000,10000,90000", show_default=True, help="Sections, comma-separated.")
@click.option("--shards", default="1", show_default=True, help="Shards of an index in the cluster, comma-separated.")
@click.option("--queries", default=40, show_default=True, help="Queries of each class.")
@click.option("--nodes", default=3, show_default=True, help="Nodes to start.")
@click.option("--hosts", help="A cluster that is already there: host:port, comma-separated.")
@click.option("--output", type=click.Path(path_type=Path), help="File for the figures as JSON.")
def main(sizes: str, shards: str, queries: int, nodes: int, hosts: str | None, output: Path | None) -> None:
    """Time whole pages (parse, match, rank, facets, snippets; p50 / p95) in both engines, in one run."""
    wordbook = make_wordbook(SEED)
    results: list[Figures] = []
    with cluster_hosts(hosts, nodes) as found:
        places = {
            "embedded": "",
            **{f"cluster, {n} shards": f"opensearch://{','.join(found)}/bench?shards={n}" for n in shards.split(",")},
        }
        wanted = [int(size) for size in sizes.split(",")]
        for turn, size in enumerate((wanted[0], *wanted)):
            profiles = list(GeneratedCorpus(wordbook, size, SEED).rendered())
            asked = draw_queries(profiles, wordbook, queries, SEED)
            for name, index in places.items():
                with temporary_engine(Settings(index=index)) as engine:
                    figures = measure(name, engine, profiles, asked)
                if turn:  # the first one has only made the cluster compile
                    results.append(figures)
                    click.echo(table(results[-1:]), err=True)
    click.echo(table(results))
    if len(wanted) > 1:
        click.echo(f"\n{growth(results)}")
    click.echo(f"\nPages with facets and snippets, p50 / p95 ms. {describe_machine()}")
    if output:
        output.write_text(json.dumps([asdict(row) for row in results], indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
