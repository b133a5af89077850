"""A server whose index changes under it: it moves on, goes back, or goes on with what it has."""

import json
import logging
import os
import shutil
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from served import serving
from small_generations import overwrite
from unprivileged import folder_of_nobody, run_unprivileged

from indexer.build import rebuild
from indexer.cli import main
from indexer.config import Settings, WebSettings
from indexer.engines import open_engine
from indexer.engines.whoosh.engine import AGAIN_SECONDS
from indexer.engines.whoosh.files import READ_BYTES
from indexer.engines.whoosh.manifest import seal, unseal
from indexer.engines.whoosh.watched import LOOK_SECONDS
from webapp import create_app

SECTION = "\n## Overview\nIt pays in {metal} each week.\n"


@pytest.fixture
def metals(tmp_path: Path) -> Settings:
    """Fifteen companies that pay in copper, built."""
    settings = Settings(corpus=tmp_path / "corpus", index=str(tmp_path / "index"))
    settings.corpus.mkdir()
    publish(settings, "copper")
    return settings


@pytest.fixture
def client(metals: Settings) -> FlaskClient:
    """A client of a server that has answered from copper."""
    client = create_app(metals).test_client()
    assert metal_of(client) == "copper"
    return client


def publish(settings: Settings, metal: str, more: str = "") -> str:
    """Rebuild with every company paying in another metal, and this text at the end; the generation's id."""
    for number in range(15):
        text = f"---\ncompany: Company {number}\nspecialties: [Text]\n---" + SECTION.format(metal=metal) + more
        (settings.corpus / f"c{number}.md").write_text(text, encoding="utf-8")
    with closing(open_engine(settings)) as engine:
        return rebuild(engine, settings.corpus).generation.id


def metal_of(client: FlaskClient, url: str = "/api/search?q=week") -> str:
    """The one metal that an answer speaks of."""
    response = client.get(url)
    assert response.status_code == 200, response.text
    (metal,) = {metal for metal in ("copper", "silver", "gold") if metal in response.text}
    return metal


def newest(settings: Settings) -> Path:
    return max((Path(settings.index) / "generations").iterdir())


def test_next_request_answers_from_the_new_generation(metals: Settings, client: FlaskClient) -> None:
    publish(metals, "silver")
    for url in ("/search?q=week", "/api/search?q=week", "/profiles/c3", "/api/profiles/c3", "/feed.atom?q=week"):
        assert metal_of(client, url) == "silver"


def test_second_page_answers_from_its_own_generation_while_it_is_kept(metals: Settings, client: FlaskClient) -> None:
    second = client.get("/api/search?q=week").json["next_url"]
    publish(metals, "silver")
    assert metal_of(client, second) == "copper"
    assert metal_of(create_app(metals).test_client(), second) == "copper"
    publish(metals, "gold")
    assert metal_of(create_app(metals).test_client(), second) == "gold"


def test_rollback_is_followed_on_the_next_request(metals: Settings, client: FlaskClient) -> None:
    publish(metals, "silver")
    assert metal_of(client) == "silver"
    with closing(open_engine(metals)) as engine:
        engine.rollback()
    assert metal_of(client) == "copper"


def test_removed_folder_ends_no_answer(metals: Settings, client: FlaskClient) -> None:
    second = client.get("/api/search?q=week").json["next_url"]
    shutil.rmtree(metals.index)
    for url in ("/search?q=week", second, "/profiles/c3?q=week", "/search?q=week&generation=never-was"):
        assert metal_of(client, url) == "copper"
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json["status"], ready.json["degraded"]) == (200, "missing", True)
    assert ready.json["reason"] == "there is no index; searches are answered all the same"
    assert ready.json["generation"] == client.get("/api/search?q=week").json["generation"]
    publish(metals, "silver")
    assert metal_of(client) == "silver"


def test_generation_that_never_was_costs_no_look_into_the_files(metals: Settings, client: FlaskClient) -> None:
    for path in (newest(metals) / "columns").iterdir():
        path.rename(path.with_suffix(".away"))
    assert metal_of(client, "/search?q=week&generation=never-was") == "copper"


def damage_a_column(settings: Settings) -> None:
    path = max((newest(settings) / "columns").iterdir(), key=lambda path: path.stat().st_size)
    overwrite(path, b"x" + path.read_bytes()[1:])


def make_another_versions(settings: Settings) -> None:
    path = newest(settings) / "manifest.json"
    overwrite(path, seal({**unseal(path.read_bytes(), path), "fingerprint": "another"}))


