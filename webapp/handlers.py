"""Errors to answers: a page for people, problem+json for programs; never a path, never a traceback."""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import quote, urlencode

from flask import Flask, Response, current_app, json, render_template, request
from werkzeug.exceptions import HTTPException

from indexer.errors import BadRequest, Fault, OperatorError, UserError
from webapp.context import desk
from webapp.params import read_pairs

log = logging.getLogger("profile_search.web")

_TITLES = {
    400: "This request can't be answered as it is",
    404: "There is no such page",
    405: "This page can only be read",
    413: "This page can only be read",
    414: "This address is too long",
    429: "Too many requests",
    500: "Something went wrong on our side",
    503: "The search is not available right now",
}
_DETAILS = {429: "Wait a moment, then ask again: this address has asked very often within the last minute."}
_PROGRAM_PATHS = ("/api/", "/suggest", "/feed.atom", "/changes.atom", "/readyz", "/healthz", "/metrics")


def install(app: Flask) -> None:
    """Answer every failure of every route."""
    app.register_error_handler(UserError, _user_error)
    app.register_error_handler(OperatorError, _operator_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unforeseen)


def _user_error(error: UserError) -> Response:
    faults = error.faults if isinstance(error, BadRequest) else ()
    return problem(error.http_status, "" if faults else str(error), faults)


def _operator_error(error: OperatorError) -> Response:
    log.error("%s", error)
    desk().metrics.failed(type(error).__name__)
    response = problem(error.http_status, repair=error.repair)
    response.headers["Retry-After"] = "30"
    return response


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return current_app.make_response(error)
    ours = status not in _TITLES or error.description != type(error).description
    response = problem(status, _DETAILS.get(status, (ours and error.description) or ""))
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _unforeseen(error: Exception) -> Response:
    desk().metrics.failed("unforeseen")
    log.exception("unforeseen failure on %s", request.path, exc_info=error)
    return problem(500)


def problem(status: int, detail: str = "", faults: Sequence[Fault] = (), **more: str) -> Response:
    """The answer to a request that failed, in the form that whoever asked can read.

    `more`: for pages, `repair` is the command that helps an operator, `back` an address that leads on.
    """
    title = _TITLES.get(status) or HTTPStatus(status).phrase
    if request.path.startswith(_PROGRAM_PATHS):
        return _document(status, title, detail, faults)
    about = {"status": status, "title": title, "detail": detail, "faults": faults}
    page = render_template("error.html", **about, **_asked(), **more)
    return Response(page, status, content_type="text/html; charset=utf-8", headers={"Cache-Control": "no-store"})


def _asked() -> dict[str, str]:
    """What a page that failed keeps of its request: the query, for the search box, and its address on this site."""
    pairs = read_pairs(request.query_string)
    text = next((value for name, value in pairs if name == "q"), "")
    path = "/" + quote(request.path.lstrip("/\\"))  # two slashes would begin the name of another site
    again = f"{path}?{urlencode(pairs, errors='surrogateescape')}" if pairs else path
    return {"text": text.replace("\x00", "").encode("utf-8", "replace").decode(), "again": again}


def _document(status: int, title: str, detail: str, faults: Sequence[Fault]) -> Response:
    document: dict[str, object] = {"type": "about:blank", "title": title, "status": status}
    if detail or faults:
        document["detail"] = detail or "; ".join(f"{fault.parameter}: {fault.message}" for fault in faults)
    if faults:
        document["faults"] = [{"parameter": fault.parameter, "message": fault.message} for fault in faults]
    return Response(
        json.dumps(document), status, content_type="application/problem+json", headers={"Cache-Control": "no-store"}
    )
