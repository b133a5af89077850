"""Whether the process lives and the index answers; what it has counted, for the operator."""

from pathlib import Path

from flask import Blueprint, Response, jsonify

from webapp.access import operator_only
from webapp.context import desk
from webapp.metrics import CONTENT_TYPE

health = Blueprint("health", __name__)


@health.get("/healthz")
def alive() -> Response:
    """The process answers."""
    return _uncached(jsonify(status="ok"), 200)


@health.get("/readyz")
def ready() -> Response:
    """The index answers; 503 with the reason when it does not."""
    status = desk().status()
    generation = status.generation
    answering = status.state in ("ok", "building") and generation is not None
    document: dict[str, object] = {"status": status.state, "reason": _without_place(status.reason)}
    if generation is not None:
        document |= {"generation": generation.id, "profiles": generation.profiles, "sections": generation.sections}
    return _uncached(jsonify(document), 200 if answering else 503)


@health.get("/metrics")
def metrics() -> Response:
    """What this process has counted, for Prometheus."""
    operator_only()
    here = desk()
    return _uncached(Response(here.metrics.text(here.status()), content_type=CONTENT_TYPE), 200)


def _without_place(reason: str) -> str:
    """The reason without the address or the path of the index: anybody may ask."""
    index = desk().settings.index
    for place in (str(Path(index).absolute()), index):
        reason = reason.replace(place, "the index")
    return reason


def _uncached(response: Response, status: int) -> Response:
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response
