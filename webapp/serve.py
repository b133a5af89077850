"""The production server: waitress in this process, with an orderly end."""

import logging
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from math import inf
from typing import Any

import waitress
from waitress import wasyncore
from waitress.server import BaseWSGIServer

from indexer.config import Settings
from indexer.errors import UserError
from webapp import create_app
from webapp.access import served_from
from webapp.crowding import Channel, Crowd

OPEN_FILES = 8_192
"""Many systems allow a process 1,024 until it asks for more."""
MAX_BODY_BYTES = 64 * 1024
"""No route takes a body. A small one is read and refused by the route; waitress would keep a gigabyte."""
DRAIN_SECONDS = 10.0
"""How long requests in flight may take to finish after SIGTERM."""
GRACE_SECONDS = 0.3
"""How long a connection that waits for no answer is kept then: its next request may be on its way."""
ROUND_SECONDS = 1.0
DRAIN_ROUND_SECONDS = 0.02


def serve(settings: Settings, host: str, port: int, threads: int) -> None:
    """Serve until SIGTERM or Ctrl-C; requests that have been read are answered before the end."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a full queue is normal under load
    settings = replace(settings, web=served_from(settings.web, host))
    server = Server(settings, host, port, threads)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.stop)
    print(f"Serving {settings.index} on {server.address}  (stop with Ctrl-C)", flush=True)
    if not settings.web.hosts:
        print("Links repeat whatever name a request gives this site: name it with --trusted-host.", flush=True)
    server.run()


def _open_files() -> float:
    """How many files this process may have open, after asking for enough."""
    if sys.platform == "win32":
        return inf
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return inf
    allowed = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return max(soft, allowed)


class Server:
    """Waitress with the loop in our hands, so that it can end without losing a request."""

    def __init__(self, settings: Settings, host: str, port: int, threads: int) -> None:
        self._sockets: dict[int, Any] = {}
        self._crowd = Crowd(_open_files())
        self._ending = False
        try:
            self._server = waitress.create_server(
                create_app(settings),
                map=self._sockets,
                host=host,
                port=port,
                threads=threads,
                connection_limit=self._crowd.connections,
                max_request_body_size=MAX_BODY_BYTES + 1,  # waitress refuses what it calls the largest
                asyncore_use_poll=True,
                clear_untrusted_proxy_headers=False,  # webapp.access decides which of them count
                ident=None,
            )
        except (OSError, ValueError) as problem:  # waitress says ValueError where a host has no address
            reason = getattr(problem, "strerror", None) or str(problem)
            raise UserError(f"cannot listen on {host}:{port}: {reason}. Choose another with --host, --port") from None
        for listener in self._listeners():
            listener.channel_class = Channel
        shown = f"[{host}]" if ":" in host else host
        self.address = f"http://{shown}:{self._listeners()[0].effective_port}/"

    def stop(self, *_signal: object) -> None:
        """The signal handler: the loop sees it in its next round, which it starts at once. A second signal ends now."""
        if self._ending:
            raise SystemExit(1)
        self._ending = True
        self._listeners()[0].pull_trigger()

    def run(self) -> None:
        """Serve until `stop`, then answer what has been read."""
        while not self._ending:
            self._round(ROUND_SECONDS)
            self._crowd.thin_out(len(self._sockets), self._channels())
        self._stop_listening()
        began = time.monotonic()
        while self._busy(time.monotonic() - began > GRACE_SECONDS) and time.monotonic() - began < DRAIN_SECONDS:
            self._round(DRAIN_ROUND_SECONDS)
        self._server.task_dispatcher.shutdown()
        wasyncore.close_all(self._sockets)

    def _round(self, seconds: float) -> None:
        with suppress(InterruptedError):
            wasyncore.loop(timeout=seconds, use_poll=True, map=self._sockets, count=1)

    def _listeners(self) -> list[BaseWSGIServer]:
        return [item for item in self._sockets.values() if isinstance(item, BaseWSGIServer)]

    def _channels(self) -> Iterator[Channel]:
        return (item for item in list(self._sockets.values()) if isinstance(item, Channel))

    def _stop_listening(self) -> None:
        """Take in the connections that the system has accepted for us, then no more."""
        for listener in self._listeners():
            known = -1
            while known != len(self._sockets) and len(self._sockets) < self._crowd.connections:
                known = len(self._sockets)
                listener.handle_accept()
            listener.accepting = False
            listener.del_channel()
            listener.socket.close()
        self._round(DRAIN_ROUND_SECONDS)  # what those connections have sent is read

    def _busy(self, impatient: bool) -> bool:
        """Whether any connection is left; when impatient, those that are owed no answer are closed.

        Whatever is answered from now on is the last answer of its connection.
        """
        busy = False
        for channel in self._channels():
            for request in channel.requests:
                request.headers["CONNECTION"] = "close"
            if channel.requests or channel.total_outbufs_len or channel.request is not None or not impatient:
                busy = True
            else:
                channel.will_close = True
        return busy
