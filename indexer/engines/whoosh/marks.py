"""The words to mark in the sections of a page, found for all of them at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from indexer.engines.whoosh.columns import Columns
from indexer.engines.whoosh.invert import Longs
from indexer.engines.whoosh.matches import ranges
from indexer.engines.whoosh.tokens import Ints
from indexer.query.tree import Or, Phrase, Query
from indexer.snippets import Match

NO_WORD = -1


@dataclass(frozen=True, slots=True)
class Marked:
    """The marked words of some sections side by side: how many each has in its heading and in its text.

    `every` holds all of them in order; those of the text of section i end at `ends[i]`.
    """

    in_heading: list[int]
    in_text: list[int]
    ends: list[int]
    every: list[Match]

    def matches(self, place: int) -> tuple[Match, ...]:
        """The places in the text of one section."""
        return tuple(self.every[self.ends[place] - self.in_text[place] : self.ends[place]])


class Marker:
    """Marks the wanted words of one query."""

    def __init__(self, columns: Columns, query: Query) -> None:
        self._columns = columns
        self._leaves = [
            (number, leaf)
            for number, node in enumerate(query.wanted)
            for leaf in (node.children if isinstance(node, Or) else (node,))
        ]
        self._phrases = self._known_phrases()
        self._words = self._wanted_words()

    def mark(self, sections: Longs) -> Marked:
        """What is marked in these sections, given by number in ascending order."""
        tokens = self._columns.tokens
        first, last = tokens.first[sections], tokens.first[sections + 1]
        every, _ = ranges(first, last)
        ends = np.cumsum(last - first)
        headings = ends - (last - first) + tokens.name_length[sections]
        texts = headings + tokens.heading_length[sections]
        marks = self._marks(every, np.sort(np.concatenate([headings, texts, ends])) if self._phrases else ends)
        places = np.flatnonzero(marks != NO_WORD)
        heading, text, end = (places.searchsorted(bounds) for bounds in (headings, texts, ends))
        start = tokens.start[every[places]]
        stop = start + tokens.length[every[places]]
        return Marked(
            in_heading=(text - heading).tolist(),
            in_text=(end - text).tolist(),
            ends=end.tolist(),
            every=list(map(Match, start.tolist(), stop.tolist(), marks[places].tolist())),
        )

    def _marks(self, tokens: Longs, borders: Longs) -> Ints:
        """For each token the wanted word it belongs to, or NO_WORD; no phrase reaches over a border."""
        word = self._columns.tokens.word[tokens]
        marks = self._words[word]
        for number, phrase in self._phrases:
            places = _phrase_places(self._columns.tokens.term_of[word], phrase, borders)
            for offset in range(len(phrase)):
                marks[places + offset] = number
        return marks

    def _known_phrases(self) -> list[tuple[int, list[int]]]:
        """The phrases whose words the index has: (wanted word, term numbers)."""
        ids = self._columns.term_ids
        phrases = [(number, leaf.terms) for number, leaf in self._leaves if isinstance(leaf, Phrase)]
        known = [(number, terms) for number, terms in phrases if terms and all(term in ids for term in terms)]
        return [(number, [ids[term] for term in terms]) for number, terms in known]

    def _wanted_words(self) -> Ints:
        """For every surface form of the index the wanted word that it belongs to, or NO_WORD."""
        belongs = np.full(len(self._columns.words), NO_WORD, np.int32)
        for number, leaf in reversed(self._leaves):
            for form in () if isinstance(leaf, Phrase) else leaf.forms:
                belongs[self._surfaces(form.term, form.words)] = number
        return belongs

    def _surfaces(self, term: str, words: Sequence[str]) -> Ints | list[int]:
        """The surface forms of a stem: those named, or all."""
        if words:
            ids = self._columns.word_ids
            return [ids[word] for word in words if word in ids]
        number = self._columns.term_ids.get(term)
        if number is None:
            return []
        base, end = self._columns.postings.form_base[number : number + 2].tolist()
        return self._columns.postings.form_word[base:end]


def _phrase_places(terms: Ints, phrase: Sequence[int], borders: Longs) -> Longs:
    """Where the phrase begins among these terms; none reaches over one of the ascending borders between fields."""
    places = np.flatnonzero(terms[: max(0, len(terms) - len(phrase) + 1)] == phrase[0])
    for offset, term in enumerate(phrase[1:], 1):
        places = places[terms[places + offset] == term]
    ends = places + len(phrase) - 1
    inside: Longs = places[borders.searchsorted(places, "right") == borders.searchsorted(ends, "right")]
    return inside
