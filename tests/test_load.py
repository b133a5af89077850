"""A real server under load: rebuilds while it answers, and its orderly end. Slow; one half needs wrk."""

import http.client
import json
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from served import ROOT, Served, serving

from indexer.build import rebuild
from indexer.config import Settings
from indexer.engines import open_engine

pytestmark = pytest.mark.slow

COMPANIES = 60
REBUILDS = 20
QUIET_SECONDS = 10
MAX_SLOWDOWN = 2.0
"""Of the slowest request in a hundred, while one rebuild follows another without a pause."""
ATTEMPTS = 2
"""Of the comparison of times: the machine may have had something else to do in one half of it."""
CONNECTIONS = 24
PROFILE = """---
company: Company {number}
specialties: [Text]
last_verified: 2026-01-29
---
## Overview
The metal of this company is metal{version}, as everybody knows.

## Compensation
It pays in metal{version} each week.

## Concerns
Some say that metal{version} is heavy.
"""
VERSION = re.compile(r"\bmetal(\d+)\b")
PATHS = ["/search?q=pays", "/search?q=metal+company&page=2", "/profiles/c7?q=pays", "/profiles/c41"]


def write(corpus: Path, version: int) -> None:
    """The whole corpus in another version, every file of it changed."""
    for number in range(COMPANIES):
        text = PROFILE.format(number=number, version=version)
        (corpus / f"c{number}.md").write_text(text, encoding="utf-8")


@pytest.fixture
def metals(tmp_path: Path) -> Settings:
    """Sixty companies in version 0, built."""
    settings = Settings(corpus=tmp_path / "corpus", index=str(tmp_path / "index"))
    settings.corpus.mkdir()
    write(settings.corpus, 0)
    with closing(open_engine(settings)) as engine:
        rebuild(engine, settings.corpus)
    return settings


