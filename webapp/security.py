"""What every response says about itself, and requests that no route needs to see."""

from flask import Flask, Response, abort, request

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # for browsers that do not know frame-ancestors
    "Referrer-Policy": "same-origin",  # what was searched for is nobody else's business
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def install(app: Flask, max_url_bytes: int) -> None:
    """Refuse over-long addresses and nameless hosts, and put the headers on every response, errors included."""

    def refuse_malformed() -> None:
        if len(request.query_string) + len(request.path) > max_url_bytes:
            # The API promises one status for all that is wrong with a request.
            abort(400 if request.path.startswith("/api/") else 414, f"Send at most {max_url_bytes:,} bytes.")
        if not request.host:  # missing, or no name at all: links could not be made
            abort(400, "Send a Host header with the name of this site.")

    def add_headers(response: Response) -> Response:
        response.headers.extend(HEADERS)  # no route sets any of them
        if request.path.startswith("/api/"):
            response.headers["Access-Control-Allow-Origin"] = "*"
            response.headers["Access-Control-Expose-Headers"] = "ETag, Server-Timing"
            if request.method == "OPTIONS":
                response.headers["Access-Control-Allow-Headers"] = "If-None-Match"
        return response

    app.before_request(refuse_malformed)
    app.after_request(add_headers)
