"""Bulk loading into a node that is at times too busy: a small HTTP server stands as the node."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from indexer.config import Settings
from indexer.engines.opensearch.address import Address
from indexer.engines.opensearch.cluster import Cluster, Patience
from indexer.engines.opensearch.loading import Document, document, load
from indexer.errors import EngineUnavailable, StorageFailed

BUSY = 429
REJECTED = {"type": "rejected_execution_exception", "reason": "the queue is full"}
CONFLICT = {"type": "version_conflict_engine_exception", "reason": "document already exists"}
MALFORMED = {"type": "mapper_parsing_exception", "reason": "failed to parse", "caused_by": {"reason": "too long"}}


@dataclass
class Node:
    """What a node has been sent. `outcome` says what becomes of a document that comes for the nth time.

    `busy` counts the requests that are still to be turned away whole, `lost` those whose answer is lost.
    """

    outcome: Callable[[str, int], int]
    busy: int = 0
    lost: int = 0
    sent: Counter[str] = field(default_factory=Counter)
    kept: dict[str, Any] = field(default_factory=dict)

    def bulk(self, lines: list[str]) -> tuple[int, dict[str, Any]]:
        """HTTP status and answer of one bulk request."""
        if self.busy:
            self.busy -= 1
            return BUSY, {"error": REJECTED, "status": BUSY}
        items = [
            self._create(json.loads(act), json.loads(text)) for act, text in zip(lines[::2], lines[1::2], strict=True)
        ]
        if self.lost:
            self.lost -= 1
            return 502, {}
        return 200, {"errors": any("error" in item for item in items), "items": [{"create": item} for item in items]}

    def _create(self, action: dict[str, Any], content: object) -> dict[str, Any]:
        identity = action["create"]["_id"]
        self.sent[identity] += 1
        status = self.outcome(identity, self.sent[identity])
        if status >= 400:
            return {"_id": identity, "status": status, "error": REJECTED if status == BUSY else MALFORMED}
        if identity in self.kept:
            return {"_id": identity, "status": 409, "error": CONFLICT}
        self.kept[identity] = content
        return {"_id": identity, "status": status}


@contextmanager
def listening(node: Node) -> Iterator[Cluster]:
    """The node behind a port of its own."""

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            lines = self.rfile.read(int(self.headers["content-length"])).decode().splitlines()
            status, answer = node.bulk(lines)
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: refusals are the subject of the tests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        with closing(Cluster(Address((("127.0.0.1", server.server_port),), "busy"), Settings())) as cluster:
            yield cluster
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def documents(count: int) -> list[Document]:
    return [document(f"company-{number}", {"number": number}) for number in range(count)]


def test_documents_that_a_busy_node_refuses_are_sent_again_and_only_they() -> None:
    node = Node(lambda identity, times: BUSY if identity.endswith("7") and times < 3 else 201)
    with listening(node) as cluster:
        load(cluster, "busy-1", documents(20))
    assert node.kept == {f"company-{number}": {"number": number} for number in range(20)}
    assert {identity: times for identity, times in node.sent.items() if times > 1} == {"company-7": 3, "company-17": 3}


def test_request_that_a_busy_node_refuses_whole_is_sent_again() -> None:
    node = Node(lambda *_: 201, busy=2)
    with listening(node) as cluster:
        load(cluster, "busy-1", documents(3))
    assert node.sent == {"company-0": 1, "company-1": 1, "company-2": 1}


def test_documents_whose_answer_is_lost_are_met_again_and_count_as_there() -> None:
    node = Node(lambda identity, times: BUSY if identity == "company-1" and times == 1 else 201, lost=1)
    with listening(node) as cluster:
        load(cluster, "busy-1", documents(3))
    assert node.kept == {f"company-{number}": {"number": number} for number in range(3)}
    assert set(node.sent.values()) == {2}


def test_node_that_stays_busy_is_given_up_after_growing_waits() -> None:
    node = Node(lambda *_: BUSY)
    with listening(node) as cluster, pytest.raises(EngineUnavailable, match="stays too busy"):
        load(cluster, "busy-1", documents(1), Patience(1.0, 1.5))
    assert 3 <= node.sent["company-0"] <= 5  # after 0.1, 0.2, 0.4 and 0.8 seconds


def test_document_refused_for_good_is_named_with_the_reason_and_not_sent_again() -> None:
    node = Node(lambda identity, _: 400 if identity == "company-4" else 201)
    with (
        listening(node) as cluster,
        pytest.raises(StorageFailed, match=r"profile company-4: .*too long; nothing was published"),
    ):
        load(cluster, "busy-1", documents(9))
    assert node.sent["company-4"] == 1
