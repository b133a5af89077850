"""What state an index is in, and what answers when something in it is damaged."""

import json
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from small_generations import DIGEST, accept, damage_changed, inside, kept_words, overwrite, publish, state, words
from unprivileged import folder_of_nobody, run_unprivileged

from indexer.engines.whoosh.generations import Generations
from indexer.engines.whoosh.manifest import Manifest, seal, unseal
from indexer.errors import (
    IndexCorrupt,
    IndexMissing,
    IndexOutdated,
    OperatorError,
)


@pytest.fixture
def generations(tmp_path: Path) -> Generations:
    return Generations(tmp_path / "index", "v1", wait=0)


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
    assert health.answering == generations.current()


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
    overwrite(path, seal({**unseal(path.read_bytes(), path), "format": 999}))
    assert state(generations)[0] == "outdated"
    with pytest.raises(IndexOutdated, match="index format 999"):
        generations.current()


def test_pointer_of_another_format_is_outdated_and_sweeps_nothing(generations: Generations, tmp_path: Path) -> None:
    publish(generations, "one")
    (tmp_path / "index" / "CURRENT").write_bytes(seal({"generation": "in another layout"}))
    assert state(generations)[0] == "outdated"
    with generations.begin():
        assert len(inside(tmp_path / "index")) == 2


def damage_short(folder: Path) -> None:
    overwrite(folder / "words", b"tw")


def damage_gone(folder: Path) -> None:
    (folder / "words").unlink()


def damage_extra(folder: Path) -> None:
    (folder / "more").touch()


def damage_manifest(folder: Path) -> None:
    overwrite(folder / "manifest.json", b"{")


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
    assert f"answering from the generation before, {first}" in state(generations)[1]
    assert generations.status().answering == generations.current()


def test_rebuild_over_a_damaged_generation_keeps_the_intact_one_for_rollback(
    generations: Generations, tmp_path: Path
) -> None:
    first, second = publish(generations, "one").id, publish(generations, "two").id
    damage_changed(tmp_path / "index" / "generations" / second)
    third = publish(generations, "three").id
    assert inside(tmp_path / "index") == [first, third]
    assert generations.rollback().id == first
    assert words(generations) == "one"


def lose(pointer: Path) -> None:
    pointer.unlink()


def fill(content: bytes) -> Callable[[Path], None]:
    return lambda pointer: overwrite(pointer, content)


POINTER_DAMAGES = {
    "gone": lose,
    "empty": fill(b""),
    "JSON": fill(b"{}"),
    "bytes": fill(b"\xff\xfe"),
    "deep": fill(b"[" * 100_000),
    "seal": fill(b'{"checksum":"", "content":{}}'),
}


@pytest.fixture(params=POINTER_DAMAGES.values(), ids=POINTER_DAMAGES.keys())
def damage_pointer(request: pytest.FixtureRequest) -> Callable[[Path], None]:
    return request.param


def test_damaged_or_lost_pointer_is_corrupt_and_its_copy_keeps_a_rollback(
    generations: Generations, tmp_path: Path, damage_pointer: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    first = publish(generations, "one")
    second = publish(generations, "two")
    generations.rollback()
    damage_pointer(tmp_path / "index" / "CURRENT")
    assert words(generations) == "one"
    assert f"its copy is used; answering from generation {first.id}" in caplog.text
    health = generations.status()
    assert (health.state, health.answering, health.previous) == ("corrupt", first, second)
    assert f"its copy is used; answering from generation {first.id}" in health.reason
    assert kept_words(generations, second.id) == "two"
    publish(generations, "three")
    assert (state(generations)[0], words(generations)) == ("ok", "three")
    assert inside(tmp_path / "index") == [first.id, generations.current().id]


def test_lost_pointer_without_a_copy_is_corrupt_and_answers_from_the_newest(
    generations: Generations, tmp_path: Path, damage_pointer: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    first, second = publish(generations, "one"), publish(generations, "two")
    for name in ("CURRENT", "CURRENT.copy"):
        damage_pointer(tmp_path / "index" / name)
    assert words(generations) == "two"
    assert f"the newest generation is used; answering from generation {second.id}" in caplog.text
    assert (state(generations)[0], generations.status().answering) == ("corrupt", second)
    assert generations.rollback() == first
    assert (state(generations)[0], words(generations)) == ("ok", "one")


def test_damaged_copy_of_the_pointer_is_told_and_changes_no_answer(generations: Generations, tmp_path: Path) -> None:
    publish(generations, "one")
    overwrite(tmp_path / "index" / "CURRENT.copy", b"{}")
    assert (state(generations)[0], words(generations)) == ("corrupt", "one")
    publish(generations, "two")
    assert state(generations)[0] == "ok"


def test_damage_in_what_no_search_reads_is_corrupt_and_the_same_generation_answers(tmp_path: Path) -> None:
    generations = Generations(tmp_path / "index", "v1", read="part/")
    first, second = publish(generations, "one"), publish(generations, "two")
    damage_changed(tmp_path / "index" / "generations" / second.id)
    health = generations.status()
    assert (health.state, health.answering, health.previous) == ("corrupt", second, first)
    assert f"answering from generation {second.id}" in health.reason
    assert generations.current() == health.answering


def test_load_that_finds_damage_falls_back_to_the_previous(generations: Generations) -> None:
    publish(generations, "one")
    second = publish(generations, "two").id

    def load(manifest: Manifest, folder: Path) -> str:
        if manifest.id == second:
            raise IndexCorrupt("the words make no sense")
        return (folder / "words").read_text()

    assert generations.open(load) == "one"


# Every byte


def test_any_flipped_byte_is_noticed_or_harmless(generations: Generations, tmp_path: Path) -> None:
    manifest = publish(generations, "one")
    files = [path for path in (tmp_path / "index").rglob("*") if path.is_file() and path.name != "LOCK"]
    harmless = 0
    for path in files:
        good = path.read_bytes()
        for place in range(len(good)):
            overwrite(path, good[:place] + bytes([good[place] ^ (1 << place % 8)]) + good[place + 1 :])
            health = generations.status()
            if health.state == "ok":
                harmless += 1
                assert json.loads(path.read_bytes()) == json.loads(good)  # white space of JSON
                assert health.answering == manifest
                assert words(generations) == "one"
            else:
                assert health.state == "corrupt"
        overwrite(path, good)
    assert harmless < 100


def test_pointer_that_cannot_be_replaced_is_one_error_and_leaves_no_generation_behind(
    generations: Generations, tmp_path: Path
) -> None:
    publish(generations, "one")
    pointer = tmp_path / "index" / "CURRENT"
    pointer.unlink()
    pointer.mkdir()
    for _ in range(2):
        with pytest.raises(OperatorError, match="CURRENT"):
            publish(generations, "two")
        assert len(inside(tmp_path / "index")) == 1
    pointer.rmdir()
    publish(generations, "two")
    assert state(generations)[0] == "ok"


def mend_an_unreadable_pointer(folder: Path) -> None:
    generations = Generations(folder / "index", "v1")
    publish(generations, "one")
    (folder / "index" / "CURRENT").chmod(0)
    publish(generations, "two")
    assert state(generations)[0] == "ok"


def test_rebuild_mends_a_pointer_that_cannot_be_read() -> None:
    with folder_of_nobody() as folder:
        run_unprivileged(mend_an_unreadable_pointer, folder)
