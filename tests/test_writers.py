"""Several rebuilds at once: one after another publishes, none harms another."""

import subprocess
import sys
from pathlib import Path

import pytest
from faults import NEW, OLD, Outcome, Program, RealCommand, SmallBuild, require_next_rebuild_works, run, started

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("writers", [2, 5])
@pytest.mark.parametrize("kind", ["small", "command"])
def test_writers_at_once_publish_one_after_another(quick: Path, kind: str, writers: int) -> None:
    program: Program = SmallBuild() if kind == "small" else RealCommand(quick / "corpora")
    root, answers = quick / "index", set()
    assert run(program, root, OLD) == Outcome(0, "")
    attempts = [started(program, root, version) for version in (NEW, OLD, NEW, OLD, NEW)[:writers]]
    while not all(attempt.ended for attempt in attempts):
        answers.add(program.answer(root))
    assert [attempt.outcome() for attempt in attempts] == [Outcome(0, "")] * writers
    assert answers <= {OLD, NEW}
    require_next_rebuild_works(program, root)


def test_five_commands_from_five_shells_all_publish(quick: Path) -> None:
    program, root = RealCommand(quick / "corpora"), quick / "index"
    commands = [
        subprocess.Popen(
            [sys.executable, "-m", "indexer", *program.arguments(root, version)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for version in (NEW, OLD, NEW, OLD, NEW)
    ]  # fmt: skip
    said = [command.communicate()[0] for command in commands]
    assert [command.returncode for command in commands] == [0] * 5
    assert len({text.split()[2] for text in said}) == 5
    assert program.answer(root) in (OLD, NEW)
    require_next_rebuild_works(program, root)
