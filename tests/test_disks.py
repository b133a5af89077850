"""Full and read-only disks, and power that fails: one clear line, and an index that is whole."""

import random
import shutil
import subprocess
from pathlib import Path

import pytest
from disks import Disk, mounted
from faults import (
    NEW,
    OLD,
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

pytestmark = pytest.mark.slow

POWER_CUTS = 8
TMPFS = ("-t", "tmpfs", "-o", "size=4m", "tmpfs")


@pytest.fixture(params=["small", "command"])
def program(request: pytest.FixtureRequest, tmp_path: Path) -> Program:
    return SmallBuild() if request.param == "small" else RealCommand(tmp_path / "corpora")


@pytest.fixture(params=["ext4", "xfs"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Disk:
    return Disk.make(tmp_path, request.param)


def test_full_disk_is_one_line_and_keeps_the_old_index(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    root, old, filler = folder / "index", tmp_path / "old", folder / "filler"
    assert run(program, old, OLD).code == 0
    codes = []
    with mounted(folder, *TMPFS):
        for free_pages in (0, 1, 2, 3, *range(5, 160, 11)):
            shutil.rmtree(root, ignore_errors=True)
            shutil.copytree(old, root)
            filler.write_bytes(b"x" * (shutil.disk_usage(folder).free - free_pages * 4096))
            outcome = run(program, root, NEW)
            codes.append(outcome.code)
            if outcome.code:
                require_one_line_and_old_index(program, root, outcome)
                assert "make room on that disk" in outcome.errors
            filler.unlink()
            require_next_rebuild_works(program, root)
    assert set(codes) == {0, 1}


def test_read_only_disk_is_one_line_and_still_answers(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    root = folder / "index"
    with mounted(folder, *TMPFS):
        assert run(program, root, OLD) == Outcome(0, "")
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        outcome = run(program, root, NEW)
        require_one_line_and_old_index(program, root, outcome)
        assert "mount it writable" in outcome.errors
        first = run(program, folder / "another", NEW)
    assert first.code == 1
    assert first.errors.count("\n") == 1


def test_power_loss_after_a_rebuild_keeps_the_new_index_be_it_the_first(program: Program, disk: Disk) -> None:
    root, lost = disk.folder / "deep" / "index", disk.folder / "lost"
    for version in (OLD, NEW, OLD):
        with disk.plugged():
            assert run(program, root, version) == Outcome(0, "")
            lost.write_text("nobody called fsync")
            disk.cut_power()
        with disk.plugged():
            assert not lost.exists()
            assert sound_answer(program, root) == version


def test_power_loss_during_a_rebuild_leaves_old_or_new(program: Program, disk: Disk) -> None:
    root, moments = disk.folder / "index", random.Random(7)
    with disk.plugged():
        assert run(program, root, OLD) == Outcome(0, "")
        shortest = seconds_of_writing(program, root)
    for _ in range(POWER_CUTS):
        with disk.plugged():
            assert run(program, root, OLD) == Outcome(0, "")
            attempt = started(program, root, NEW)
            wait_for_lock(root, attempt)
            attempt.wait(moments.uniform(0, 1.5 * shortest))
            disk.cut_power()
            outcome = attempt.outcome()
            assert (outcome.code, outcome.errors.count("\n")) in ((0, 0), (1, 1)), outcome.errors
        with disk.plugged():
            assert sound_answer(program, root) in ((OLD, NEW) if outcome.code else (NEW,))
            require_next_rebuild_works(program, root)
