"""What every page offers to choose from is counted once, of one generation, and whole as soon as there is time."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from threading import Event

import pytest
from flask import Flask

from indexer.build import rebuild
from indexer.config import Settings
from indexer.engines import open_engine
from indexer.engines.base import Engine, Found, Plan, Searcher
from indexer.search import SearchService
from webapp import create_app
from webapp.context import desk_of

REQUESTS = 8
PATIENCE = 30.0
"""Seconds after which what must happen has not."""


@dataclass(eq=False)
class Counting:
    """An engine whose searches are counted; `seen` is given what each has found, and gives what it answers."""

    engine: Engine
    seen: Callable[[Found], Found]
    first: list[Searcher] = field(default_factory=list)
    """What is opened before the engine is asked."""
    opened: list[str | None] = field(default_factory=list)
    """The generations asked for, None where it was the current one."""
    searches: int = 0

    def open(self, generation: str | None = None) -> "Counted":
        self.opened.append(generation)
        return Counted(self.first.pop() if self.first else self.engine.open(generation), self)

    def __getattr__(self, name: str) -> object:
        return getattr(self.engine, name)


@dataclass(eq=False)
class Counted:
    """A searcher of such an engine."""

    searcher: Searcher
    counting: Counting

    def search(self, plan: Plan) -> Found:
        self.counting.searches += 1
        return self.counting.seen(self.searcher.search(plan))

    def __getattr__(self, name: str) -> object:
        return getattr(self.searcher, name)


def counting(app: Flask, seen: Callable[[Found], Found] = lambda found: found) -> Counting:
    """From now on the application asks its engine through this one."""
    made = Counting(desk_of(app).engine, seen)
    desk_of(app).service = SearchService(made)  # type: ignore[arg-type]
    return made


def test_requests_that_come_while_the_catalog_is_read_take_what_was_read(settings: Settings) -> None:
    app = create_app(settings)

    def wait(found: Found) -> Found:
        end = time.monotonic() + PATIENCE
        while engine.opened.count(None) < 2 * REQUESTS and time.monotonic() < end:  # for the tag, and for the page
            Event().wait(0.01)
        return found

    engine = counting(app, wait)
    with ThreadPoolExecutor(REQUESTS) as threads:
        pages = list(threads.map(lambda _: app.test_client().get("/help"), range(REQUESTS)))
    assert [page.status_code for page in pages] == [200] * REQUESTS
    assert engine.searches == 1


@pytest.mark.parametrize("address", ["/", "/help", "/coverage"])
def test_catalog_that_time_ran_out_for_serves_for_seconds_and_is_kept_by_nobody(
    settings: Settings, address: str
) -> None:
    app = create_app(settings)
    client = app.test_client()
    engine = counting(app, lambda found: replace(found, partial=engine.searches == 1))
    for _ in range(3):
        page = client.get(address)
        assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-store")
        assert "ETag" not in page.headers
    assert engine.searches == 1


def test_catalog_that_time_ran_out_for_is_read_again_after_seconds(settings: Settings) -> None:
    app = create_app(settings)
    client = app.test_client()
    engine = counting(app, lambda found: replace(found, partial=engine.searches == 1))
    end = time.monotonic() + PATIENCE
    while (page := client.get("/help")).headers["Cache-Control"] == "no-store" and time.monotonic() < end:
        Event().wait(0.05)
    assert "ETag" in page.headers
    assert engine.searches == 2


def test_page_whose_generation_goes_before_it_is_counted_is_answered_by_the_next_one(own_settings: Settings) -> None:
    app = create_app(own_settings)
    engine = counting(app)
    with closing(open_engine(own_settings)) as writer:
        rebuild(writer, own_settings.corpus)
        engine.first = [writer.open()] * 2  # for the tag, and for the page
        for slug in ("appen", "sama"):
            (own_settings.corpus / f"{slug}.md").unlink()
            rebuild(writer, own_settings.corpus)
        page = app.test_client().get("/")
    assert not engine.first
    assert page.text == create_app(own_settings).test_client().get("/").text
