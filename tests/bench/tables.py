"""The figures as Markdown."""

import dataclasses
from collections.abc import Iterable, Sequence

from .engines import NAME
from .queries import KINDS
from .results import Results, SizeResult


def markdown(results: Results) -> str:
    """The whole report."""
    parts = ["# Benchmark", _machine(results), _legend(results)]
    for size in results.sizes:
        title = f"## {size.sections:,} sections of {size.profiles:,} profiles, {size.words:,} words"
        parts += [title, query_table(size), index_table(size)]
    if any(size.growth for size in results.sizes):
        title = "## Growth: what a query takes here, and how many postings its words have (medians)"
        parts += [title, _growth_table(results)]
    if results.rebuilds:
        parts += ["## Rebuild from Markdown files", _rebuild_table(results)]
    return "\n\n".join(parts) + "\n"


def query_table(size: SizeResult) -> str:
    """A row for each class of queries, a column for each line; what a line cannot answer is a dash."""
    lines = list(size.times)
    rows = [[kind, *(_cell(size, line, kind) for line in lines)] for kind in KINDS]
    return _table(["ms: p50 / p95 (ours : it)", *lines], rows)


def index_table(size: SizeResult) -> str:
    """A row for each engine: its index and a fresh process that opens it."""
    rows = []
    for name, build in size.builds.items():
        start = size.starts[name]
        rows.append([name, *map(_number, (build.seconds, build.megabytes, *dataclasses.astuple(start)))])
    memory = ["own memory added MB", "with mapped files MB", "process MB"]
    return _table(["engine", "index s", "index MB", "open ms", "open and first answer ms", *memory], rows)


def _machine(results: Results) -> str:
    return "\n".join(f"- {name}: {value}" for name, value in results.machine.items())


def _legend(results: Results) -> str:
    options = ", ".join(f"{name} {value}" for name, value in results.options.items())
    return (
        f"Run with {options}.\n\nMilliseconds from the text of a query to its answer, parsing included: p50 / p95, and "
        f"in brackets how many times as long `{NAME}` takes, by the medians over the queries that both answered. "
        f"`{NAME}`: companies that have all the words, in one section or several, ranked and counted, ten best; "
        "`whole page`: with facets, texts and snippets. The others rank sections that have any of the words, and count "
        "nothing unless it says so. n: fewer queries than the others had, because they took too long. A dash: this "
        "engine cannot answer such queries, or not on this schema. Opening begins when the engine's modules are "
        "imported; memory is that of a fresh process, its modules included, after twenty "
        "queries; index files that it maps are shared by all processes, so they count apart."
    )


def _cell(size: SizeResult, line: str, kind: str) -> str:
    p50, p95 = size.middle(line, kind), size.slow(line, kind)
    if p50 is None or p95 is None:
        return "–"
    ratio = size.ratio(NAME, line, kind)
    compared = f" ({_number(ratio)})" if ratio is not None and not line.startswith(NAME) else ""
    asked = max(size.queries(other, kind) for other in size.times)
    fewer = f" n={size.queries(line, kind)}" if size.queries(line, kind) < asked else ""
    return f"{_number(p50)} / {_number(p95)}{compared}{fewer}"


def _growth_table(results: Results) -> str:
    head = ["class", *(f"{size.sections:,} sections" for size in results.sizes)]
    rows = []
    for kind in KINDS:
        grown = [size.growth[kind] for size in results.sizes if size.growth]
        rows.append([kind, *(f"{growth.ms * 1e3:,.0f} µs, {growth.postings:,.0f}" for growth in grown)])
    return _table(head, rows)


def _rebuild_table(results: Results) -> str:
    rows = []
    for profiles, by_name in results.rebuilds.items():
        fastest = by_name.get(NAME)
        for name, rebuild in by_name.items():
            ratio = rebuild.seconds / fastest.seconds if fastest else 1.0
            cpu_ratio = rebuild.cpu_seconds / fastest.cpu_seconds if fastest else 1.0
            times = (rebuild.seconds, ratio, rebuild.cpu_seconds, cpu_ratio)
            figures = (*times, rebuild.peak_mb, rebuild.largest_process_mb)
            rows.append([f"{profiles:,} ({rebuild.sections:,} sections)", name, *map(_number, figures)])
    head = ["profiles", "by", "s", "times ours", "processor s", "times ours", "peak memory MB", "largest process MB"]
    return _table(head, rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    text = [_row(line, widths) for line in lines]
    return "\n".join([text[0], _row(["-" * width for width in widths], widths), *text[1:]])


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return f"| {' | '.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))} |"


def _number(value: float) -> str:
    """Three digits that count."""
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"
