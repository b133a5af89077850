"""Reading what lies in many documents: each once, and none for a request that nobody waits for."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from indexer.deadline import within
from indexer.engines.opensearch.gathering import Gathered
from indexer.errors import EngineUnavailable

PIECES = ["a", "b", "c"]


def names(pieces: object) -> list[str]:
    return [piece["name"] for piece in pieces]  # type: ignore[attr-defined]


def test_request_whose_time_is_over_reads_no_further_and_the_next_one_only_what_is_left() -> None:
    gathered, asked = Gathered(PIECES, names), []

    def read(identity: str) -> Mapping[str, str]:
        asked.append(identity)
        if asked == ["a", "b"]:
            Event().wait(0.3)  # longer than the request may take, and answered all the same
        return {"name": identity}

    with within(0.2), pytest.raises(EngineUnavailable, match="in time"):
        gathered.whole(read)
    assert asked == ["a", "b"]
    assert [gathered.whole(read), gathered.whole(read)] == [PIECES] * 2
    assert asked == PIECES


def test_requests_at_the_same_time_read_each_document_once() -> None:
    gathered, asked, begun = Gathered(PIECES, names), [], Event()

    def read(identity: str) -> Mapping[str, str]:
        asked.append(identity)
        begun.set()
        with pytest.raises(TimeoutError):  # the other one waits
            second.result(0.1)
        return {"name": identity}

    def follow() -> list[str]:
        begun.wait(30)
        return gathered.whole(read)

    with ThreadPoolExecutor(1) as threads:
        second = threads.submit(follow)
        first = gathered.whole(read)
    assert first == second.result() == PIECES
    assert asked == PIECES
