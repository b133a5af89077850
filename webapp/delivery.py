"""How answers travel: revalidation by generation, and compression."""

import gzip
import hashlib
import re
from collections.abc import Callable
from functools import wraps

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.http import quote_etag

from webapp.context import desk, today
from webapp.parameters import GENERATION_PATTERN
from webapp.params import read_pairs

MIN_COMPRESSED_BYTES = 1_024
"""Smaller answers fit into one packet as they are."""
COMPRESSION_LEVEL = 5
_COMPRESSIBLE = (
    "text/",
    "application/json",
    "application/xml",
    "application/atom+xml",
    "application/opensearchdescription+xml",
    "application/x-suggestions+json",
    "image/svg+xml",
)


def by_generation(view: Callable[..., Response]) -> Callable[..., ResponseReturnValue]:
    """Answer 304 while generation, address, day and program are those that the client has seen."""

    @wraps(view)
    def answer(**values: str) -> ResponseReturnValue:
        here = desk()
        named = next((value for name, value in read_pairs(request.query_string) if name == "generation"), "")
        searcher = here.service.searcher(named if re.fullmatch(GENERATION_PATTERN, named) else None)
        seen = (here.digest, searcher.generation.id, today().isoformat(), request.url_root, request.path)
        asked = "\n".join(seen).encode("utf-8", "replace") + b"?" + request.query_string
        tag = hashlib.sha256(asked).hexdigest()[:24]
        # A tag was given with an answer, so there is one; `*` asks whether there is, and only the view knows.
        known, anything = request.if_none_match, request.if_none_match.star_tag
        response = Response(status=304) if not anything and known.contains_weak(tag) else view(**values)
        if response.status_code in (200, 304) and "no-store" not in response.headers.get("Cache-Control", ""):
            response = Response(status=304) if anything else response
            response.headers["ETag"] = quote_etag(tag, weak=True)
            response.headers["Cache-Control"] = "no-cache"
        return response

    return answer


def _unpacks() -> bool:
    """Whether the client unpacks what we compress.

    Programs that call the API inside this process, with no server between (so no SERVER_SOFTWARE), send the header of
    their HTTP library and then read the bytes as they are.
    """
    if "gzip" not in request.headers.get("Accept-Encoding", "") or request.accept_encodings["gzip"] <= 0:
        return False
    return "SERVER_SOFTWARE" in request.environ or not request.path.startswith("/api/")


def install(app: Flask) -> None:
    """Compress what is worth it for clients that accept it."""

    def compress(response: Response) -> Response:
        if not (response.mimetype or "").startswith(_COMPRESSIBLE):
            return response
        response.headers.add("Vary", "Accept-Encoding")
        if not _unpacks() or response.status_code != 200 or "Content-Encoding" in response.headers:
            return response
        response.direct_passthrough = False
        body = response.get_data()
        if len(body) >= MIN_COMPRESSED_BYTES:
            response.set_data(gzip.compress(body, COMPRESSION_LEVEL, mtime=0))
            response.headers["Content-Encoding"] = "gzip"
        return response

    app.after_request(compress)
