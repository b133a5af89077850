"""kill -9, a full or failing disk, power loss, many writers: the old or the new index answers, whole."""

import random
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from faults import (
    NEW,
    OLD,
    Outcome,
    Program,
    RealCommand,
    SmallBuild,
    calls_inside,
    cut_power,
    make_image,
    mounted,
    need_strace,
    outcome_of,
    run,
    run_with_fault,
    start,
)

from indexer.engines.whoosh.generations import Generations

WRITES = ("write", "fsync", "rename")
CHANGES = (*WRITES, "mkdir", "chmod", "ftruncate", "unlinkat", "rmdir")
KILLS = 200


@pytest.fixture(params=["small", "command"])
def program(request: pytest.FixtureRequest, tmp_path: Path) -> Program:
    return SmallBuild() if request.param == "small" else RealCommand(tmp_path / "corpora")


@pytest.fixture
def old_index(program: Program, tmp_path: Path) -> Path:
    """An index folder that answers with the old version, to be copied."""
    root = tmp_path / "old"
    assert run(program.command(root, OLD)) == Outcome(0, "")
    assert program.answer(root) == OLD
    return root


def copy(index: Path, root: Path) -> Path:
    shutil.rmtree(root, ignore_errors=True)
    return shutil.copytree(index, root)


def require_next_rebuild_works(program: Program, root: Path) -> None:
    assert run(program.command(root, NEW)) == Outcome(0, "")
    assert program.answer(root) == NEW
    require_swept(root)


def require_swept(root: Path) -> None:
    names = sorted(path.name for path in (root / "generations").iterdir())
    assert not [name for name in names if name.startswith(".")]
    assert len(names) <= 2
    assert sorted(path.name for path in root.iterdir()) == ["CURRENT", "LOCK", "generations"]


def require_one_line_and_old_index(program: Program, root: Path, outcome: Outcome) -> None:
    assert outcome.code == 1, outcome.errors
    assert outcome.errors.count("\n") == 1
    assert "Traceback" not in outcome.errors
    assert "(run: profile-search rebuild)" in outcome.errors
    assert program.answer(root) == OLD
    require_swept(root)


# kill -9


@pytest.mark.slow
def test_kill_at_every_call_that_changes_the_disk_leaves_old_or_new(
    program: Program, old_index: Path, tmp_path: Path
) -> None:
    need_strace(tmp_path)
    root, log = tmp_path / "index", tmp_path / "log"
    command = program.command(copy(old_index, root), NEW)
    calls = calls_inside(program, root, CHANGES, program.calls_tried)
    answers = set()
    for call in calls:
        copy(old_index, root)
        outcome = run_with_fault(command, call, "signal=KILL", log)
        assert outcome.injected, call
        answer = program.answer(root)
        answers.add(answer)
        require_next_rebuild_works(program, root)
    assert answers == {OLD, NEW}
    assert {call.name for call in calls} >= {*WRITES, "mkdir"}


@pytest.mark.slow
def test_kill_of_the_first_build_at_every_call_leaves_nothing_or_all(program: Program, tmp_path: Path) -> None:
    need_strace(tmp_path)
    root, log = tmp_path / "index", tmp_path / "log"
    command = program.command(root, NEW)
    for call in calls_inside(program, root, WRITES, program.calls_tried):
        shutil.rmtree(root)
        assert run_with_fault(command, call, "signal=KILL", log).injected, call
        if Generations(root, "v1").stamp() is not None:
            assert program.answer(root) == NEW
        require_next_rebuild_works(program, root)


def wait_for_lock(root: Path, process: subprocess.Popen[str]) -> None:
    """Return when the program has begun to write, or has ended."""
    while process.poll() is None and (root / "LOCK").stat().st_size == 0:
        time.sleep(0.0005)


def seconds_of_writing(program: Program, root: Path) -> float:
    with start(program.command(root, OLD)) as process:
        wait_for_lock(root, process)
        begun = time.monotonic()
        assert process.wait() == 0
    return time.monotonic() - begun


