"""The query tree in OpenSearch's own queries, over one nested section."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from indexer.engines.opensearch.clauses import NOTHING, Clause, any_of, best_of, constant, leaves
from indexer.engines.opensearch.lexicon import WordList
from indexer.engines.opensearch.scoring import Node, weighed_forms
from indexer.query.tree import Form, Leaf, Or, Phrase
from indexer.ranking import SATURATION

IMPACT, STEMS, WORDS, KIND = "sections.impact", "sections.stems", "sections.words", "sections.kind"


@dataclass(frozen=True, slots=True)
class Translator:
    """Translates by the words of one generation. `unit`: what the cluster's BM25 gives where ours gives 1.

    `stand_ins` limits the phrases that stand in for each word.
    """

    words: WordList
    unit: float
    stand_ins: float = inf

    def matching(self, node: Node) -> Clause:
        """The sections that match, without a score; two clauses at most for a word, however many forms it has."""
        if isinstance(node, Or):
            return any_of(map(self.matching, self._children(node)))
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
            return best_of(map(self.scoring, self._children(node)))
        if isinstance(node, Phrase):
            sums = [self._term(term, node.weight) for term in node.terms]
            return {"bool": {"filter": [self._phrase(node)], "must": sums}}
        return best_of(self._form(form, weight) for form, weight in weighed_forms(node.forms, self.words))

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

    def widest_first(self, nodes: Sequence[Node]) -> list[int]:
        """The places of the nodes, first of those that are the most clauses smaller when they are coarse."""
        saved = [leaves(self.scoring(node)) - leaves(self.coarse(node)) for node in nodes]
        return sorted(range(len(nodes)), key=lambda place: -saved[place])

    def _children(self, node: Or) -> list[Leaf]:
        left = self.stand_ins
        kept = []
        for child in node.children:
            left -= isinstance(child, Phrase) and child.weight < 1.0
            if left >= 0 or not isinstance(child, Phrase) or child.weight == 1.0:
                kept.append(child)
        return kept

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
