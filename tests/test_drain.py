"""The orderly end of a real server: SIGTERM loses no request."""

import http.client
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from load import PATHS, started_load
from served import Served, serving

from indexer.config import Settings

pytestmark = pytest.mark.slow

CONNECTIONS = 24


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
