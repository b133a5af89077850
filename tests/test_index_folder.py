"""Index folders that cannot be used, and those that somebody else could write."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from faults import NEW, OLD, Outcome, RealCommand, run
from small_generations import publish, state, words
from unprivileged import IS_ROOT, folder_of_nobody, run_unprivileged

from indexer.cli import main
from indexer.engines.whoosh.generations import Generations
from indexer.errors import IndexUnsafe, OperatorError, StorageFailed


@pytest.fixture
def generations(tmp_path: Path) -> Generations:
    return Generations(tmp_path / "index", "v1", wait=0)


def test_missing_parents_are_made(tmp_path: Path) -> None:
    generations = Generations(tmp_path / "a" / "b" / "index", "v1")
    publish(generations, "one")
    assert words(generations) == "one"


def test_index_folder_may_be_a_link_to_a_folder(generations: Generations, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "index").symlink_to("disk")
    publish(generations, "one")
    assert words(generations) == "one"


def make_file(root: Path) -> None:
    root.write_text("mine")


def make_loop(root: Path) -> None:
    root.symlink_to(root)


def make_dangling(root: Path) -> None:
    root.symlink_to("nowhere")


def make_file_inside(root: Path) -> None:
    root.mkdir()
    (root / "generations").write_text("mine")


def make_lock_folder(root: Path) -> None:
    (root / "LOCK").mkdir(parents=True)


@pytest.mark.parametrize("make", [make_file, make_loop, make_dangling, make_file_inside, make_lock_folder])
def test_something_in_the_way_is_one_line_for_writer_and_reader(
    generations: Generations, tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "index")
    for attempt in (lambda: publish(generations, "one"), generations.current):
        with pytest.raises(OperatorError) as caught:
            attempt()
        assert "\n" not in str(caught.value)
        assert "(run: profile-search rebuild)" in str(caught.value)
    assert generations.status().state in ("missing", "corrupt")


def test_error_of_a_file_outside_the_index_passes_unchanged(generations: Generations, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), generations.begin():
        (tmp_path / "profile.md").read_text()


def test_error_of_a_file_inside_the_index_is_a_storage_failure(generations: Generations) -> None:
    with (
        pytest.raises(StorageFailed, match="cannot be written: No such file or directory"),
        generations.begin() as draft,
    ):
        (draft.path / "gone" / "words").write_text("one")


READ_ONLY = [".", "generations"]
"""Folders that a rebuild has to write."""


def refuse_read_only(root: Path, entry: str) -> None:
    """Of a user who may not write everything."""
    generations = Generations(root, "v1", wait=0)
    publish(generations, "one")
    (root / "LOCK").unlink()
    (root / entry).chmod(0o555)
    with pytest.raises(StorageFailed, match="cannot be written: Permission denied; let this user in"):
        publish(generations, "two")
    assert words(generations) == "one"
    (root / entry).chmod(0o755)
    publish(generations, "two")
    assert words(generations) == "two"


@pytest.mark.parametrize("entry", READ_ONLY)
def test_folder_without_write_permission_is_one_line_and_still_answers(entry: str) -> None:
    with folder_of_nobody() as folder:
        run_unprivileged(refuse_read_only, folder / "index", entry)


def refuse_index_of_root(program: RealCommand, root: Path) -> None:
    """Of a user who finds an index that only root may write: it is read, not written."""
    assert program.answer(root) == OLD
    result = CliRunner().invoke(main, program.arguments(root, NEW))
    assert isinstance(result.exception, SystemExit)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "cannot be written: Permission denied; let this user in" in result.stderr
    assert program.answer(root) == OLD


@pytest.mark.skipif(not IS_ROOT, reason="only root can leave an index of root's behind")
def test_index_of_root_answers_another_user_who_may_not_rebuild_it() -> None:
    with folder_of_nobody() as folder:
        program, root = RealCommand(folder / "corpora"), folder / "index"
        assert run(program, root, OLD) == Outcome(0, "")
        run_unprivileged(refuse_index_of_root, program, root)


WRITABLE = [".", "CURRENT", "CURRENT.copy", "generations", "generations/{id}", "generations/{id}/words",
            "generations/{id}/part", "generations/{id}/part/empty", "generations/{id}/manifest.json"]  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="mode bits say nothing there")
@pytest.mark.parametrize("mode", [0o020, 0o002])
@pytest.mark.parametrize("entry", WRITABLE)
def test_entry_writable_by_others_is_refused_with_the_chmod_that_helps(
    generations: Generations, tmp_path: Path, entry: str, mode: int
) -> None:
    root = tmp_path / "index"
    path = root / entry.format(id=publish(generations, "one").id)
    path.chmod(path.stat().st_mode | mode)
    with pytest.raises(IndexUnsafe, match=f"run: chmod -R go-w {root}"):
        words(generations)
    assert state(generations)[0] == "corrupt"
    assert "can be written by others" in state(generations)[1]
    subprocess.run(["chmod", "-R", "go-w", root], check=True)
    assert words(generations) == "one"


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="giving files away needs root")
@pytest.mark.parametrize("entry", WRITABLE)
def test_entry_of_another_user_is_refused_with_the_chown_that_helps(
    generations: Generations, tmp_path: Path, entry: str
) -> None:
    root = tmp_path / "index"
    path = root / entry.format(id=publish(generations, "one").id)
    os.chown(path, 12345, -1)
    with pytest.raises(IndexUnsafe, match=rf"user \(number 12345\).+run: chown -R 0 {root}"):
        words(generations)


@pytest.mark.parametrize("entry", WRITABLE[1:])
def test_link_inside_the_index_is_refused(generations: Generations, tmp_path: Path, entry: str) -> None:
    path = tmp_path / "index" / entry.format(id=publish(generations, "one").id)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(IndexUnsafe, match="is a symbolic link"):
        words(generations)


def test_unsafe_folder_is_not_written_either(generations: Generations, tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    (tmp_path / "index").chmod(0o777)
    with pytest.raises(IndexUnsafe, match="chmod"):
        publish(generations, "one")
