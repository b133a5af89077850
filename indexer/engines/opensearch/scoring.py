"""The exact score of a company that the cluster has chosen: BM25F of its sections, joined by the rules of the ranking.

The cluster ranks by the same formula in single precision; this gives the figures that are shown and explained.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from indexer.engines.marks import phrase_starts
from indexer.engines.opensearch.stored import Passage, Words
from indexer.query.tree import Form, Leaf, Or, Phrase, Word
from indexer.ranking import ALL_WORDS_TIERS, EXACT_TIERS, NAME_TIERS, ONE_SECTION_TIERS, SATURATION, SPREAD, TIER

NAMED, EVERY, TOGETHER, EXACT = "the query names the company", "all words", "all words in one section", "words as typed"
TIERS = {NAMED: NAME_TIERS, EVERY: ALL_WORDS_TIERS, TOGETHER: ONE_SECTION_TIERS, EXACT: EXACT_TIERS}
"""Rules of the ranking with their tiers."""

Node = Leaf | Or


class Rarity(Protocol):
    """Knows how rare the stems of an index are."""

    def frequency(self, term: str) -> int:
        """Number of sections that hold the stem."""

    def rarity(self, term: str) -> float:
        """How rare the stem is, above zero."""


def rarity(frequency: int, sections: int) -> float:
    """BM25's idf, kept above zero: a word in every section still counts a little."""
    return math.log1p((sections - frequency + 0.5) / (frequency + 0.5))


def weighed_forms(forms: Sequence[Form], words: Rarity) -> list[tuple[Form, float]]:
    """The known forms with their weights. A stand-in never counts as rarer than the word it stands for."""
    known = [form for form in forms if words.frequency(form.term)]
    ceiling = min((words.rarity(form.term) for form in known if form.origin == "exact"), default=math.inf)
    return [(form, form.weight * min(1.0, ceiling / words.rarity(form.term))) for form in known]


def exact_part(node: Node, words: Rarity) -> Node | None:
    """What of a node was typed; None when all of it was, and a node without forms when nothing was."""
    if isinstance(node, Or):
        parts = [exact_part(child, words) for child in node.children]
        if all(part is None for part in parts):
            return None
        return Or(
            tuple(child if part is None else _leaf(part) for child, part in zip(node.children, parts, strict=True))
        )
    if isinstance(node, Phrase):
        return None if node.weight == 1.0 else Word(node.text)
    known = [form for form in node.forms if words.frequency(form.term)]
    exact = tuple(form for form in known if form.origin == "exact")
    return None if len(exact) == len(known) else Word(node.text, exact)


def _leaf(node: Node) -> Leaf:
    if isinstance(node, Or):
        raise TypeError("alternatives hold leaves only")
    return node


class Weighing:
    """The rarity of stems and the weights of forms, worked out once for all sections of a page."""

    def __init__(self, words: Rarity) -> None:
        self._words = words
        self._forms: dict[int, list[tuple[Form, float]]] = {}
        self._rarity: dict[str, float] = {}

    def forms(self, forms: tuple[Form, ...]) -> list[tuple[Form, float]]:
        """The known forms with their weights; `forms` must outlive this."""
        key = id(forms)
        if key not in self._forms:
            self._forms[key] = weighed_forms(forms, self._words)
        return self._forms[key]

    def rarity(self, term: str) -> float:
        """How rare the stem is, above zero."""
        if term not in self._rarity:
            self._rarity[term] = self._words.rarity(term)
        return self._rarity[term]


@dataclass(frozen=True)
class SectionScorer:
    """Scores one section."""

    passage: Passage
    words: "Weighing"
    averages: Sequence[float]

    @cached_property
    def _stems(self) -> list[Words]:
        return self.passage.stems()

    @cached_property
    def _norms(self) -> list[float]:
        return self.passage.norms(self.averages)

    @cached_property
    def _surface(self) -> frozenset[str]:
        return frozenset(word for field in self.passage.fields for word in field)

    def impact(self, node: Node) -> float:
        """What a node adds to the section's score, 0 where it does not match."""
        if isinstance(node, Or):
            return max(map(self.impact, node.children), default=0.0)
        if isinstance(node, Phrase):
            here = any(phrase_starts(stems, node.terms) for stems in self._stems)
            return node.weight * sum(map(self._term, node.terms)) if here else 0.0
        return max((weight * self._form(form) for form, weight in self.words.forms(node.forms)), default=0.0)

    def _form(self, form: Form) -> float:
        if form.words and self._surface.isdisjoint(form.words):
            return 0.0
        return self._term(form.term)

    def _term(self, term: str) -> float:
        frequency = sum(stems.count(term) * norm for stems, norm in zip(self._stems, self._norms, strict=True))
        if not frequency:
            return 0.0
        return self.words.rarity(term) * frequency * (SATURATION + 1) / (frequency + SATURATION)


@dataclass(frozen=True)
class CompanyScore:
    """The score of one company.

    `impacts` has a row for each wanted and then each optional word, a column for each section.
    """

    impacts: Sequence[Sequence[float]]
    wanted: int
    named: bool
    exact: bool

    @cached_property
    def sums(self) -> list[float]:
        """The sum of each section."""
        return [sum(column) for column in zip(*self.impacts, strict=True)]

    @cached_property
    def words(self) -> tuple[int, ...]:
        """Which wanted words the company has."""
        return tuple(number for number, row in enumerate(self.impacts[: self.wanted]) if any(row))

    @cached_property
    def section_words(self) -> list[int]:
        """For each section a bit for each wanted word that it has."""
        columns = zip(*self.impacts[: self.wanted], strict=True)
        return [sum(1 << number for number, impact in enumerate(column) if impact) for column in columns]

    @cached_property
    def best(self) -> int:
        """The section with the largest sum."""
        return max(range(len(self.sums)), key=self.sums.__getitem__, default=0)

    @cached_property
    def elsewhere(self) -> float:
        """What words found in other sections than the best one add."""
        spread = sum(max(row, default=0.0) for row in self.impacts)
        return SPREAD * (spread - (self.sums[self.best] if self.sums else 0.0))

    @cached_property
    def rules(self) -> tuple[str, ...]:
        """The rules of the ranking that hold for the company."""
        every = bool(self.wanted) and len(self.words) == self.wanted
        together = (
            every and self.wanted > 1 and any(all(column[: self.wanted]) for column in zip(*self.impacts, strict=True))
        )
        holds = {NAMED: self.named, EVERY: every, TOGETHER: together, EXACT: every and self.exact}
        return tuple(rule for rule in TIERS if holds[rule])

    @cached_property
    def total(self) -> float:
        """The score."""
        by_words = (self.sums[self.best] if self.sums else 0.0) + self.elsewhere
        return by_words + TIER * sum(TIERS[rule] for rule in self.rules)
