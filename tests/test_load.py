"""A real server under wrk while one rebuild after another publishes: no request fails, no page is a mixture.

That is held to the last request. How much slower the slowest request in a hundred becomes depends on what else the
machine does, so it is printed, not asserted: a quiet load and right after it the same load during four rebuilds, five
times, and the median of the five ratios (`pytest -m slow tests/test_load.py` on a machine that does nothing else).
"""

import http.client
import json
import re
import signal
import statistics
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
from load import COMPANIES, PATHS, Load, measured, started_load, write
from served import ROOT, serving

from indexer.config import Settings

pytestmark = pytest.mark.slow

PAIRS = 5
REBUILDS_A_PAIR = 4
REBUILDS = PAIRS * REBUILDS_A_PAIR
QUIET_SECONDS = 3
VERSION = re.compile(r"\bmetal(\d+)\b")


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


def publish(settings: Settings, version: int) -> None:
    """One run of `profile-search rebuild` over a corpus that has changed."""
    write(settings.corpus, version)
    where = ["--corpus", str(settings.corpus), "--index", settings.index]
    subprocess.run([sys.executable, "-m", "indexer", "rebuild", *where], cwd=ROOT, check=True, capture_output=True)


@dataclass(frozen=True)
class Pair:
    """The same load without and with rebuilds."""

    quiet: Load
    busy: Load

    @property
    def slowdown(self) -> float:
        return self.busy.p99_ms / self.quiet.p99_ms

    @property
    def failed(self) -> int:
        return self.quiet.failed + self.busy.failed

    def __str__(self) -> str:
        quiet, busy = self.quiet, self.busy
        return (
            f"p50 {quiet.p50_ms:.1f} -> {busy.p50_ms:.1f} ms, p99 {quiet.p99_ms:.1f} -> {busy.p99_ms:.1f} ms "
            f"(x {self.slowdown:.2f}), {busy.requests:,} requests during {REBUILDS_A_PAIR} rebuilds"
        )


@dataclass(frozen=True)
class Loader:
    """Puts a server under load, and publishes versions of its corpus meanwhile."""

    settings: Settings
    wrk: str
    script: Path
    versions: Iterator[int] = field(default_factory=lambda: count(1))

    def pair(self, port: int) -> Pair:
        """A quiet load, then the same one while versions are published."""
        quiet = measured(started_load(self.wrk, port, self.script, QUIET_SECONDS))
        load = started_load(self.wrk, port, self.script, 600)
        for _ in range(REBUILDS_A_PAIR):
            publish(self.settings, next(self.versions))
        load.send_signal(signal.SIGINT)
        return Pair(quiet, measured(load))


def test_twenty_rebuilds_under_load_fail_no_request_and_mix_no_page(
    metals: Settings, wrk: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loader = Loader(metals, wrk, tmp_path / "paths.lua")
    with serving(metals) as server, reading(server.port) as reader:
        pairs = [loader.pair(server.port) for _ in range(PAIRS)]
    with capsys.disabled():
        slowdown = statistics.median(pair.slowdown for pair in pairs)
        print(*["", *pairs, f"median x {slowdown:.2f}; {reader.pages:,} pages compared"], sep="\n")
    assert ([pair.failed for pair in pairs], reader.faults) == ([0] * PAIRS, [])
    assert all(len(versions) == 1 for versions in reader.versions.values())
    assert len(reader.versions) >= REBUILDS // 2, "the reader has seen few of the generations"