@dataclass
class Reader:
    """Reads pages until it is told to stop, and keeps what it saw."""

    port: int
    pages: int = 0
    versions: dict[str, set[str]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with closing(connection):
            while not self.ended.is_set():
                try:
                    self._look(connection)
                except (OSError, http.client.HTTPException, ValueError) as fault:
                    self.faults.append(repr(fault))
                    return

    def _look(self, connection: http.client.HTTPConnection) -> None:
        first = self._document(connection, "/api/search?q=pays&size=30")
        second = self._document(connection, first["next_url"])
        for document in (first, second):
            self.versions.setdefault(document["generation"], set()).update(VERSION.findall(json.dumps(document)))
        if first["generation"] == second["generation"]:
            slugs = [result["slug"] for document in (first, second) for result in document["results"]]
            if len(set(slugs)) != COMPANIES:
                self.faults.append(f"pages of one answer have {len(set(slugs))} companies")
        for path in PATHS:
            found = set(VERSION.findall(self._get(connection, path).decode()))
            if len(found) != 1:
                self.faults.append(f"{path} has versions {found}")

    def _document(self, connection: http.client.HTTPConnection, path: str) -> dict:
        return json.loads(self._get(connection, path))

    def _get(self, connection: http.client.HTTPConnection, path: str) -> bytes:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            self.faults.append(f"{path} gave {response.status}")
        self.pages += 1
        return body


@contextmanager
def reading(port: int) -> Iterator[Reader]:
    """A reader at work beside whatever else is done."""
    reader = Reader(port)
    thread = threading.Thread(target=reader.run)
    thread.start()
    try:
        yield reader
    finally:
        reader.ended.set()
        thread.join()


@pytest.fixture
def wrk() -> str:
    """The load generator."""
    found = shutil.which("wrk")
    if found is None:
        pytest.skip("no wrk found: install it to put the server under load")
    return found


@dataclass(frozen=True)
class Load:
    """What wrk measured."""

    requests: int
    failed: int
    p50_ms: float
    p99_ms: float


def started_load(wrk: str, port: int, script: Path, seconds: int) -> "subprocess.Popen[str]":
    """wrk asking for every path in turn over eight connections."""
    paths = ", ".join(f'"{path}"' for path in PATHS)
    script.write_text(
        f"local paths = {{{paths}}}\nlocal n = 0\n"
        'request = function() n = n + 1; return wrk.format("GET", paths[n % #paths + 1]) end\n'
    )
    command = [wrk, "-t1", "-c8", f"-d{seconds}s", "--timeout", "10s", "--latency", "-s", str(script)]
    return subprocess.Popen([*command, f"http://127.0.0.1:{port}"], stdout=subprocess.PIPE, text=True)


def measured(load: "subprocess.Popen[str]") -> Load:
    """What wrk says at its end."""
    text = load.communicate(timeout=300)[0]
    found = re.search(r"(\d+) requests in", text)
    assert found, text
    failed = sum(map(int, re.findall(r"Non-2xx or 3xx responses: (\d+)", text)))
    failed += sum(sum(map(int, re.findall(r"\d+", line))) for line in text.splitlines() if "Socket errors" in line)
    return Load(int(found[1]), failed, _milliseconds(text, "50%"), _milliseconds(text, "99%"))


def _milliseconds(text: str, name: str) -> float:
    value, unit = re.findall(rf"{name}\s+([\d.]+)(us|ms|s)\b", text)[0]
    return float(value) * {"us": 0.001, "ms": 1.0, "s": 1_000.0}[unit]


def publish(settings: Settings, version: int) -> None:
    """One run of `profile-search rebuild` over a corpus that has changed."""
    write(settings.corpus, version)
    where = ["--corpus", str(settings.corpus), "--index", settings.index]
    subprocess.run([sys.executable, "-m", "indexer", "rebuild", *where], cwd=ROOT, check=True, capture_output=True)


@dataclass(frozen=True)
class Comparison:
    """The same load without and with rebuilds, and what the reader saw meanwhile."""

    quiet: Load
    busy: Load
    reader: Reader

    @property
    def slowdown(self) -> float:
        return self.busy.p99_ms / self.quiet.p99_ms

    def __str__(self) -> str:
        quiet, busy = self.quiet, self.busy
        return (
            f"{REBUILDS} rebuilds under {busy.requests:,} requests, {self.reader.pages:,} pages compared: "
            f"p50 {quiet.p50_ms:.1f} -> {busy.p50_ms:.1f} ms, p99 {quiet.p99_ms:.1f} -> {busy.p99_ms:.1f} ms"
        )


def compared(settings: Settings, wrk: str, script: Path, first: int) -> Comparison:
    """A quiet load, then the same one while the versions from `first` on are published."""
    with serving(settings) as server, reading(server.port) as reader:
        quiet = measured(started_load(wrk, server.port, script, QUIET_SECONDS))
        load = started_load(wrk, server.port, script, 600)
        for version in range(first, first + REBUILDS):
            publish(settings, version)
        load.send_signal(signal.SIGINT)
        return Comparison(quiet, measured(load), reader)


def test_twenty_rebuilds_under_load_fail_no_request_and_mix_no_page(
    metals: Settings, wrk: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slowdowns = []
    for attempt in range(ATTEMPTS):
        found = compared(metals, wrk, tmp_path / "paths.lua", 1 + attempt * REBUILDS)
        with capsys.disabled():
            print(f"\n{found}")
        assert (found.quiet.failed, found.busy.failed, found.reader.faults) == (0, 0, [])
        assert all(len(versions) == 1 for versions in found.reader.versions.values())
        assert len(found.reader.versions) >= REBUILDS // 2, "the reader has seen few of the generations"
        slowdowns.append(found.slowdown)
        if found.slowdown <= MAX_SLOWDOWN:
            break
    assert min(slowdowns) <= MAX_SLOWDOWN


# The end


@dataclass
class Busy:
    """One connection that asks again as soon as it has an answer, until the server says that it is the last."""

    port: int
    again: bool
    answers: int = 0
    lost: str = ""
    first: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with closing(connection):
            try:
                connection.connect()
                while self._asked(connection):
                    pass
            except (OSError, http.client.HTTPException) as fault:
                self.lost = repr(fault)

    def _asked(self, connection: http.client.HTTPConnection) -> bool:
        """Whether to ask again."""
        connection.request("GET", PATHS[self.answers % len(PATHS)])
        self.first.set()
        response = connection.getresponse()
        body = response.read()
        assert response.status == 200
        assert body.rstrip().endswith(b"</html>")
        self.answers += 1
        return self.again and not response.will_close


def drained(server: Served, make: Callable[[], Busy]) -> list[Busy]:
    """The busy connections of a server that was told to end while every one of them was waiting for an answer."""
    clients = [make() for _ in range(CONNECTIONS)]
    threads = [threading.Thread(target=client.run) for client in clients]
    for thread in threads:
        thread.start()
    for client in clients:
        client.first.wait(30)
    assert server.stop() == 0
    for thread in threads:
        thread.join()
    return clients


@pytest.mark.parametrize("again", [False, True], ids=["one request each", "request after request"])
def test_sigterm_loses_no_request_of_24_busy_connections(metals: Settings, again: bool) -> None:
    for _ in range(3):
        with serving(metals) as server:
            began = time.monotonic()
            clients = drained(server, lambda port=server.port: Busy(port, again))  # type: ignore[misc]
            assert [client.lost for client in clients if client.lost] == []
            assert all(client.answers >= 1 for client in clients)
            assert time.monotonic() - began < 30


def test_sigterm_under_wrk_ends_with_exit_code_0_and_without_an_error(
    metals: Settings, wrk: str, tmp_path: Path
) -> None:
    with serving(metals) as server:
        load = started_load(wrk, server.port, tmp_path / "paths.lua", 3)
        until = time.monotonic() + 30
        while b'route="/search",status="200"' not in server.get("/metrics").body:
            assert time.monotonic() < until
        assert server.stop() == 0
        load.communicate()
    assert server.errors == ""


def test_server_that_nobody_asks_ends_at_once(metals: Settings) -> None:
    with serving(metals) as server:
        idle = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        idle.request("GET", "/healthz")
        idle.getresponse().read()
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 3
        idle.close()
