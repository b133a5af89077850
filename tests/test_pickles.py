"""Whoosh loads pickles, and a pickle is a program: none is loaded from an index that somebody else could write."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from faults import OLD, RealCommand
from unprivileged import IS_ROOT, NOBODY, folder_of_nobody, run_unprivileged
from whoosh.index import TOC

from indexer.cli import main
from indexer.engines.whoosh.library import FileIndex, FileStorage, Schema

STRANGER = 12_345
WHOOSH = "index/generations/*/whoosh"
ENTRIES = ["index", WHOOSH, f"{WHOOSH}/*.toc"]
COMMANDS = ["search metal", "status", "rebuild"]


class Planted:
    """Makes a folder when a pickle of it is loaded."""

    def __init__(self, proof: Path) -> None:
        self._proof = proof

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self._proof),)


def the(folder: Path, pattern: str) -> Path:
    """The one path there that looks so."""
    (path,) = folder.glob(pattern)
    return path


def load_as_whoosh_does(folder: Path) -> None:
    FileIndex(FileStorage(str(the(folder, WHOOSH))), indexname="MAIN")


def plant(folder: Path) -> None:
    """An index of this user, with a planted pickle where Whoosh, left to itself, loads one."""
    program, proof = RealCommand(folder / "corpora"), folder / "proof"
    assert CliRunner().invoke(main, program.arguments(folder / "index", OLD)).exit_code == 0
    toc = the(folder, f"{WHOOSH}/*.toc")
    generation = int(toc.stem.rpartition("_")[2])
    toc.unlink()
    TOC(Schema(), Planted(proof), generation).write(FileStorage(str(the(folder, WHOOSH))), "MAIN")
    load_as_whoosh_does(folder)
    proof.rmdir()  # and it works


def call(folder: Path, command: str) -> Result:
    """A command line on the planted index, which loads nothing of it."""
    where = ["--index", str(folder / "index")]
    where += ["--corpus", str(folder / "corpora" / OLD)] if command == "rebuild" else []
    result = CliRunner().invoke(main, [*command.split(), *where])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert not (folder / "proof").exists()
    return result


def require_refusal(folder: Path, said: str) -> None:
    """Nothing answers, and why is said; a rebuild refuses too, or takes nothing over from what it finds."""
    for command in COMMANDS:
        result = call(folder, command)
        if command != "rebuild" or result.exit_code:
            assert result.exit_code == 1
            assert said in result.output
            assert f"{folder / 'index'}" in result.output
        else:
            assert "3 analysed, 0 unchanged" in result.output


def refuse_writable(folder: Path, entry: str) -> None:
    plant(folder)
    path = the(folder, entry)
    path.chmod(path.stat().st_mode | 0o002)
    require_refusal(folder, "can be written by others, who could plant code in it")


def find_it_corrupt(folder: Path) -> None:
    plant(folder)
    assert "_MAIN_1.toc" in call(folder, "search metal").stderr
    assert "corrupt" in call(folder, "status").stdout
    assert call(folder, "rebuild").exit_code == 0
    load_as_whoosh_does(folder)
    assert not (folder / "proof").exists()


def call_here(work: Callable[..., None], *arguments: object) -> None:
    work(*arguments)


AS_ANY_USER = pytest.mark.parametrize("run_as", [call_here, run_unprivileged])


@AS_ANY_USER
@pytest.mark.parametrize("entry", ENTRIES)
def test_no_pickle_is_loaded_from_what_others_can_write(run_as: Callable[..., None], entry: str) -> None:
    with folder_of_nobody() as folder:
        run_as(refuse_writable, folder, entry)


@pytest.mark.skipif(not IS_ROOT, reason="giving files away needs root")
@AS_ANY_USER
@pytest.mark.parametrize("entry", ENTRIES)
def test_no_pickle_is_loaded_from_what_belongs_to_another(run_as: Callable[..., None], entry: str) -> None:
    with folder_of_nobody() as folder:
        plant(folder)
        if run_as is run_unprivileged:
            for path in folder.rglob("*"):
                os.chown(path, NOBODY, NOBODY)
        os.chown(the(folder, entry), STRANGER, -1)
        run_as(require_refusal, folder, f"belongs to another user (number {STRANGER})")


@AS_ANY_USER
def test_pickle_planted_in_an_index_of_ones_own_is_not_loaded_either(run_as: Callable[..., None]) -> None:
    with folder_of_nobody() as folder:
        run_as(find_it_corrupt, folder)
