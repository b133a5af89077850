"""The places of a text that matched, worked out for the sections that are shown."""

from collections.abc import Iterator
from itertools import islice

from indexer import text
from indexer.engines.opensearch.scoring import phrase_starts
from indexer.engines.opensearch.stored import Passage, Words
from indexer.query.tree import Leaf, Or, Phrase, Query
from indexer.ranking import BODY, HEADING
from indexer.snippets import Match


class Marker:
    """Marks the words of one query."""

    def __init__(self, query: Query) -> None:
        self._phrases: list[tuple[int, Phrase]] = []
        self._stems: dict[str, int] = {}
        self._words: dict[str, int] = {}
        for number, node in enumerate(query.wanted):
            for leaf in node.children if isinstance(node, Or) else (node,):
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

    def shows(self, passage: Passage) -> bool:
        """Whether the text or the heading has anything to mark."""
        return bool(self._owners(passage.fields[BODY])) or self.in_heading(passage)

    def in_heading(self, passage: Passage) -> bool:
        """Whether the heading has anything to mark."""
        return bool(self._owners(passage.fields[HEADING]))

    def matches(self, passage: Passage) -> tuple[Match, ...]:
        """The places of the text, in order, each with the wanted word that it belongs to."""
        owners = self._owners(passage.fields[BODY])
        if not owners:
            return ()
        spans = enumerate(islice(_spans(passage.text), max(owners) + 1))
        return tuple(Match(start, end, owners[place]) for place, (start, end) in spans if place in owners)

    def _owners(self, field: Words) -> dict[int, int]:
        """Place in a field to the wanted word that it matches; phrases come before words."""
        stems = tuple(map(text.term_of, field))
        owners = {place: owner for place, owner in enumerate(map(self._stems.get, stems)) if owner is not None}
        for place, owner in enumerate(map(self._words.get, field)) if self._words else ():
            if owner is not None:
                owners[place] = min(owner, owners.get(place, owner))
        for number, phrase in self._phrases:
            for start in phrase_starts(stems, phrase.terms):
                owners |= dict.fromkeys(range(start, start + len(phrase.terms)), number)
        return owners


def _spans(content: str) -> Iterator[tuple[int, int]]:
    """Where the words of a text stand."""
    return (found.span() for found in text.TOKEN.finditer(content) if text.word_of(found.group()))
