"""Bulk loading: bounded requests, every document's outcome looked at, what the cluster was too busy for sent again.

Documents are created, never replaced: what a node that died had taken in already is met again as a conflict, and
nothing is deleted. The word statistics of a cluster count deleted documents, so scores would be wrong.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from indexer.engines.opensearch.cluster import UNBLOCK, Cluster, Refused, is_blocked
from indexer.engines.opensearch.documents import BESIDE
from indexer.engines.opensearch.patience import WRITING, Patience, attempts
from indexer.errors import EngineUnavailable, IndexBusy, StorageFailed

MAX_BULK_BYTES = 4 * 1024 * 1024
MAX_BULK_DOCUMENTS = 500
"""Limits of one request: what a cluster takes in a second or so, and what this process holds in memory."""
UNKNOWN = 404
"""Outcome of a document whose index is no longer there, or not yet: a node may lag behind."""
TOO_BUSY = frozenset({429, 503, UNKNOWN})
"""Outcomes of a document that are worth sending it again: a full queue, a shard that moves to another node."""
THERE = 409
"""Outcome of a document that an earlier attempt has brought in: nobody else writes into this index."""
TOO_LARGE, MALFORMED = 413, 400
"""Outcomes of a whole request that are one document's fault."""
FIRST_PAUSE = 0.1
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


def load(cluster: Cluster, mark: str, documents: Iterable[Document], patience: Patience = WRITING) -> None:
    """Bring the documents into the index that `mark`, an alias, names, and that nobody else writes.

    Raises IndexBusy when another writer has swept it, and StorageFailed, naming the profile, as soon as one is refused
    for good.
    What the cluster is too busy for is sent again, for `patience.whole` seconds a batch.
    """
    for batch in _batches(documents):
        left = batch
        for _ in attempts(patience, FIRST_PAUSE):
            outcomes = _send(cluster, mark, left)
            left = [document for document, outcome in zip(left, outcomes, strict=True) if _is_busy(document, outcome)]
            if not left:
                break
        else:
            raise EngineUnavailable("the cluster stays too busy to take the index in", "profile-search rebuild")


def _send(cluster: Cluster, mark: str, batch: Sequence[Document]) -> list[dict[str, Any]]:
    """The outcome of each document; a request that is refused whole is halved until it is clear for which of them."""
    body = b"".join(document.lines for document in batch)
    try:
        # Without the alias nothing is written: an index that was swept would come back without its mapping.
        answer = cluster.ask("POST", f"/{mark}/_bulk", body, patience=WRITING, require_alias="true")
    except Refused as refused:
        if refused.status not in (TOO_LARGE, MALFORMED):
            raise
        if len(batch) == 1:
            raise _refusal(batch[0], f"{refused.reason} ({len(body):,} bytes)") from refused
        half = len(batch) // 2
        return _send(cluster, mark, batch[:half]) + _send(cluster, mark, batch[half:])
    outcomes = [item["create"] for item in answer["items"]]
    if any(outcome["status"] == UNKNOWN for outcome in outcomes):
        _check_mark(cluster, mark)
    return outcomes


def _check_mark(cluster: Cluster, mark: str) -> None:
    """Raise IndexBusy when the index is no longer there."""
    try:
        cluster.ask("GET", f"/_alias/{mark}", patience=WRITING)
    except Refused as refused:
        if refused.status != UNKNOWN:
            raise
        raise IndexBusy("another process has removed what this one was writing", "profile-search rebuild") from refused


def _is_busy(document: Document, outcome: dict[str, Any]) -> bool:
    """Whether to send the document again; raises StorageFailed when that would not help."""
    error = outcome.get("error")
    if error is None or outcome["status"] == THERE:
        return False
    kind, reason = error.get("type"), (error.get("caused_by") or error).get("reason") or error.get("reason")
    if is_blocked(outcome["status"], kind):
        raise StorageFailed(f"{reason}; {UNBLOCK}; nothing was published", "profile-search rebuild")
    if outcome["status"] in TOO_BUSY:
        return True
    raise _refusal(document, f"{kind}: {reason}")


def _refusal(document: Document, reason: str) -> StorageFailed:
    reason = " ".join(reason.split())[:300]
    what = f"the document {document.id}" if document.id.startswith(BESIDE) else f"the profile {document.id}"
    return StorageFailed(f"the cluster refuses {what}: {reason}; nothing was published", "profile-search check")


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
