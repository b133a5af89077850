"""What a search gives back: the one object behind the web page, the API and the command line."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from indexer.engines.base import Part
from indexer.profiles.model import Facts, RenderedProfile
from indexer.query.request import SearchRequest
from indexer.snippets import Match, Piece


@dataclass(frozen=True, slots=True)
class Understood:
    """How the words were read.

    `understood` is the canonical text of what was searched for, repairs included. `repaired` holds (typed, used) for
    each word that was repaired, `unknown` the words that no profile has. `relaxed` is (words a hit has at least, words
    asked for) when no profile has all of them. `notes` are sentences for the reader (ignored words).
    """

    text: str
    understood: str
    repaired: tuple[tuple[str, str], ...] = ()
    relaxed: tuple[int, int] | None = None
    unknown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SectionResult:
    """One matching section of a hit. `url` leads to its anchor, with the query."""

    id: str
    heading: str
    url: str
    snippet: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """One company of the page. `why` is a sentence; `parts` (only when explained) add up to `score`."""

    facts: Facts
    url: str
    score: float
    why: str
    sections: tuple[SectionResult, ...]
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value that can be chosen, and how many hits choosing it would leave."""

    value: str
    label: str
    count: int
    selected: bool


@dataclass(frozen=True, slots=True)
class AskedFact:
    """A quick fact that a search asks for: "headquarters", "founded", "website", "careers", "hiring", "specialties"
    or "verified", of this company.
    """

    facts: Facts
    fact: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page of results. `timings`: milliseconds of "parse", "search" and "snippets".

    `fact`: what the search asks for, where that is a quick fact of one company and nothing else.
    """

    request: SearchRequest
    query: Understood
    total: int
    pages: int
    generation: str
    took_ms: float
    results: tuple[Result, ...]
    facets: Mapping[str, tuple[FacetValue, ...]]
    partial: bool = False
    timings: Mapping[str, float] = field(default_factory=dict)
    fact: AskedFact | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something to go to or to search for: `kind` is "company", "section" or "word"."""

    text: str
    kind: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class ProfileView:
    """One company whole. `matches`: section id to the places in its text that a query matches, in order."""

    profile: RenderedProfile
    generation: str
    matches: Mapping[str, tuple[Match, ...]]
