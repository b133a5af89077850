"""kill -9 and a disk that fails: the old or the new index answers, whole, and the next rebuild works."""

import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import cycle, product
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
    sound_answer,
    started,
    wait_for_lock,
)
from tracing import Call, calls_inside, need_strace, run_with_fault, sample

from indexer.engines.whoosh.generations import Generations

pytestmark = pytest.mark.slow

PUBLISHES = ("rename", "fsync")
OTHERS = ("write", "mkdir", "chmod", "ftruncate", "unlinkat", "rmdir")
ERRORS = ("EIO", "ENOSPC", "EROFS", "EDQUOT")
KILLS = 200
SHORT_WRITES = 24


@pytest.fixture(scope="module", autouse=True)
def repeatable() -> Iterator[None]:
    """What the processes of these tests inherit."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in REPEATABLE.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder for what the tests of a program share."""
    with tempfile.TemporaryDirectory(prefix="profile-search-") as folder:
        yield Path(folder)


@pytest.fixture(scope="module", params=["small", "command"])
def program(request: pytest.FixtureRequest, place: Path) -> Program:
    return SmallBuild() if request.param == "small" else RealCommand(place / "corpora")


@pytest.fixture(scope="module")
def old_index(program: Program, place: Path) -> Path:
    """An index folder that answers with the old version, to be copied."""
    root = place / type(program).__name__ / "old"
    root.parent.mkdir()
    assert run(program, root, OLD) == Outcome(0, "")
    assert sound_answer(program, root) == OLD
    return root


@pytest.fixture(scope="module")
def calls(program: Program, old_index: Path) -> list[Call]:
    """Every call that changes the disk while the program replaces the old index."""
    need_strace(old_index.parent)
    made = calls_inside(program, copy(old_index, old_index.with_name("traced")), (*PUBLISHES, *OTHERS))
    print(f"{type(program).__name__} calls", dict(Counter(call.name for call in made)))
    return made


def copy(index: Path, root: Path) -> Path:
    shutil.rmtree(root, ignore_errors=True)
    return shutil.copytree(index, root)


def entries_of_newest(root: Path) -> int:
    """How many files and folders the newest generation has."""
    return len(list(max((root / "generations").iterdir()).rglob("*")))


# kill -9


def test_kill_at_every_rename_and_fsync_and_at_other_calls_leaves_old_or_new(
    program: Program, old_index: Path, calls: list[Call], tmp_path: Path
) -> None:
    root, answers = tmp_path / "index", set()
    every = [call for call in calls if call.name in PUBLISHES]
    for call in every + sample(calls, OTHERS, program.calls_tried):
        copy(old_index, root)
        outcome = run_with_fault(program, root, call, "signal=KILL")
        assert (outcome.code, outcome.injected) == (-9, 1), call
        answers.add(sound_answer(program, root))
        require_next_rebuild_works(program, root)
    assert answers == {OLD, NEW}
    assert {call.name for call in calls} >= {*PUBLISHES, "write", "mkdir"}
    assert len(every) > entries_of_newest(root)  # each file and folder of a generation is synchronised


def test_kill_of_the_first_build_at_every_call_leaves_nothing_or_all(program: Program, tmp_path: Path) -> None:
    need_strace(tmp_path)
    root = tmp_path / "index"
    names = (*PUBLISHES, "write")
    for call in sample(calls_inside(program, root, names), names, program.calls_tried):
        shutil.rmtree(root)
        assert run_with_fault(program, root, call, "signal=KILL").injected, call
        if Generations(root, "v1").stamp() is not None:
            assert sound_answer(program, root) == NEW
        require_next_rebuild_works(program, root)


def test_200_kills_at_random_moments_leave_old_or_new(tmp_path: Path) -> None:
    program, root, moments = RealCommand(tmp_path / "corpora"), tmp_path / "index", random.Random(7)
    assert run(program, root, OLD) == Outcome(0, "")
    longest, killed, answers = 1.5 * seconds_of_writing(program, root), 0, [OLD]
    while killed < KILLS:
        wanted = NEW if answers[-1] == OLD else OLD
        (root / "LOCK").write_bytes(b"")  # the record of the killed owner would look like a new one
        attempt = started(program, root, wanted)
        wait_for_lock(root, attempt)
        attempt.wait(moments.uniform(0, longest))
        in_time = attempt.kill().code == -9
        killed += in_time
        longest *= 1.1 if in_time else 0.8  # a third is done before its kill, however busy the machine becomes
        answers.append(sound_answer(program, root))
        assert answers[-1] in (answers[-2], wanted)
        assert len(answers) < 5 * KILLS
    assert set(answers) == {OLD, NEW}
    require_next_rebuild_works(program, root)


# A disk that fails


def test_failing_call_is_one_line_and_keeps_the_old_index(
    program: Program, old_index: Path, calls: list[Call], tmp_path: Path
) -> None:
    """Every rename meets every error, the other calls that are tried meet one after another."""
    root, met = tmp_path / "index", set()
    renames = [call for call in calls if call.name == "rename"]
    others = sample(calls, ("fsync", "write", "mkdir", "chmod"), 2 * program.calls_tried)
    for call, error in (*product(renames, ERRORS), *zip(others, cycle(ERRORS), strict=False)):
        copy(old_index, root)
        outcome = run_with_fault(program, root, call, f"error={error}")
        assert outcome.injected, (call, error)
        require_one_line_and_old_index(program, root, outcome)
        met.add((call.name, error))
    assert met >= set(product((*PUBLISHES, "write"), ERRORS))


def test_short_write_is_one_line_and_keeps_the_old_index(
    program: Program, old_index: Path, calls: list[Call], tmp_path: Path
) -> None:
    root, codes = tmp_path / "index", []
    for call in sample(calls, ("write",), SHORT_WRITES):
        copy(old_index, root)
        outcome = run_with_fault(program, root, call, "retval=1")
        assert outcome.injected, call
        codes.append(outcome.code)
        if outcome.code:  # a write of one byte is not short
            require_one_line_and_old_index(program, root, outcome)
        else:
            assert sound_answer(program, root) == NEW
    assert codes.count(1) > len(codes) // 2


@pytest.mark.parametrize(
    ("fault", "code"), [("fsync:error=EIO", 1), ("rename:error=ENOSPC", 1), ("rename:signal=KILL", -9)]
)
def test_command_in_a_python_of_its_own_meets_the_fault_too(tmp_path: Path, fault: str, code: int) -> None:
    need_strace(tmp_path)
    program, root, log = RealCommand(tmp_path / "corpora"), tmp_path / "index", tmp_path / "log"
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
    assert sound_answer(program, root) == OLD
    require_next_rebuild_works(program, root)
