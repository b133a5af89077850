"""A server whose index changes under it: it moves on, goes back, or goes on with what it has."""

import logging
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from indexer.build import rebuild
from indexer.config import Settings
from indexer.engines import open_engine
from indexer.engines.whoosh.manifest import seal, unseal
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


def publish(settings: Settings, metal: str) -> str:
    """Rebuild with every company paying in another metal; the generation's id."""
    for number in range(15):
        text = f"---\ncompany: Company {number}\nspecialties: [Text]\n---" + SECTION.format(metal=metal)
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
    publish(metals, "silver")
    assert metal_of(client) == "silver"


def test_generation_that_never_was_costs_no_look_into_the_files(metals: Settings, client: FlaskClient) -> None:
    for path in (newest(metals) / "columns").iterdir():
        path.rename(path.with_suffix(".away"))
    assert metal_of(client, "/search?q=week&generation=never-was") == "copper"


def damage_a_column(settings: Settings) -> None:
    path = max((newest(settings) / "columns").iterdir(), key=lambda path: path.stat().st_size)
    path.write_bytes(b"x" + path.read_bytes()[1:])


def make_another_versions(settings: Settings) -> None:
    path = newest(settings) / "manifest.json"
    path.write_bytes(seal({**unseal(path.read_bytes(), path), "fingerprint": "another"}))


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
