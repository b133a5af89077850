"""kill -9 and a disk that fails: the old or the new index answers, whole, and the next rebuild works."""

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from faults import (
    NEW,
    OLD,
    REPEATABLE,
    Outcome,
    Program,
    RealCommand,
    SmallBuild,
    require_next_rebuild_works,
    require_one_line_and_old_index,
    run,
    seconds_of_writing,
    started,
    wait_for_lock,
)
from tracing import calls_inside, need_strace, run_with_fault

from indexer.engines.whoosh.generations import Generations

pytestmark = pytest.mark.slow

WRITES = ("write", "fsync", "rename")
CHANGES = (*WRITES, "mkdir", "chmod", "ftruncate", "unlinkat", "rmdir")
KILLS = 200


@pytest.fixture(scope="module", autouse=True)
def repeatable() -> None:
    """What the processes of these tests inherit."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in REPEATABLE.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(params=["small", "command"])
def program(request: pytest.FixtureRequest, quick: Path) -> Program:
    return SmallBuild() if request.param == "small" else RealCommand(quick / "corpora")


@pytest.fixture
def old_index(program: Program, quick: Path) -> Path:
    """An index folder that answers with the old version, to be copied."""
    root = quick / "old"
    assert run(program, root, OLD) == Outcome(0, "")
    assert program.answer(root) == OLD
    return root


def copy(index: Path, root: Path) -> Path:
    shutil.rmtree(root, ignore_errors=True)
    return shutil.copytree(index, root)


# kill -9


def test_kill_at_every_call_that_changes_the_disk_leaves_old_or_new(
    program: Program, old_index: Path, quick: Path
) -> None:
    need_strace(quick)
    root = copy(old_index, quick / "index")
    calls = calls_inside(program, root, CHANGES, program.calls_tried)
    answers = set()
    for call in calls:
        copy(old_index, root)
        outcome = run_with_fault(program, root, call, "signal=KILL")
        assert outcome.injected, call
        answers.add(program.answer(root))
        require_next_rebuild_works(program, root)
    assert answers == {OLD, NEW}
    assert {call.name for call in calls} >= {*WRITES, "mkdir"}


def test_kill_of_the_first_build_at_every_call_leaves_nothing_or_all(program: Program, quick: Path) -> None:
    need_strace(quick)
    root = quick / "index"
    for call in calls_inside(program, root, WRITES, program.calls_tried):
        shutil.rmtree(root)
        assert run_with_fault(program, root, call, "signal=KILL").injected, call
        if Generations(root, "v1").stamp() is not None:
            assert program.answer(root) == NEW
        require_next_rebuild_works(program, root)


def test_200_kills_at_random_moments_leave_old_or_new(quick: Path) -> None:
    program, root, moments = RealCommand(quick / "corpora"), quick / "index", random.Random(7)
    assert run(program, root, OLD) == Outcome(0, "")
    shortest, killed, answers = seconds_of_writing(program, root), 0, [OLD]
    while killed < KILLS:
        wanted = NEW if answers[-1] == OLD else OLD
        (root / "LOCK").write_bytes(b"")  # the record of the killed owner would look like a new one
        attempt = started(program, root, wanted)
        wait_for_lock(root, attempt)
        attempt.wait(moments.uniform(0, 1.5 * shortest))
        killed += attempt.kill().code == -9  # the others were done before
        answers.append(program.answer(root))
        assert answers[-1] in (answers[-2], wanted)
        assert len(answers) < 5 * KILLS
    assert set(answers) == {OLD, NEW}
    require_next_rebuild_works(program, root)


# A disk that fails


@pytest.mark.parametrize("fault", ["error=EIO", "error=ENOSPC", "error=EROFS", "error=EDQUOT"])
def test_failing_write_fsync_or_rename_is_one_line_and_keeps_the_old_index(
    program: Program, old_index: Path, quick: Path, fault: str
) -> None:
    need_strace(quick)
    root = copy(old_index, quick / "index")
    for call in calls_inside(program, root, (*WRITES, "mkdir", "chmod"), program.calls_tried):
        copy(old_index, root)
        outcome = run_with_fault(program, root, call, fault)
        assert outcome.injected, call
        require_one_line_and_old_index(program, root, outcome)


def test_short_write_is_one_line_and_keeps_the_old_index(program: Program, old_index: Path, quick: Path) -> None:
    need_strace(quick)
    root = copy(old_index, quick / "index")
    for call in calls_inside(program, root, ("write",), 5 * program.calls_tried):
        copy(old_index, root)
        outcome = run_with_fault(program, root, call, "retval=1")
        assert outcome.injected, call
        if outcome.code:  # a write of one byte is not short
            require_one_line_and_old_index(program, root, outcome)
        else:
            assert program.answer(root) == NEW


@pytest.mark.parametrize(
    ("fault", "code"), [("fsync:error=EIO", 1), ("rename:error=ENOSPC", 1), ("rename:signal=KILL", -9)]
)
def test_command_in_a_python_of_its_own_meets_the_fault_too(quick: Path, fault: str, code: int) -> None:
    need_strace(quick)
    program, root, log = RealCommand(quick / "corpora"), quick / "index", quick / "log"
    assert run(program, root, OLD).code == 0
    injected = [
        "strace",
        "-f",
        "-qq",
        "-o",
        str(log),
        "-e",
        f"trace={fault.partition(':')[0]}",
        "-e",
        f"inject={fault}",
    ]
    command = [*injected, sys.executable, "-m", "indexer", *program.arguments(root, NEW)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert "(INJECTED)" in log.read_text() or "killed by SIGKILL" in log.read_text()
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert program.answer(root) == OLD
    require_next_rebuild_works(program, root)
