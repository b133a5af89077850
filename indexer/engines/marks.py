"""The places of a text that a query matches, for whoever has the text itself: phrases as phrases, words as words."""

from collections.abc import Sequence

from indexer import text
from indexer.query.tree import Leaf, Phrase, Query, leaves_of
from indexer.snippets import Match


class Wanted:
    """What one interpreted query wants marked."""

    def __init__(self, query: Query) -> None:
        self._phrases: list[tuple[int, Phrase]] = []
        self._stems: dict[str, int] = {}
        self._words: dict[str, int] = {}
        for number, node in enumerate(query.wanted):
            for leaf in leaves_of(node):
                self._learn(number, leaf)

    def _learn(self, number: int, leaf: Leaf) -> None:
        """Remember which wanted word owns stems and surface forms: the first that has them."""
        if isinstance(leaf, Phrase):
            self._phrases.append((number, leaf))
            return
        for form in leaf.forms:
            for word in form.words:
                self._words.setdefault(word, number)
            if not form.words:
                self._stems.setdefault(form.term, number)

    def owners(self, words: Sequence[str]) -> dict[int, int]:
        """Place in a row of folded words to the wanted word that it matches; phrases come before words."""
        stems = tuple(map(text.term_of, words))
        owners = {place: owner for place, owner in enumerate(map(self._stems.get, stems)) if owner is not None}
        for place, owner in enumerate(map(self._words.get, words)) if self._words else ():
            if owner is not None:
                owners[place] = min(owner, owners.get(place, owner))
        for number, phrase in self._phrases:
            for start in phrase_starts(stems, phrase.terms):
                owners |= dict.fromkeys(range(start, start + len(phrase.terms)), number)
        return owners

    def matches(self, content: str) -> tuple[Match, ...]:
        """The places of a text, in order, each with the wanted word that it belongs to."""
        tokens = list(text.tokenize(content))
        owners = self.owners([token.word for token in tokens])
        return tuple(Match(tokens[place].start, tokens[place].end, owners[place]) for place in sorted(owners))


def phrase_starts(stems: Sequence[str], terms: tuple[str, ...]) -> list[int]:
    """Where in a row of stems the terms follow each other."""
    if not terms or terms[0] not in stems:
        return []
    row = tuple(stems)
    return [start for start in range(len(row) - len(terms) + 1) if row[start : start + len(terms)] == terms]
