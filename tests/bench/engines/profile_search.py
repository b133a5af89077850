"""profile-search, from the text of a query to the ranked companies, and to the page."""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from indexer.config import Settings
from indexer.engines import open_engine
from indexer.engines.base import Plan
from indexer.engines.whoosh.engine import EmbeddedEngine
from indexer.engines.whoosh.evaluator import Evaluator
from indexer.engines.whoosh.searcher import ColumnSearcher
from indexer.profiles.model import RenderedProfile
from indexer.profiles.vocabulary import read_vocabulary
from indexer.query.lexicon import Vocabulary
from indexer.query.request import Filters, SearchRequest
from indexer.query.tree import Phrase
from indexer.search import SearchService, read_query

from ..queries import BenchQuery
from ..wordbook import CORPUS
from . import NAME
from .base import Line, Run

TODAY = date(2026, 5, 1)


class ProfileSearch:
    """All of the words, in one section or several of a company; companies counted exactly, the ten best of them."""

    def build(self, folder: Path, profiles: Iterable[RenderedProfile]) -> None:
        """A published generation, with the synonyms of the real corpus."""
        vocabulary = read_vocabulary(CORPUS)
        engine = _engine(folder)
        with engine.begin() as builder:
            for profile in profiles:
                builder.add(profile)
            builder.publish("0" * 64, Vocabulary(vocabulary.synonyms, vocabulary.intents))
        engine.close()

    def open(self, folder: Path) -> Mapping[str, Line]:
        """Two lines: the evaluator alone, and the page with its snippets and facets as the web shows it."""
        engine = _engine(folder)
        searcher = engine.open()
        service = SearchService(engine)
        return {
            NAME: lambda query: _ranking(searcher, query),
            f"{NAME}, whole page": lambda query: _page(service, query),
        }


def postings_read(folder: Path, queries: Iterable[BenchQuery]) -> list[int]:
    """How many postings the words of each query have together, stand-ins included."""
    searcher = _engine(folder).open()
    return [sum(map(searcher.lexicon.frequency, _terms(searcher, query))) for query in queries]


def _terms(searcher: ColumnSearcher, query: BenchQuery) -> list[str]:
    terms: list[str] = []
    for leaf in read_query(searcher, query.text).query.leaves():
        terms += leaf.terms if isinstance(leaf, Phrase) else [form.term for form in leaf.forms]
    return terms


def _engine(folder: Path) -> EmbeddedEngine:
    engine = open_engine(Settings(index=str(folder / "index")))
    assert isinstance(engine, EmbeddedEngine)
    return engine


def _filters(query: BenchQuery) -> Filters:
    if not query.hiring or not query.specialty:
        return Filters()
    return Filters(hiring=(query.hiring,), specialties=(query.specialty,))


def _ranking(searcher: ColumnSearcher, query: BenchQuery) -> Run:
    filters = _filters(query)

    def run() -> int:
        reading = read_query(searcher, query.text)
        weights = reading.interpretation.weights
        plan = Plan(reading.query, filters, "relevance", 0, 10, TODAY, weights, facets=query.facets)
        return Evaluator(searcher._columns, plan).rank().total

    return run


def _page(service: SearchService, query: BenchQuery) -> Run:
    request = SearchRequest(query.text, _filters(query))
    return lambda: service.search(request, TODAY).total
