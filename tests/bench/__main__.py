"""`python -m tests.bench`: one table in one run."""

import dataclasses
import json
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import click

from .corpus import SEED, GeneratedCorpus
from .engines import ENGINES
from .measure import CLOCKS, Pace
from .results import Results
from .tables import markdown
from .wordbook import make_wordbook

EXTRA = ("bm25s", "matplotlib", "psutil", "tantivy")
"""Packages of the extra `bench`."""
Command = TypeVar("Command", bound=Callable[..., Any])
RESULTS = Path(__file__).parent / "results"


@dataclasses.dataclass(frozen=True, slots=True)
class Options:
    """The command line."""

    sizes: tuple[int, ...]
    engines: tuple[str, ...]
    queries: int
    repeat: int
    budget: float
    clock: str
    seed: int
    search: bool
    rebuild: bool
    profiles: tuple[int, ...]


def _numbers(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[int, ...]:
    try:
        numbers = tuple(sorted({int(part) for part in value.replace("_", "").split(",") if part.strip()}))
    except ValueError:
        raise click.BadParameter("give whole numbers with commas between them, for example 1000,10000") from None
    if not numbers or numbers[0] < 1:
        raise click.BadParameter("give numbers above zero")
    return numbers


def _names(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
    unknown = [name for name in names if name not in ENGINES]
    if unknown or not names:
        raise click.BadParameter(f"choose from {','.join(ENGINES)}")
    return names


def _option(name: str, help: str, default: object = None, **settings: Any) -> Callable[[Command], Command]:  # noqa: A002
    return click.option(name, default=default, show_default=default is not None, help=help, **settings)


FOLDER = click.Path(path_type=Path)
ABOVE_ZERO = click.IntRange(1)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@_option("--sizes", "Sections, comma-separated.", "1000,10000,90000", callback=_numbers)
@_option("--engines", "Engines, comma-separated.", ",".join(ENGINES), callback=_names)
@_option("--queries", "Queries of each class.", 100, type=ABOVE_ZERO)
@_option("--repeat", "Times each query is asked and each index opened; the median counts.", 5, type=ABOVE_ZERO)
@_option("--budget", "Seconds an engine may spend on one class of queries before it skips the rest.", 20.0)
@_option(
    "--clock",
    "Time as it passes, or that of the processor where others use it too.",
    "wall",
    type=click.Choice(list(CLOCKS)),
)
@_option("--seed", "Another seed gives another corpus and other queries.", SEED)
@_option("--search/--no-search", "Index with every engine and ask.", True)
@_option("--rebuild/--no-rebuild", "Also rebuild from Markdown files.", True)
@_option("--profiles", "Profiles to rebuild, comma-separated.", "2000,10000", callback=_numbers)
@_option("--output", "Folder for the results.  [default: tests/bench/results/<date>]", type=FOLDER)
@_option("--keep", "Folder in which indexes stay; later runs use those of the other engines again.", type=FOLDER)
def main(output: Path | None, keep: Path | None, **chosen: object) -> None:
    """Compare profile-search with plain Whoosh, SQLite FTS5, bm25s and tantivy.

    Profiles and queries are generated, the same for the same seed. Prints one table for each size, of every class of
    queries and every engine, and one of index time and size, start-up and memory. The same tables, their figures as
    JSON and plots of time against size as SVG are written to a folder. Progress goes to standard error.
    """
    missing = [name for name in EXTRA if find_spec(name) is None]
    if missing:
        raise click.ClickException(f"no {' and no '.join(missing)} here: install with pip install -e '.[bench]'")
    options = Options(**chosen)  # type: ignore[arg-type]
    output = output or RESULTS / datetime.now(UTC).date().isoformat()
    with tempfile.TemporaryDirectory(prefix="profile-search-bench-") as folder:
        results = _run(options, keep or Path(folder), _teller())
    click.echo(markdown(results))
    _save(results, output)


def _teller() -> Callable[[str], None]:
    started = time.monotonic()
    return lambda text: click.echo(f"{time.monotonic() - started:6.0f} s  {text}", err=True)


def _run(options: Options, folder: Path, tell: Callable[[str], None]) -> Results:
    from .machine import describe_machine
    from .rebuilds import measure_rebuilds
    from .sizes import Bench, measure_size

    wordbook = make_wordbook(options.seed)
    bench = Bench(options.engines, options.queries, Pace(options.repeat, options.budget, options.clock), folder)
    wanted = options.sizes if options.search else ()
    sizes = tuple(measure_size(bench, GeneratedCorpus(wordbook, size, options.seed), tell) for size in wanted)
    rebuilds = measure_rebuilds(wordbook, options.profiles, options.seed, tell) if options.rebuild else {}
    return Results(describe_machine(), _shown(options), sizes, rebuilds)


def _shown(options: Options) -> dict[str, object]:
    """The options as one would type them."""
    given = dataclasses.asdict(options)
    return {name: ",".join(map(str, value)) if isinstance(value, tuple) else value for name, value in given.items()}


def _save(results: Results, folder: Path) -> None:
    from .plots import draw

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.md").write_text(markdown(results), encoding="utf-8")
    (folder / "results.json").write_text(json.dumps(results.figures(), indent=1), encoding="utf-8")
    if results.sizes:
        draw(results, folder)
    click.echo(f"written: {folder}", err=True)


if __name__ == "__main__":
    sys.exit(main())
