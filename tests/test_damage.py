"""Bytes of an index that are not what was written: the program says so in one line, or its answer is right."""

import json
import random
from pathlib import Path

import pytest
from faults import NEW, OLD, Attempt, Outcome, RealCommand, Task, run, run_command
from small_generations import overwrite

from indexer.engines.whoosh.engine import EmbeddedEngine

pytestmark = pytest.mark.slow

FLIPS = 2
"""In each file of the index."""


def search(root: Path) -> Outcome:
    """`profile-search search` for what every section holds."""
    return Attempt(Task(run_command, ("search", "metal", "--json", "--index", str(root)))).begin().outcome()


def flipped(data: bytes, places: random.Random) -> bytes:
    """The data with one bit of one byte turned."""
    place = places.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << places.randrange(8)]) + data[place + 1 :]


def is_same_document(one: bytes, other: bytes) -> bool:
    """Whether both are the same JSON, white space aside."""
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False


def test_flipped_byte_in_any_file_is_told_in_one_line_or_changes_no_answer(quick: Path) -> None:
    program, root, places = RealCommand(quick / "corpora"), quick / "index", random.Random(7)
    assert run(program, root, NEW).code == 0
    codes = []
    for path in sorted(path for path in root.rglob("*") if path.is_file() and path.stat().st_size):
        good = path.read_bytes()
        for _ in range(FLIPS):
            bad = flipped(good, places)
            overwrite(path, bad)
            assert EmbeddedEngine(root).status().state == "corrupt" or is_same_document(good, bad)
            found = search(root)
            codes.append(found.code)
            if found.code:
                assert (found.code, found.errors.count("\n")) == (1, 1)
                assert "(run: profile-search rebuild)" in found.errors
            else:
                assert program.answer(root) == NEW
        overwrite(path, good)
    assert set(codes) == {0, 1}


def test_flipped_byte_falls_back_to_the_index_before_and_says_so(quick: Path) -> None:
    program, root = RealCommand(quick / "corpora"), quick / "index"
    for version in (OLD, NEW):
        assert run(program, root, version).code == 0
    newest = max((root / "generations").iterdir())
    largest = max((newest / "columns").iterdir(), key=lambda path: path.stat().st_size)
    overwrite(largest, b"x" + largest.read_bytes()[1:])
    assert program.answer(root) == OLD
    assert "answering from the generation before" in search(root).errors
