"""Plain Whoosh as the oracle: the index that is written for it, the companies that match, and their order."""

import itertools
import math
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corpora import TODAY, MemoryEngine, profile
from definition import Definition
from hypothesis import given
from hypothesis import strategies as st
from properties import examples
from whoosh import query as wq
from whoosh import scoring
from whoosh.collectors import TopCollector
from whoosh.index import FileIndex, create_in, open_dir

from indexer import text
from indexer.engines.base import CompanyHit, Plan
from indexer.engines.whoosh.schema import section_schema
from indexer.engines.whoosh.whoosh_index import text_fields, text_postings, write_whoosh_index
from indexer.profiles.model import Facts, RenderedProfile
from indexer.query.lexicon import Vocabulary
from indexer.query.request import Filters
from indexer.query.tree import Leaf, Or, Phrase, Prefix, Query, Word
from indexer.ranking import BODY, FIELDS, SATURATION, TIER
from indexer.search import read_query

FIELDS_OF_TEXT = ("company", "heading", "body")
BODY_WORDS = (
    "pay",
    "pays",
    "paid",
    "test",
    "tests",
    "wage",
    "weekly",
    "image",
    "text",
    "task",
    "tasks",
    "taxi",
    "the",
    "of",
)
NAMES = ("Alpha", "Beta Labs", "Gamma", "Delta Labs", "Epsilon", "Zeta")
SECTIONS = ("overview", "compensation", "concerns")


# The index that is written for Whoosh


@contextmanager
def opened(engine: MemoryEngine) -> Iterator[FileIndex]:
    """Our Whoosh index of an engine's columns."""
    with tempfile.TemporaryDirectory() as folder:
        write_whoosh_index(Path(folder), engine.columns)
        index = open_dir(folder)
        yield index
        index.close()


@contextmanager
def added(profiles: Sequence[RenderedProfile]) -> Iterator[FileIndex]:
    """The index that Whoosh itself makes of the same sections."""
    with tempfile.TemporaryDirectory() as folder:
        index = create_in(folder, section_schema())
        writer = index.writer()
        for found in sorted(profiles, key=lambda profile: profile.facts.slug):
            for section in found.sections:
                writer.add_document(
                    key=f"{found.facts.slug}#{section.id}",
                    slug=found.facts.slug,
                    section=section.id,
                    company=found.facts.company,
                    heading=section.heading,
                    body=section.text,
                )
        writer.commit()
        yield index
        index.close()


def postings(reader: Any, field: str, term: bytes) -> list[tuple[int, float, list[int]]]:
    matcher = reader.postings(field, term)
    found = []
    while matcher.is_active():
        positions = matcher.value_as("positions") if field in FIELDS_OF_TEXT else []
        found.append((matcher.id(), matcher.weight(), positions))
        matcher.next()
    return found


def term_facts(reader: Any, field: str, term: bytes) -> tuple[float, ...]:
    info = reader.term_info(field, term)
    return (
        info.weight(), info.doc_frequency(), info.min_length(), info.max_length(), info.max_weight(),
        info.min_id(), info.max_id(),
    )  # fmt: skip


def everything(index: FileIndex) -> dict[str, Any]:
    """All that can be read from a Whoosh index."""
    with index.reader() as reader:
        terms = list(reader.all_terms())
        documents = range(reader.doc_count_all())
        return {
            "terms": terms,
            "postings": {term: postings(reader, *term) for term in terms},
            "facts": {term: term_facts(reader, *term) for term in terms},
            "stored": [reader.stored_fields(number) for number in documents],
            "lengths": [[reader.doc_field_length(number, name) for name in FIELDS_OF_TEXT] for number in documents],
            "totals": [reader.field_length(name) for name in FIELDS_OF_TEXT],
        }


TEXTS = st.one_of(
    st.lists(st.sampled_from(BODY_WORDS), min_size=1, max_size=12).map(" ".join),
    st.text(st.sampled_from("ab é工ß'&-.,1\u200b\n+C#"), min_size=1, max_size=30),
)


