"""The pages. Each is complete without scripts, and each state of it is an address."""

from dataclasses import replace
from time import perf_counter

from flask import Blueprint, Response, json, render_template, request
from flask.typing import ResponseReturnValue

from indexer.documents import search_document
from indexer.links import page_link, search_pairs, to
from indexer.page import Page
from indexer.profiles.dates import spoken
from indexer.query.request import SearchRequest
from webapp.access import is_operator
from webapp.ages import age_in_words
from webapp.comparison import comparison_view
from webapp.context import desk, today
from webapp.coverage import coverage_view
from webapp.delivery import by_generation
from webapp.demand import DemandView, demand_view
from webapp.handlers import problem
from webapp.parameters import CompareParameters, CoverageParameters, NoParameters, ProfileParameters, SearchParameters
from webapp.params import read_leniently
from webapp.presenters import Surroundings, counted, results_view
from webapp.profiles import Visit, profile_view
from webapp.searches import note_search
from webapp.zero import zero_view

pages = Blueprint("pages", __name__)

EXAMPLES = (
    "paid above minimum wage refugees",
    "how long is the assessment",
    "delayed payments",
    "is it a scam",
    "medical annotation",
    "weekly pay by PayPal",
)


def page_of(template: str, **values: object) -> Response:
    """A rendered page."""
    return Response(
        render_template(template, here_path=request.path, **values), content_type="text/html; charset=utf-8"
    )


def not_kept(response: Response, partial: bool) -> Response:
    """The response, which nobody is to keep where time ran out before everything was counted."""
    if partial:
        response.headers["Cache-Control"] = "no-store"
    return response


@pages.get("/")
@by_generation
def home() -> Response:
    """The search box, and ways in for those who have no word yet."""
    read_leniently(NoParameters, request.query_string, {})
    here = desk()
    searcher = here.service.searcher()
    catalog = here.catalog(searcher)
    page = page_of(
        "home.html",
        facets=catalog.facets,
        generation=searcher.generation,
        built=spoken(searcher.generation.created.date().isoformat()),
        built_age=age_in_words((today() - searcher.generation.created.date()).days),
        examples=EXAMPLES,
        here=request.url_root,
    )
    return not_kept(page, catalog.partial)


@pages.get("/search")
@by_generation
def search() -> Response:
    """Ranked companies with their matching sections."""
    here = desk()
    catalog = here.catalog(here.service.searcher())
    reading = read_leniently(SearchParameters, request.query_string, catalog.known)
    asked = reading.parameters.request()
    # Filters written in the text (in:compensation) stay there: links repeat what was asked, not what it came to.
    found = here.service.search(asked, catalog.today)
    note_search(found)
    page = replace(found, request=asked)
    if asked.page > max(page.pages, 1):
        return _past_the_last(page)
    searcher = here.service.searcher(page.generation)
    began = perf_counter()
    around = Surroundings(lambda slug: here.leads.of(searcher, slug), catalog.today, request.url_root, reading.dropped)
    view = results_view(page, around)
    zero = zero_view(page, here.service) if not page.results else None
    response = page_of("search.html", view=view, zero=zero, total=page.total, sort=asked.sort)
    response.headers["Server-Timing"] = server_timing(page, (perf_counter() - began) * 1000)
    return not_kept(response, page.partial)


def server_timing(page: Page, render_ms: float) -> str:
    """Where the time went, as browsers show it."""
    parts = {name: page.timings.get(name, 0.0) for name in ("parse", "search", "snippets")} | {"render": render_ms}
    return ", ".join(f"{name};dur={ms:.2f}" for name, ms in parts.items())


def _past_the_last(page: Page) -> Response:
    asked = page.request
    detail = f"There is no page {asked.page:,}: this search has {counted(page.pages, 'page', 'pages')} of results."
    last = (
        page_link("/search", asked, page.pages, page.generation) if page.pages else to("/search", search_pairs(asked))
    )
    return problem(404, detail, back=last)


@pages.get("/profiles/<slug>")
@by_generation
def profile(slug: str) -> Response:
    """One company whole, with the words of the search that led here marked."""
    parameters = read_leniently(ProfileParameters, request.query_string, {}).parameters
    here = desk()
    found = here.service.profile(slug, parameters.q)
    facts = here.service.searcher(found.generation).facts()
    view = profile_view(found, facts, Visit(parameters.q, today(), request.url_root))
    return page_of("profile.html", view=view)


@pages.get("/compare")
@by_generation
def compare() -> Response:
    """Two to four companies, one section, side by side."""
    here = desk()
    known = here.catalog(here.service.searcher()).known
    view = comparison_view(read_leniently(CompareParameters, request.query_string, known), here.service, today())
    response = page_of("compare.html", view=view)
    if view.too_many:
        response.status_code = 400
        response.headers["Cache-Control"] = "no-store"
    return response


@pages.get("/coverage")
def coverage() -> ResponseReturnValue:
    """Which profile knows what, and which ought to be verified again; for the operator, what nobody knows."""
    settings = desk().settings.web
    if settings.query_log is None or not is_operator():
        return _coverage_for_all()
    response = _coverage_page(demand_view(settings.query_log, settings.query_log_days))
    response.headers["Cache-Control"] = "no-store"
    return response


@by_generation
def _coverage_for_all() -> Response:
    return _coverage_page(None)


def _coverage_page(demand: DemandView | None) -> Response:
    parameters = read_leniently(CoverageParameters, request.query_string, {}).parameters
    here = desk()
    searcher = here.service.searcher()
    catalog = here.catalog(searcher)
    view = coverage_view(searcher, catalog.facets["section"], parameters.page, today())
    if parameters.page > view.pages:
        return problem(404, f"There is no page {parameters.page:,} of this table.", back="/coverage")
    return not_kept(page_of("coverage.html", view=view, demand=demand), catalog.partial)


@pages.get("/help")
@by_generation
def help_page() -> Response:
    """How to search, and what the results mean."""
    here = desk()
    catalog = here.catalog(here.service.searcher())
    return not_kept(page_of("help.html", facets=catalog.facets), catalog.partial)


@pages.get("/api")
@by_generation
def api_page() -> Response:
    """The interfaces for programs, with examples."""
    page = desk().service.search(SearchRequest("payment", size=1), today())
    document = search_document(page)
    facets = {name: values[:1] for name, values in document["facets"].items()}  # type: ignore[index]
    example = json.dumps({**document, "facets": facets}, indent=2)
    slug = page.results[0].facts.slug if page.results else "sama"
    return not_kept(page_of("api.html", root=request.url_root, example=example, slug=slug), page.partial)