@pytest.mark.parametrize("harm", [damage_a_column, make_another_versions])
def test_new_generation_that_cannot_be_read_leaves_the_old_one_answering_and_says_so(
    metals: Settings, client: FlaskClient, harm: Callable[[Settings], None], caplog: pytest.LogCaptureFixture
) -> None:
    publish(metals, "silver")
    harm(metals)
    for url in ("/search?q=week", "/api/search?q=week", "/profiles/c3"):
        assert metal_of(client, url) == "copper"
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    publish(metals, "gold")
    assert metal_of(client) == "gold"


def test_index_of_another_version_alone_is_503_until_it_is_rebuilt(metals: Settings) -> None:
    make_another_versions(metals)
    client = create_app(metals).test_client()
    refused = client.get("/search?q=week")
    assert refused.status_code == 503
    assert metals.index not in refused.text
    publish(metals, "silver")
    assert metal_of(client) == "silver"


# What is ready, and what everybody says of it


def damage_whoosh(settings: Settings) -> None:
    path = max((newest(settings) / "whoosh").iterdir(), key=lambda path: path.stat().st_size)
    overwrite(path, b"x" + path.read_bytes()[1:])


def lose_the_pointer(settings: Settings) -> None:
    (Path(settings.index) / "CURRENT").unlink()


HARMS = {damage_a_column: "copper", damage_whoosh: "silver", lose_the_pointer: "silver"}


@pytest.mark.parametrize(("harm", "metal"), HARMS.items())
def test_damaged_index_that_answers_is_ready_and_every_place_says_degraded_and_which_generation(
    metals: Settings, harm: Callable[[Settings], None], metal: str, caplog: pytest.LogCaptureFixture
) -> None:
    publish(metals, "silver")
    harm(metals)
    client = create_app(replace(metals, web=WebSettings(alone=True))).test_client()
    assert metal_of(client) == metal
    answering = client.get("/api/search?q=week").json["generation"]
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json["status"], ready.json["degraded"]) == (200, "corrupt", True)
    assert ready.json["generation"] == answering
    figures = client.get("/metrics").text.splitlines()
    assert f'profile_search_generation_info{{id="{answering}"}} 1' in figures
    assert "profile_search_index_degraded 1" in figures
    assert [line for line in figures if line.startswith("profile_search_generation_age_seconds ")]
    told = CliRunner().invoke(main, ["status", "--json", "--index", metals.index])
    assert (told.exit_code, json.loads(told.stdout)["generation"]["id"]) == (1, answering)
    assert f"answering from generation {answering}" in caplog.text.replace("the generation before,", "generation")
    assert {record.levelno for record in caplog.records} == {logging.ERROR}
    publish(metals, "gold")
    assert metal_of(client) == "gold"
    assert (client.get("/readyz").json["status"], client.get("/readyz").json["degraded"]) == ("ok", False)


def test_pointer_lost_after_a_rollback_answers_as_rolled_back(metals: Settings) -> None:
    publish(metals, "silver")
    with closing(open_engine(metals)) as engine:
        engine.rollback()
    lose_the_pointer(metals)
    assert metal_of(create_app(metals).test_client()) == "copper"
    publish(metals, "gold")
    with closing(open_engine(metals)) as engine:
        engine.rollback()
    assert metal_of(create_app(metals).test_client()) == "copper"


# Files that another program changes in their place


def columns(settings: Settings) -> list[Path]:
    return list((newest(settings) / "columns").iterdir())


def alter_texts(settings: Settings) -> int:
    """Another metal in the stored texts of the newest generation; how many bytes these have."""
    (path,) = (path for path in columns(settings) if path.name == "store-texts_data.npy")
    overwrite(path, path.read_bytes().replace(b"silver", b"pewter"))
    return path.stat().st_size


def answers_until(client: FlaskClient, metal: str) -> set[str]:
    """Ask until the answer speaks of this metal; the texts of the answers before."""
    before, until = set(), time.monotonic() + 30
    while metal not in (text := client.get("/profiles/c3").text):
        assert time.monotonic() < until
        before.add(text)
    return before


def test_small_file_altered_while_served_alters_no_answer_and_the_generation_before_takes_over(
    metals: Settings, client: FlaskClient
) -> None:
    publish(metals, "silver")
    assert metal_of(client, "/profiles/c3") == "silver"
    assert alter_texts(metals) < READ_BYTES
    assert all("silver" in text for text in answers_until(client, "copper"))
    assert (client.get("/readyz").json["status"], client.get("/readyz").status_code) == ("corrupt", 200)


