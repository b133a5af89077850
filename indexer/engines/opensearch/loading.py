"""Bulk loading: bounded requests, every document's outcome looked at, what the cluster was too busy for sent again.

Documents are created, never replaced: what a node that died had taken in already is met again as a conflict, and
nothing is deleted. The word statistics of a cluster count deleted documents, so scores would be wrong.
"""

import json
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from indexer.engines.opensearch.cluster import WRITING, Cluster, Patience
from indexer.errors import EngineUnavailable, StorageFailed

MAX_BULK_BYTES = 4 * 1024 * 1024
MAX_BULK_DOCUMENTS = 500
"""Limits of one request: what a cluster takes in a second or so, and what this process holds in memory."""
TOO_BUSY = frozenset({429, 503})
"""Outcomes of a document that are worth sending it again: a full queue, a shard that moves to another node."""
THERE = 409
"""Outcome of a document that an earlier attempt has brought in: nobody else writes into this index."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds before documents are sent again; they double."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document on its way: its id, and the lines of a bulk request that create it."""

    id: str
    lines: bytes


def document(identity: str, content: object) -> Document:
    """A document to be created under an id."""
    action = json.dumps({"create": {"_id": identity}})
    lines = f"{action}\n{json.dumps(content, ensure_ascii=False, separators=(',', ':'))}\n"
    return Document(identity, lines.encode("utf-8", "backslashreplace"))


def load(cluster: Cluster, index: str, documents: Iterable[Document], patience: Patience = WRITING) -> None:
    """Bring the documents into an index that nobody else writes.

    Raises StorageFailed, naming the profile, as soon as one is refused for good.
    What the cluster is too busy for is sent again, for `patience.whole` seconds a batch.
    """
    for batch in _batches(documents):
        end, pause = time.monotonic() + patience.whole, FIRST_PAUSE
        while batch:
            outcomes = _send(cluster, index, batch)
            batch = [document for document, outcome in zip(batch, outcomes, strict=True) if _is_busy(document, outcome)]
            if batch and time.monotonic() + pause > end:
                raise EngineUnavailable("the cluster stays too busy to take the index in", "profile-search rebuild")
            if batch:
                threading.Event().wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)


def _send(cluster: Cluster, index: str, batch: Sequence[Document]) -> list[dict[str, Any]]:
    body = b"".join(document.lines for document in batch)
    answer = cluster.ask("POST", f"/{index}/_bulk", body, patience=WRITING)
    return [item["create"] for item in answer["items"]]


def _is_busy(document: Document, outcome: dict[str, Any]) -> bool:
    """Whether to send the document again; raises StorageFailed when that would not help."""
    error = outcome.get("error")
    if error is None or outcome["status"] == THERE:
        return False
    if outcome["status"] in TOO_BUSY:
        return True
    reason = f"{error.get('type')}: {(error.get('caused_by') or error).get('reason') or error.get('reason')}"
    raise StorageFailed(
        f"the cluster refuses the profile {document.id}: {' '.join(reason.split())[:300]}; nothing was published",
        "profile-search check",
    )


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    batch: list[Document] = []
    size = 0
    for document in documents:
        length = len(document.lines)
        if batch and (size + length > MAX_BULK_BYTES or len(batch) >= MAX_BULK_DOCUMENTS):
            yield batch
            batch, size = [], 0
        batch.append(document)
        size += length
    if batch:
        yield batch
