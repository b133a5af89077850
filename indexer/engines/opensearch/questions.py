"""A plan as the body of one search: match, filter, count, rank, take a page."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from indexer.engines.base import Plan
from indexer.engines.company import naming_terms, naming_words
from indexer.engines.opensearch.choices import OF_NAMED, Choices
from indexer.engines.opensearch.clauses import NOTHING, Clause, all_of, any_of, constant, leaves, nested
from indexer.engines.opensearch.scoring import EVERY, EXACT, NAMED, TIERS, TOGETHER, Node, exact_part
from indexer.engines.opensearch.translate import KIND, Translator
from indexer.query.tree import Phrase
from indexer.ranking import SPREAD

ORDERS: dict[str, list[Clause]] = {
    "relevance": [{"_score": "desc"}, {"verified": "desc"}, {"name_rank": "asc"}],
    "verified": [{"verified": "desc"}, {"name_rank": "asc"}],
    "name": [{"name_rank": "asc"}],
}
MAX_NAMING_WORDS = 128
"""Words of a query that may name a company; no name is longer."""
MAX_CLAUSES = 900
"""Of the 1,024 that a cluster takes a query; versions differ a little in what they count."""
COMPANIES: Clause = {"exists": {"field": "slug"}}
"""Everything but the word list, which lies in the same index."""


@dataclass(frozen=True)
class Question:
    """One plan, asked of one generation.

    `coarse`: how many words, the widest first, count the same wherever they match. `rules`: what of the ranking holds.
    """

    plan: Plan
    translator: Translator
    choices: Choices
    coarse: int = 0
    rules: tuple[str, ...] = tuple(TIERS)

    def fitting(self) -> "Question":
        """The same question, as fine as the cluster takes it.

        A wide one finds the same companies in a coarser order. Only where that is not enough, as after a whole query
        of words with many synonyms of several words, are some of these left out.
        """
        if self._leaves() <= MAX_CLAUSES:
            return self
        coarse = [replace(self, coarse=number) for number in range(1, len(self._nodes) + 1)]
        plain = [replace(coarse[-1], rules=rules) for rules in ((NAMED, EVERY, TOGETHER), (NAMED,))]
        narrow = [replace(plain[-1], translator=replace(self.translator, stand_ins=most)) for most in (4, 2, 1, 0)]
        ladder = [*coarse, *plain, *narrow]
        place = bisect_left(ladder, -MAX_CLAUSES, key=lambda question: -question._leaves())
        return ladder[min(place, len(ladder) - 1)]

    def _leaves(self) -> int:
        return leaves(self._companies(self.choices.clauses()))

    def body(self) -> dict[str, Any]:
        """The search that gives a page with total and facets, the facet "section" aside when sections are chosen."""
        plan, passing = self.plan, self.choices.clauses()
        body: dict[str, Any] = {
            "from": plan.offset,
            "size": plan.limit,
            "track_total_hits": True,
            "sort": ORDERS[self.order],
            "_source": {"includes": ["telling", "stored"], "excludes": ["stored.sections.html"]},
        }
        if not plan.facets:
            return {**body, "query": self._companies(passing)}
        aggregations = self.choices.counts()
        if not plan.filters.sections:
            aggregations |= self._section_counts()
        if passing:
            body["post_filter"] = all_of(passing)
        return {**body, "query": self._companies([]), "aggs": aggregations}

    def section_body(self) -> dict[str, Any]:
        """The search that only counts the facet "section", whatever sections are chosen."""
        some = nested(any_of(self._matching) if self._matching else {"match_all": {}})
        filters = [COMPANIES, some, *self.choices.always()]
        query = {"bool": {"filter": filters, "must_not": self._unwanted()}}
        return {"size": 0, "track_total_hits": False, "query": query, "aggs": self._section_counts()}

    def coverage_body(self) -> dict[str, Any]:
        """The search whose best score is the largest number of wanted words that a company has."""
        counted = [nested(constant(clause, 1.0), "max") for clause in self._matching if clause != NOTHING]
        query = {"bool": {"should": counted, "minimum_should_match": 1, "must_not": self._unwanted()}}
        return {"size": 1, "track_total_hits": False, "query": query if counted else NOTHING, "_source": False}

    @property
    def order(self) -> str:
        """How the hits are sorted: without words there is no relevance, and names decide."""
        return "name" if self.plan.sort == "relevance" and not self.plan.query.wanted else self.plan.sort

    def _companies(self, filters: Sequence[Clause]) -> Clause:
        """The companies that match and pass `filters`, scored when the order asks for it."""
        scored = self.order == "relevance"
        where = [*filters, *self.choices.always()]
        if not self.plan.query.wanted:
            where.append(nested(self._chosen_section) if self._chosen_section else COMPANIES)
        clause: dict[str, Any] = {"filter": where, "must_not": self._unwanted()}
        if scored:
            clause["must"] = [self._enough(self._scored_words) if self._spared is None else any_of(self._scored_words)]
            clause["should"] = [*self._together(), *self._tiers()]
        if self._spared is not None:
            named = [self._spared, *self._phrases(self._every)]
            where.append(any_of([self._enough(self._every), all_of(named)]))
            where += [] if scored else [any_of(self._every)]
        elif self.plan.query.wanted and not scored:
            where.append(self._enough(self._every))
        return {"bool": clause}

    def _enough(self, words: Sequence[Clause]) -> Clause:
        """Companies, or sections, with at least the required number of the words."""
        required = self.plan.query.required
        if required >= len(words):
            return {"bool": {"must": list(words)}}
        return {"bool": {"should": list(words), "minimum_should_match": required}}

    @cached_property
    def _named(self) -> Clause | None:
        """Companies that the query names."""
        terms = sorted(naming_terms(self.plan.query) & self.translator.words.naming)[:MAX_NAMING_WORDS]
        return _named(terms, naming_words(self.plan.query)) if terms else None

    @property
    def _spared(self) -> Clause | None:
        """Companies that stay whatever words they lack, as the query names them; None where none can lack any."""
        return self._named if self.plan.query.required > 1 else None

    def _phrases(self, words: Sequence[Clause]) -> list[Clause]:
        """What a named company, or a section of one, must have beside any of the words."""
        nodes = zip(self.plan.query.wanted, words, strict=True)
        return [clause for node, clause in nodes if isinstance(node, Phrase)]

    def _section_counts(self) -> dict[str, Clause]:
        """The aggregations of the sections that match by themselves, those of named companies apart."""
        if not self._matching:
            return {"section": self.choices.section_counts({"match_all": {}})}
        enough = self._enough(self._matching)
        counts = {"section": self.choices.section_counts(enough)}
        if self._spared is not None:
            fewer = {"bool": {"filter": [any_of(self._matching), *self._phrases(self._matching)], "must_not": [enough]}}
            counts[OF_NAMED] = self.choices.section_counts(fewer, self._spared)
        return counts

    def _unwanted(self) -> list[Clause]:
        return [nested(self.translator.matching(leaf)) for leaf in self.plan.query.unwanted]

    @cached_property
    def _matching(self) -> list[Clause]:
        """For each wanted word the sections that have it."""
        return [self.translator.matching(node) for node in self.plan.query.wanted]

    @cached_property
    def _limited(self) -> list[Clause]:
        """The same, in the chosen sections only."""
        return [self._in_chosen(clause) for clause in self._matching]

    @cached_property
    def _every(self) -> list[Clause]:
        """For each wanted word the companies that have it in the chosen sections."""
        return [nested(clause) for clause in self._limited]

    @cached_property
    def _impacts(self) -> list[Clause]:
        """For each wanted and then each optional word the chosen sections that have it, with its impact."""
        coarse = set(self.translator.widest_first(self._nodes)[: self.coarse]) if self.coarse else set()
        clauses = [
            self.translator.coarse(node) if place in coarse else self.translator.scoring(node)
            for place, node in enumerate(self._nodes)
        ]
        return [self._in_chosen(clause) for clause in clauses]

    @property
    def _nodes(self) -> list[Node]:
        return [*self.plan.query.wanted, *self.plan.query.optional]

    @property
    def _chosen_section(self) -> Clause | None:
        chosen = self.plan.filters.sections
        return {"terms": {KIND: list(chosen)}} if chosen else None

    def _in_chosen(self, clause: Clause) -> Clause:
        chosen = self._chosen_section
        return {"bool": {"must": [clause], "filter": [chosen]}} if chosen and clause != NOTHING else clause

    @property
    def _scored_words(self) -> list[Clause]:
        """For each wanted word the companies that have it, with what it adds from its best section."""
        words = self._impacts[: len(self.plan.query.wanted)]
        return [nested(self._weighed(clause), "max", SPREAD) for clause in words]

    def _together(self) -> list[Clause]:
        """What the best section adds as a whole, and the words that only move hits."""
        whole = {"bool": {"should": self._impacts}}
        optional = self._impacts[len(self.plan.query.wanted) :]
        moved = [nested(self._weighed(clause), "max", SPREAD) for clause in optional if clause != NOTHING]
        return [nested(self._weighed(whole), "max", 1 - SPREAD), *moved]

    def _weighed(self, clause: Clause) -> Clause:
        """The clause with the factors of the sections that the query asks for."""
        factors = sorted(set(self.plan.weights.values()))
        if not factors or clause == NOTHING:
            return clause
        functions = [
            {
                "filter": {"terms": {KIND: sorted(k for k, f in self.plan.weights.items() if f == factor)}},
                "weight": factor,
            }
            for factor in factors
        ]
        return {
            "function_score": {"query": clause, "functions": functions, "score_mode": "first", "boost_mode": "multiply"}
        }

    def _tiers(self) -> list[Clause]:
        """What each rule of the ranking adds, in steps larger than any sum of words."""
        holds: dict[str, Clause] = {}
        every = self._every if self.plan.query.required < len(self._every) or self._spared else []
        if self._named is not None:
            holds[NAMED] = self._named
        if every:
            holds[EVERY] = all_of(every)
        if len(self._every) > 1:
            holds[TOGETHER] = nested(all_of(self._limited))
        exact = self._exact(every)
        if exact:
            holds[EXACT] = all_of(exact)
        return [constant(clause, self._step * TIERS[rule]) for rule, clause in holds.items() if rule in self.rules]

    def _exact(self, every: Sequence[Clause]) -> list[Clause]:
        """Companies that have the words as typed in the chosen sections; nothing when all of them do.

        `every` has what companies must have of the words that were typed as they are.
        """
        parts = [exact_part(node, self.translator.words) for node in self.plan.query.wanted]
        typed = [nested(self._in_chosen(self.translator.matching(part))) for part in parts if part is not None]
        others = [clause for part, clause in zip(parts, every, strict=True) if part is None] if every else []
        return [*typed, *others] if typed else []

    @property
    def _step(self) -> float:
        """A power of two above every sum of words: scores are single precision there, so not higher than needed."""
        most = sum(map(self.translator.ceiling, self._nodes)) * max(1.0, *self.plan.weights.values(), 1.0)
        return float(2 ** math.ceil(math.log2(most + 1)))


def _named(terms: Sequence[str], least: int) -> Clause:
    """Companies all of whose telling words, at least so many, are among the terms."""
    covered = {"terms_set": {"telling": {"terms": list(terms), "minimum_should_match_field": "telling_count"}}}
    return {"bool": {"filter": [covered, {"range": {"telling_count": {"gte": least}}}]}}
