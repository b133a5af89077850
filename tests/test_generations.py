"""Generations on disk: published, opened, rolled back, by one writer at a time."""

import os
import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from small_generations import DIGEST, accept, damage_changed, inside, kept_words, publish, words
from unprivileged import folder_of_nobody, run_unprivileged

from indexer.engines.whoosh.generations import Generations
from indexer.engines.whoosh.manifest import Manifest
from indexer.errors import IndexBusy, IndexCorrupt, IndexMissing, StorageFailed


@pytest.fixture
def generations(tmp_path: Path) -> Generations:
    return Generations(tmp_path / "index", "v1", wait=0)


# Publishing


def test_published_folder_is_current_with_its_facts(generations: Generations) -> None:
    manifest = publish(generations, "one")
    assert words(generations) == "one"
    assert generations.current() == manifest
    assert manifest.facts == {"profiles": 3}
    assert manifest.size_bytes == 3
    assert set(manifest.files) == {"words", "part/empty"}


def test_ids_of_three_quick_publishes_differ_and_sort_in_time(generations: Generations) -> None:
    ids = [publish(generations, text).id for text in ("one", "two", "three")]
    assert ids == sorted(set(ids))
    assert all(name.endswith("Z-0123abcd") for name in ids)


def test_third_publish_keeps_the_second_and_removes_the_first(generations: Generations, tmp_path: Path) -> None:
    ids = [publish(generations, text).id for text in ("one", "two", "three")]
    assert inside(tmp_path / "index") == ids[1:]


def test_previous_generation_opens_by_its_id_while_it_is_kept(generations: Generations) -> None:
    first = publish(generations, "one").id
    publish(generations, "two")
    assert kept_words(generations, first) == "one"
    publish(generations, "three")
    assert kept_words(generations, first) is None


def test_damaged_generation_does_not_open_by_its_id(generations: Generations, tmp_path: Path) -> None:
    first = publish(generations, "one").id
    publish(generations, "two")
    damage_changed(tmp_path / "index" / "generations" / first)
    assert kept_words(generations, first) is None


@pytest.mark.parametrize("name", ["../../etc", "", "CURRENT", "\0", "20261125T022331.000Z-00000000"])
def test_id_that_never_was_opens_nothing(generations: Generations, name: str) -> None:
    publish(generations, "one")
    assert kept_words(generations, name) is None


def test_leaving_without_publish_discards_everything(generations: Generations, tmp_path: Path) -> None:
    publish(generations, "one")
    with generations.begin() as draft:
        (draft.path / "words").write_text("two")
    assert not draft.path.exists()
    assert len(inside(tmp_path / "index")) == 1
    assert words(generations) == "one"


def test_exception_in_a_build_discards_it_and_passes_through(generations: Generations, tmp_path: Path) -> None:
    with pytest.raises(KeyError), generations.begin():
        raise KeyError("a bug of the builder")
    assert inside(tmp_path / "index") == []


def test_verify_that_finds_damage_publishes_nothing(generations: Generations, tmp_path: Path) -> None:
    publish(generations, "one")

    def refuse(folder: Path) -> None:
        raise IndexCorrupt(f"no profile in {folder.name}")

    with pytest.raises(StorageFailed, match="does not read back as written"), generations.begin() as draft:
        draft.publish(DIGEST, {}, refuse)
    assert len(inside(tmp_path / "index")) == 1
    assert words(generations) == "one"


def test_leftovers_of_a_killed_build_are_swept_by_the_next(generations: Generations, tmp_path: Path) -> None:
    publish(generations, "one")
    folder = tmp_path / "index" / "generations"
    (folder / ".building-0badcafe").mkdir()
    (folder / ".building-0badcafe" / "words").write_text("half")
    (folder / "20200101T000000.000Z-deadbeef").mkdir()
    (folder / "notes of the operator").mkdir()
    kept = publish(generations, "two").id
    assert kept in inside(tmp_path / "index")
    assert "notes of the operator" in inside(tmp_path / "index")
    assert len(inside(tmp_path / "index")) == 3


def test_draft_is_private_and_published_files_are_never_writable_by_others(
    generations: Generations, tmp_path: Path
) -> None:
    before = os.umask(0)
    try:
        with generations.begin() as draft:
            assert stat.S_IMODE(draft.path.stat().st_mode) == 0o700
            (draft.path / "words").write_text("one")
            draft.publish(DIGEST, {}, accept)
    finally:
        os.umask(before)
    assert [path for path in (tmp_path / "index").rglob("*") if path.stat().st_mode & 0o022] == []
    assert words(generations) == "one"


