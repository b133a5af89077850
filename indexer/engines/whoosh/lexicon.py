"""The words of one generation: frequencies, completions, near misses."""

from bisect import bisect_left
from functools import cached_property

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from indexer.engines.whoosh.columns import Columns
from indexer.query.lexicon import WordCount


class ColumnLexicon:
    """The lexicon over the columns."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns

    def frequency(self, term: str) -> int:
        """Number of sections that hold the stem, 0 for an unknown one."""
        number = self._columns.term_ids.get(term)
        return 0 if number is None else self._columns.frequency(number)

    def count(self, word: str) -> int:
        """How often a surface form stands in the index, 0 for an unknown one."""
        number = self._columns.word_ids.get(word)
        return 0 if number is None else int(self._columns.postings.word_count[number])

    def starting_with(self, prefix: str, limit: int) -> list[WordCount]:
        """Words that start like this, the most frequent first."""
        places = self._places(prefix)
        counts = self._columns.postings.word_count[places.start : places.stop]
        order = np.argsort(-counts, kind="stable")[:limit]
        return [self._word(places.start + int(place)) for place in order]

    def similar(self, word: str, edits: int, limit: int) -> list[WordCount]:
        """The nearest words with the same first letter, at most so many edits away, the most frequent first."""
        places = self._places(word[:1])
        words = self._columns.words[places.start : places.stop]
        found = process.extract(word, words, scorer=OSA.distance, score_cutoff=edits, limit=None)
        least = min((distance for _, distance, _ in found), default=0)
        near = [self._word(places.start + place) for _, distance, place in found if distance == least]
        return sorted(near, key=lambda item: (-item.count, item.word))[:limit]

    def _places(self, prefix: str) -> range:
        words = self._columns.words
        start = bisect_left(words, prefix)
        return range(start, bisect_left(words, prefix + "\U0010ffff", start))

    def _word(self, number: int) -> WordCount:
        columns = self._columns
        term = self._terms[int(columns.tokens.term_of[number])]
        return WordCount(columns.words[number], term, int(columns.postings.word_count[number]))

    @cached_property
    def _terms(self) -> list[str]:
        return list(self._columns.term_ids)
