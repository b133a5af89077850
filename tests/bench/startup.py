"""`python -m tests.bench.startup`: what the distributed engine costs those who do not use it, in pairs of processes.

The command line runs as it is, and from a copy without the folder of the distributed engine, turn by turn.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click

from .machine import describe_machine
from .probe import ROOT

ROOM = Path("indexer/engines/opensearch")
COMMANDS: dict[str, Sequence[str]] = {
    "--version": ("--version",),
    "search": ("search", "paid above minimum wage", "--json"),
}


def copy_program(to: Path, *, whole: bool) -> None:
    """The program in a folder of its own, with the distributed engine or without."""
    for package in ("indexer", "webapp"):
        shutil.copytree(ROOT / package, to / package, ignore=shutil.ignore_patterns("__pycache__"))
    if not whole:
        shutil.rmtree(to / ROOM)
    subprocess.run([sys.executable, "-m", "compileall", "-q", to], check=True)


def seconds(program: Path, arguments: Sequence[str], index: Path) -> float:
    """How long one process takes."""
    environment = {**os.environ, "PYTHONPATH": str(program), "PROFILE_SEARCH_INDEX": str(index)}
    command = [sys.executable, "-P", "-m", "indexer", *arguments]
    started = time.perf_counter()
    subprocess.run(command, env=environment, cwd=program, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--pairs", default=40, show_default=True, help="Processes of either kind, for each command.")
def main(pairs: int) -> None:
    """Time `profile-search` with and without the distributed engine's folder: medians, and the median of the ratios."""
    with tempfile.TemporaryDirectory(prefix="profile-search-bench-") as folder:
        programs = Path(folder) / "with", Path(folder) / "without"
        for program, whole in zip(programs, (True, False), strict=True):
            copy_program(program, whole=whole)
        index = Path(folder) / "index"
        seconds(programs[0], ("rebuild", "--corpus", str(ROOT / "corpus")), index)
        click.echo("| command | with, ms | without, ms | ratio, median of pairs | quartiles |")
        click.echo("| --- | ---: | ---: | ---: | --- |")
        for name, arguments in COMMANDS.items():
            times = [[seconds(program, arguments, index) for program in programs] for _ in range(pairs)]
            low, middle, high = statistics.quantiles([ours / other for ours, other in times], n=4)
            ours, other = (statistics.median(column) * 1e3 for column in zip(*times, strict=True))
            click.echo(f"| {name} | {ours:.1f} | {other:.1f} | {middle:.3f} | {low:.3f} to {high:.3f} |")
    click.echo(f"\n{pairs} pairs a command. {describe_machine()}")


if __name__ == "__main__":
    main()
