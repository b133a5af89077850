"""The JSON documents: plain dictionaries of typed shapes, which also describe the API's answers."""

from typing import Any, NotRequired

from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from indexer.links import page_link
from indexer.page import Page, ProfileView, Result, Suggestion

FACET_NAMES = ("section", "specialty", "hiring", "service", "verified")


class PieceDocument(TypedDict):
    """A stretch of a snippet, and whether it matched."""

    text: str
    match: bool


class SectionDocument(TypedDict):
    """A matching section; `url` leads to its anchor."""

    id: str
    heading: str
    url: str
    snippet: list[PieceDocument]


class PartDocument(TypedDict):
    """One addend of a score."""

    name: str
    value: float


class ResultDocument(TypedDict):
    """One company; `why` is a sentence for readers, `parts` (with explain=1) add up to `score`."""

    slug: str
    company: str
    url: str
    score: float
    hiring_status: str
    specialties: list[str]
    last_verified: str | None
    why: str
    sections: list[SectionDocument]
    parts: NotRequired[list[PartDocument]]


class FacetValueDocument(TypedDict):
    """A value, and the number of hits that have it under the other facets' choices."""

    value: str
    label: str
    count: int
    selected: bool


class FacetsDocument(TypedDict):
    """Every facet's values."""

    section: list[FacetValueDocument]
    specialty: list[FacetValueDocument]
    hiring: list[FacetValueDocument]
    service: list[FacetValueDocument]
    verified: list[FacetValueDocument]


class RepairDocument(TypedDict):
    """A word as typed and the word used for it."""

    typed: str
    used: str


class RelaxedDocument(TypedDict):
    """No profile has all words: each result has at least `words` of the `asked`."""

    words: int
    asked: int


class QueryDocument(TypedDict):
    """How the words were read."""

    text: str
    understood: str
    repaired: list[RepairDocument]
    relaxed: RelaxedDocument | None
    unknown: list[str]
    notes: list[str]


class SearchDocument(TypedDict):
    """One page of results."""

    query: QueryDocument
    total: int
    page: int
    size: int
    pages: int
    next_url: str | None
    took_ms: float
    generation: str
    partial: bool
    results: list[ResultDocument]
    facets: FacetsDocument


class ProfileSectionDocument(TypedDict):
    """One section; `html` is sanitised, `text` is what a reader sees of it."""

    id: str
    heading: str
    url: str
    html: str
    text: str


class ProfileDocument(TypedDict):
    """One company whole."""

    slug: str
    company: str
    url: str
    service_type: str | None
    specialization: str | None
    specialties: list[str]
    hiring_status: str
    headquarters: str | None
    founded: int | None
    website: str | None
    careers: str | None
    last_verified: str | None
    generation: str
    sections: list[ProfileSectionDocument]


class SuggestionDocument(TypedDict):
    """Something to search for, or (with a `url`) to go to; `kind` is company, section or word."""

    text: str
    kind: str
    url: str | None


class SuggestDocument(TypedDict):
    """Suggestions, the most useful first."""

    query: str
    suggestions: list[SuggestionDocument]


class FaultDocument(TypedDict):
    """One thing wrong with a request."""

    parameter: str
    message: str


class ProblemDocument(TypedDict):
    """Why there is no answer (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: NotRequired[str]
    faults: NotRequired[list[FaultDocument]]


def search_document(page: Page) -> SearchDocument:
    """A page of results, as `/api/search` and the command line print it."""
    request, query = page.request, page.query
    relaxed = query.relaxed
    return {
        "query": {
            "text": query.text,
            "understood": query.understood,
            "repaired": [{"typed": typed, "used": used} for typed, used in query.repaired],
            "relaxed": {"words": relaxed[0], "asked": relaxed[1]} if relaxed else None,
            "unknown": list(query.unknown),
            "notes": list(query.notes),
        },
        "total": page.total,
        "page": request.page,
        "size": request.size,
        "pages": page.pages,
        "next_url": (
            page_link("/api/search", request, request.page + 1, page.generation) if request.page < page.pages else None
        ),
        "took_ms": page.took_ms,
        "generation": page.generation,
        "partial": page.partial,
        "results": [_result(result, request.explain) for result in page.results],
        "facets": _facets(page),
    }


def _result(result: Result, explain: bool) -> ResultDocument:
    facts = result.facts
    document: ResultDocument = {
        "slug": facts.slug,
        "company": facts.company,
        "url": result.url,
        "score": result.score,
        "hiring_status": facts.hiring_status,
        "specialties": list(facts.specialties),
        "last_verified": facts.last_verified,
        "why": result.why,
        "sections": [
            {
                "id": section.id,
                "heading": section.heading,
                "url": section.url,
                "snippet": [{"text": piece.text, "match": piece.match} for piece in section.snippet],
            }
            for section in result.sections
        ],
    }
    if explain:
        document["parts"] = [{"name": part.name, "value": part.value} for part in result.parts]
    return document


def _facets(page: Page) -> FacetsDocument:
    facets: Any = {
        name: [
            {"value": value.value, "label": value.label, "count": value.count, "selected": value.selected}
            for value in page.facets.get(name, ())
        ]
        for name in FACET_NAMES
    }
    return facets  # type: ignore[no-any-return]


def profile_document(view: ProfileView) -> ProfileDocument:
    """One company whole, as `/api/profiles/<slug>` gives it."""
    facts = view.profile.facts
    url = f"/profiles/{facts.slug}"
    return {
        "slug": facts.slug,
        "company": facts.company,
        "url": url,
        "service_type": facts.service_type,
        "specialization": facts.specialization,
        "specialties": list(facts.specialties),
        "hiring_status": facts.hiring_status,
        "headquarters": facts.headquarters,
        "founded": facts.founded,
        "website": facts.website,
        "careers": facts.careers,
        "last_verified": facts.last_verified,
        "generation": view.generation,
        "sections": [
            {"id": s.id, "heading": s.heading, "url": f"{url}#{s.id}", "html": s.html, "text": s.text}
            for s in view.profile.sections
        ],
    }


def suggest_document(text: str, suggestions: tuple[Suggestion, ...]) -> SuggestDocument:
    """Suggestions, as `/api/suggest` gives them."""
    return {"query": text, "suggestions": [{"text": s.text, "kind": s.kind, "url": s.url} for s in suggestions]}