def test_large_file_altered_while_served_is_noticed_and_the_generation_before_takes_over(
    metals: Settings, client: FlaskClient
) -> None:
    second = client.get("/api/search?q=week").json["next_url"]
    silver = publish(metals, "silver", "Nobody is paid late. " * 5_000)
    assert metal_of(client, "/profiles/c3") == "silver"
    assert alter_texts(metals) > READ_BYTES
    answers_until(client, "copper")
    for url in ("/profiles/c3", "/search?q=week", second, f"/search?q=week&generation={silver}"):
        assert metal_of(client, url) == "copper"


def test_readiness_finds_altered_files_at_once_and_the_next_answer_is_of_the_generation_before(
    metals: Settings, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    copper = client.get("/readyz").json["generation"]
    publish(metals, "silver")
    assert metal_of(client) == "silver"
    alter_texts(metals)
    assert client.get("/readyz").json["generation"] == copper
    assert metal_of(client) == "copper"
    assert "answering from the generation before" in caplog.text


def test_altered_only_generation_is_503_once_it_is_found_out_until_it_is_rebuilt(
    metals: Settings, client: FlaskClient
) -> None:
    damage_a_column(metals)
    assert client.get("/readyz").status_code == 503
    assert client.get("/search?q=week").status_code == 503
    publish(metals, "gold")
    assert metal_of(client) == "gold"
    assert client.get("/readyz").status_code == 200


def test_served_files_cut_off_in_their_place_end_no_server(metals: Settings) -> None:
    publish(metals, "silver")
    with serving(metals) as server:
        assert b"silver" in server.get("/profiles/c3").body
        for path in columns(metals):
            path.chmod(0o644)
            os.truncate(path, 0)
        until = time.monotonic() + 30
        while b"copper" not in (answer := server.get("/profiles/c3")).body:
            assert (answer.status, b"silver" in answer.body) == (200, True)
            assert time.monotonic() < until
        assert json.loads(server.get("/readyz").body)["degraded"] is True
        assert server.stop() == 0
    assert "answering from the generation before" in server.errors


def test_files_touched_but_not_altered_are_opened_again_without_a_word(
    metals: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(open_engine(metals)) as engine:
        first, until = engine.open(), time.monotonic() + 30
        for path in columns(metals):
            path.touch()
        while engine.open() is first:
            assert time.monotonic() < until
        assert engine.open().generation == first.generation
    assert caplog.records == []


def test_mended_generation_answers_again_and_status_names_who_answers(metals: Settings) -> None:
    copper = newest(metals).name
    silver = publish(metals, "silver")
    sound = {path: path.read_bytes() for path in columns(metals)}
    with closing(open_engine(metals)) as engine:
        assert engine.open().generation.id == silver
        alter_texts(metals)
        assert engine.status().degraded
        assert engine.open().generation.id == copper
        for path, content in sound.items():
            overwrite(path, content)
        status = engine.status()
        assert (status.state, status.generation and status.generation.id) == ("ok", silver)
        assert engine.open().generation.id == silver


def go_on_without_permission(folder: Path) -> None:
    settings = Settings(corpus=folder / "corpus", index=str(folder / "index"))
    settings.corpus.mkdir()
    built = publish(settings, "copper")
    generations = Path(settings.index) / "generations"
    with closing(open_engine(settings)) as engine:
        assert engine.open().generation.id == built
        generations.chmod(0)
        until = time.monotonic() + 1.5 * LOOK_SECONDS
        while time.monotonic() < until:
            assert engine.open().generation.id == built
        status = engine.status()
        assert status.degraded
        assert engine.open().generation.id == built
        generations.chmod(0o755)
        assert engine.status().state == "ok"


def test_files_that_may_not_be_looked_at_any_more_end_no_answer() -> None:
    with folder_of_nobody() as folder:
        run_unprivileged(go_on_without_permission, folder)


@pytest.mark.slow
def test_generation_that_could_not_be_opened_for_a_while_answers_later(metals: Settings) -> None:
    with closing(open_engine(metals)) as engine:
        copper = engine.open().generation.id
        silver = publish(metals, "silver")
        root = Path(metals.index)
        root.chmod(0o777)  # others may write it: no generation is opened
        assert engine.open().generation.id == copper
        root.chmod(0o755)
        until = time.monotonic() + 3 * AGAIN_SECONDS
        while engine.open().generation.id != silver:
            assert time.monotonic() < until