@st.composite
def corpora(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> list[RenderedProfile]:
    """One to six companies with one to three sections each."""
    profiles = []
    for name in NAMES[: draw(st.integers(1, len(NAMES)))]:
        sections = draw(st.lists(st.sampled_from(SECTIONS), min_size=1, unique=True))
        profiles.append(profile(name, **{section: draw(texts) for section in sections}))
    return profiles


@given(corpora(TEXTS))
@examples(25)
def test_our_whoosh_index_holds_what_add_document_writes(profiles: list[RenderedProfile]) -> None:
    with opened(MemoryEngine(profiles, Vocabulary())) as ours, added(profiles) as theirs:
        assert everything(ours) == everything(theirs)


def test_our_whoosh_index_equals_the_written_one_beyond_a_block_of_postings() -> None:
    profiles = [
        profile(f"Name{number}", overview="pay " * (1 + number % 7) + f"rare{number % 150}") for number in range(300)
    ]
    with opened(MemoryEngine(profiles, Vocabulary())) as ours, added(profiles) as theirs:
        assert everything(ours) == everything(theirs)


@given(corpora(TEXTS), st.integers(1, 12))
@examples(25)
def test_parts_of_the_postings_of_a_field_are_whole_terms_and_together_all_of_them(
    profiles: list[RenderedProfile], most: int
) -> None:
    columns = MemoryEngine(profiles, Vocabulary()).columns
    for field in text_fields(columns).values():
        whole = text_postings(columns, field)
        parts = list(whole.parts(most))
        assert all(len(part.section) <= most or len(part.terms) == 1 for part in parts)
        for name in ("terms", "section", "counts", "position"):
            assert [value for part in parts for value in getattr(part, name)] == list(getattr(whole, name))
        assert [count for part in parts for count in np.diff(part.term_start)] == list(np.diff(whole.term_start))


def test_whoosh_answers_a_query_from_the_index_written_for_it() -> None:
    profiles = [profile("Alpha", overview="minimum wage"), profile("Beta", overview="wage minimum")]
    with opened(MemoryEngine(profiles, Vocabulary())) as index, index.searcher() as searcher:
        found = searcher.search(wq.Phrase("body", ["minimum", "wage"]), limit=None)
        assert [hit["key"] for hit in found] == ["alpha#overview"]


# The companies that match


def whoosh_leaf(leaf: Leaf | Or) -> wq.Query:
    """A leaf of our tree in Whoosh's own terms, over every text field of a section."""
    if isinstance(leaf, Or):
        return wq.Or([whoosh_leaf(child) for child in leaf.children])
    if isinstance(leaf, Phrase):
        return wq.Or([wq.Phrase(field, list(leaf.terms)) for field in FIELDS_OF_TEXT])
    terms = {form.term for form in leaf.forms}
    return wq.Or([wq.Term(field, term) for term in terms for field in FIELDS_OF_TEXT])


def scores_of(searcher: Any, query: wq.Query, name: str) -> dict[str, float]:
    """The scores by a stored field of all documents that match, by the collector that loses none."""
    collector = TopCollector(limit=10_000, usequality=False, replace=0)
    searcher.search_with_collector(query, collector)
    return {hit[name]: hit.score for hit in collector.results()}


def companies(searcher: Any, query: wq.Query) -> set[str]:
    """The companies with a section that matches."""
    return set(scores_of(searcher, query, "slug"))


def by_oracle(searcher: Any, query: Query, named: set[str]) -> set[str]:
    """The companies that have all wanted words, in whatever sections, and no unwanted one.

    Those that the query names need only its phrases, and any of its words.
    """
    having = [companies(searcher, whoosh_leaf(node)) for node in query.wanted]
    phrases = [found for found, node in zip(having, query.wanted, strict=True) if isinstance(node, Phrase)]
    everyone = companies(searcher, wq.Every())
    found = everyone.intersection(*having) | (named & set().union(*having)).intersection(*phrases)
    return found.difference(*[companies(searcher, whoosh_leaf(leaf)) for leaf in query.unwanted])


def plan(query: Query) -> Plan:
    return Plan(query, Filters(), "relevance", 0, 1_000, TODAY)


QUERY_WORDS = (*BODY_WORDS, "alpha", "labs", "overview", "compensation", "absent")
WORDS = st.sampled_from(QUERY_WORDS)
LEAVES = st.one_of(
    WORDS,
    st.lists(WORDS, min_size=2, max_size=3).map(lambda words: f'"{" ".join(words)}"'),
    WORDS.map(lambda word: f"{word[:2]}*"),
)
QUERIES = st.lists(
    st.one_of(
        LEAVES,
        st.lists(LEAVES, min_size=2, max_size=3).map(" OR ".join),
        LEAVES.map(lambda leaf: f"-{leaf}"),
    ),
    max_size=4,
).map(" ".join)


@given(corpora(TEXTS), st.lists(QUERIES, min_size=1, max_size=8))
@examples(60)
def test_the_same_companies_match_as_in_plain_whoosh(profiles: list[RenderedProfile], queries: list[str]) -> None:
    engine, definition = MemoryEngine(profiles, Vocabulary()), Definition(profiles)
    with opened(engine) as index, index.searcher() as searcher:
        for typed in queries:
            query = read_query(engine.searcher, typed, exact=True).query
            found = engine.searcher.search(plan(query))
            assert {hit.facts.slug for hit in found.hits} == by_oracle(searcher, query, definition.named(query)), typed
            assert found.total == len(found.hits)


@given(corpora(TEXTS), st.sampled_from(["pa", "te", "tax", "t", "x"]))
@examples(30)
def test_prefix_stands_for_the_words_that_whoosh_would_expand_it_to(
    profiles: list[RenderedProfile], prefix: str
) -> None:
    engine = MemoryEngine(profiles, Vocabulary())
    (node,) = read_query(engine.searcher, f"{prefix}*").query.wanted
    assert isinstance(node, Prefix)
    tokens = [
        token
        for found in profiles
        for section in found.sections
        for value in (found.facts.company, section.heading, section.text)
        for token in text.tokenize(value)
    ]
    assert {form.term for form in node.forms} == {token.term for token in tokens if token.word.startswith(prefix)}


# Their order


class Impact(scoring.WeightingModel):  # type: ignore[misc]
    """Our BM25 from Whoosh's postings: term frequency and document frequency are Whoosh's, lengths given."""

    def __init__(self, lengths: Sequence[int]) -> None:
        self.lengths = lengths
        self.average = sum(lengths) / len(lengths) or 1.0

    def scorer(self, searcher: Any, fieldname: str, text: bytes, qf: float = 1) -> Any:
        """A scorer for one term."""
        frequency, sections = searcher.doc_frequency(fieldname, text), searcher.doc_count_all()
        return ImpactScorer(self, math.log1p((sections - frequency + 0.5) / (frequency + 0.5)))


class ImpactScorer(scoring.BaseScorer):  # type: ignore[misc]
    """BM25F of a single field."""

    def __init__(self, model: Impact, idf: float) -> None:
        self._model = model
        self._idf = idf

    def supports_block_quality(self) -> bool:
        """No shortcuts: every posting is scored."""
        return False

    def score(self, matcher: Any) -> float:
        """The impact of the posting that the matcher stands on."""
        model = self._model
        damping = FIELDS[BODY].length_damping
        norm = FIELDS[BODY].weight / (1 - damping + damping * model.lengths[matcher.id()] / model.average)
        weight = matcher.weight() * norm
        return float(self._idf * weight * (SATURATION + 1) / (weight + SATURATION))


def counted(value: str) -> int:
    """The length of a text: its words, stop words left out."""
    return sum(not text.is_stop_word(token.word) for token in text.tokenize(value))


def words_score(hit: CompanyHit) -> float:
    """The score without the tiers, which are whole thousands."""
    return hit.score % TIER


SCORED = st.lists(
    st.sampled_from([word for word in BODY_WORDS if not text.is_stop_word(word)]), min_size=1, max_size=25
).map(" ".join)


@given(
    st.lists(SCORED, min_size=1, max_size=12),
    st.lists(st.sampled_from(BODY_WORDS[:-2]), min_size=1, max_size=4, unique=True),
)
@examples(60)
def test_the_same_order_and_scores_as_plain_whoosh_for_words_of_one_section_companies(
    texts: list[str], typed: list[str]
) -> None:
    profiles = [profile(Facts(f"c{number:02}", f"Zzq{number}"), overview=value) for number, value in enumerate(texts)]
    engine = MemoryEngine(profiles, Vocabulary())
    query = read_query(engine.searcher, " ".join(typed), exact=True).query
    hits = engine.searcher.search(plan(query)).hits
    terms = [node.forms[0].term for node in query.wanted if isinstance(node, Word)]
    with opened(engine) as index, index.searcher(weighting=Impact([counted(value) for value in texts])) as searcher:
        oracle = scores_of(searcher, wq.And([wq.Term("body", term) for term in terms]), "slug")
    assert {hit.facts.slug: words_score(hit) for hit in hits} == pytest.approx(oracle, abs=2e-3)
    scores = [oracle[hit.facts.slug] for hit in hits]
    assert all(above >= below - 2e-3 for above, below in itertools.pairwise(scores))


@given(corpora(SCORED))
@examples(30)
def test_sections_of_a_company_have_the_best_score_that_plain_whoosh_gives_an_alternative(
    profiles: list[RenderedProfile],
) -> None:
    engine = MemoryEngine(profiles, Vocabulary())
    query = read_query(engine.searcher, "wage OR weekly", exact=True).query
    lengths = [
        counted(section.text) for found in sorted(profiles, key=lambda p: p.facts.slug) for section in found.sections
    ]
    oracle: dict[str, float] = {}
    with opened(engine) as index, index.searcher(weighting=Impact(lengths)) as searcher:
        for term in ("wage", "week"):  # one by one: Whoosh's DisjunctionMax gives documents the scores of others
            for key, score in scores_of(searcher, wq.Term("body", term), "key").items():
                oracle[key] = max(score, oracle.get(key, 0.0))
    for hit in engine.searcher.search(plan(query)).hits:
        shown = {f"{hit.facts.slug}#{section.id}": section.score for section in hit.sections}
        assert shown == pytest.approx({key: oracle[key] for key in shown}, abs=2e-3)
        assert list(shown.values()) == sorted(shown.values(), reverse=True)
