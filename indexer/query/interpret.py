"""What the typed words stand for in one index: exact forms, synonyms, completed and repaired words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from indexer import text
from indexer.query.factwords import FACT_OF_WORD
from indexer.query.lexicon import Lexicon
from indexer.query.synonyms import Language
from indexer.query.tree import Form, Leaf, Or, Phrase, Prefix, Query, Word, leaves_of
from indexer.ranking import (
    MAX_EXPANSIONS,
    MAX_FORMS,
    PREFIX_WEIGHT,
    SYNONYM_WEIGHT,
    TYPO_ONE_EDIT_FROM,
    TYPO_TWO_EDITS_FROM,
    TYPO_WEIGHT,
)

MIN_SPLIT_PART = 2
"""Shorter parts of a word written together are accidents."""


@dataclass(frozen=True, slots=True)
class Interpretation:
    """`typed`: the query as it was typed, node by node as in `query`: without misspelt stop words, and with two words
    for those that were written together.

    `repaired`: (typed, used) for each repaired word; `unknown`: words that no form was found for; each of both once.
    `weights`: section id to the factor that the query's intent gives it.
    """

    query: Query
    typed: Query
    repaired: tuple[tuple[str, str], ...]
    unknown: tuple[str, ...]
    weights: Mapping[str, float]


@dataclass(slots=True)
class _Reading:
    """What was learnt while the words of one query were read."""

    exact: bool
    expansions: int
    """Words that each prefix may stand for."""
    repaired: list[tuple[str, str]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    terms: list[str] = field(default_factory=list)
    left_out: set[str] = field(default_factory=set)
    """Typed words that were repaired to stop words."""


class Interpreter:
    """Reads queries in the words of one generation."""

    def __init__(self, lexicon: Lexicon, language: Language) -> None:
        self._lexicon = lexicon
        self._language = language

    def interpret(self, query: Query, exact: bool = False) -> Interpretation:
        """Give every word its forms. `exact` leaves out completion and repair."""
        prefixes = sum(isinstance(leaf, Prefix) for leaf in (*query.leaves(), *query.unwanted))
        reading = _Reading(exact, MAX_EXPANSIONS if prefixes < 2 else min(MAX_EXPANSIONS, MAX_FORMS // prefixes))
        typed: list[Leaf | Or] = []
        wanted: list[Leaf | Or] = []
        left = len(query.wanted)
        for are_alternatives, group in groupby(query.wanted, lambda node: isinstance(node, Or)):
            nodes = list(group)
            left -= len(nodes)
            if not are_alternatives:
                nodes, found = self._words(nodes, not left, reading)
            else:
                found = [self._alternatives(node, not left and node is nodes[-1], reading) for node in nodes]
            typed += nodes
            wanted += found
        kept = [place for place, node in enumerate(typed) if str(node) not in reading.left_out] or range(len(wanted))
        unwanted = tuple(self._leaf(leaf, reading) for leaf in query.unwanted)
        return Interpretation(
            query=replace(query, wanted=tuple(wanted[place] for place in kept), unwanted=unwanted),
            typed=replace(query, wanted=tuple(typed[place] for place in kept)),
            repaired=tuple(dict.fromkeys(reading.repaired)),
            unknown=tuple(dict.fromkeys(reading.unknown)),
            weights=self._language.section_weights(reading.terms),
        )

    def _alternatives(self, node: Leaf | Or, last: bool, reading: _Reading) -> Or:
        """Each alternative as it would be read by itself; of two words written together it takes the two in a row."""
        children: list[Leaf] = []
        for leaf in leaves_of(node):
            _, found = self._words([leaf], last, reading)
            if len(found) == 1:
                children += leaves_of(found[0])
            else:
                words = [str(part) for part in found]
                children.append(Phrase(" ".join(words), tuple(map(text.term_of, words)), TYPO_WEIGHT))
        return Or(tuple(children))

    def _words(
        self, nodes: Sequence[Leaf | Or], last: bool, reading: _Reading
    ) -> tuple[list[Leaf | Or], list[Leaf | Or]]:
        """Leaves that stand side by side, as typed and with their forms; `last` says that they end the query."""
        typed: list[Leaf | Or] = []
        found: list[Leaf | Or] = []
        read = [self._leaf(node, reading) for node in nodes if not isinstance(node, Or)]
        unknown = {place for place, node in enumerate(read) if self._is_unknown(node)}
        known = self._in_vocabulary(read) if unknown and not reading.exact else unknown
        for place, node in enumerate(read):
            parts: tuple[Leaf, ...] = (node,)
            if place in unknown - known and isinstance(node, Word):
                parts = self._stand_ins(node, last and place == len(read) - 1, reading)
            typed += (nodes[place],) if len(parts) == 1 else parts
            found += parts
        terms = [self._meant(node) for node in found]
        found = self._with_synonyms(self._with_joined_words(found, reading.exact), terms)
        reading.terms += terms
        reading.unknown += (str(node) for node, read in zip(typed, found, strict=True) if self._is_unknown(read))
        return typed, found

    def _in_vocabulary(self, nodes: Sequence[Leaf | Or]) -> set[int]:
        """Places of words that need no repair: the index has what the vocabulary says instead of them."""
        terms = [self._meant(node) for node in nodes]
        return {
            slot
            for place in range(len(nodes))
            for length, others in self._language.stand_ins(terms, place)
            if any(all(map(self._lexicon.frequency, stems)) for _, stems in others)
            for slot in range(place, place + length)
        }

    def _is_unknown(self, node: Leaf | Or) -> bool:
        return isinstance(node, Word) and not any(self._lexicon.frequency(form.term) for form in node.forms)

    def _leaf(self, leaf: Leaf, reading: _Reading) -> Leaf:
        if isinstance(leaf, Word):
            return Word(leaf.text, (Form(text.term_of(leaf.text)),))
        if isinstance(leaf, Prefix):
            return Prefix(leaf.text, self._completions(leaf.text, reading.expansions))
        return leaf

    def _completions(self, prefix: str, most: int, weight: float = 1.0, origin: str = "exact") -> tuple[Form, ...]:
        """A form for each stem among the `most` frequent words that start like this."""
        words: dict[str, list[str]] = {}
        for found in self._lexicon.starting_with(prefix, most):
            words.setdefault(found.term, []).append(found.word)
        return tuple(Form(term, weight, origin, tuple(group)) for term, group in words.items())

    def _stand_ins(self, word: Word, last: bool, reading: _Reading) -> tuple[Word, ...]:
        """What an unknown word may have meant: the beginning of a word, a misspelling, two words; else the word."""
        if last and len(word.text) > 1:
            forms = self._completions(word.text, MAX_EXPANSIONS, PREFIX_WEIGHT, "prefix")
            if forms:
                return (Word(word.text, word.forms + forms),)
        if word.text in FACT_OF_WORD:  # "status" is right, whether or not a profile has the word
            return (word,)
        forms, used = self._repairs(word.text)
        if forms:
            reading.repaired.append((word.text, used))
            reading.left_out |= {word.text} if text.is_stop_word(used) else set()
            return (Word(word.text, word.forms + forms),)
        parts = self._split(word.text)
        if parts:
            reading.repaired.append((word.text, " ".join(parts)))
            return tuple(Word(part, (Form(text.term_of(part), TYPO_WEIGHT, "typo"),)) for part in parts)
        return (word,)

    def _split(self, word: str) -> tuple[str, str] | None:
        """Two known words that were written together, the more frequent ones first."""
        if not word.isalpha():
            return None
        cuts = range(MIN_SPLIT_PART, len(word) - MIN_SPLIT_PART + 1)
        known = [
            (min(map(self._lexicon.count, (word[:cut], word[cut:]))), word[:cut], word[cut:])
            for cut in cuts
            if len(word) >= TYPO_ONE_EDIT_FROM
        ]
        rarest, left, right = max(known, default=(0, "", ""))
        return (left, right) if rarest else None

    def _repairs(self, word: str) -> tuple[tuple[Form, ...], str]:
        """Forms for the nearest words, and the word to name as the one used."""
        if len(word) < TYPO_ONE_EDIT_FROM or any(c.isdigit() for c in word):
            return (), ""
        edits = 2 if len(word) >= TYPO_TWO_EDITS_FROM else 1
        found = self._lexicon.similar(word, edits, MAX_EXPANSIONS)
        if not found:
            known = self._language.similar(word, edits)
            if known is None or known == word or not self._is_served(known):
                return (), ""
            return (Form(text.term_of(known), TYPO_WEIGHT, "typo"),), known
        words: dict[str, list[str]] = {}
        for near in found:
            words.setdefault(near.term, []).append(near.word)
        used = found[0]  # named as the word searched for, so it is searched for as if typed: all forms of its stem
        forms = (
            Form(term, TYPO_WEIGHT, "typo", () if term == used.term else tuple(group)) for term, group in words.items()
        )
        return tuple(forms), used.word

    def _is_served(self, word: str) -> bool:
        """Whether the index has a word, or what the vocabulary says instead of it."""
        term = text.term_of(word)
        others = [stems for _, same in self._language.stand_ins([term], 0) for _, stems in same]
        return any(all(map(self._lexicon.frequency, stems)) for stems in [(term,), *others])

    def _with_synonyms(self, nodes: Sequence[Leaf | Or], terms: Sequence[str]) -> list[Leaf | Or]:
        """Every word of a phrase that has synonyms may be stood in for by any of them. `terms`: a stem a node."""
        result = list(nodes)
        for place in range(len(nodes)):
            for length, others in self._language.stand_ins(terms, place):
                for slot in range(place, place + length):
                    result[slot] = _or_stand_ins(result[slot], others)
        return result

    def _meant(self, node: Leaf | Or) -> str:
        """The stem of a word, of its repair where it is unknown; "" for anything but a word."""
        forms = node.forms if isinstance(node, Word) else ()
        return next(
            (form.term for form in forms if self._lexicon.frequency(form.term)), forms[-1].term if forms else ""
        )

    def _with_joined_words(self, nodes: Sequence[Leaf | Or], exact: bool) -> list[Leaf | Or]:
        """Two neighbours may be one word of the index: "remo tasks".

        Where both are words of it too, they name whoever is called by the joined word only at the beginning: "data
        annotation pay" may ask for DataAnnotation, "image data annotation" does not.
        """
        result = list(nodes)
        for place, (left, right) in enumerate(zip(nodes, nodes[1:], strict=False)):
            if not exact and isinstance(left, Word) and isinstance(right, Word):
                word = left.text + right.text
                if self._lexicon.count(word):
                    both = place and self._lexicon.count(left.text) and self._lexicon.count(right.text)
                    joined = Form(text.term_of(word), TYPO_WEIGHT, "joined" if both else "typo", (word,))
                    for slot in (place, place + 1):
                        node = result[slot]
                        if isinstance(node, Word):
                            result[slot] = replace(node, forms=(*node.forms, joined))
        return result


def _or_stand_ins(node: Leaf | Or, others: Sequence[tuple[str, tuple[str, ...]]]) -> Leaf | Or:
    """The node or any of the synonyms, which weigh less."""
    stems = dict.fromkeys(terms[0] for _, terms in others if len(terms) == 1)
    words = tuple(Form(stem, SYNONYM_WEIGHT, "synonym") for stem in stems)
    phrases = tuple(Phrase(phrase, terms, SYNONYM_WEIGHT) for phrase, terms in others if len(terms) > 1)
    leaf = node.children[0] if isinstance(node, Or) else node
    if not isinstance(leaf, Word):
        return node
    more = tuple(form for form in words if form.term not in {known.term for known in leaf.forms})
    rest = node.children[1:] if isinstance(node, Or) else ()
    leaf = replace(leaf, forms=leaf.forms + more)
    return Or((leaf, *rest, *phrases)) if rest or phrases else leaf
