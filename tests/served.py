"""A real `profile-search serve`: another process, asked over sockets."""

import http.client
import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from indexer.config import Settings

ROOT = Path(__file__).parent.parent
ADDRESS = re.compile(r"http://(?:127\.0\.0\.1|0\.0\.0\.0):(\d+)/")


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


class Served:
    """The process, started; `port` is known once it listens."""

    def __init__(
        self, settings: Settings, options: tuple[str, ...], environment: dict[str, str], open_files: int = 0
    ) -> None:
        """`open_files`: how many files it may have open, where that matters."""

        def limit() -> None:
            if open_files:
                resource.setrlimit(resource.RLIMIT_NOFILE, (open_files, open_files))

        where = ["--corpus", str(settings.corpus), "--index", settings.index]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "indexer", "serve", *where, *options],
            cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=limit,
        )  # fmt: skip
        self.port = 0
        self.errors = ""

    def listen(self) -> None:
        """Wait for the line that names the address."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if found := ADDRESS.search(line):
                self.port = int(found[1])
                return
        raise AssertionError(self.finish())

    def get(self, path: str, **headers: str) -> Answer:
        """One request over a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        self.finish()
        return self.process.returncode

    def finish(self) -> str:
        """Everything on its standard error stream, after its end."""
        if not self.errors:
            self.errors = self.process.communicate(timeout=60)[1]
        return self.errors


@contextmanager
def serving(settings: Settings, *options: str, open_files: int = 0, **environment: str) -> Iterator[Served]:
    """A server over a built index, on a free port; gone afterwards."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PROFILE_SEARCH_")}
    served = Served(settings, ("--port", "0", *options), {**clean, **environment}, open_files)
    try:
        served.listen()
        yield served
    finally:
        if served.process.poll() is None:
            served.process.kill()
        served.finish()
        for stream in (served.process.stdout, served.process.stderr):
            if stream is not None:
                stream.close()
