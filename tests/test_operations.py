"""The real server as an operator runs it, and its settings."""

import http.client
import json
import math
import os
import shutil
import socket
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, closing, suppress
from datetime import date
from pathlib import Path

import pytest
from served import Served, serving

from indexer.build import rebuild
from indexer.config import Settings, WebSettings, read_settings
from indexer.engines import open_engine
from indexer.errors import UsageError
from indexer.querylog import read_log
from webapp.crowding import CONNECTIONS, FEWEST, OTHER_FILES, Crowd

TOKEN = "a token, known to few"


# Settings


def test_environment_gives_the_settings_of_the_web() -> None:
    found = read_settings(
        {
            "PROFILE_SEARCH_HOSTS": "a.example, .b.example",
            "PROFILE_SEARCH_PROXIES": "2",
            "PROFILE_SEARCH_RATE": "120",
            "PROFILE_SEARCH_LOG": "json",
            "PROFILE_SEARCH_QUERY_LOG": "q.log",
            "PROFILE_SEARCH_QUERY_LOG_DAYS": "7",
            "PROFILE_SEARCH_OPERATOR_TOKEN": TOKEN,
        }
    )
    assert found.web == WebSettings(("a.example", ".b.example"), 2, 120, True, Path("q.log"), 7)
    assert found.operator_token == TOKEN
    assert TOKEN not in repr(found)
    assert read_settings({}).web == WebSettings()


@pytest.mark.parametrize(
    ("name", "value"), [("PROXIES", "two"), ("PROXIES", "-1"), ("PROXIES", "11"), ("RATE", "1.5"), ("LOG", "xml")]
)
def test_bad_setting_is_named_in_one_line(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=f"PROFILE_SEARCH_{name} is"):
        read_settings({f"PROFILE_SEARCH_{name}": value})


# The real server


@pytest.fixture(scope="module")
def built(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An index that these tests may do anything to."""
    folder = tmp_path_factory.mktemp("operations")
    shutil.copytree(settings.corpus, folder / "corpus")
    made = Settings(corpus=folder / "corpus", index=str(folder / "index"))
    with closing(open_engine(made)) as engine:
        rebuild(engine, made.corpus)
    return made


def test_serve_on_loopback_shows_metrics_refuses_foreign_names_and_logs_json(built: Settings, log: Path) -> None:
    with serving(built, PROFILE_SEARCH_LOG="json", PROFILE_SEARCH_QUERY_LOG=str(log)) as server:
        assert server.get("/search?q=secret").status == 200
        assert server.get("/nowhere?q=secret").status == 404
        assert server.get("/", Host="evil.example").status == 400
        assert b"profile_search_requests_total" in server.get("/metrics").body
        assert server.get("/metrics", **{"X-Forwarded-For": "192.0.2.7"}).status == 404
        server.stop()
    lines = [json.loads(line) for line in server.errors.splitlines()]
    assert [(line["route"], line["status"]) for line in lines if line["logger"] == "profile_search.access"] == [
        ("/search", 200),
        ("unmatched", 404),
        ("/", 400),
        ("/metrics", 200),
        ("/metrics", 404),
    ]
    assert "secret" not in server.errors
    assert "127.0.0.1" not in server.errors
    assert [query.text for query in read_log(log, date.min)] == ["secret"]


def test_server_takes_as_many_connections_as_it_may_open_files_for() -> None:
    takes = {files: Crowd(files).connections for files in (64, OTHER_FILES + 100, CONNECTIONS + OTHER_FILES, math.inf)}
    assert list(takes.values()) == [FEWEST, 100, CONNECTIONS, CONNECTIONS]


@pytest.mark.slow
def test_idle_and_slow_connections_that_fill_the_server_keep_nobody_out(built: Settings) -> None:
    takes = 100
    few = serving(built, open_files=OTHER_FILES + takes)
    with few as server, ExitStack() as stack, ThreadPoolExecutor(1) as pool:
        busy = stack.enter_context(closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)))
        busy.connect()
        own = busy.sock
        held = [
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=30))
            for _ in range(takes + 20)
        ]
        late = pool.submit(server.get, "/search?q=pay")
        while not wait([late], 0.2).done:
            for connection in held[::2]:  # half of them send a request, slowly
                with suppress(OSError):
                    connection.send(b"G")
            busy.request("GET", "/healthz")
            assert busy.getresponse().read()
        assert late.result().status == 200
        assert busy.sock is own


@pytest.mark.slow
@pytest.mark.parametrize("options", [("--trusted-proxies", "1"), ("--host", "0.0.0.0")])
def test_serve_that_others_reach_hides_metrics_from_those_without_the_token(
    built: Settings, options: tuple[str, ...]
) -> None:
    with serving(built, *options, PROFILE_SEARCH_OPERATOR_TOKEN=TOKEN) as server:
        assert server.get("/metrics").status == 404
        assert server.get("/metrics", Authorization="Bearer wrong").status == 404
        assert server.get("/metrics", Authorization=f"Bearer {TOKEN}").status == 200


@pytest.mark.slow
def test_serve_answers_to_the_names_it_is_told(built: Settings) -> None:
    with serving(built, "--trusted-proxies", "1", "--trusted-host", "a.example") as server:
        relayed = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}
        answer = server.get("/profiles/appen", Host="a.example", **relayed)
        assert b"https://a.example/profiles/appen" in answer.body
        assert server.get("/profiles/appen").status == 400


def test_serve_with_a_bad_setting_exits_with_two_and_one_line(built: Settings) -> None:
    environment = {**os.environ, "PROFILE_SEARCH_PROXIES": "many"}
    served = Served(built, ("--port", "0"), environment)
    assert served.process.wait(30) == 2
    assert served.finish() == "profile-search: PROFILE_SEARCH_PROXIES is 'many': give a whole number from 0 to 10\n"
