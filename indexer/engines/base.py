"""The seam between the product and its search engines: small protocols over our own types."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from math import inf
from typing import Protocol

from indexer.profiles.changes import Change
from indexer.profiles.model import Facts, RenderedProfile
from indexer.query.lexicon import Lexicon, Vocabulary
from indexer.query.request import Filters
from indexer.query.tree import Query
from indexer.snippets import Match

VERIFIED_DAYS = (30, 90, 180, 365)
"""The steps of the facet "verified within"."""


@dataclass(frozen=True, slots=True)
class Generation:
    """One published state of the index."""

    id: str
    created: datetime
    corpus_digest: str
    profiles: int
    sections: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Status:
    """State of an index: "missing", "building", "ok", "outdated", "corrupt" or "unavailable", with a sentence for the
    operator. `generation` is the one that answers, whatever the state: None means that none does.
    """

    state: str
    reason: str
    generation: Generation | None = None
    previous: Generation | None = None

    @property
    def degraded(self) -> bool:
        """Whether it answers though something is wrong."""
        return self.state != "ok" and self.generation is not None


@dataclass(frozen=True, slots=True)
class Plan:
    """What an engine must answer. `weights` multiplies the score of a section by its id (absent: 1)."""

    query: Query
    filters: Filters
    sort: str
    offset: int
    limit: int
    today: date
    weights: Mapping[str, float] = field(default_factory=dict)
    facets: bool = True
    explain: bool = False
    until: float = inf
    """`time.monotonic()` at which the answer is due: what is there then is given, flagged as partial."""
    deadline: float = inf
    """`time.monotonic()` at which nobody waits any longer: an engine that asks one machine after another gives up."""


@dataclass(frozen=True, slots=True)
class SectionHit:
    """A matching section with its full text and the places in it that matched, in order.

    `heading_matched`: its heading has a wanted word.
    """

    id: str
    heading: str
    score: float
    text: str
    matches: tuple[Match, ...]
    heading_matched: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One addend of a score."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class CompanyHit:
    """A company with its best sections. `words` are the indexes of the wanted words it has anywhere.

    `parts` add up to `score`; they are there only when the plan asked for an explanation.
    """

    facts: Facts
    score: float
    sections: tuple[SectionHit, ...]
    words: tuple[int, ...]
    name_matched: bool = False
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """An engine's answer. `total` is exact. `facets`: facet to value to number of companies."""

    total: int
    hits: tuple[CompanyHit, ...]
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    partial: bool = False


class Searcher(Protocol):
    """Answers from one generation. May be used by many threads at once; hashed by identity.

    Anything but `generation` and `vocabulary` raises GenerationGone when the generation is no longer there.
    """

    def __hash__(self) -> int: ...

    @property
    def generation(self) -> Generation:
        """The generation that answers."""

    @property
    def vocabulary(self) -> Vocabulary:
        """The words of the field it was built with."""

    @property
    def lexicon(self) -> Lexicon:
        """Its words."""

    def search(self, plan: Plan) -> Found:
        """The companies that match, in order."""

    def coverage(self, plan: Plan) -> int | None:
        """The most wanted words that one company has, filters aside, unwanted words excluded; None: out of time."""

    def facts(self) -> Sequence[Facts]:
        """The quick facts of every company, by slug."""

    def values(self) -> Mapping[str, Mapping[str, str]]:
        """For each facet but "verified" its values with their labels."""

    def profile(self, slug: str) -> RenderedProfile | None:
        """One company whole, None when there is none."""

    def news(self) -> Sequence[Change]:
        """What changed up to this generation, as it was published: newest first."""


class Builder(Protocol):
    """One generation that nobody reads yet."""

    @property
    def reusable(self) -> Mapping[str, str]:
        """Slug to digest of every profile of the current generation that can be taken over without analysis."""

    @property
    def news(self) -> Sequence[Change]:
        """The news of the current generation; none where there is nothing to take over from."""

    def before(self, slug: str) -> RenderedProfile | None:
        """A profile as the current generation has it, None where it has none."""

    def keep(self, slug: str) -> None:
        """Take a profile over from the current generation."""

    def add(self, profile: RenderedProfile) -> None:
        """Analyse and add a profile."""

    def publish(self, corpus_digest: str, vocabulary: Vocabulary, news: Sequence[Change] = ()) -> Generation:
        """Write, verify and publish, with the news (newest first); the builder is spent afterwards."""


class Engine(Protocol):
    """An index, wherever it is."""

    def begin(self) -> AbstractContextManager[Builder]:
        """Start a generation; leaving the context without `publish` discards it. One writer at a time."""

    def open(self, generation: str | None = None) -> Searcher:
        """The current generation, or the named one while it is kept (otherwise the current one)."""

    def status(self) -> Status:
        """What state the index is in. Never raises for a bad index."""

    def rollback(self) -> Generation:
        """Publish the previous generation again."""

    def close(self) -> None:
        """Let go of files and connections."""
