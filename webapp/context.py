"""What a request works with: the search service and what is known of the current generation."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from threading import Lock
from time import monotonic

from flask import Flask, current_app

from indexer.config import Settings
from indexer.deadline import in_turn
from indexer.engines.base import Engine, Searcher, Status
from indexer.errors import EngineUnavailable, GenerationGone, OperatorError
from indexer.page import FacetValue
from indexer.profiles.changes import TOPICS
from indexer.profiles.model import HIRING_STATUSES, SECTION_HEADINGS, SPECIALTIES
from indexer.query.request import UNKNOWN, SearchRequest
from indexer.querylog import QueryLog
from indexer.search import SearchService
from indexer.text import fold
from webapp.leads import Leads
from webapp.metrics import Metrics

log = logging.getLogger("profile_search.web")

KEY = "profile-search"
STATUS_SECONDS = 30.0
"""How long the state of one generation is believed: to know it, every byte of the index is read."""

AMISS_SECONDS = 5.0
"""The same where something is wrong: whoever mends it wants to see that soon."""

PARTIAL_SECONDS = 3.0
"""The same for a catalog that time ran out for: an engine under load is not asked for it by every request."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """What one generation offers to choose from, on one day: facet values and what a parameter may say."""

    generation: str
    today: date
    facets: Mapping[str, tuple[FacetValue, ...]]
    known: Mapping[str, Mapping[str, str]]
    partial: bool = False
    """Whether time ran out before everything was counted."""


@dataclass(slots=True)
class Desk:
    """The engine behind all routes, with what was read from its current generation. Safe to share between threads."""

    settings: Settings
    engine: Engine
    service: SearchService
    digest: str
    """Of the web application's own files: pages cached by another version are not the same pages."""
    query_log: QueryLog | None = None
    metrics: Metrics = field(default_factory=Metrics)
    leads: Leads = field(default_factory=Leads)
    _catalog: tuple[float, Catalog] | None = None
    _status: tuple[str | None, float, Status] | None = None
    _lock: Lock = field(default_factory=Lock)
    _status_lock: Lock = field(default_factory=Lock)

    def catalog(self, searcher: Searcher) -> Catalog:
        """What can be chosen in this generation; read once a generation and day, and again where time ran out."""
        wanted = searcher.generation.id, today()
        kept = self._kept_catalog(wanted)
        if kept is None:
            with in_turn(self._lock):
                kept = self._kept_catalog(wanted)  # who waited finds what another request has read meanwhile
                if kept is None:
                    kept = _read_catalog(self.service, searcher, wanted[1])
                    self._catalog = monotonic(), kept
        return kept

    def _kept_catalog(self, wanted: tuple[str, date]) -> Catalog | None:
        if self._catalog is None:
            return None
        since, kept = self._catalog
        stale = kept.partial and monotonic() - since > PARTIAL_SECONDS
        return kept if (kept.generation, kept.today) == wanted and not stale else None

    def status(self) -> Status:
        """What state the index is in: examined anew for each generation, and after a while."""
        try:
            with in_turn(self._status_lock):
                return self._examined()
        except EngineUnavailable as late:  # another request has been waiting for the engine all the time
            return Status("unavailable", late.reason)

    def _examined(self) -> Status:
        generation = self._generation()
        kept = self._status
        if kept is None or kept[0] != generation or monotonic() - kept[1] > _kept_for(kept[2]):
            before, kept = kept, (generation, monotonic(), self.engine.status())
            self._status = kept
            if kept[2].degraded and (before is None or before[2] != kept[2]):
                log.error("the index is %s: %s", kept[2].state, kept[2].reason)
        return kept[2]

    def _generation(self) -> str | None:
        try:
            return self.engine.open().generation.id
        except OperatorError:
            return None


def _kept_for(status: Status) -> float:
    """Seconds that a state is told without looking again; an engine that did not answer may at the next moment."""
    return {"ok": STATUS_SECONDS, "unavailable": 1.0}.get(status.state, AMISS_SECONDS)


def attach(app: Flask, desk: Desk) -> None:
    """Give the application its desk."""
    app.extensions[KEY] = desk


def desk() -> Desk:
    """The desk of the application that answers this request."""
    return desk_of(current_app)


def desk_of(app: Flask) -> Desk:
    """The desk of this application."""
    found = app.extensions[KEY]
    if not isinstance(found, Desk):
        raise TypeError("the application was not made by create_app")
    return found


def today() -> date:
    """The day that ages are counted from: UTC, as the dates of profiles carry no zone."""
    return datetime.now(UTC).date()


def _read_catalog(service: SearchService, searcher: Searcher, day: date) -> Catalog:
    everything = service.search(SearchRequest(size=1, generation=searcher.generation.id), day)
    if everything.generation != searcher.generation.id:
        raise GenerationGone(f"the generation {searcher.generation.id} was removed before it was counted")
    offered = {facet: list(values) for facet, values in searcher.values().items()}
    standard = {
        "section": SECTION_HEADINGS,
        "specialty": (*SPECIALTIES, UNKNOWN),
        "hiring": HIRING_STATUSES,
        "service": (UNKNOWN,),
        "company": [facts.slug for facts in searcher.facts()],
        "topic": (*SECTION_HEADINGS, *offered.get("section", ()), *TOPICS),
    }
    known = {
        facet: {fold(value): value for value in [*values, *offered.get(facet, ())]}
        for facet, values in standard.items()
    }
    return Catalog(searcher.generation.id, day, everything.facets, known, everything.partial)
