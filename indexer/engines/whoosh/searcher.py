"""Answers from the columns of one generation."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path

from indexer.engines.base import Found, Generation, Plan
from indexer.engines.whoosh.candidates import Matcher
from indexer.engines.whoosh.columns import Columns
from indexer.engines.whoosh.contents import COLUMNS, generation_of
from indexer.engines.whoosh.evaluator import Evaluator
from indexer.engines.whoosh.hits import HitReader
from indexer.engines.whoosh.lexicon import ColumnLexicon
from indexer.engines.whoosh.manifest import Manifest
from indexer.errors import IndexCorrupt
from indexer.profiles.changes import Change
from indexer.profiles.model import Facts, RenderedProfile
from indexer.query.lexicon import Vocabulary


class ColumnSearcher:
    """One generation of the embedded engine; may be used by many threads at once."""

    def __init__(self, columns: Columns, generation: Generation, vocabulary: Vocabulary) -> None:
        self._columns = columns
        self.generation = generation
        self.vocabulary = vocabulary
        self.lexicon = ColumnLexicon(columns)
        self._facts_of = cache(columns.store.facts_of)

    def search(self, plan: Plan) -> Found:
        """The companies that match, in order."""
        evaluator = Evaluator(self._columns, plan)
        ranking = evaluator.rank()
        hits = HitReader(self._columns, evaluator.plan, self._facts_of).read(ranking.company, evaluator.scorer)
        return Found(ranking.total, hits, ranking.facets, ranking.partial)

    def coverage(self, plan: Plan) -> int | None:
        """The most wanted words that one company has, filters aside, unwanted words excluded; None: out of time."""
        matcher = Matcher(self._columns, replace(plan.query, minimum=0), None, plan.until)
        words = matcher.candidates().words
        if matcher.partial:
            return None
        return 0 if words is None else int(words.max(initial=0))

    def facts(self) -> Sequence[Facts]:
        """The quick facts of every company, by slug."""
        return self._facts

    def values(self) -> Mapping[str, Mapping[str, str]]:
        """For each facet its values with their labels, sections in the order of the template."""
        return self._values

    def profile(self, slug: str) -> RenderedProfile | None:
        """One company whole, None when there is none."""
        company = self._columns.slugs.get(slug)
        return None if company is None else self._columns.store.profile_of(company)

    def news(self) -> Sequence[Change]:
        """What changed up to this generation, newest first."""
        return self._news

    @cached_property
    def _news(self) -> tuple[Change, ...]:
        return self._columns.news.read()

    @cached_property
    def _facts(self) -> tuple[Facts, ...]:
        return tuple(map(self._facts_of, self._columns.slugs.values()))

    @cached_property
    def _values(self) -> dict[str, dict[str, str]]:
        store = self._columns.store
        kinds = self._columns.kinds
        headings = store.strings("headings")
        labels: dict[str, str] = {}
        for section, kind in enumerate(store.kind.tolist()):
            if len(labels) == len(kinds):
                break
            labels.setdefault(kinds[kind], headings[section])
        listed = {
            name: {value: value for value in store.strings(f"{name}_values")}
            for name in ("specialty", "hiring", "service")
        }
        return {"section": labels, **listed}


def searcher_of(manifest: Manifest, folder: Path) -> ColumnSearcher:
    """A searcher over a generation's folder; raises IndexCorrupt."""
    synonyms, intents = manifest.facts["synonyms"], manifest.facts["intents"]
    if not isinstance(synonyms, list) or not isinstance(intents, dict):
        raise IndexCorrupt(f"the manifest of {manifest.id} has no vocabulary")
    vocabulary = Vocabulary(
        synonyms=tuple(tuple(map(str, group)) for group in synonyms),
        intents={section: tuple(map(str, words)) for section, words in intents.items()},
    )
    return ColumnSearcher(Columns.load(folder / COLUMNS), generation_of(manifest), vocabulary)
