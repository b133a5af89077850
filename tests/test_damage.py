"""Bytes of an index that are not what was written: the program says so in one line, or its answer is right."""

import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from corpora import TODAY
from faults import COMPANIES, NEW, OLD, Attempt, Outcome, RealCommand, Task, run, run_command
from small_generations import overwrite

from indexer.documents import search_document
from indexer.engines.whoosh.engine import EmbeddedEngine
from indexer.errors import IndexCorrupt
from indexer.query.request import SearchRequest
from indexer.search import SearchService

pytestmark = pytest.mark.slow

SEED, FLIPS = 7, 5
"""Bytes of each file that are flipped, and what chooses them."""
ASKED = ("metal", "pays metal", '"the metal"', "meta*", "in:compensation metal", "nothing", "")


def search(root: Path) -> Outcome:
    """`profile-search search` for what every section holds."""
    return Attempt(Task(run_command, ("search", "metal", "--json", "--index", str(root)))).begin().outcome()


def flipped(data: bytes, places: random.Random) -> bytes:
    """The data with one bit of one byte turned."""
    place = places.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << places.randrange(8)]) + data[place + 1 :]


def damaged(good: bytes, places: random.Random) -> Iterator[bytes]:
    """The content of a file with a bit turned here and there, and cut off: all, half, the last byte."""
    yield from (flipped(good, places) for _ in range(FLIPS))
    yield from {b"", good[: len(good) // 2], good[:-1]}


def filled_files(root: Path) -> list[Path]:
    """Every file of the index that holds something."""
    return sorted(path for path in root.rglob("*") if path.is_file() and path.stat().st_size)


def answers(root: Path) -> list[object]:
    """Everything that an index just opened answers, but for the time it takes."""
    with closing(EmbeddedEngine(root)) as engine:
        service = SearchService(engine)
        found = [search_document(service.search(SearchRequest(text, explain=True), TODAY)) for text in ASKED]
        profiles = [engine.open().profile(company.lower()) for company in COMPANIES]
    return [*({**document, "took_ms": 0.0} for document in found), *profiles]


def answers_or_fault(root: Path) -> list[object] | str:
    """Or the line that says what is corrupt."""
    try:
        return answers(root)
    except IndexCorrupt as fault:
        return str(fault)


def is_same_document(one: bytes, other: bytes) -> bool:
    """Whether both are the same JSON, white space aside."""
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False


def test_damage_of_any_file_is_told_or_changes_no_answer(tmp_path: Path) -> None:
    root, places = tmp_path / "index", random.Random(SEED)
    assert run(RealCommand(tmp_path / "corpora"), root, NEW).code == 0
    right, outcomes = answers(root), Counter[str]()
    for path in filled_files(root):
        good = path.read_bytes()
        for bad in damaged(good, places):
            overwrite(path, bad)
            assert EmbeddedEngine(root).status().state == "corrupt" or is_same_document(good, bad), path
            found = answers_or_fault(root)
            assert found == right or re.fullmatch(r".+ \(run: profile-search rebuild\)", str(found)), (path, bad[:99])
            outcomes["right" if found == right else "told"] += 1
        overwrite(path, good)
    print(f"seed {SEED}: {dict(outcomes)}")
    assert min(outcomes["right"], outcomes["told"]) > 0
    assert answers(root) == right


def test_flipped_byte_is_one_line_of_the_command_or_no_matter(tmp_path: Path) -> None:
    program, root, places = RealCommand(tmp_path / "corpora"), tmp_path / "index", random.Random(SEED)
    assert run(program, root, NEW).code == 0
    codes = []
    for path in filled_files(root)[::3]:
        good = path.read_bytes()
        overwrite(path, flipped(good, places))
        found = search(root)
        codes.append(found.code)
        if found.code:
            assert (found.code, found.errors.count("\n")) == (1, 1)
            assert "(run: profile-search rebuild)" in found.errors
        overwrite(path, good)
    assert set(codes) == {0, 1}


def test_flipped_byte_falls_back_to_the_index_before_and_says_so(tmp_path: Path) -> None:
    program, root = RealCommand(tmp_path / "corpora"), tmp_path / "index"
    for version in (OLD, NEW):
        assert run(program, root, version).code == 0
    newest = max((root / "generations").iterdir())
    largest = max((newest / "columns").iterdir(), key=lambda path: path.stat().st_size)
    overwrite(largest, b"x" + largest.read_bytes()[1:])
    assert program.answer(root) == OLD
    assert "answering from the generation before" in search(root).errors
