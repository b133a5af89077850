"""What other programs discover by themselves: feed, sitemap, robots.txt, OpenSearch description."""

import re
from dataclasses import replace
from datetime import UTC, date

from flask import Blueprint, Response, current_app, redirect, render_template, request
from werkzeug import Response as Redirect

from indexer.links import search_pairs, to
from indexer.page import Result
from indexer.query.request import MAX_PAGE_SIZE
from webapp.context import desk
from webapp.delivery import by_generation
from webapp.parameters import ChangesParameters, NoParameters, SearchParameters
from webapp.params import read_leniently

feeds = Blueprint("feeds", __name__)

MAX_SITEMAP_URLS = 50_000
"""The limit of the sitemap protocol."""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document may hold; profiles have none, a query may."""


def _xml(template: str, content_type: str, **values: object) -> Response:
    return Response(render_template(template, **values), content_type=f"{content_type}; charset=utf-8")


@feeds.get("/feed.atom")
@by_generation
def feed() -> Response:
    """Any search as an Atom feed (RFC 4287), the newest verified first."""
    here = desk()
    catalog = here.catalog(here.service.searcher())
    asked = read_leniently(SearchParameters, request.query_string, catalog.known).parameters.request(MAX_PAGE_SIZE)
    page = here.service.search(replace(asked, sort="verified", page=1, explain=False), catalog.today)
    published = here.service.searcher(page.generation).generation.created.date()
    entries = [(result, _updated(result, published), _summary(result)) for result in page.results]
    query = replace(asked, size=10, sort="relevance", explain=False)
    return _xml(
        "feed.xml",
        "application/atom+xml",
        title=f"Profiles for “{_NOT_XML.sub('', asked.text)}”" if asked.text else "Company profiles",
        root=request.url_root.rstrip("/"),
        self_path=to("/feed.atom", search_pairs(query)),
        page_path=to("/search", search_pairs(query)),
        updated=max((updated for _, updated, _ in entries), default=f"{published.isoformat()}T00:00:00Z"),
        entries=entries,
    )


def _updated(result: Result, published: date) -> str:
    return f"{(result.facts.verified_on or published).isoformat()}T00:00:00Z"


def _summary(result: Result) -> str:
    snippets = ("".join(piece.text for piece in section.snippet) for section in result.sections)
    found = "\n".join(
        f"{section.heading}: {snippet}" for section, snippet in zip(result.sections, snippets, strict=True)
    )
    return found or result.why


@feeds.get("/changes.atom")
@by_generation
def changes() -> Response:
    """What the newest generation changed, about one section, the hiring status, or everything."""
    here = desk()
    now = here.service.searcher()
    topic = read_leniently(ChangesParameters, request.query_string, here.catalog(now).known).parameters.topic
    previous = here.status().previous
    found = here.changes.of(here.engine.open(previous.id), now, topic) if previous else ()
    return _xml(
        "changes.xml",
        "application/atom+xml",
        topic=topic,
        root=request.url_root.rstrip("/"),
        self_path=to("/changes.atom", [("topic", topic)] if topic else []),
        updated=f"{now.generation.created.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        generation=now.generation.id,
        changes=found,
    )


@feeds.get("/sitemap.xml")
@by_generation
def sitemap() -> Response:
    """Every page that is worth finding, with the day of its profile's last verification."""
    read_leniently(NoParameters, request.query_string, {})
    everybody = desk().service.searcher().facts()[: MAX_SITEMAP_URLS - 4]
    return _xml("sitemap.xml", "application/xml", root=request.url_root.rstrip("/"), everybody=everybody)


@feeds.get("/favicon.ico")
def favicon() -> Redirect:
    """Where programs look for the icon of a site that do not read its pages."""
    return redirect(f"{current_app.static_url_path}/favicon.svg")


@feeds.get("/opensearch.xml")
def opensearch() -> Response:
    """Lets browsers add this search, with its suggestions."""
    return _xml("opensearch.xml", "application/opensearchdescription+xml", root=request.url_root.rstrip("/"))


@feeds.get("/robots.txt")
def robots() -> Response:
    """What crawlers need not read."""
    lines = ("User-agent: *", "Disallow: /api/search", "Disallow: /suggest", "Allow: /", "")
    text = "\n".join([*lines, f"Sitemap: {request.url_root}sitemap.xml", ""])
    return Response(text, content_type="text/plain; charset=utf-8")
