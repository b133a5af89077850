"""Log lines as JSON, for whoever collects them; what was asked and who asked stand in none of them."""

import json
import logging
import sys
from datetime import UTC, datetime

from flask import Flask, Response, g, request

from webapp.metrics import route_of_request

LOGGERS = ("profile_search", "waitress")
"""Ours, and that of the server."""
access = logging.getLogger("profile_search.access")


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and what the record carries as `fields`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def install(app: Flask) -> None:
    """Log every answer, and all else that is logged, as JSON to the standard error stream."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.INFO)

    def log_answer(response: Response) -> Response:
        fields = {
            "method": request.method,
            "route": route_of_request(),
            "status": response.status_code,
            "ms": round(g.get("seconds", 0.0) * 1e3, 2),
        }
        access.info("answered", extra={"fields": fields})
        return response

    app.after_request(log_answer)