@pytest.mark.slow
def test_kill_at_200_random_moments_leaves_old_or_new(program: Program, old_index: Path) -> None:
    longest, moments, killed, answer = seconds_of_writing(program, old_index), random.Random(7), 0, OLD
    for _ in range(KILLS):
        wanted = NEW if answer == OLD else OLD
        (old_index / "LOCK").write_bytes(b"")  # the record of the killed owner would look like a new one
        with start(program.command(old_index, wanted)) as process:
            wait_for_lock(old_index, process)
            time.sleep(moments.uniform(0, longest))
            process.kill()
            killed += process.wait() == -9
        assert program.answer(old_index) in (answer, wanted)
        answer = program.answer(old_index)
    assert killed > KILLS / 2
    require_next_rebuild_works(program, old_index)


# A disk that fails


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["error=EIO", "error=ENOSPC", "error=EROFS", "error=EDQUOT"])
def test_failing_write_fsync_or_rename_is_one_line_and_keeps_the_old_index(
    program: Program, old_index: Path, tmp_path: Path, fault: str
) -> None:
    need_strace(tmp_path)
    root, log = tmp_path / "index", tmp_path / "log"
    command = program.command(copy(old_index, root), NEW)
    for call in calls_inside(program, root, (*WRITES, "mkdir", "chmod"), program.calls_tried):
        copy(old_index, root)
        outcome = run_with_fault(command, call, fault, log)
        assert outcome.injected, call
        require_one_line_and_old_index(program, root, outcome)


@pytest.mark.slow
def test_short_write_is_one_line_and_keeps_the_old_index(program: Program, old_index: Path, tmp_path: Path) -> None:
    need_strace(tmp_path)
    root, log = tmp_path / "index", tmp_path / "log"
    command = program.command(copy(old_index, root), NEW)
    for call in calls_inside(program, root, ("write",), 5 * program.calls_tried):
        copy(old_index, root)
        outcome = run_with_fault(command, call, "retval=1", log)
        assert outcome.injected, call
        if outcome.code:  # a write of one byte is not short
            require_one_line_and_old_index(program, root, outcome)
        else:
            assert program.answer(root) == NEW