def publish_three(root: Path) -> None:
    """Of a user who may not write read-only files: what is published is so, and the oldest is swept all the same."""
    generations = Generations(root, "v1", wait=0)
    ids = [publish(generations, "one").id, publish(generations, "two").id]
    files = [path for path in (root / "generations").rglob("*") if path.is_file()]
    assert len(files) == 6
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o444}
    with pytest.raises(PermissionError):
        files[0].open("r+")
    ids.append(publish(generations, "three").id)
    assert inside(root) == ids[1:]


@pytest.mark.skipif(sys.platform == "win32", reason="a file that its owner may not write cannot be removed there")
def test_published_files_are_read_only_and_swept_all_the_same() -> None:
    with folder_of_nobody() as folder:
        run_unprivileged(publish_three, folder / "index")


def test_file_read_from_a_generation_stays_readable_after_the_folder_is_gone(
    generations: Generations, tmp_path: Path
) -> None:
    publish(generations, "one")
    file = generations.open(lambda _, folder: (folder / "words").open())
    with file:
        shutil.rmtree(tmp_path / "index")
        assert file.read() == "one"


# Noticing a change


def test_stamp_changes_with_each_publish_and_is_none_without_an_index(generations: Generations, tmp_path: Path) -> None:
    stamps = [generations.stamp()]
    for text in ("one", "two", "three"):
        publish(generations, text)
        stamps.append(generations.stamp())
        assert generations.stamp() == stamps[-1]
    shutil.rmtree(tmp_path / "index")
    assert stamps[0] is None
    assert generations.stamp() is None
    assert len(set(stamps)) == 4


def test_generation_swept_between_pointer_and_load_is_looked_up_again(generations: Generations) -> None:
    publish(generations, "one")
    seen: list[str] = []

    def load(manifest: Manifest, folder: Path) -> str:
        if not seen:  # two writers pass while the first reader is on its way into the folder
            publish(generations, "two")
            publish(generations, "three")
        seen.append(manifest.id)
        return (folder / "words").read_text()

    assert generations.open(load) == "three"
    assert len(seen) == 2


# Rollback


def test_rollback_goes_to_the_previous_generation_and_again_forward(generations: Generations) -> None:
    publish(generations, "one")
    publish(generations, "two")
    stamp = generations.stamp()
    generations.rollback()
    assert words(generations) == "one"
    assert generations.stamp() != stamp
    generations.rollback()
    assert words(generations) == "two"


def test_publish_after_a_rollback_keeps_the_generation_that_answered(generations: Generations) -> None:
    for text in ("one", "two"):
        publish(generations, text)
    generations.rollback()
    publish(generations, "three")
    generations.rollback()
    assert words(generations) == "one"


def test_rollback_without_a_previous_generation_says_so(generations: Generations) -> None:
    publish(generations, "one")
    with pytest.raises(IndexMissing, match="no previous generation"):
        generations.rollback()
    assert words(generations) == "one"


def test_rollback_to_a_damaged_generation_is_refused(generations: Generations, tmp_path: Path) -> None:
    first = publish(generations, "one").id
    publish(generations, "two")
    damage_changed(tmp_path / "index" / "generations" / first)
    with pytest.raises(IndexCorrupt):
        generations.rollback()
    assert words(generations) == "two"


# One writer


def test_second_writer_of_the_same_process_is_refused_and_told_the_owner(generations: Generations) -> None:
    with generations.begin(), pytest.raises(IndexBusy, match=rf"written by process {os.getpid()} on .+ since 20"):
        generations.rollback()


def test_second_writer_waits_until_the_first_is_done(generations: Generations, tmp_path: Path) -> None:
    patient = Generations(tmp_path / "index", "v1", wait=30)
    thread = threading.Thread(target=publish, args=(patient, "two"))
    with generations.begin() as draft:
        thread.start()
        (draft.path / "words").write_text("one")
        first = draft.publish(DIGEST, {}, accept).id
    thread.join()
    assert words(generations) == "two"
    assert kept_words(generations, first) == "one"


def other_process(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code, *arguments], text=True, stdout=subprocess.PIPE)


HOLD = """
import os, signal, sys
from pathlib import Path
from indexer.engines.whoosh.generations import Generations
with Generations(Path(sys.argv[1]), "v1").begin() as draft:
    (draft.path / "words").write_text("half")
    print("begun", flush=True)
    signal.pause()
"""


def test_writer_killed_with_9_leaves_no_lock_and_its_draft_is_swept(generations: Generations, tmp_path: Path) -> None:
    publish(generations, "one")
    with other_process(HOLD, str(tmp_path / "index")) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "begun\n"
        with pytest.raises(IndexBusy, match=f"process {holder.pid} on"):
            publish(generations, "two")
        holder.kill()
    assert len(inside(tmp_path / "index")) == 2
    publish(generations, "three")
    assert words(generations) == "three"
    assert len(inside(tmp_path / "index")) == 2
