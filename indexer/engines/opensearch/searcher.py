"""Answers from one generation in a cluster."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import Any

from indexer.engines.base import Found, Plan
from indexer.engines.opensearch.choices import Choices, read_counts
from indexer.engines.opensearch.cluster import Answer, Cluster, Refused
from indexer.engines.opensearch.documents import VALUES_ID, facts_ids, words_id
from indexer.engines.opensearch.gathering import Gathered
from indexer.engines.opensearch.generations import Record
from indexer.engines.opensearch.hits import HitReader
from indexer.engines.opensearch.lexicon import WordList
from indexer.engines.opensearch.patience import Limits
from indexer.engines.opensearch.questions import Question
from indexer.engines.opensearch.reading import read_beside, read_company, read_news
from indexer.engines.opensearch.stored import facts_of
from indexer.engines.opensearch.translate import Translator
from indexer.errors import GenerationGone
from indexer.profiles.changes import Change
from indexer.profiles.model import Facts, RenderedProfile
from indexer.query.request import Filters


class ClusterSearcher:
    """One generation; may be used by many threads at once. Every question names its index, never the alias."""

    def __init__(self, cluster: Cluster, index: str, record: Record) -> None:
        self._cluster = cluster
        self._index = index
        self._record = record
        self.generation = record.generation
        self.vocabulary = record.vocabulary
        sections = self.generation.sections
        self._words = Gathered(list(map(words_id, range(record.pages))), lambda pages: WordList(pages, sections))
        self._facts = Gathered(facts_ids(self.generation.profiles), facts_of)

    @property
    def lexicon(self) -> WordList:
        """The words of the generation."""
        with self._reading():
            return self._words.whole(self._beside)

    def search(self, plan: Plan) -> Found:
        """The companies that match, in order."""
        question = self._question(plan)
        answer = self._ask(question.body(), plan)
        partial = answer["timed_out"]
        facets = {}
        if plan.facets:
            facets = read_counts(answer["aggregations"])
            if plan.filters.sections:
                counted = self._ask(question.section_body(), plan)
                facets |= read_counts(counted["aggregations"])
                partial |= counted["timed_out"]
        reader = HitReader(plan, self.lexicon, self._record.averages)
        hits = tuple(reader.read(hit) for hit in answer["hits"]["hits"])
        return Found(answer["hits"]["total"]["value"], hits, facets, partial)

    def coverage(self, plan: Plan) -> int | None:
        """The most wanted words that one company has, filters aside, unwanted words excluded; None: out of time."""
        everywhere = replace(plan, filters=Filters(), facets=False)
        answer = self._ask(self._question(everywhere).coverage_body(), plan)
        if answer["timed_out"]:
            return None
        hits = answer["hits"]["hits"]
        return round(hits[0]["_score"]) if hits else 0

    def facts(self) -> Sequence[Facts]:
        """The quick facts of every company, by slug."""
        with self._reading():
            return self._facts.whole(self._beside)

    def values(self) -> Mapping[str, Mapping[str, str]]:
        """For each facet but "verified" its values with their labels."""
        return self._values

    def profile(self, slug: str) -> RenderedProfile | None:
        """One company whole, None when there is none."""
        with self._reading():
            company = read_company(self._cluster, self._index, slug) if slug else None
        return None if company is None else company.profile()

    def news(self) -> Sequence[Change]:
        """What changed up to this generation, newest first."""
        return self._news

    @cached_property
    def _news(self) -> tuple[Change, ...]:
        with self._reading():
            return read_news(self._cluster, self._index)

    @cached_property
    def _values(self) -> Mapping[str, Mapping[str, str]]:
        with self._reading():
            return self._beside(VALUES_ID)

    def _beside(self, identity: str) -> Mapping[str, Any]:
        return read_beside(self._cluster, self._index, identity)

    def _question(self, plan: Plan) -> Question:
        sizes = {name: len(values) for name, values in self._values.items()} if plan.facets else {}
        choices = Choices(plan.filters, plan.today, sizes)
        return Question(plan, Translator(self.lexicon, self._record.unit), choices).fitting()

    def _ask(self, body: Mapping[str, object], plan: Plan) -> Answer:
        limits = Limits(plan.until, plan.deadline)
        with self._reading():
            return self._cluster.search(self._index, body, shards=self._record.shards, limits=limits)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Say that the generation is gone where the cluster no longer has its index."""
        try:
            yield
        except Refused as refused:
            if refused.kind != "index_not_found_exception":
                raise
            raise GenerationGone(f"the generation {self.generation.id} was removed while it was read") from refused
