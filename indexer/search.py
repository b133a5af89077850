"""The use case "search": a request to a page. Engine in, page out; no I/O of its own."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TypeVar
from weakref import WeakKeyDictionary

from indexer.deadline import due, within
from indexer.engines.base import CompanyHit, Engine, Found, Plan, Searcher
from indexer.engines.marks import Wanted
from indexer.errors import GenerationGone, NotFound
from indexer.feedback import with_feedback
from indexer.labels import facet_values, profile_url, why
from indexer.page import FacetValue, Page, ProfileView, Result, SectionResult, Suggestion, Understood
from indexer.query.choices import in_full, known_choices, spelled
from indexer.query.interpret import Interpretation, Interpreter
from indexer.query.parser import ParsedQuery, parse_query
from indexer.query.request import MAX_DEPTH, MAX_SECONDS, MAX_WAIT_SECONDS, Filters, SearchRequest
from indexer.query.synonyms import language_of
from indexer.query.tree import Query, leaves_of
from indexer.quickfacts import asked_fact
from indexer.ranking import FEEDBACK_DOCUMENTS, SHORT_QUERY_WORDS, relaxed_minimum
from indexer.snippets import excerpt
from indexer.suggest import suggest

__all__ = [
    "FacetValue",
    "Page",
    "ProfileView",
    "Result",
    "SearchService",
    "SectionResult",
    "Suggestion",
    "Understood",
    "ranked",
    "shown",
]

MAX_MOVES = 2
"""How often one request moves on to a newer generation: a rebuild takes longer than a search, so once is rare."""
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Reading:
    """A typed text as one generation understands it."""

    parsed: ParsedQuery
    interpretation: Interpretation

    def names(self, used: Mapping[str, str]) -> list[str]:
        """The wanted words as text, with the word used instead of each that was repaired."""
        return [
            " OR ".join(used.get(str(leaf), str(leaf)) for leaf in leaves_of(node))
            for node in self.interpretation.typed.wanted
        ]

    @property
    def query(self) -> Query:
        """The interpreted query."""
        return self.interpretation.query


class SearchService:
    """What a front end (web page, API, command line) asks. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def searcher(self, generation: str | None = None) -> Searcher:
        """The generation that answers now, or the named one while it is kept."""
        return self._engine.open(generation)

    def search(self, request: SearchRequest, today: date | None = None) -> Page:
        """One page of results."""
        started = time.perf_counter()
        day = today or datetime.now(UTC).date()
        return self._answered(lambda searcher: _page(searcher, request, day, started), request.generation)

    def suggest(self, typed: str, limit: int = 8) -> tuple[Suggestion, ...]:
        """What the beginning of a query could become, the most useful first."""
        return self._answered(lambda searcher: suggest(searcher, typed, limit))

    def profile(self, slug: str, typed: str = "") -> ProfileView:
        """One company with the places that a query matches in it; raises NotFound."""
        return self._answered(lambda searcher: _view(searcher, slug, typed))

    def _answered(self, answer: Callable[[Searcher], Answer], generation: str | None = None) -> Answer:
        """The whole answer of one generation: begun again where a writer has removed the one that was asked."""
        with within(MAX_WAIT_SECONDS):
            for _ in range(MAX_MOVES):
                with suppress(GenerationGone):
                    return answer(self._engine.open(generation))
            return answer(self._engine.open(generation))


def _page(searcher: Searcher, request: SearchRequest, today: date, started: float) -> Page:
    """The page that one generation answers with; `started` is the `time.perf_counter()` at which it was asked for."""
    reading = read_query(searcher, request.text, exact=request.exact)
    filters, notes = _filters(request, reading, searcher)
    parsed = time.perf_counter()
    plan = _plan(request, reading, in_full(filters, searcher.values()), today)
    plan = replace(plan, deadline=due())
    found, query = _answer(searcher, plan)
    searched = time.perf_counter()
    results = _results(found.hits, reading, replace(request, filters=filters))
    facets = {
        name: facet_values(name, counts, filters, searcher.values().get(name, {}))
        for name, counts in found.facets.items()
    }
    fact = asked_fact(searcher, reading.names(dict(reading.interpretation.repaired)), reading.query)
    finished = time.perf_counter()
    return Page(
        request=replace(request, filters=filters),
        query=replace(_understood(request, reading, query, found), notes=(*reading.parsed.notes, *notes)),
        total=found.total,
        pages=math.ceil(min(found.total, MAX_DEPTH) / request.size),
        generation=searcher.generation.id,
        took_ms=round((finished - started) * 1e3, 2),
        results=results,
        facets=facets,
        partial=found.partial,
        timings={
            "parse": (parsed - started) * 1e3,
            "search": (searched - parsed) * 1e3,
            "snippets": (finished - searched) * 1e3,
        },
        fact=fact,
    )


def _view(searcher: Searcher, slug: str, typed: str) -> ProfileView:
    profile = searcher.profile(slug)
    if profile is None:
        raise NotFound(f"There is no profile of {slug!r}.")
    wanted = Wanted(read_query(searcher, typed).query)
    matches = {section.id: wanted.matches(section.text) for section in profile.sections if typed}
    return ProfileView(profile, searcher.generation.id, matches)


def ranked(searcher: Searcher, typed: str, depth: int) -> Found:
    """The best `depth` companies for judging the ranking: a search that goes on below the companies with all words."""
    reading = read_query(searcher, typed)
    request = SearchRequest(typed, size=depth)
    plan = _judged(request, reading)
    plan = replace(plan, query=replace(plan.query, minimum=min(1, len(plan.query.wanted))))
    return _with_feedback(searcher, plan, searcher.search(plan))


