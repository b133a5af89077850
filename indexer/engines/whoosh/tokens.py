"""The forward index: the words of every section in order, with their places in the text.

It is what a generation is built from, what snippets mark, and what the next generation takes over for profiles
that have not changed.
"""

from array import array
from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer import text
from indexer.engines.whoosh.strings import Strings
from indexer.ranking import BODY, HEADING, NAME

Ints = npt.NDArray[np.int32]
NO_WORD = -1
LONGEST = 0xFFFF
"""Characters of a token; what is longer is marked so far."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Columns over all tokens of all sections, in order.

    `words` (sorted) are the folded surface forms; `terms` (sorted) their stems; `term_of` maps one to the other.
    For token i: `word[i]` its surface form, `start[i]` and `length[i]` its characters in the text of its field.
    Section s has the tokens `first[s]:first[s + 1]`: `name_length[s]` of the company's name, then
    `heading_length[s]` of the heading, then those of its text.
    """

    words_data: npt.NDArray[np.uint8]
    words_offsets: npt.NDArray[np.int64]
    terms_data: npt.NDArray[np.uint8]
    terms_offsets: npt.NDArray[np.int64]
    term_of: Ints
    word: Ints
    start: npt.NDArray[np.uint32]
    length: npt.NDArray[np.uint16]
    first: npt.NDArray[np.int64]
    name_length: Ints
    heading_length: Ints

    @property
    def words(self) -> Strings:
        """Folded surface forms, sorted."""
        return Strings(self.words_data, self.words_offsets)

    @property
    def terms(self) -> Strings:
        """Stems, sorted."""
        return Strings(self.terms_data, self.terms_offsets)

    def body(self, section: int) -> slice:
        """Where the tokens of the section's text are."""
        start = int(self.first[section]) + int(self.name_length[section]) + int(self.heading_length[section])
        return slice(start, int(self.first[section + 1]))

    def fields(self) -> npt.NDArray[np.uint8]:
        """The field (NAME, HEADING, BODY) of every token."""
        counts = np.diff(self.first)
        lengths = np.stack([self.name_length, self.heading_length, counts - self.name_length - self.heading_length], 1)
        kinds = np.tile(np.array([NAME, HEADING, BODY], np.uint8), len(counts))
        return np.repeat(kinds, lengths.ravel())


class _Words(dict[str, int]):
    """Surface form as written to the number of its word, learnt as they are met; NO_WORD for what folds to nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers: dict[str, int] = {}
        self.stems: list[str] = []

    def __missing__(self, surface: str) -> int:
        word = text.word_of(surface)
        found = self[surface] = self.number(word) if word else NO_WORD
        return found

    def number(self, word: str, stem: str = "") -> int:
        """The number of a folded word; `stem` where it is known already."""
        found = self.numbers.setdefault(word, len(self.stems))
        if found == len(self.stems):
            self.stems.append(stem or text.term_of(word))
        return found


class TokenWriter:
    """Collects sections, numbered as they come; `finish` gives the columns with words and terms sorted."""

    def __init__(self) -> None:
        self._words = _Words()
        self._word = array("i")
        self._start = array("I")
        self._length = array("H")
        self._first = array("q", [0])
        self._counts: tuple[array[int], array[int]] = (array("i"), array("i"))

    @property
    def sections(self) -> int:
        """How many sections there are so far: the number of the next one."""
        return len(self._first) - 1

    def add(self, name: str, heading: str, body: str) -> None:
        """Analyse a section."""
        for counts, value in zip(self._counts, (name, heading), strict=True):
            counts.append(self._analyse(value))
        self._analyse(body)
        self._first.append(len(self._word))

    def _analyse(self, value: str) -> int:
        surfaces, starts = text.surfaces(value)
        words = list(map(self._words.__getitem__, surfaces))
        if NO_WORD in words:
            kept = [word != NO_WORD for word in words]
            surfaces, starts = list(compress(surfaces, kept)), list(compress(starts, kept))
            words = list(compress(words, kept))
        self._word.extend(words)
        self._start.extend(starts)
        lengths = map(len, surfaces)
        self._length.extend(lengths if len(value) <= LONGEST else [min(length, LONGEST) for length in lengths])
        return len(words)

    def keep(self, tokens: Tokens, section: int, known: "Translation") -> None:
        """Take a section over as it was analysed before."""
        span = slice(int(tokens.first[section]), int(tokens.first[section + 1]))
        self._word.frombytes(known.translate(tokens.word[span], self._words).tobytes())
        self._start.frombytes(tokens.start[span].tobytes())
        self._length.frombytes(tokens.length[span].tobytes())
        self._counts[0].append(int(tokens.name_length[section]))
        self._counts[1].append(int(tokens.heading_length[section]))
        self._first.append(len(self._word))

    def finish(self, order: Ints) -> Tokens:
        """The columns of these sections, in this order."""
        numbers, stems = self._words.numbers, self._words.stems
        words, terms = sorted(numbers), sorted(set(stems))
        word_number = np.fromiter((numbers[word] for word in words), np.int32, len(words))
        term_id = {term: number for number, term in enumerate(terms)}
        new_number = np.empty(len(words), np.int32)
        new_number[word_number] = np.arange(len(words), dtype=np.int32)
        first, places = _gather(np.frombuffer(self._first, np.int64), order)
        word_column, term_column = Strings.of(words), Strings.of(terms)
        return Tokens(
            words_data=word_column.data,
            words_offsets=word_column.offsets,
            terms_data=term_column.data,
            terms_offsets=term_column.offsets,
            term_of=np.fromiter((term_id[stems[number]] for number in word_number.tolist()), np.int32, len(words)),
            word=new_number[_column(self._word, np.int32)[places]],
            start=_column(self._start, np.uint32)[places],
            length=_column(self._length, np.uint16)[places],
            first=first,
            name_length=_column(self._counts[0], np.int32)[order],
            heading_length=_column(self._counts[1], np.int32)[order],
        )


def _column(values: "array[int]", kind: type[np.generic]) -> npt.NDArray[Any]:
    return np.frombuffer(values, kind) if values else np.empty(0, kind)


def _gather(first: npt.NDArray[np.int64], order: Ints) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where each section begins when they stand in this order, and where every token of them was before."""
    counts = np.diff(first)[order]
    starts = np.concatenate([[0], np.cumsum(counts)])
    return starts, np.arange(starts[-1]) + np.repeat(first[order] - starts[:-1], counts)


class Translation:
    """Word numbers of an older generation in those of a writer, learnt as they are met."""

    def __init__(self, old: Tokens) -> None:
        self._words, self._terms, self._term_of = old.words, old.terms, old.term_of
        self._new = np.full(len(old.term_of), -1, np.int32)

    def translate(self, old: Ints, words: _Words) -> Ints:
        """The writer's numbers of these words; it learns those that it does not know, with their stems."""
        for number in set(old[self._new[old] < 0].tolist()):
            self._new[number] = words.number(self._words[number], self._terms[int(self._term_of[number])])
        return self._new[old]
