"""Posting lists as Whoosh's codec stores them, made of whole columns at a time.

Whoosh's own writer takes postings one by one and keeps statistics of each; here NumPy gives those of a field at once,
and what is left to do for a block is to pickle it. Whoosh reads pickles of any protocol; its own, the second, has
no bytes and spells them out as calls of a codec.
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pickle import dumps
from typing import Any

import numpy as np

from indexer.engines.whoosh.invert import Longs
from indexer.engines.whoosh.library import LIST_HEADER, TermInfo, length_to_byte, pack_int, pack_uint, pack_ushort
from indexer.engines.whoosh.tokens import Ints

BLOCK = 128
"""Postings in one block of Whoosh's codec."""
COMPRESSED_FROM = 48
"""Smaller blocks are stored as they are: most words are rare, and compressing a few bytes takes the most time."""
COMPRESSION = 1
"""Whoosh's own level is 3: a fifth more time for the same size."""
BLOCK_PICKLE, SMALL_PICKLE = 4, 3
"""Protocols: the fourth compresses best, the third has no frame around a few bytes."""
PART = 1 << 18
"""Postings that are Python objects at one time, as far as terms allow: 40 MB of them."""


@dataclass(frozen=True, eq=False)
class FieldPostings:
    """The postings of one field, ordered by term, section, position.

    Term `terms[i]` has the postings `term_start[i]:term_start[i + 1]`; posting p has the positions
    `first[p]:first[p + 1]`, which are stored when the field is one of text. `lengths` is the number of words of every
    section, 0 where that is not counted.
    """

    terms: Ints
    term_start: Longs
    section: Ints
    first: Longs
    position: Ints
    lengths: Ints
    is_text: bool = True

    def parts(self, postings: int = PART) -> Iterator["FieldPostings"]:
        """The same in parts of whole terms, each of at most so many postings or of one term."""
        start, terms = 0, len(self.terms)
        while start < terms:
            limit = self.term_start[start] + postings
            end = max(start + 1, int(np.searchsorted(self.term_start, limit, side="right")) - 1)
            yield self._part(start, end)
            start = end

    def _part(self, start: int, end: int) -> "FieldPostings":
        here, there = int(self.term_start[start]), int(self.term_start[end])
        first = self.first[here : there + 1]
        return replace(
            self,
            terms=self.terms[start:end],
            term_start=self.term_start[start : end + 1] - here,
            section=self.section[here:there],
            first=first - first[0],
            position=self.position[first[0] : first[-1]],
        )

    @cached_property
    def counts(self) -> Longs:
        """How often the term stands in the section, for every posting."""
        return np.diff(self.first)

    @cached_property
    def words(self) -> Ints:
        """The length of the section of every posting."""
        return self.lengths[self.section]


def write_field(fields: Any, field: tuple[str, Any], terms: Sequence[bytes], postings: FieldPostings) -> None:
    """Write the postings of the field (its name, and its kind in the schema) to a W3FieldWriter; terms are sorted."""
    fields.start_field(*field)
    id_, file = pack_ushort(fields._fieldid), fields._postfile
    place = file.tell()
    for part in postings.parts():
        for term, info, blocks in zip(part.terms.tolist(), _term_infos(part), _posting_lists(part), strict=True):
            file.write(blocks)
            info.set_extent(place, len(blocks))
            fields._tindex.add(id_ + terms[term], info.to_bytes())
            place += len(blocks)
    fields.finish_field()


def _term_infos(postings: FieldPostings) -> Iterator[Any]:
    """What Whoosh keeps of each term beside its postings."""
    starts, ends = postings.term_start[:-1], postings.term_start[1:]
    columns = (
        np.add.reduceat(postings.counts, starts).astype(np.float32),
        ends - starts,
        np.minimum.reduceat(postings.words, starts),
        np.maximum.reduceat(postings.words, starts),
        np.maximum.reduceat(postings.counts, starts).astype(np.float32),
        postings.section[starts],
        postings.section[ends - 1],
    )
    for values in zip(*(column.tolist() for column in columns), strict=True):
        yield TermInfo(*values)


def _posting_lists(postings: FieldPostings) -> Iterator[bytes]:
    """The posting list of each term: a header and its blocks, the last one marked."""
    frequency = np.diff(postings.term_start)
    blocks = -(-frequency // BLOCK)
    last = np.cumsum(blocks) - 1
    place = np.arange(len(postings.section)) - np.repeat(postings.term_start[:-1], frequency)
    encoded = _blocks(postings, np.flatnonzero(place % BLOCK == 0), last)
    for count in blocks.tolist():
        yield b"".join([LIST_HEADER, *(next(encoded) for _ in range(count))])


def _blocks(postings: FieldPostings, starts: Longs, last: Longs) -> Iterator[bytes]:
    """The blocks that begin at these postings; those in `last` end a list."""
    ends = np.append(starts[1:], len(postings.section))
    sign = np.ones(len(starts), np.int64)
    sign[last] = -1
    steps = np.diff(postings.section, prepend=0)
    steps[starts] = postings.section[starts]
    steps, counts = steps.tolist(), postings.counts.astype(np.float32).tolist()
    values = _position_values(postings) if postings.is_text else None
    columns = (
        starts,
        ends,
        sign,
        postings.section[ends - 1],
        np.minimum.reduceat(postings.counts, starts),
        np.maximum.reduceat(postings.counts, starts),
        np.minimum.reduceat(postings.words, starts),
        np.maximum.reduceat(postings.words, starts),
    )
    for start, end, mark, section, least, most, shortest, longest in zip(*map(np.ndarray.tolist, columns), strict=True):
        weights = tuple(counts[start:end]) if least < most else None if most == 1 else float(most)
        data = dumps((tuple(steps[start:end]), weights, tuple(values[start:end]) if values else None), BLOCK_PICKLE)
        level = COMPRESSION if end - start >= COMPRESSED_FROM else 0
        if level:
            data = zlib.compress(data, level)
        lengths = length_to_byte(shortest), length_to_byte(longest)
        facts = dumps((end - start, section, float(most), level, *lengths), SMALL_PICKLE)
        yield pack_int(mark * (len(facts) + len(data))) + facts + data


def _position_values(postings: FieldPostings) -> list[bytes]:
    """The positions of each posting as Whoosh stores them; most are met again and again, so they are kept by part."""
    distance = np.diff(postings.position, prepend=0).astype(np.int32)
    distance[postings.first[:-1]] = postings.position[postings.first[:-1]]
    data, bounds = distance.tobytes(), (distance.itemsize * postings.first).tolist()
    known = _PositionValues()
    return [known[data[start:end]] for start, end in zip(bounds, bounds[1:], strict=False)]


class _PositionValues(dict[bytes, bytes]):
    """Distances (int32) to what Whoosh's format `Positions` makes of them: their number, and a pickled list."""

    def __missing__(self, distances: bytes) -> bytes:
        numbers = np.frombuffer(distances, np.int32).tolist()
        value: bytes = pack_uint(len(numbers)) + dumps(numbers, SMALL_PICKLE)
        self[distances] = value
        return value
