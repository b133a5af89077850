"""Bulk loading into a node that is at times too busy: a small HTTP server stands as the node."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from fake_node import Reply, listening
from test_engine_contract import company

from indexer.engines.opensearch.loading import MAX_BULK_BYTES, Document, document, load
from indexer.engines.opensearch.patience import Patience
from indexer.engines.opensearch.reading import read_companies
from indexer.engines.opensearch.stored import analyse, json_line
from indexer.errors import EngineUnavailable, IndexCorrupt, OperatorError, StorageFailed

BUSY = 429
REJECTED = {"type": "rejected_execution_exception", "reason": "the queue is full"}
CONFLICT = {"type": "version_conflict_engine_exception", "reason": "document already exists"}
MALFORMED = {"type": "mapper_parsing_exception", "reason": "failed to parse", "caused_by": {"reason": "too long"}}
FULL = {
    "type": "cluster_block_exception",
    "reason": "index [busy-1] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark];",
}
ERRORS = {BUSY: REJECTED, 400: MALFORMED, 403: FULL}
LARGEST = 4 * 1024 * 1024


@dataclass
class Node:
    """What a node has been sent. `outcome` says what becomes of a document that comes for the nth time.

    `busy` counts the requests that are still to be turned away whole, `lost` those whose answer is lost. A request of
    more than `most` documents, or with one that is too large, is refused whole.
    """

    outcome: Callable[[str, int], int]
    busy: int = 0
    lost: int = 0
    most: int = 500
    sent: Counter[str] = field(default_factory=Counter)
    kept: dict[str, Any] = field(default_factory=dict)

    def bulk(self, lines: list[str]) -> tuple[int, dict[str, Any]]:
        """HTTP status and answer of one bulk request."""
        if self.busy:
            self.busy -= 1
            return BUSY, {"error": REJECTED, "status": BUSY}
        if len(lines) > 2 * self.most or max(map(len, lines)) > LARGEST:
            return 413, {}
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
            return {"_id": identity, "status": status, "error": ERRORS[status]}
        if identity in self.kept:
            return {"_id": identity, "status": 409, "error": CONFLICT}
        self.kept[identity] = content
        return {"_id": identity, "status": status}


def documents(count: int) -> list[Document]:
    return [document(f"company-{number}", {"number": number}) for number in range(count)]


def test_documents_that_a_busy_node_refuses_are_sent_again_and_only_they() -> None:
    node = Node(lambda identity, times: BUSY if identity.endswith("7") and times < 3 else 201)
    with listening(node.bulk) as cluster:
        load(cluster, "busy-1", documents(20))
    assert node.kept == {f"company-{number}": {"number": number} for number in range(20)}
    assert {identity: times for identity, times in node.sent.items() if times > 1} == {"company-7": 3, "company-17": 3}


def test_request_that_a_busy_node_refuses_whole_is_sent_again() -> None:
    node = Node(lambda *_: 201, busy=2)
    with listening(node.bulk) as cluster:
        load(cluster, "busy-1", documents(3))
    assert node.sent == {"company-0": 1, "company-1": 1, "company-2": 1}


def test_documents_whose_answer_is_lost_are_met_again_and_count_as_there() -> None:
    node = Node(lambda identity, times: BUSY if identity == "company-1" and times == 1 else 201, lost=1)
    with listening(node.bulk) as cluster:
        load(cluster, "busy-1", documents(3))
    assert node.kept == {f"company-{number}": {"number": number} for number in range(3)}
    assert set(node.sent.values()) == {2}


def test_node_that_stays_busy_is_given_up_after_growing_waits() -> None:
    node = Node(lambda *_: BUSY)
    with listening(node.bulk) as cluster, pytest.raises(EngineUnavailable, match="stays too busy"):
        load(cluster, "busy-1", documents(1), Patience(1.0, 1.5))
    assert 3 <= node.sent["company-0"] <= 5  # after 0.1, 0.2, 0.4 and 0.8 seconds


def test_document_refused_for_good_is_named_with_the_reason_and_not_sent_again() -> None:
    node = Node(lambda identity, _: 400 if identity == "company-4" else 201)
    with (
        listening(node.bulk) as cluster,
        pytest.raises(StorageFailed, match=r"profile company-4: .*too long; nothing was published"),
    ):
        load(cluster, "busy-1", documents(9))
    assert node.sent["company-4"] == 1


@pytest.mark.parametrize("whole", [True, False], ids=["the request", "a document"])
def test_full_disk_is_named_with_what_to_do_and_not_waited_for(whole: bool) -> None:
    node = Node(lambda *_: 403)
    sent = []

    def blocked(lines: list[str]) -> Reply:
        sent.append(lines)
        return (429, {"error": {"root_cause": [FULL], **FULL}, "status": 429}) if whole else node.bulk(lines)

    with listening(blocked) as cluster, pytest.raises(OperatorError) as caught:
        load(cluster, "busy-1", documents(1))
    for said in ("flood-stage watermark", "free space or add a node", "index.blocks.read_only_allow_delete"):
        assert said in str(caught.value)
    assert "PASSWORD" not in str(caught.value)
    assert len(sent) == 1


def test_request_that_is_too_large_is_halved_until_it_fits() -> None:
    node = Node(lambda *_: 201, most=3)
    with listening(node.bulk) as cluster:
        load(cluster, "busy-1", documents(20))
    assert node.kept == {f"company-{number}": {"number": number} for number in range(20)}


def test_profile_that_no_request_holds_is_named_with_its_size() -> None:
    node = Node(lambda *_: 201, most=3)
    many = [*documents(5), document("endless", "x" * LARGEST), *documents(1)]
    with listening(node.bulk) as cluster, pytest.raises(StorageFailed, match=r"profile endless: .*4,194,\d\d\d bytes"):
        load(cluster, "busy-1", many)


def test_batches_are_bounded_in_bytes_and_not_in_characters() -> None:
    node = Node(lambda *_: 201)
    sizes = []

    def measured(lines: list[str]) -> Reply:
        sizes.append(sum(len(line.encode()) + 1 for line in lines))
        return node.bulk(lines)

    with listening(measured) as cluster:
        load(cluster, "busy-1", (document(f"long-{number}", "工" * (MAX_BULK_BYTES // 9)) for number in range(6)))
    assert len(node.kept) == 6
    assert max(sizes) <= MAX_BULK_BYTES


UNREAD = {"error": {"type": "no_shard_available_action_exception", "reason": "no copy answers"}}


def test_companies_that_cannot_be_read_at_once_are_asked_for_again_and_only_they() -> None:
    stored = json_line(analyse(company("Alpha", ("overview", "pay")))).decode()
    asked: list[list[str]] = []

    def reply(lines: list[str]) -> Reply:
        asked.append(json.loads(lines[0])["ids"])
        found = {"found": True, "_source": {"stored": json.loads(stored)}}
        return 200, {"docs": [UNREAD if slug == "b" and len(asked) < 3 else found for slug in asked[-1]]}

    with listening(reply) as cluster:
        assert len(list(read_companies(cluster, "busy-1", ["a", "b", "c"]))) == 3
    assert asked == [["a", "b", "c"], ["b"], ["b"]]


def test_companies_that_stay_unread_are_no_sign_of_a_broken_index() -> None:
    with (
        listening(lambda _: (200, {"docs": [UNREAD]})) as cluster,
        pytest.raises(EngineUnavailable, match="no copy answers"),
    ):
        list(read_companies(cluster, "busy-1", ["a"], Patience(1.0, 0.5)))


def test_company_that_is_not_there_is_a_broken_index() -> None:
    with (
        listening(lambda _: (200, {"docs": [{"_id": "a", "found": False}]})) as cluster,
        pytest.raises(IndexCorrupt, match="lacks the profile a"),
    ):
        list(read_companies(cluster, "busy-1", ["a"]))
