"""The web application: ranked results with highlighted snippets, for people and for programs."""

import hashlib
from pathlib import Path

from flask import Flask

from indexer import engines, search
from indexer.config import Settings, read_settings
from indexer.profiles.changes import MAX_NEWS, NEWS_DAYS
from indexer.querylog import QueryLog
from webapp import access, api, context, delivery, feeds, handlers, health, logs, metrics, security, views
from webapp.moves import MovingFlask

MAX_URL_BYTES = 16_384
"""Longer addresses are refused: 512 characters of any script, escaped, and fifty choices in every filter fit."""


def create_app(settings: Settings | None = None) -> Flask:
    """The application over the index that the settings name (default: those of the environment)."""
    settings = settings or read_settings()
    digest = _own_digest()
    # The digest is part of the path, so that a script's imports carry it too, and files never need revalidation.
    app = MovingFlask(__name__, static_url_path=f"/static/{digest}")
    app.url_map.strict_slashes = False  # a slash at the end is no reason to send anybody away
    app.config.update(MAX_CONTENT_LENGTH=0, SEND_FILE_MAX_AGE_DEFAULT=31_536_000)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(static=app.static_url_path, news_days=NEWS_DAYS, max_news=MAX_NEWS)
    context.attach(app, _desk(settings, digest))
    _install(app, settings)
    return app


def _desk(settings: Settings, digest: str) -> context.Desk:
    engine = engines.open_engine(settings)
    web = settings.web
    query_log = QueryLog(web.query_log, web.query_log_days) if web.query_log else None
    return context.Desk(settings, engine, search.SearchService(engine), digest, query_log)


def _install(app: Flask, settings: Settings) -> None:
    """Routes, and what comes before and after them: what is installed first begins first and ends last."""
    if settings.web.json_log:
        logs.install(app)
    metrics.install(app, context.desk_of(app).metrics)
    for blueprint in (views.pages, api.api, feeds.feeds, health.health):
        app.register_blueprint(blueprint)
    handlers.install(app)
    delivery.install(app)
    security.install(app, MAX_URL_BYTES)
    access.install(app, settings)


def _own_digest() -> str:
    """Changes with every file of this package."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*")):
        if path.suffix in (".py", ".html", ".xml", ".css", ".js", ".svg"):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
