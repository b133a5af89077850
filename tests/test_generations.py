"""Generations on disk, through the front door, with small files."""

import json
import logging
import os
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.engines.whoosh.generations import Generations
from indexer.engines.whoosh.manifest import Manifest, seal, unseal
from indexer.errors import (
    IndexBusy,
    IndexCorrupt,
    IndexMissing,
    IndexOutdated,
    IndexUnsafe,
    OperatorError,
    StorageFailed,
)

DIGEST = "0123abcd" * 8


@pytest.fixture
def generations(tmp_path: Path) -> Generations:
    return Generations(tmp_path / "index", "v1", wait=0)


def accept(folder: Path) -> None:
    """What a builder checks is not the subject here."""
    assert folder.is_dir()


def publish(generations: Generations, text: str) -> Manifest:
    with generations.begin() as draft:
        (draft.path / "part").mkdir()
        (draft.path / "words").write_text(text)
        (draft.path / "part" / "empty").touch()
        return draft.publish(DIGEST, {"profiles": 3}, accept)


def words(generations: Generations, name: str | None = None) -> str:
    return generations.open(lambda _, folder: (folder / "words").read_text(), name)


def inside(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "generations").iterdir())


def other_process(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code, *arguments], text=True, stdout=subprocess.PIPE)


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


def test_open_by_id_answers_from_the_previous_generation_while_it_is_kept(generations: Generations) -> None:
    first = publish(generations, "one").id
    publish(generations, "two")
    assert words(generations, first) == "one"
    publish(generations, "three")
    assert words(generations, first) == "three"


@pytest.mark.parametrize("name", ["../../etc", "", "CURRENT", "\0", "20261125T022331.000Z-00000000"])
def test_open_by_an_id_that_never_was_gives_the_current_generation(generations: Generations, name: str) -> None:
    publish(generations, "one")
    assert words(generations, name) == "one"


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


# States


def state(generations: Generations) -> tuple[str, str]:
    health = generations.status()
    return health.state, health.reason


def test_no_folder_is_missing_and_open_names_the_command(generations: Generations) -> None:
    assert state(generations)[0] == "missing"
    with pytest.raises(IndexMissing, match="run: profile-search rebuild"):
        generations.current()


def test_first_build_is_building_then_ok(generations: Generations) -> None:
    with generations.begin() as draft:
        assert state(generations)[0] == "building"
        assert f"process {os.getpid()} on" in state(generations)[1]
        draft.publish(DIGEST, {}, accept)
    health = generations.status()
    assert (health.state, health.previous) == ("ok", None)
    assert health.current == generations.current()


def test_rebuild_beside_a_good_index_is_ok_and_names_the_writer(generations: Generations) -> None:
    publish(generations, "one")
    with generations.begin():
        assert state(generations)[0] == "ok"
        assert f"being rebuilt by process {os.getpid()}" in state(generations)[1]
        assert words(generations) == "one"
    assert "rebuilt" not in state(generations)[1]


def test_other_fingerprint_is_outdated_and_rebuilt_in_place(generations: Generations, tmp_path: Path) -> None:
    publish(generations, "one")
    newer = Generations(tmp_path / "index", "v2")
    assert state(newer)[0] == "outdated"
    with pytest.raises(IndexOutdated, match="run: profile-search rebuild"):
        newer.current()
    publish(newer, "two")
    assert words(newer) == "two"
    assert state(newer)[0] == "ok"
    assert state(generations)[0] == "outdated"


def test_manifest_of_another_format_is_outdated(generations: Generations, tmp_path: Path) -> None:
    name = publish(generations, "one").id
    path = tmp_path / "index" / "generations" / name / "manifest.json"
    path.write_bytes(seal({**unseal(path.read_bytes(), path), "format": 999}))
    assert state(generations)[0] == "outdated"
    with pytest.raises(IndexOutdated, match="index format 999"):
        generations.current()


def test_pointer_of_another_format_is_outdated_and_sweeps_nothing(generations: Generations, tmp_path: Path) -> None:
    publish(generations, "one")
    (tmp_path / "index" / "CURRENT").write_bytes(seal({"generation": "in another layout"}))
    assert state(generations)[0] == "outdated"
    with generations.begin():
        assert len(inside(tmp_path / "index")) == 2


def damage_changed(folder: Path) -> None:
    (folder / "words").write_text("owt")


