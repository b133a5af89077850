"""Every limit of the product: what happens at it, and one past it."""

import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from corpora import profile, search, searcher_over, service_over, slugs
from flask import Flask
from flask.testing import FlaskClient

from indexer.build import rebuild
from indexer.cli import main
from indexer.config import Settings
from indexer.engines import open_engine
from indexer.engines.base import Found, Plan, Searcher
from indexer.errors import CorpusInvalid
from indexer.profiles.model import MAX_PROFILE_BYTES, Facts
from indexer.query.request import (
    MAX_DEPTH,
    MAX_PAGE_SIZE,
    MAX_QUERY_CHARACTERS,
    MAX_SECONDS,
    MAX_TERMS,
    MAX_VERIFIED_DAYS,
)
from indexer.ranking import MAX_EXPANSIONS
from indexer.search import SearchService, read_query
from webapp import create_app
from webapp.context import desk_of
from webapp.parameters import MAX_FILTER_VALUES

WEB = ["/search", "/api/search", "/profiles/appen", "/api/profiles/appen", "/suggest", "/api/suggest", "/feed.atom"]


def test_limits_are_those_of_the_contract() -> None:
    limits = (MAX_QUERY_CHARACTERS, MAX_TERMS, MAX_EXPANSIONS, MAX_DEPTH, MAX_PAGE_SIZE, MAX_SECONDS, MAX_PROFILE_BYTES)
    assert limits == (512, 32, 64, 1_000, 50, 1.0, 1_048_576)


# Characters of a query


@pytest.mark.parametrize("url", WEB)
def test_512_characters_are_answered_and_513_are_a_400_that_says_so(client: FlaskClient, url: str) -> None:
    for letter in ("a", "é", "𝔸"):
        assert client.get(url, query_string={"q": letter * 512}).status_code == 200
        refused = client.get(url, query_string={"q": letter * 513})
        assert refused.status_code == 400
        assert "give at most 512 characters; this has 513" in refused.text


def test_512_characters_are_answered_and_513_are_wrong_usage_on_the_command_line(settings: Settings) -> None:
    def run(characters: int) -> tuple[int, str]:
        result = CliRunner().invoke(main, ["search", "a" * characters, "--index", settings.index])
        return result.exit_code, result.output

    assert run(512)[0] == 0
    code, output = run(513)
    assert (code, "512 characters" in output, len(output.splitlines())) == (2, True, 1)


# Words of a query


def test_the_32nd_word_is_searched_for_and_the_33rd_is_left_out_with_a_note(client: FlaskClient) -> None:
    filler = [f"x{number:02}" for number in range(31)]
    at_the_limit = client.get("/api/search", query_string={"q": " ".join([*filler, "payoneer"])}).json
    assert [result["slug"] for result in at_the_limit["results"]] == ["appen"]
    assert at_the_limit["query"].get("notes", []) == []
    beyond = client.get("/api/search", query_string={"q": " ".join([*filler, "x31", "payoneer"])}).json
    assert beyond["total"] == 0
    page = client.get("/search", query_string={"q": " ".join([*filler, "x31", "payoneer"])}).text
    assert "Only the first 32 words were searched for." in page


# Words that a prefix or a misspelt word can stand for


