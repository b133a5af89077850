"""The interface for programs: the same answers as the pages, as JSON. Strict in what it takes."""

from collections.abc import Mapping
from time import perf_counter

from flask import Blueprint, Response, json, request

from indexer.documents import profile_document, search_document, suggest_document
from indexer.errors import NotFound
from webapp.context import desk
from webapp.delivery import by_generation
from webapp.openapi import openapi_document
from webapp.parameters import (
    ApiSearchParameters,
    ApiSuggestParameters,
    NoParameters,
    ProfileParameters,
    SuggestParameters,
)
from webapp.params import read_leniently, read_strictly
from webapp.presenters import counted
from webapp.searches import note_search
from webapp.views import server_timing

api = Blueprint("api", __name__)

SUGGESTION_KINDS = {"company": "Company", "section": "Section", "word": ""}


def as_json(document: object, content_type: str = "application/json") -> Response:
    """A document as a response."""
    return Response(json.dumps(document, separators=(",", ":")), content_type=content_type)


@api.get("/api/search")
@by_generation
def search() -> Response:
    """Ranked companies with their matching sections."""
    here = desk()
    catalog = here.catalog(here.service.searcher())
    parameters = read_strictly(ApiSearchParameters, request.query_string, catalog.known)
    page = here.service.search(parameters.request(parameters.size), catalog.today)
    note_search(page)
    if parameters.page > max(page.pages, 1):
        raise NotFound(f"There is no page {parameters.page}: this search has {counted(page.pages, 'page', 'pages')}.")
    began = perf_counter()
    response = as_json(search_document(page))
    response.headers["Server-Timing"] = server_timing(page, (perf_counter() - began) * 1000)
    if page.partial:
        response.headers["Cache-Control"] = "no-store"
    return response


@api.get("/api/profiles/<slug>")
@by_generation
def profile(slug: str) -> Response:
    """One company whole."""
    parameters = read_strictly(ProfileParameters, request.query_string, {})
    return as_json(profile_document(desk().service.profile(slug, parameters.q)))


@api.get("/api/suggest")
@by_generation
def suggest() -> Response:
    """What the beginning of a query could become."""
    parameters = read_strictly(ApiSuggestParameters, request.query_string, {})
    return as_json(suggest_document(parameters.q, desk().service.suggest(parameters.q, parameters.limit)))


@api.get("/suggest")
@by_generation
def suggest_for_browsers() -> Response:
    """The same in the form of OpenSearch suggestions: the query, completions, descriptions, addresses."""
    text = read_leniently(SuggestParameters, request.query_string, {}).parameters.q
    found = desk().service.suggest(text)
    return as_json(
        [
            text,
            [s.text for s in found],
            [SUGGESTION_KINDS.get(s.kind, "") for s in found],
            [s.url or "" for s in found],
        ],
        "application/x-suggestions+json",
    )


@api.get("/api/openapi.json")
@by_generation
def openapi() -> Response:
    """This interface, described."""
    read_strictly(NoParameters, request.query_string, {})
    here = desk()
    known: Mapping[str, Mapping[str, str]] = here.catalog(here.service.searcher()).known
    return as_json(openapi_document(known))
