"""Whether the process lives and the index answers."""

from flask import Blueprint, Response, jsonify

from webapp.context import desk

health = Blueprint("health", __name__)


@health.get("/healthz")
def alive() -> Response:
    """The process answers."""
    return _uncached(jsonify(status="ok"), 200)


@health.get("/readyz")
def ready() -> Response:
    """The index answers; 503 with the reason when it does not."""
    status = desk().engine.status()
    generation = status.generation
    answering = status.state in ("ok", "building") and generation is not None
    document: dict[str, object] = {"status": status.state, "reason": status.reason}
    if generation is not None:
        document |= {"generation": generation.id, "profiles": generation.profiles, "sections": generation.sections}
    return _uncached(jsonify(document), 200 if answering else 503)


def _uncached(response: Response, status: int) -> Response:
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response