@pytest.mark.slow
def test_full_disk_is_one_line_and_keeps_the_old_index(program: Program, old_index: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    root, filler = disk / "index", disk / "filler"
    codes = []
    with mounted(disk, "-t", "tmpfs", "-o", "size=4m", "tmpfs"):
        for free_pages in (0, 1, 2, 3, *range(5, 160, 11)):
            copy(old_index, root)
            filler.write_bytes(b"x" * (shutil.disk_usage(disk).free - free_pages * 4096))
            outcome = run(program.command(root, NEW))
            codes.append(outcome.code)
            if outcome.code:
                require_one_line_and_old_index(program, root, outcome)
                assert "make room on that disk" in outcome.errors
            filler.unlink()
            require_next_rebuild_works(program, root)
    assert set(codes) == {0, 1}


@pytest.mark.slow
def test_read_only_disk_is_one_line_and_still_answers(program: Program, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    root = disk / "index"
    with mounted(disk, "-t", "tmpfs", "-o", "size=4m", "tmpfs"):
        assert run(program.command(root, OLD)) == Outcome(0, "")
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        outcome = run(program.command(root, NEW))
        require_one_line_and_old_index(program, root, outcome)
        assert "mount it writable" in outcome.errors
        first = run(program.command(disk / "another", NEW))
    assert first.code == 1
    assert first.errors.count("\n") == 1


# Power loss


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ext4", "xfs"])
def test_power_loss_after_a_rebuild_keeps_the_new_index(program: Program, tmp_path: Path, kind: str) -> None:
    image, disk = tmp_path / "image", tmp_path / "disk"
    make_image(image, kind)
    with mounted(disk, "-o", "loop", str(image)):
        assert run(program.command(disk / "deep" / "index", OLD)) == Outcome(0, "")
    for version in (NEW, OLD, NEW):
        with mounted(disk, "-o", "loop", str(image)):
            assert run(program.command(disk / "deep" / "index", version)) == Outcome(0, "")
            (disk / "lost").write_text("nobody called fsync")
            cut_power(disk)
        with mounted(disk, "-o", "loop", str(image)):
            assert not (disk / "lost").exists()
            assert program.answer(disk / "deep" / "index") == version


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ext4", "xfs"])
def test_power_loss_after_the_very_first_build_keeps_it(program: Program, tmp_path: Path, kind: str) -> None:
    image, disk = tmp_path / "image", tmp_path / "disk"
    make_image(image, kind)
    with mounted(disk, "-o", "loop", str(image)):
        assert run(program.command(disk / "deep" / "index", NEW)) == Outcome(0, "")
        (disk / "lost").write_text("nobody called fsync")
        cut_power(disk)
    with mounted(disk, "-o", "loop", str(image)):
        assert not (disk / "lost").exists()
        assert program.answer(disk / "deep" / "index") == NEW


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ext4", "xfs"])
def test_power_loss_during_a_rebuild_leaves_old_or_new(program: Program, tmp_path: Path, kind: str) -> None:
    image, disk = tmp_path / "image", tmp_path / "disk"
    root = disk / "index"
    make_image(image, kind)
    with mounted(disk, "-o", "loop", str(image)):
        assert run(program.command(root, OLD)) == Outcome(0, "")
        longest, moments = seconds_of_writing(program, root), random.Random(7)
    for _ in range(8):
        with mounted(disk, "-o", "loop", str(image)):
            assert run(program.command(root, OLD)) == Outcome(0, "")
            with start(program.command(root, NEW)) as process:
                wait_for_lock(root, process)
                time.sleep(moments.uniform(0, longest))
                cut_power(disk)
                outcome = outcome_of(process)
            assert (outcome.code, outcome.errors.count("\n")) in ((0, 0), (1, 1)), outcome.errors
        with mounted(disk, "-o", "loop", str(image)):
            assert program.answer(root) in ((OLD, NEW) if outcome.code else (NEW,))
            require_next_rebuild_works(program, root)


# Many writers


@pytest.mark.slow
@pytest.mark.parametrize("writers", [2, 5])
def test_writers_at_once_publish_one_after_another(program: Program, old_index: Path, writers: int) -> None:
    processes = [start(program.command(old_index, version)) for version in (NEW, OLD, NEW, OLD, NEW)[:writers]]
    answers = set()
    while any(process.poll() is None for process in processes):
        answers.add(program.answer(old_index))
    assert [outcome_of(process) for process in processes] == [Outcome(0, "")] * writers
    assert answers <= {OLD, NEW}
    require_next_rebuild_works(program, old_index)


# Damage


@pytest.mark.slow
def test_flipped_byte_in_any_file_is_told_in_one_line_or_changes_no_answer(tmp_path: Path) -> None:
    program, root, places = RealCommand(tmp_path / "corpora"), tmp_path / "index", random.Random(7)
    assert run(program.command(root, NEW)).code == 0
    told = 0
    for path in sorted(path for path in root.rglob("*") if path.is_file() and path.stat().st_size):
        good = path.read_bytes()
        place = places.randrange(len(good))
        path.write_bytes(good[:place] + bytes([good[place] ^ 1 << places.randrange(8)]) + good[place + 1 :])
        found = program.search(root)
        if found.returncode:
            told += 1
            assert found.returncode == 1
            assert found.stderr.count("\n") == 1
            assert "(run: profile-search rebuild)" in found.stderr
        else:
            assert program.answer(root) == NEW
        path.write_bytes(good)
    assert told


@pytest.mark.slow
def test_flipped_byte_falls_back_to_the_index_before_and_says_so(tmp_path: Path) -> None:
    program, root = RealCommand(tmp_path / "corpora"), tmp_path / "index"
    for version in (OLD, NEW):
        assert run(program.command(root, version)).code == 0
    newest = max((root / "generations").iterdir())
    largest = max(newest.iterdir(), key=lambda path: path.stat().st_size)
    largest.write_bytes(b"x" + largest.read_bytes()[1:])
    assert program.answer(root) == OLD
    assert "answering from the generation before" in program.search(root).stderr