def shown(searcher: Searcher, typed: str, depth: int) -> Found:
    """The best `depth` companies as the page shows them: it stops at the companies with all words, if there are any."""
    reading = read_query(searcher, typed)
    request = SearchRequest(typed, size=depth)
    plan = _judged(request, reading)
    return _answer(searcher, plan)[0]


def _judged(request: SearchRequest, reading: Reading) -> Plan:
    """A plan without facets or limits of time: nobody waits, and half an answer would be judged as a bad one."""
    plan = _plan(request, reading, reading.parsed.filters, datetime.now(UTC).date())
    return replace(plan, facets=False, until=math.inf)


def read_query(searcher: Searcher, typed: str, *, exact: bool = False) -> Reading:
    """What the typed text means in this generation."""
    parsed = parse_query(typed)
    return Reading(parsed, _interpreter(searcher).interpret(parsed.query, exact))


_interpreters: WeakKeyDictionary[Searcher, Interpreter] = WeakKeyDictionary()


def _interpreter(searcher: Searcher) -> Interpreter:
    """The interpreter of a generation, made once and gone with its searcher."""
    found = _interpreters.get(searcher)
    if found is None:
        found = _interpreters[searcher] = Interpreter(searcher.lexicon, language_of(searcher.vocabulary))
    return found


def _filters(request: SearchRequest, reading: Reading, searcher: Searcher) -> tuple[Filters, tuple[str, ...]]:
    """What the page chose and what was typed, and what is to be said of it."""
    values = searcher.values()
    typed, left_out = known_choices(reading.parsed.filters, values)
    notes = tuple(f"\u201c{choice.field}:{choice.value}\u201d was left out: {choice.reason}" for choice in left_out)
    return spelled(request.filters, values).merged(typed), notes


def _plan(request: SearchRequest, reading: Reading, filters: Filters, today: date) -> Plan:
    offset = (request.page - 1) * request.size
    return Plan(
        query=reading.query,
        filters=filters,
        sort=request.sort,
        offset=offset,
        limit=max(0, min(request.size, MAX_DEPTH - offset)),
        today=today,
        weights=reading.interpretation.weights,
        explain=request.explain,
        until=time.monotonic() + MAX_SECONDS,
    )


def _answer(searcher: Searcher, plan: Plan) -> tuple[Found, Query]:
    """The answer, and the query that gave it: with fewer words required where no company has all of them.

    Whether it is so does not depend on the filters: they only narrow, so that every facet count is true.
    """
    found = searcher.search(plan)
    words = len(plan.query.wanted)
    if words > 1 and not found.partial and not any(len(hit.words) == words for hit in found.hits):
        most = searcher.coverage(plan)
        if most is None:  # nobody knows whether another company would be shown
            return replace(found, partial=True), plan.query
        if 0 < most < words:
            plan = replace(plan, query=replace(plan.query, minimum=relaxed_minimum(words, most)))
            found = searcher.search(plan)
    return _with_feedback(searcher, plan, found), plan.query


def _with_feedback(searcher: Searcher, plan: Plan, found: Found) -> Found:
    """The answer to a question, ranked once more with the words its best hits share."""
    if plan.sort != "relevance" or len(plan.query.wanted) <= SHORT_QUERY_WORDS or found.total < 2 or found.partial:
        return found
    first = searcher.search(replace(plan, offset=0, limit=FEEDBACK_DOCUMENTS, facets=False, explain=False))
    if first.partial:
        return found
    query = with_feedback(plan.query, first.hits, searcher.lexicon, searcher.generation.sections)
    again = searcher.search(replace(plan, query=query, facets=False))
    return found if again.partial else replace(again, facets=found.facets)


def _results(hits: Sequence[CompanyHit], reading: Reading, request: SearchRequest) -> tuple[Result, ...]:
    names = reading.names(dict(reading.interpretation.repaired))
    otherwise = _reason_without_words(reading.query, request.filters)
    return tuple(
        Result(
            facts=hit.facts,
            url=profile_url(hit.facts.slug, request.text),
            score=hit.score,
            why=why(hit, names, otherwise),
            sections=tuple(
                SectionResult(
                    section.id,
                    section.heading,
                    profile_url(hit.facts.slug, request.text, section.id),
                    excerpt(section.text, section.matches),
                )
                for section in hit.sections
            ),
            parts=hit.parts,
        )
        for hit in hits
    )


def _understood(request: SearchRequest, reading: Reading, query: Query, found: Found) -> Understood:
    repaired = reading.interpretation.repaired if found.total else ()
    words = reading.names(dict(repaired))
    understood = str(replace(reading.parsed, query=replace(reading.parsed.query, wanted=())))
    return Understood(
        text=request.text,
        understood=" ".join(filter(None, [*words, understood])),
        repaired=repaired,
        relaxed=_relaxed(reading.interpretation.typed, query.required, found) if query.minimum is not None else None,
        unknown=reading.interpretation.unknown,
    )


def _relaxed(typed: Query, required: int, found: Found) -> tuple[int, int]:
    """How many different words each hit of the page has at least, and how many were asked for."""
    words = [str(node) for node in typed.wanted]
    least = min((len({words[number] for number in hit.words}) for hit in found.hits), default=required)
    return least, len(set(words))


def _reason_without_words(query: Query, filters: Filters) -> str:
    """Why a company is listed when no word was asked for."""
    if query.unwanted:
        return "has none of the words left out"
    return "listed with all profiles: no word was searched for" if filters == Filters() else "passes the chosen filters"
