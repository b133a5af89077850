"""Small corpora in memory, searched as a published generation is: for tests that make many of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from indexer.engines.base import Generation
from indexer.engines.whoosh.builder import GenerationBuilder
from indexer.engines.whoosh.columns import Columns
from indexer.engines.whoosh.searcher import ColumnSearcher
from indexer.page import Page
from indexer.profiles.model import SECTION_HEADINGS, Facts, RenderedProfile, RenderedSection
from indexer.query.lexicon import Vocabulary
from indexer.query.request import Filters, SearchRequest
from indexer.search import SearchService

TODAY = date(2026, 6, 30)
GENERATION = Generation("g1", datetime(2026, 6, 30, tzinfo=UTC), "0" * 64, 0, 0, 0)


def profile(facts: str | Facts, **sections: str) -> RenderedProfile:
    """A profile with texts by section id; a name alone makes facts whose slug is the name in lower case."""
    if isinstance(facts, str):
        facts = Facts(facts.lower().replace(" ", "-"), facts)
    rendered = tuple(
        RenderedSection(name, SECTION_HEADINGS.get(name, name.capitalize()), f"<p>{text}</p>", text)
        for name, text in sections.items()
    )
    return RenderedProfile(facts, rendered, facts.slug)


def columns_of(profiles: Iterable[RenderedProfile]) -> Columns:
    """The columns of a generation that holds these profiles."""
    builder = GenerationBuilder(None, None)  # type: ignore[arg-type]  # a draft is needed only to publish
    for found in profiles:
        builder.add(found)
    return builder._columns()


class MemoryEngine:
    """Answers from one generation that is not on disk."""

    def __init__(self, profiles: Iterable[RenderedProfile], vocabulary: Vocabulary) -> None:
        columns = columns_of(profiles)
        sections = len(columns.store.company_of)
        generation = replace(GENERATION, profiles=len(columns.store.first) - 1, sections=sections)
        self.columns = columns
        self.searcher = ColumnSearcher(columns, generation, vocabulary)

    def open(self, generation: str | None = None) -> ColumnSearcher:
        """The one generation."""
        return self.searcher


def searcher_over(
    *profiles: RenderedProfile,
    synonyms: Sequence[tuple[str, ...]] = (),
    intents: Mapping[str, tuple[str, ...]] | None = None,
) -> ColumnSearcher:
    """A searcher over these profiles and this vocabulary."""
    return MemoryEngine(profiles, Vocabulary(tuple(synonyms), intents or {})).searcher


def service_over(
    *profiles: RenderedProfile,
    synonyms: Sequence[tuple[str, ...]] = (),
    intents: Mapping[str, tuple[str, ...]] | None = None,
) -> SearchService:
    """The search over these profiles and this vocabulary."""
    return SearchService(MemoryEngine(profiles, Vocabulary(tuple(synonyms), intents or {})))  # type: ignore[arg-type]


def search(service: SearchService, text: str, filters: Filters | None = None, **options: object) -> Page:
    """One page of results, on a fixed day."""
    request = SearchRequest(text, filters or Filters(), **options)  # type: ignore[arg-type]
    return service.search(request, TODAY)


def slugs(page: Page) -> list[str]:
    """The companies of a page, in order."""
    return [result.facts.slug for result in page.results]
