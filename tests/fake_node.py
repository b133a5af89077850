"""Small HTTP servers that stand as a node of a cluster, or before one."""

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from indexer.config import Settings
from indexer.engines.opensearch.address import Address
from indexer.engines.opensearch.cluster import Cluster

Reply = tuple[int, Any]
"""HTTP status and what is answered as JSON."""


@contextmanager
def serving(door: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    """The port on which these requests are answered."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), door)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Door(BaseHTTPRequestHandler):
    """Hands everything on to a node."""

    protocol_version = "HTTP/1.1"
    node = ""

    def admit(self, body: bytes) -> bool:
        """Whether to hand a request on; who says no has answered it."""
        return True

    def answer(self) -> None:
        """One request."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if not self.admit(body):
            return
        headers = {name: self.headers[name] for name in ("content-type", "accept") if self.headers[name]}
        with closing(http.client.HTTPConnection(self.node, timeout=60)) as connection:
            connection.request(self.command, self.path, body, headers)
            reply = connection.getresponse()
            self.say(reply.status, reply.headers["content-type"] or "", reply.read())

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer  # noqa: N815  # the names that the server looks for

    def say(self, status: int, kind: str, body: bytes) -> None:
        """Answer the request."""
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: who fails is the subject of the tests."""


class Instead(Door):
    """Says what `reply` gives in place of the node; the node is asked where that is nothing."""

    def reply(self) -> Reply | None:
        """What to say to this request."""
        return None

    def admit(self, body: bytes) -> bool:
        reply = self.reply()
        if reply is not None:
            status, answer = reply
            self.say(status, "application/json", json.dumps(answer).encode())
        return reply is None


@contextmanager
def listening(reply: Callable[[list[str]], Reply]) -> Iterator[Cluster]:
    """A cluster of one node, which replies to the lines that it is sent."""

    class Node(Door):
        def answer(self) -> None:
            lines = self.rfile.read(int(self.headers["content-length"])).decode().splitlines()
            status, answer = reply(lines)
            self.say(status, "application/json", json.dumps(answer).encode())

        do_POST = answer  # noqa: N815  # the name that the server looks for

    with serving(Node) as port, closing(Cluster(Address((("127.0.0.1", port),), "busy"), Settings())) as cluster:
        yield cluster
