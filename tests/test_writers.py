"""Several rebuilds at once: one after another publishes, none harms another."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from faults import NEW, OLD, Outcome, Program, RealCommand, SmallBuild, require_next_rebuild_works, run, started

from indexer.build import PARALLEL_FROM

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("writers", [2, 5])
@pytest.mark.parametrize("kind", ["small", "command"])
def test_writers_at_once_publish_one_after_another(tmp_path: Path, kind: str, writers: int) -> None:
    program: Program = SmallBuild() if kind == "small" else RealCommand(tmp_path / "corpora")
    root, answers = tmp_path / "index", set()
    assert run(program, root, OLD) == Outcome(0, "")
    attempts = [started(program, root, version) for version in (NEW, OLD, NEW, OLD, NEW)[:writers]]
    while not all(attempt.ended for attempt in attempts):
        answers.add(program.answer(root))
    assert [attempt.outcome() for attempt in attempts] == [Outcome(0, "")] * writers
    assert answers <= {OLD, NEW}
    require_next_rebuild_works(program, root)


def test_five_commands_from_five_shells_all_publish(tmp_path: Path) -> None:
    program, root = RealCommand(tmp_path / "corpora"), tmp_path / "index"
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


def children(pid: int) -> set[int]:
    return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="processes are not listed in /proc here")
@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one processor renders in one process")
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_killed_rebuild_of_many_profiles_leaves_no_process(tmp_path: Path, end: signal.Signals) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number in range(PARALLEL_FROM + 400):
        text = f"---\ncompany: Company {number}\n---\n## Overview\n{'It pays **well**. ' * 200}\n"
        (corpus / f"c{number}.md").write_text(text, encoding="utf-8")
    arguments = ["rebuild", "--corpus", corpus, "--index", tmp_path / "index"]
    command = subprocess.Popen([sys.executable, "-m", "indexer", *arguments], stderr=subprocess.DEVNULL)
    workers: set[int] = set()
    while command.poll() is None and len(workers) < 3:  # two that render, and the one that looks after both
        workers |= children(command.pid)
    command.send_signal(end)
    command.wait()
    assert workers
    until = time.monotonic() + 30
    while left := {pid for pid in workers if alive(pid)}:
        assert time.monotonic() < until, f"{left} are left over"
