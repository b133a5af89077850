"""What other programs discover by themselves: feed, sitemap, robots.txt, OpenSearch description."""

import re
from collections.abc import Container
from dataclasses import replace
from datetime import UTC, date, datetime

from flask import Blueprint, Response, current_app, redirect, render_template, request
from werkzeug import Response as Redirect

from indexer.labels import profile_url, value_label
from indexer.links import search_pairs, to
from indexer.page import Result
from indexer.profiles.changes import TOPICS, Change, latest
from indexer.query.request import MAX_PAGE_SIZE
from webapp.context import desk
from webapp.delivery import by_generation
from webapp.parameters import ChangesParameters, NoParameters, SearchParameters
from webapp.params import read_for_feed, read_leniently

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
    asked = read_for_feed(SearchParameters, request.query_string, catalog.known).request(MAX_PAGE_SIZE)
    page = here.service.search(replace(asked, sort="verified", page=1, explain=False), catalog.today)
    published = here.service.searcher(page.generation).generation.created.date()
    entries = [(result, _updated(result, published), _summary(result)) for result in page.results]
    query = replace(asked, size=10, sort="relevance", explain=False)
    response = _xml(
        "feed.xml",
        "application/atom+xml",
        title=f"Profiles for “{_NOT_XML.sub('', asked.text)}”" if asked.text else "Company profiles",
        root=request.url_root.rstrip("/"),
        self_path=to("/feed.atom", search_pairs(query)),
        page_path=to("/search", search_pairs(query)),
        updated=max((updated for _, updated, _ in entries), default=f"{published.isoformat()}T00:00:00Z"),
        entries=entries,
    )
    if page.partial:
        response.headers["Cache-Control"] = "no-store"
    return response


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
    """What rebuilds changed in the profiles, the newest first: about one topic, one company, or everything.

    What is gone, and even what never was, has an empty feed: a feed reader gives up one that it is refused.
    """
    here = desk()
    searcher = here.service.searcher()
    news = latest(searcher.news(), datetime.now(UTC))
    companies = {facts.slug: facts.company for facts in searcher.facts()}
    asked = read_for_feed(ChangesParameters, request.query_string, here.catalog(searcher).known)
    found = [c for c in news if asked.topic in ("", c.topic) and asked.company in ("", c.slug)]
    names = {change.slug: change.company for change in news} | companies
    about = f"What changed {f'at {names.get(asked.company, asked.company)}' if asked.company else 'in the profiles'}"
    topic = TOPICS.get(asked.topic) or value_label("section", asked.topic, searcher.values()["section"])
    return _xml(
        "changes.xml",
        "application/atom+xml",
        title=f"{about}: {topic}" if topic else about,
        root=request.url_root.rstrip("/"),
        self_path=to("/changes.atom", [(name, value) for name, value in asked if value]),
        page_path=profile_url(asked.company) if asked.company in companies else "/coverage",
        updated=_moment(max((change.when for change in found), default=searcher.generation.created)),
        entries=[(change, _change_id(change), _moment(change.when), _place(change, companies)) for change in found],
    )


def _moment(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _change_id(change: Change) -> str:
    """Stays the same whatever the site is called and however often the change is told (RFC 4151)."""
    return f"tag:profile-search,2026:{change.when.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}/{change.slug}/{change.topic}"


def _place(change: Change, companies: Container[str]) -> str:
    if change.slug not in companies:
        return "/search"
    return profile_url(change.slug, section="" if change.event.endswith(" removed") else change.section)


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
