"""`python -m tests.bench.startup`: what the distributed engine costs those who do not use it, in turns of processes.

Three programs start, do one thing and end, turn by turn, each with an index that it made itself:

- as it is: the program of the working tree;
- without: the same without the folder of the distributed engine, and with stand-ins for the modules that are there
  for it alone or nearly so (STAND_INS). The ratio to it is the price of the seam. What stays in both: three settings,
  the error classes, the deadline in `Plan`, the loop in `indexer/search.py` that asks again where a generation is gone;
- before: the program of the commit before that engine came in. The ratio to it holds everything that has become slower
  or quicker since, whatever it was for: it says what became of the start, and alone not what the engine cost.
"""

import io
import os
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click

from .machine import describe_machine
from .probe import ROOT

CORPUS = ROOT / "corpus"
PACKAGES = ("indexer", "webapp")
ROOM = Path("indexer/engines/opensearch")
STAND_INS = {
    "indexer/engines/__init__.py": """\
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path


def open_engine(settings):
    from indexer.engines.whoosh.engine import EmbeddedEngine

    return EmbeddedEngine(Path(settings.index))


@contextmanager
def temporary_engine(settings):
    with tempfile.TemporaryDirectory() as folder, closing(open_engine(settings)) as engine:
        yield engine
""",
    "indexer/deadline.py": """\
from contextlib import nullcontext
from math import inf

_nothing = nullcontext()


def within(seconds):
    return _nothing


def due():
    return inf


def in_turn(lock):
    return lock
""",
    "webapp/moves.py": "from flask import Flask as MovingFlask\n",
}
"""Modules as they would be if there were only the embedded engine."""

# Not /search, whose page the commit before fails to show for a name that is not imported.
WEB = """\
from webapp import create_app
client = create_app().test_client()
for address in ("/", "/api/search?q=pay", "/profiles/appen?q=pay"):
    assert client.get(address).status_code == 200, address
"""
COMMANDS: dict[str, Sequence[str]] = {
    "`--version`": ("-m", "indexer", "--version"),
    "`search --json`": ("-m", "indexer", "search", "paid above minimum wage", "--json"),
    "web: start, search, profile": ("-c", WEB),
}


class Program:
    """A copy of the program in a folder of its own, compiled, with its own index of the corpus."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._folder = folder / name.replace(" ", "-")
        self._folder.mkdir()

    def copy_working_tree(self, *, whole: bool) -> None:
        """What is here, with the distributed engine or without."""
        for package in PACKAGES:
            shutil.copytree(ROOT / package, self._folder / package, ignore=shutil.ignore_patterns("__pycache__"))
        if not whole:
            shutil.rmtree(self._folder / ROOM)
            for path, text in STAND_INS.items():
                (self._folder / path).write_text(text, encoding="utf-8")

    def copy_commit(self, commit: str) -> None:
        """What was there at that commit."""
        archive = subprocess.run(
            ["git", "archive", commit, *PACKAGES], cwd=ROOT, check=True, stdout=subprocess.PIPE
        ).stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(self._folder, filter="data")

    def prepare(self) -> None:
        """Byte code, the index, and every command once, so that no turn is a first one."""
        subprocess.run([sys.executable, "-m", "compileall", "-q", self._folder], check=True)
        self.seconds(("-m", "indexer", "rebuild", "--corpus", str(CORPUS)))
        for arguments in COMMANDS.values():
            self.seconds(arguments)

    def seconds(self, arguments: Sequence[str]) -> float:
        """How long one process takes; it must succeed."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PROFILE_SEARCH_")},
            "PYTHONPATH": str(self._folder),
            "PROFILE_SEARCH_INDEX": str(self._folder / "index"),
        }
        command = [sys.executable, "-P", *arguments]
        started = time.perf_counter()
        done = subprocess.run(command, env=environment, cwd=self._folder, check=False, stdout=subprocess.DEVNULL)
        took = time.perf_counter() - started
        if done.returncode:
            raise click.ClickException(f"the program {self.name!r} cannot do this: python {' '.join(arguments)}")
        return took


def find_commit(named: str | None) -> str:
    """The full name of the commit, by default of the last one without the distributed engine."""
    if named is None:
        brought = _git("log", "--diff-filter=A", "--format=%H", "--", str(ROOM / "engine.py")).split()
        named = f"{brought[-1]}^" if brought else "HEAD"
    return _git("rev-parse", "--verify", "--quiet", f"{named}^{{commit}}").strip()


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        raise click.UsageError(
            "git does not know the commit to compare with: fetch the whole history (git fetch --unshallow),"
            " or name another commit with --before"
        ) from None
    return done.stdout


def measure(programs: Sequence[Program], arguments: Sequence[str], pairs: int) -> str:
    """The cells of one row. Each turn begins with another program: none always runs behind the same one."""
    times: dict[str, list[float]] = {program.name: [] for program in programs}
    for turn in range(pairs):
        first = turn % len(programs)
        for program in (*programs[first:], *programs[:first]):
            times[program.name].append(program.seconds(arguments))
    ours, *others = times.values()
    cells = [f"{statistics.median(column) * 1e3:.1f}" for column in times.values()]
    for other in others:
        low, middle, high = statistics.quantiles([a / b for a, b in zip(ours, other, strict=True)], n=4)
        cells.append(f"{middle:.3f} ({low:.3f} to {high:.3f})")
    return " | ".join(cells)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--pairs", type=click.IntRange(2), default=40, show_default=True, help="Processes of each program and command."
)
@click.option(
    "--before",
    metavar="COMMIT",
    help="The older program.  [default: the commit before the distributed engine came in, as git finds it]",
)
def main(pairs: int, before: str | None) -> None:
    """Show what the distributed engine costs those who do not use it.

    Three programs run turn by turn: as it is; without the distributed engine's folder and what serves it in the seam;
    and that of the commit before it came in, which lacks everything else that is new since. Prints for each
    command the median times, and of the ratios of one turn to the other programs the median and the quartiles.
    """
    commit = find_commit(before)
    with tempfile.TemporaryDirectory(prefix="profile-search-bench-") as folder:
        programs = [Program(name, Path(folder)) for name in ("as it is", "without", "before")]
        programs[0].copy_working_tree(whole=True)
        programs[1].copy_working_tree(whole=False)
        programs[2].copy_commit(commit)
        for program in programs:
            program.prepare()
        click.echo(
            "| command | as it is, ms | without, ms | before, ms | as it is / without (quartiles)"
            " | as it is / before (quartiles) |"
        )
        click.echo("| --- | ---: | ---: | ---: | ---: | ---: |")
        for name, arguments in COMMANDS.items():
            click.echo(f"| {name} | {measure(programs, arguments, pairs)} |")
    machine = ", ".join(f"{name}: {value}" for name, value in describe_machine().items())
    click.echo(f"\nMedians of {pairs} turns a command. Before: {commit[:12]}. {machine}")


if __name__ == "__main__":
    main()
