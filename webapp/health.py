"""Whether the process lives and the index answers; what it has counted, for the operator."""

import re
from pathlib import Path

from flask import Blueprint, Response, jsonify

from indexer.engines.base import Status
from webapp.access import is_operator, operator_only
from webapp.context import desk
from webapp.metrics import CONTENT_TYPE

REASONS = {
    "ok": "the index is sound",
    "missing": "there is no index",
    "building": "the first index is being built",
    "outdated": "the index was made by another version of this program",
    "corrupt": "the index is damaged",
    "unavailable": "the search engine does not answer",
}
"""What anybody may know: the details name files, machines, processes and their command lines."""
health = Blueprint("health", __name__)


@health.get("/healthz")
def alive() -> Response:
    """The process answers."""
    return _uncached(jsonify(status="ok"), 200)


@health.get("/readyz")
def ready() -> Response:
    """Searches are answered: 200, `degraded` where the index is not sound; 503 where they are not.

    The reason is there in both cases, and the operator is told the details.
    """
    status = desk().status()
    generation = status.generation
    reason = status.reason if is_operator() else _public_reason(status)
    document: dict[str, object] = {
        "status": status.state,
        "degraded": status.degraded,
        "reason": _without_place(reason),
    }
    if generation is not None:
        document |= {"generation": generation.id, "profiles": generation.profiles, "sections": generation.sections}
    return _uncached(jsonify(document), 503 if generation is None else 200)


@health.get("/metrics")
def metrics() -> Response:
    """What this process has counted, for Prometheus."""
    operator_only()
    here = desk()
    return _uncached(Response(here.metrics.text(here.status()), content_type=CONTENT_TYPE), 200)


def _public_reason(status: Status) -> str:
    reason = REASONS.get(status.state, status.state)
    return f"{reason}; searches are answered all the same" if status.degraded else reason


def _without_place(reason: str) -> str:
    """The reason without the address or the path of the index, which a probe's log is no place for."""
    index = desk().settings.index
    reason = reason.replace(str(Path(index).absolute()), "the index folder")
    if "/" in index:
        return reason.replace(index, "the index folder")
    return re.sub(rf"(?<![\w/.-]){re.escape(index)}(?=/)", "the index folder", reason)


def _uncached(response: Response, status: int) -> Response:
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response