def test_prefix_and_repair_stand_for_at_most_64_words_the_most_frequent_ones() -> None:
    words = [f"kolob{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(MAX_EXPANSIONS + 1)]
    searcher = searcher_over(profile("Alpha", overview=" ".join(words + words[1:])))
    every = {
        word for leaf in read_query(searcher, "kolob*").query.leaves() for form in leaf.forms for word in form.words
    }  # type: ignore[union-attr]
    assert every == set(words[1:])
    near = [f"kolobax{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(MAX_EXPANSIONS + 1)]
    searcher = searcher_over(profile("Alpha", overview=" ".join(near)))
    (leaf,) = read_query(searcher, "kolobaxzz").query.leaves()
    used = {word for form in leaf.forms if form.origin == "typo" for word in form.words}  # type: ignore[union-attr]
    assert 0 < len(used) <= MAX_EXPANSIONS


# Depth and pages


def test_hit_1000_is_served_and_hit_1001_is_not() -> None:
    names = [f"c{number:04}" for number in range(MAX_DEPTH + 1)]
    service = service_over(*(profile(Facts(name, name), overview="pay") for name in names))
    last = search(service, "pay", sort="name", size=50, page=20)
    assert (last.total, last.pages) == (MAX_DEPTH + 1, 20)
    assert [result.facts.slug for result in last.results][-1] == names[MAX_DEPTH - 1]
    assert search(service, "pay", sort="name", size=50, page=21).results == ()


@pytest.mark.parametrize(("size", "status"), [("0", 400), ("1", 200), ("50", 200), ("51", 400)])
def test_page_sizes_are_1_to_50(client: FlaskClient, size: str, status: int) -> None:
    response = client.get(f"/api/search?size={size}")
    assert response.status_code == status
    if status == 400:
        assert response.json["faults"] == [{"parameter": "size", "message": "give a whole number from 1 to 50"}]


@pytest.mark.parametrize(("option", "most"), [("--limit", MAX_PAGE_SIZE), ("--verified-within", MAX_VERIFIED_DAYS)])
def test_limits_of_the_command_line_are_those_of_the_web(settings: Settings, option: str, most: int) -> None:
    def code(number: int) -> int:
        return CliRunner().invoke(main, ["search", "pay", option, str(number), "--index", settings.index]).exit_code

    assert [code(number) for number in (0, 1, most, most + 1)] == [2, 0, 0, 2]


def test_page_past_the_last_is_404(client: FlaskClient) -> None:
    for url in ("/search?q=paid&page=", "/api/search?q=paid&page="):
        assert [client.get(f"{url}{page}").status_code for page in (1, 2)] == [200, 404]


@pytest.mark.parametrize(("count", "status"), [(MAX_FILTER_VALUES, 200), (MAX_FILTER_VALUES + 1, 400)])
def test_facet_takes_50_choices(client: FlaskClient, count: int, status: int) -> None:
    assert client.get("/api/search?" + "&".join(["hiring=workers"] * count)).status_code == status


# A second for a search


class Late:
    """An engine whose answers are due at once."""

    def __init__(self, searcher: Searcher) -> None:
        self._searcher = searcher

    def open(self, generation: str | None = None) -> "Late":
        return self

    def search(self, plan: Plan) -> Found:
        return self._searcher.search(replace(plan, until=time.monotonic() - 1))

    def __getattr__(self, name: str) -> object:
        return getattr(self._searcher, name)


def late(searcher: Searcher) -> SearchService:
    return SearchService(Late(searcher))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text", ["pay day", '"pay day" week', "pa* day", "compensasion money", "how do they pay me weekly"]
)
def test_search_out_of_time_gives_what_it_has_and_says_partial(text: str) -> None:
    profiles = profile("Alpha", overview="pay day"), profile("Beta", overview="pay week")
    page = search(late(searcher_over(*profiles)), text)
    assert page.partial
    assert set(slugs(page)) == set(slugs(search(service_over(*profiles), text.rpartition(" ")[0])))


def test_words_left_out_are_obeyed_out_of_time() -> None:
    searcher = searcher_over(profile("Alpha", overview="pay day"), profile("Beta", overview="pay week"))
    assert slugs(search(late(searcher), "pay day -week")) == ["alpha"]


def test_search_in_time_is_whole() -> None:
    assert not search(service_over(profile("Alpha", overview="pay day")), "pay day").partial


@pytest.fixture
def late_app(settings: Settings) -> Flask:
    """The application over an engine that is always late."""
    app = create_app(settings)
    desk = desk_of(app)
    desk.service = late(desk.service.searcher())
    return app


def test_partial_answers_say_so_and_are_not_kept(late_app: Flask) -> None:
    client = late_app.test_client()
    document = client.get("/api/search?q=paid+weekly")
    assert document.json["partial"] is True
    page = client.get("/search?q=paid+weekly")
    assert page.status_code == 200
    assert "The search ran out of time" in page.text
    for response in (document, page):
        assert response.headers["Cache-Control"] == "no-store"
        assert "ETag" not in response.headers


# Size of a profile


def filled(size: int) -> str:
    """A profile of so many bytes, with the word `payday` in its last line."""
    head = "---\ncompany: Long\nspecialties: [Text]\nlast_verified: 2026-01-01\n---\n## Overview\n"
    line = "They pay each week and nobody was late with it.\n\n"
    tail = "The last is payday.\n"
    text = head + line * ((size - len(head) - len(tail)) // len(line))
    return text + "x" * (size - len(text) - len(tail)) + tail


def test_profile_of_1_mib_is_indexed_whole_and_one_byte_more_is_refused(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    path = tmp_path / "corpus" / "long.md"
    with closing(open_engine(Settings(index=str(tmp_path / "index")))) as engine:
        path.write_text(filled(MAX_PROFILE_BYTES), encoding="utf-8")
        assert path.stat().st_size == MAX_PROFILE_BYTES
        began = time.monotonic()
        rebuild(engine, tmp_path / "corpus")
        assert time.monotonic() - began < 30
        first = engine.open().generation.id
        assert search(SearchService(engine), "payday").total == 1
        path.write_text(filled(MAX_PROFILE_BYTES + 1), encoding="utf-8")
        with pytest.raises(CorpusInvalid) as refused:
            rebuild(engine, tmp_path / "corpus")
        assert "the file has more than 1,048,576 bytes" in refused.value.problems[0]
        assert engine.open().generation.id == first