def damage_short(folder: Path) -> None:
    (folder / "words").write_text("tw")


def damage_gone(folder: Path) -> None:
    (folder / "words").unlink()


def damage_extra(folder: Path) -> None:
    (folder / "more").touch()


def damage_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text("{")


def damage_no_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def damage_all(folder: Path) -> None:
    shutil.rmtree(folder)


DAMAGES = [
    damage_changed, damage_short, damage_gone, damage_extra, damage_manifest, damage_no_manifest, damage_all
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_only_generation_is_corrupt(
    generations: Generations, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    name = publish(generations, "two").id
    damage(tmp_path / "index" / "generations" / name)
    assert state(generations)[0] == "corrupt"
    assert "nothing to answer from" in state(generations)[1]
    with pytest.raises(IndexCorrupt, match="run: profile-search rebuild"):
        generations.current()


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_current_generation_falls_back_to_the_previous_loudly(
    generations: Generations, tmp_path: Path, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    first, second = publish(generations, "one").id, publish(generations, "two").id
    damage(tmp_path / "index" / "generations" / second)
    assert words(generations) == "one"
    assert f"answering from the generation before, {first}" in caplog.text
    assert caplog.records[0].levelno == logging.ERROR
    assert state(generations)[0] == "corrupt"
    assert f"answering from generation {first}" in state(generations)[1]


def test_rebuild_over_a_damaged_generation_keeps_the_intact_one_for_rollback(
    generations: Generations, tmp_path: Path
) -> None:
    first, second = publish(generations, "one").id, publish(generations, "two").id
    damage_changed(tmp_path / "index" / "generations" / second)
    third = publish(generations, "three").id
    assert inside(tmp_path / "index") == [first, third]
    assert generations.rollback().id == first
    assert words(generations) == "one"


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", b"[" * 100_000, b'{"checksum":"", "content":{}}'])
def test_damaged_pointer_is_corrupt_and_answers_from_the_newest(
    generations: Generations, tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    publish(generations, "one")
    publish(generations, "two")
    (tmp_path / "index" / "CURRENT").write_bytes(content)
    assert words(generations) == "two"
    assert "answering from the newest generation" in caplog.text
    assert state(generations)[0] == "corrupt"
    publish(generations, "three")
    assert state(generations)[0] == "ok"
    assert len(inside(tmp_path / "index")) == 2


def test_load_that_finds_damage_falls_back_to_the_previous(generations: Generations) -> None:
    publish(generations, "one")
    second = publish(generations, "two").id

    def load(manifest: Manifest, folder: Path) -> str:
        if manifest.id == second:
            raise IndexCorrupt("the words make no sense")
        return (folder / "words").read_text()

    assert generations.open(load) == "one"


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
    assert words(generations, first) == "one"


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


# Folders that cannot be used


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


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere")
def test_folder_without_write_permission_is_one_line_and_still_answers(
    generations: Generations, tmp_path: Path
) -> None:
    publish(generations, "one")
    folder = tmp_path / "index" / "generations"
    folder.chmod(0o555)
    try:
        with pytest.raises(StorageFailed, match="cannot be written: Permission denied; let this user in"):
            publish(generations, "two")
        assert words(generations) == "one"
    finally:
        folder.chmod(0o755)


WRITABLE = [".", "CURRENT", "generations", "generations/{id}", "generations/{id}/words", "generations/{id}/part",
            "generations/{id}/part/empty", "generations/{id}/manifest.json"]  # fmt: skip


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


# Every byte


def test_any_flipped_byte_is_noticed_or_harmless(generations: Generations, tmp_path: Path) -> None:
    manifest = publish(generations, "one")
    files = [path for path in (tmp_path / "index").rglob("*") if path.is_file() and path.name != "LOCK"]
    harmless = 0
    for path in files:
        good = path.read_bytes()
        for place in range(len(good)):
            path.write_bytes(good[:place] + bytes([good[place] ^ (1 << place % 8)]) + good[place + 1 :])
            health = generations.status()
            if health.state == "ok":
                harmless += 1
                assert json.loads(path.read_bytes()) == json.loads(good)  # white space of JSON
                assert health.current == manifest
                assert words(generations) == "one"
            else:
                assert health.state == "corrupt"
        path.write_bytes(good)
    assert harmless < 100
