"""Hosts that take every question and answer none: whoever asks is told so in time."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from indexer.config import Settings
from indexer.engines import open_engine
from indexer.errors import EngineUnavailable
from indexer.query.request import SearchRequest
from indexer.search import SearchService
from webapp import create_app

LONGEST = 5.0
"""Seconds within which a user has an answer or an error."""
ADDRESSES = (
    "/",
    "/search?q=pay",
    "/profiles/sama",
    "/compare?company=sama",
    "/coverage",
    "/suggest?q=pa",
    "/api/search?q=pay",
    "/changes.atom",
    "/sitemap.xml",
    "/readyz",
    "/readyz",
)


def test_search_is_an_error_in_time(silent_host: str) -> None:
    started = time.monotonic()
    with (
        closing(open_engine(Settings(index=f"opensearch://{silent_host}/profiles"))) as client,
        pytest.raises(EngineUnavailable, match="in time"),
    ):
        SearchService(client).search(SearchRequest("metal"))
    assert time.monotonic() - started < LONGEST


def test_every_page_is_answered_in_time_however_many_are_asked_for_at_once(silent_host: str) -> None:
    app = create_app(Settings(index=f"opensearch://{silent_host}/profiles"))

    def ask(address: str) -> tuple[str, int, float]:
        started = time.monotonic()
        status = app.test_client().get(address).status_code
        return address, status, time.monotonic() - started

    with ThreadPoolExecutor(len(ADDRESSES)) as threads:
        answers = list(threads.map(ask, ADDRESSES))
    assert {status for _, status, _ in answers} == {503}, answers
    assert max(seconds for *_, seconds in answers) < LONGEST, answers
