"""The words of one generation, read once into memory: frequencies, completions, near misses."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from indexer.engines.opensearch.scoring import rarity
from indexer.query.lexicon import WordCount


class WordList:
    """The lexicon over the pages of a word list, which are in order."""

    def __init__(self, pages: Iterable[Mapping[str, Any]], sections: int) -> None:
        self._words: list[str] = []
        self._terms: list[str] = []
        self._frequency: dict[str, int] = {}
        self.naming: set[str] = set()
        counts: list[int] = []
        for page in pages:
            terms = page["terms"].split()
            self._words += page["words"].split()
            self._terms += terms
            self._frequency.update(zip(terms, page["frequencies"], strict=True))
            self.naming.update(page["naming"])
            counts += page["counts"]
        self._counts = np.array(counts, np.int64)
        self._forms = Counter(self._terms)
        self._sections = sections

    def frequency(self, term: str) -> int:
        """Number of sections that hold the stem, 0 for an unknown one."""
        return self._frequency.get(term, 0)

    def rarity(self, term: str) -> float:
        """How rare the stem is, above zero."""
        return rarity(self.frequency(term), self._sections)

    def forms(self, term: str) -> int:
        """How many surface forms the stem has."""
        return self._forms[term]

    def count(self, word: str) -> int:
        """How often a surface form stands in the index, 0 for an unknown one."""
        place = bisect_left(self._words, word)
        return int(self._counts[place]) if self._words[place : place + 1] == [word] else 0

    def starting_with(self, prefix: str, limit: int) -> list[WordCount]:
        """Words that start like this, the most frequent first."""
        places = self._places(prefix)
        order = np.argsort(-self._counts[places.start : places.stop], kind="stable")[:limit]
        return [self._word(places.start + int(place)) for place in order]

    def similar(self, word: str, edits: int, limit: int) -> list[WordCount]:
        """The nearest words with the same first letter, at most so many edits away, the most frequent first."""
        places = self._places(word[:1])
        words = self._words[places.start : places.stop]
        found = process.extract(word, words, scorer=OSA.distance, score_cutoff=edits, limit=None)
        least = min((distance for _, distance, _ in found), default=0)
        near = [self._word(places.start + place) for _, distance, place in found if distance == least]
        return sorted(near, key=lambda item: (-item.count, item.word))[:limit]

    def _places(self, prefix: str) -> range:
        start = bisect_left(self._words, prefix)
        return range(start, bisect_left(self._words, prefix + "\U0010ffff", start))

    def _word(self, place: int) -> WordCount:
        return WordCount(self._words[place], self._terms[place], int(self._counts[place]))
