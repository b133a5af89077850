"""The places of a text that matched, worked out for the sections that are shown."""

from collections.abc import Iterator
from itertools import islice

from indexer import text
from indexer.engines.marks import Wanted
from indexer.engines.opensearch.stored import Passage
from indexer.query.tree import Query
from indexer.ranking import BODY, HEADING
from indexer.snippets import Match


class Marker:
    """Marks the words of one query."""

    def __init__(self, query: Query) -> None:
        self._owners = Wanted(query).owners

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


def _spans(content: str) -> Iterator[tuple[int, int]]:
    """Where the words of a text stand."""
    return (found.span() for found in text.TOKEN.finditer(content) if text.word_of(found.group()))
