"""The limits beside those of a search (tests/test_budgets.py): what is taken at each, and refused one past it."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from served import serving

from indexer.config import Settings
from indexer.profiles.characters import MAX_REPORTED
from indexer.profiles.facts import MAX_LIST_VALUES, MAX_VALUE_CHARACTERS
from indexer.profiles.frontmatter import MAX_FRONT_MATTER_CHARACTERS
from indexer.profiles.headings import MAX_HEADING_CHARACTERS, plain_heading
from indexer.profiles.markup import MAX_MARKUP_CHARACTERS, MAX_NESTING, MAX_WORK, Budget, MarkupRefused, markdown_html
from indexer.profiles.reader import read_profile
from indexer.profiles.sections import MAX_SECTIONS
from indexer.profiles.vocabulary import MAX_PHRASE_WORDS, MAX_VOCABULARY_BYTES, read_vocabulary
from indexer.query.request import MAX_VERIFIED_DAYS
from indexer.text import MAX_WORD_CHARACTERS, word_of
from webapp import MAX_URL_BYTES
from webapp.parameters import MAX_COMPARED, MAX_PAGE, MAX_SUGGESTIONS
from webapp.serve import MAX_BODY_BYTES

# What an address may say

COMPANIES = ["appen", "sama", "humans-in-the-loop", "centaur-labs", "surge-ai"]


def of_bytes(path: str, size: int) -> str:
    """An address whose path and query have so many bytes."""
    return f"{path}?x={'a' * (size - len(path) - 2)}"


def compare(count: int) -> str:
    return "/compare?" + "&".join(f"company={slug}" for slug in COMPANIES[:count])


ADDRESSES = [
    (compare(MAX_COMPARED), 200, compare(MAX_COMPARED + 1), 400, "4"),
    (f"/api/suggest?q=pa&limit={MAX_SUGGESTIONS}", 200, f"/api/suggest?q=pa&limit={MAX_SUGGESTIONS + 1}", 400, "to 20"),
    ("/api/suggest?q=pa&limit=1", 200, "/api/suggest?q=pa&limit=0", 400, "from 1"),
    (f"/search?page={MAX_PAGE}", 404, f"/search?page={MAX_PAGE + 1}", 400, "to 1,000,000"),
    (f"/api/search?page={MAX_PAGE}", 404, f"/api/search?page={MAX_PAGE + 1}", 400, "to 1,000,000"),
    (f"/coverage?page={MAX_PAGE}", 404, f"/coverage?page={MAX_PAGE + 1}", 400, "to 1,000,000"),
    (f"/api/search?verified={MAX_VERIFIED_DAYS}", 200, f"/api/search?verified={MAX_VERIFIED_DAYS + 1}", 400, "verif"),
    (of_bytes("/help", MAX_URL_BYTES), 200, of_bytes("/help", MAX_URL_BYTES + 1), 414, "at most 16,384 bytes"),
]  # fmt: skip


@pytest.mark.parametrize(("at", "taken", "past", "refused", "said"), ADDRESSES)
def test_address_at_its_limit_is_taken_and_one_past_it_is_refused(
    client: FlaskClient, at: str, taken: int, past: str, refused: int, said: str
) -> None:
    assert client.get(at).status_code == taken
    answer = client.get(past)
    assert (answer.status_code, said in answer.text) == (refused, True)


@pytest.mark.parametrize(("size", "status"), [(MAX_BODY_BYTES, b"405"), (MAX_BODY_BYTES + 1, b"413")])
def test_body_of_64_kib_reaches_the_route_and_one_byte_more_is_refused_before_it_is_sent(
    site: int, size: int, status: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", site), timeout=30) as connection:
        connection.sendall(b"POST /search HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % size)
        if size <= MAX_BODY_BYTES:
            connection.sendall(b"a" * size)
        assert connection.recv(100).startswith(b"HTTP/1.1 " + status)


@pytest.fixture(scope="module")
def site(settings: Settings) -> Iterator[int]:
    """The port of a real server."""
    with serving(settings) as server:
        yield server.port


# What a profile may hold


def profile(facts: str = "", body: str = "") -> str:
    return (
        f"---\ncompany: Long\nspecialties: [Text]\nlast_verified: 2026-01-01\n{facts}---\n## Overview\nIt pays.\n{body}"
    )


def of_characters(size: int) -> str:
    """A profile with so long a front matter."""
    filled = len(profile().split("---\n")[1])
    return profile("# " + "a" * (size - filled - 3) + "\n")


PROFILES: list[tuple[Callable[[int], str], int, str]] = [
    (lambda count: profile(body="".join(f"## A {n}\nText.\n" for n in range(count - 1))), MAX_SECTIONS,
     "more than 200 sections: split the file"),
    (of_characters, MAX_FRONT_MATTER_CHARACTERS, "the front matter has more than 16,384 characters"),
    (lambda count: profile(f"headquarters: {'a' * count}\n"), MAX_VALUE_CHARACTERS, "at most 300 characters"),
    (lambda count: profile().replace("[Text]", str([f"a{n}" for n in range(count)])), MAX_LIST_VALUES,
     "specialties: at most 50 values"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "limit", "said"), PROFILES, ids=["sections", "front matter", "value", "list"])
def test_profile_at_its_limit_is_taken_and_one_past_it_is_an_error(
    make: Callable[[int], str], limit: int, said: str
) -> None:
    def errors(count: int) -> list[str]:
        found = read_profile(make(count).encode(), "long", "long.md").problems
        return [str(problem) for problem in found if problem.severity == "error"]

    assert errors(limit) == []
    assert any(said in error for error in errors(limit + 1))


def test_20_faults_of_a_kind_are_listed_and_no_more() -> None:
    for count in (MAX_REPORTED, MAX_REPORTED + 1):
        found = read_profile(profile(body="a\0\n" * count).encode(), "long", "long.md").problems
        assert sum(problem.code == "nul" for problem in found) == 20


def quoted(depth: int) -> str:
    """Quotes in quotes, in which Markdown goes two steps down for each."""
    return "> " * depth + "text"


MARKUP: list[tuple[Callable[[int], str], int, str]] = [
    (lambda count: "a" * count, MAX_MARKUP_CHARACTERS, "more than 200,000 characters with markup"),
    (quoted, MAX_NESTING - 1, "nested too deeply"),
]


@pytest.mark.parametrize(("make", "limit", "said"), MARKUP, ids=["characters", "nesting"])
def test_markup_at_its_limit_is_rendered_and_one_past_it_is_refused(
    make: Callable[[int], str], limit: int, said: str
) -> None:
    assert markdown_html(make(limit), Budget())
    with pytest.raises(MarkupRefused, match=said):
        markdown_html(make(limit + 1), Budget())


def test_work_of_a_profile_is_bounded() -> None:
    budget = Budget()
    budget.spend(MAX_WORK)
    with pytest.raises(MarkupRefused, match="too many brackets, stars, tags or other marks"):
        budget.spend(1)


def test_heading_and_word_are_cut_behind_their_limit() -> None:
    for length in (MAX_HEADING_CHARACTERS, MAX_HEADING_CHARACTERS + 1):
        assert plain_heading("a" * length) == "a" * 200
    for length in (MAX_WORD_CHARACTERS, MAX_WORD_CHARACTERS + 1):
        assert word_of("a" * length) == "a" * 64


# What the vocabulary may hold


def phrase(count: int) -> str:
    return f'[[group]]\nwords = ["pay", "{" ".join(["word"] * count)}"]\n'


VOCABULARY: list[tuple[Callable[[int], str], int, str]] = [
    (phrase, MAX_PHRASE_WORDS, "is no word or short phrase"),
    (lambda count: f"#{'a' * (count - 1)}", MAX_VOCABULARY_BYTES, "the file has more than 1,048,576 bytes: shorten it"),
]


@pytest.mark.parametrize(("make", "limit", "said"), VOCABULARY, ids=["phrase", "file"])
def test_vocabulary_at_its_limit_is_taken_and_one_past_it_is_an_error(
    tmp_path: Path, make: Callable[[int], str], limit: int, said: str
) -> None:
    def problems(count: int) -> list[str]:
        (tmp_path / "synonyms.toml").write_text(make(count), encoding="utf-8")
        return [str(problem) for problem in read_vocabulary(tmp_path).problems]

    assert problems(limit) == []
    (error,) = problems(limit + 1)
    assert said in error
