"""What the typed words stand for in one index: exact forms, synonyms, completed and repaired words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from indexer import text
from indexer.query.lexicon import Lexicon
from indexer.query.synonyms import Language
from indexer.query.tree import Form, Leaf, Or, Phrase, Prefix, Query, Word
from indexer.ranking import (
    MAX_EXPANSIONS,
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
    """`repaired`: (typed, used) for each repaired word; `unknown`: words that no form was found for.

    `weights`: section id to the factor that the query's intent gives it.
    """

    query: Query
    repaired: tuple[tuple[str, str], ...]
    unknown: tuple[str, ...]
    weights: Mapping[str, float]


@dataclass(slots=True)
class _Reading:
    """What was learnt while the words of one query were read."""

    exact: bool
    repaired: list[tuple[str, str]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    terms: list[str] = field(default_factory=list)


class Interpreter:
    """Reads queries in the words of one generation."""

    def __init__(self, lexicon: Lexicon, language: Language) -> None:
        self._lexicon = lexicon
        self._language = language

    def interpret(self, query: Query, exact: bool = False) -> Interpretation:
        """Give every word its forms. `exact` leaves out completion and repair."""
        reading = _Reading(exact)
        wanted: list[Leaf | Or] = []
        for are_alternatives, group in groupby(query.wanted, lambda node: isinstance(node, Or)):
            nodes = list(group)
            last = len(wanted) + len(nodes) == len(query.wanted)
            if are_alternatives:
                for place, node in enumerate(nodes, 1):
                    wanted.append(self._alternatives(node, last and place == len(nodes), reading))
            else:
                wanted += self._words(nodes, last, reading)
        return Interpretation(
            query=Query(tuple(wanted), tuple(map(self._leaf, query.unwanted)), query.minimum),
            repaired=tuple(reading.repaired),
            unknown=tuple(reading.unknown),
            weights=self._language.section_weights(reading.terms),
        )

    def _alternatives(self, node: Leaf | Or, last: bool, reading: _Reading) -> Or:
        """Each alternative as it would be read by itself."""
        children = node.children if isinstance(node, Or) else (node,)
        read = [self._words([child], last, reading)[0] for child in children]
        return Or(tuple(leaf for child in read for leaf in (child.children if isinstance(child, Or) else (child,))))

    def _words(self, nodes: Sequence[Leaf | Or], last: bool, reading: _Reading) -> list[Leaf | Or]:
        """Leaves that stand side by side; `last` says that they end the query."""
        wanted = [self._leaf(node) for node in nodes if not isinstance(node, Or)]
        found: list[Leaf | Or] = list(wanted)
        unknown = [place for place, node in enumerate(wanted) if isinstance(node, Word) and self._is_unknown(node)]
        if unknown and not reading.exact:
            known = self._in_vocabulary(wanted)
            for place in unknown:
                word = wanted[place]
                if isinstance(word, Word) and place not in known:
                    found[place] = self._stand_in(word, last and place == len(wanted) - 1, reading.repaired)
        terms = [self._meant(node) for node in found]
        found = self._with_synonyms(self._with_joined_words(found), terms)
        reading.terms += terms
        reading.unknown += (str(nodes[place]) for place in unknown if self._is_unknown(found[place]))
        return found

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

    def _leaf(self, leaf: Leaf) -> Leaf:
        if isinstance(leaf, Word):
            return Word(leaf.text, (Form(text.term_of(leaf.text)),))
        if isinstance(leaf, Prefix):
            return Prefix(leaf.text, self._completions(leaf.text, 1.0, "exact"))
        return leaf

    def _completions(self, prefix: str, weight: float, origin: str) -> tuple[Form, ...]:
        """A form for each stem among the words that start like this."""
        words: dict[str, list[str]] = {}
        for found in self._lexicon.starting_with(prefix, MAX_EXPANSIONS):
            words.setdefault(found.term, []).append(found.word)
        return tuple(Form(term, weight, origin, tuple(group)) for term, group in words.items())

    def _stand_in(self, word: Word, last: bool, repaired: list[tuple[str, str]]) -> Leaf | Or:
        """What an unknown word may have meant: the beginning of a word, a misspelling, two words; else the word."""
        typed = (Form(text.term_of(word.text)),)
        if last and len(word.text) > 1:
            forms = self._completions(word.text, PREFIX_WEIGHT, "prefix")
            if forms:
                return Word(word.text, typed + forms)
        forms, used = self._repairs(word.text)
        if forms:
            repaired.append((word.text, used))
            return Word(word.text, typed + forms)
        parts = self._split(word.text)
        if parts:
            repaired.append((word.text, " ".join(parts)))
            return Phrase(" ".join(parts), tuple(map(text.term_of, parts)))
        return Word(word.text, typed)

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
            if known is None or known == word:
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

    def _with_joined_words(self, nodes: Sequence[Leaf | Or]) -> list[Leaf | Or]:
        """Two neighbours may be one word of the index: "remo tasks"."""
        result = list(nodes)
        for place, (left, right) in enumerate(zip(nodes, nodes[1:], strict=False)):
            if isinstance(left, Word) and isinstance(right, Word) and self._lexicon.count(left.text + right.text):
                joined = Form(text.term_of(left.text + right.text), TYPO_WEIGHT, "typo", (left.text + right.text,))
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
