"""A plan as the body of one search: match, filter, count, rank, take a page."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from indexer.engines.base import Plan
from indexer.engines.company import NAMING_SHARE
from indexer.engines.opensearch.choices import Choices
from indexer.engines.opensearch.scoring import EVERY, EXACT, NAMED, TIERS, TOGETHER, Node, exact_part
from indexer.engines.opensearch.translate import KIND, NOTHING, Clause, Translator, all_of, constant, nested
from indexer.query.tree import Phrase, Query
from indexer.ranking import SPREAD

ORDERS: dict[str, list[Clause]] = {
    "relevance": [{"_score": "desc"}, {"verified": "desc"}, {"name_rank": "asc"}],
    "verified": [{"verified": "desc"}, {"name_rank": "asc"}],
    "name": [{"name_rank": "asc"}],
}
MAX_NAMING_WORDS = 128
"""Words of a query that may name a company; no name is longer."""
COMPANIES: Clause = {"exists": {"field": "slug"}}
"""Everything but the word list, which lies in the same index."""


def naming_terms(query: Query) -> set[str]:
    """The stems by which a query may name a company: as typed or repaired, no synonyms."""
    terms: set[str] = set()
    for leaf in query.leaves():
        if isinstance(leaf, Phrase):
            terms.update(leaf.terms)
        else:
            terms.update(form.term for form in leaf.forms if form.origin != "synonym")
    return terms


def naming_words(query: Query) -> int:
    """How many words a name must have so that the query names its company."""
    return max(1, math.ceil(NAMING_SHARE * len(query.wanted)))


@dataclass(frozen=True)
class Question:
    """One plan, asked of one generation."""

    plan: Plan
    translator: Translator
    choices: Choices

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
            aggregations["section"] = self.choices.section_counts(self._section_alone())
        if passing:
            body["post_filter"] = all_of(passing)
        return {**body, "query": self._companies([]), "aggs": aggregations}

    def section_body(self) -> dict[str, Any]:
        """The search that only counts the facet "section", whatever sections are chosen."""
        alone = self._section_alone()
        filters = [COMPANIES, nested(alone), *self.choices.always()]
        query = {"bool": {"filter": filters, "must_not": self._unwanted()}}
        return {
            "size": 0,
            "track_total_hits": False,
            "query": query,
            "aggs": {"section": self.choices.section_counts(alone)},
        }

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
            clause["must"] = [self._enough(self._scored_words)]
            clause["should"] = [*self._together(), *self._tiers()]
        elif self.plan.query.wanted:
            where.append(self._enough([nested(clause) for clause in self._limited]))
        return {"bool": clause}

    def _enough(self, words: Sequence[Clause]) -> Clause:
        """Companies, or sections, with at least the required number of the words."""
        required = self.plan.query.required
        if required >= len(words):
            return {"bool": {"must": list(words)}}
        return {"bool": {"should": list(words), "minimum_should_match": required}}

    def _section_alone(self) -> Clause:
        """Sections that match by themselves."""
        return self._enough(self._matching) if self._matching else {"match_all": {}}

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
    def _impacts(self) -> list[Clause]:
        """For each wanted and then each optional word the chosen sections that have it, with its impact."""
        nodes: list[Node] = [*self.plan.query.wanted, *self.plan.query.optional]
        coarse = self.translator.coarse_places(nodes)
        clauses = [
            self.translator.coarse(node) if place in coarse else self.translator.scoring(node)
            for place, node in enumerate(nodes)
        ]
        return [self._in_chosen(clause) for clause in clauses]

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
        terms = sorted(naming_terms(self.plan.query) & self.translator.words.naming)[:MAX_NAMING_WORDS]
        if terms:
            holds[NAMED] = _named(terms, naming_words(self.plan.query))
        every = [nested(clause) for clause in self._limited]
        if self.plan.query.required < len(every):
            holds[EVERY] = all_of(every)
        if len(every) > 1:
            holds[TOGETHER] = nested(all_of(self._limited))
        exact = self._exact()
        if exact:
            holds[EXACT] = all_of([*exact, *(every if self.plan.query.required < len(every) else [])])
        return [constant(clause, self._step * TIERS[rule]) for rule, clause in holds.items()]

    def _exact(self) -> list[Clause]:
        """Companies that have the words as typed; nothing when that tells no company from another."""
        parts = [exact_part(node, self.translator.words) for node in self.plan.query.wanted]
        return [nested(self.translator.matching(part)) for part in parts if part is not None]

    @property
    def _step(self) -> float:
        """A power of two above every sum of words: scores are single precision there, so not higher than needed."""
        nodes: list[Node] = [*self.plan.query.wanted, *self.plan.query.optional]
        most = sum(map(self.translator.ceiling, nodes)) * max(1.0, *self.plan.weights.values(), 1.0)
        return float(2 ** math.ceil(math.log2(most + 1)))


def _named(terms: Sequence[str], least: int) -> Clause:
    """Companies all of whose telling words are among the terms."""
    covered = {"terms_set": {"telling": {"terms": list(terms), "minimum_should_match_field": "telling_count"}}}
    return {"bool": {"filter": [covered, {"range": {"telling_count": {"gte": least}}}]}}
