"""The query tree in OpenSearch's own queries, over one nested section."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from indexer.engines.opensearch.lexicon import WordList
from indexer.engines.opensearch.scoring import Node, weighed_forms
from indexer.query.tree import Form, Or, Phrase
from indexer.ranking import SATURATION

IMPACT, STEMS, WORDS, KIND = "sections.impact", "sections.stems", "sections.words", "sections.kind"
MAX_SCORED_WORDS = 300
"""A cluster takes 1,024 clauses a query, and a word that counts takes up to three. Of a wider query the words with
the most forms count as one word each; it finds the same companies, and only their order is coarser."""

Clause = dict[str, Any]
NOTHING: Clause = {"match_none": {}}


@dataclass(frozen=True, slots=True)
class Translator:
    """Translates by the words of one generation. `unit`: what the cluster's BM25 gives where ours gives 1."""

    words: WordList
    unit: float

    def matching(self, node: Node) -> Clause:
        """The sections that match, without a score; two clauses at most for a word, however many forms it has."""
        if isinstance(node, Or):
            return any_of(map(self.matching, node.children))
        if isinstance(node, Phrase):
            return self._phrase(node)
        stems = {form.term for form in node.forms if self._is_whole(form) and self.words.frequency(form.term)}
        words = {word for form in node.forms if not self._is_whole(form) for word in form.words}
        clauses = []
        if stems:
            clauses.append({"terms": {STEMS: sorted(stems)}})
        if words:
            clauses.append({"terms": {WORDS: sorted(words)}})
        return any_of(clauses)

    def scoring(self, node: Node) -> Clause:
        """The sections that match, each with its impact."""
        if isinstance(node, Or):
            return _best_of(map(self.scoring, node.children))
        if isinstance(node, Phrase):
            sums = [self._term(term, node.weight) for term in node.terms]
            return {"bool": {"filter": [self._phrase(node)], "must": sums}}
        return _best_of(self._form(form, weight) for form, weight in weighed_forms(node.forms, self.words))

    def coarse(self, node: Node) -> Clause:
        """The sections that match, each with the same score: that of the commonest form, standing there once."""
        return constant(self.matching(node), self.ceiling(node) / (SATURATION + 1))

    def ceiling(self, node: Node) -> float:
        """What the impact of the node is below in every section."""
        if isinstance(node, Or):
            return max(map(self.ceiling, node.children), default=0.0)
        if isinstance(node, Phrase):
            return node.weight * (SATURATION + 1) * sum(map(self.words.rarity, node.terms))
        weights = (weight * self.words.rarity(form.term) for form, weight in weighed_forms(node.forms, self.words))
        return (SATURATION + 1) * max(weights, default=0.0)

    def coarse_places(self, nodes: Sequence[Node]) -> set[int]:
        """Which nodes must be coarse for the others to be within the limit: those with the most forms."""
        sizes = [(_size(node), place) for place, node in enumerate(nodes)]
        total = sum(size for size, _ in sizes)
        places = set()
        for size, place in sorted(sizes, reverse=True):
            if total <= MAX_SCORED_WORDS:
                break
            places.add(place)
            total -= size - 1
        return places

    def _is_whole(self, form: Form) -> bool:
        """Whether the form means every surface form of its stem."""
        return not form.words or len(set(form.words)) >= self.words.forms(form.term)

    def _form(self, form: Form, weight: float) -> Clause:
        clause = self._term(form.term, weight)
        if self._is_whole(form):
            return clause
        return {"bool": {"must": [clause], "filter": [{"terms": {WORDS: sorted(form.words)}}]}}

    def _term(self, term: str, weight: float) -> Clause:
        return {"term": {IMPACT: {"value": term, "boost": weight * (SATURATION + 1) / self.unit}}}

    def _phrase(self, phrase: Phrase) -> Clause:
        if not phrase.terms or not all(map(self.words.frequency, phrase.terms)):
            return NOTHING
        return {"match_phrase": {STEMS: {"query": " ".join(phrase.terms), "analyzer": "whitespace"}}}


def any_of(clauses: Iterable[Clause]) -> Clause:
    """Any of the clauses, without a score."""
    found = [clause for clause in clauses if clause != NOTHING]
    if len(found) < 2:
        return found[0] if found else NOTHING
    return {"bool": {"should": found, "minimum_should_match": 1}}


def all_of(clauses: Iterable[Clause]) -> Clause:
    """All of the clauses, without a score."""
    found = list(clauses)
    return found[0] if len(found) == 1 else {"bool": {"filter": found}}


def constant(clause: Clause, score: float) -> Clause:
    """What the clause matches, each with this score."""
    return {"constant_score": {"filter": clause, "boost": score}}


def nested(clause: Clause, mode: str = "none", boost: float = 1.0) -> Clause:
    """Companies with a section that the clause matches. `mode`: the score of which section counts ("max", "none")."""
    return {"nested": {"path": "sections", "query": clause, "score_mode": mode, "boost": boost}}


def _best_of(clauses: Iterable[Clause]) -> Clause:
    found = [clause for clause in clauses if clause != NOTHING]
    if len(found) < 2:
        return found[0] if found else NOTHING
    return {"dis_max": {"queries": found, "tie_breaker": 0.0}}


def _size(node: Node) -> int:
    """How many words with a score a node is made of."""
    if isinstance(node, Or):
        return sum(map(_size, node.children))
    return len(node.terms) if isinstance(node, Phrase) else max(1, len(node.forms))
