"""The forward index: the words of every section in order, with their places in the text.

It is what a generation is built from, what snippets mark, and what the next generation takes over for profiles
that have not changed.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from indexer import text
from indexer.engines.whoosh.strings import Strings
from indexer.ranking import BODY, HEADING, NAME

Ints = npt.NDArray[np.int32]
NO_WORD = -1


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


class _WordIds(dict[str, int]):
    """Surface form as written to the id of its word, learnt as they are met; NO_WORD for what folds to nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.folded: dict[str, int] = {}

    def __missing__(self, surface: str) -> int:
        word = text.word_of(surface)
        found = self[surface] = self.folded.setdefault(word, len(self.folded)) if word else NO_WORD
        return found


class TokenWriter:
    """Collects sections; `finish` gives the columns with words and terms sorted."""

    def __init__(self) -> None:
        self._surfaces = _WordIds()
        self._ids = self._surfaces.folded
        self._word = array("i")
        self._start = array("I")
        self._length = array("H")
        self._first = array("q", [0])
        self._counts: tuple[array[int], array[int]] = (array("i"), array("i"))

    def add(self, name: str, heading: str, body: str) -> None:
        """Analyse a section."""
        for counts, value in zip(self._counts, (name, heading), strict=True):
            counts.append(self._analyse(value))
        self._analyse(body)
        self._first.append(len(self._word))

    def _analyse(self, value: str) -> int:
        ids = self._surfaces
        spans = text.spans(value)
        words = [ids[value[start:end]] for start, end in spans]
        if NO_WORD in words:
            spans = [span for span, word in zip(spans, words, strict=True) if word != NO_WORD]
            words = [word for word in words if word != NO_WORD]
        self._word.extend(words)
        self._start.extend([start for start, _ in spans])
        self._length.extend([min(end - start, 0xFFFF) for start, end in spans])
        return len(words)

    def keep(self, tokens: Tokens, section: int, known: "Translation") -> None:
        """Take a section over as it was analysed before."""
        span = slice(int(tokens.first[section]), int(tokens.first[section + 1]))
        self._word.frombytes(known.translate(tokens.word[span], self._ids).tobytes())
        self._start.frombytes(tokens.start[span].tobytes())
        self._length.frombytes(tokens.length[span].tobytes())
        self._counts[0].append(int(tokens.name_length[section]))
        self._counts[1].append(int(tokens.heading_length[section]))
        self._first.append(len(self._word))

    def finish(self) -> Tokens:
        """The columns of all sections added."""
        words = sorted(self._ids)
        new_id = np.empty(len(words), np.int32)
        new_id[[self._ids[word] for word in words]] = np.arange(len(words), dtype=np.int32)
        stems = [text.term_of(word) for word in words]
        terms = sorted(set(stems))
        term_id = {term: number for number, term in enumerate(terms)}
        word_column, term_column = Strings.of(words), Strings.of(terms)
        return Tokens(
            words_data=word_column.data,
            words_offsets=word_column.offsets,
            terms_data=term_column.data,
            terms_offsets=term_column.offsets,
            term_of=np.fromiter((term_id[stem] for stem in stems), np.int32, len(stems)),
            word=new_id[np.frombuffer(self._word, np.int32)] if self._word else np.empty(0, np.int32),
            start=np.frombuffer(self._start, np.uint32),
            length=np.frombuffer(self._length, np.uint16),
            first=np.frombuffer(self._first, np.int64),
            name_length=np.frombuffer(self._counts[0], np.int32),
            heading_length=np.frombuffer(self._counts[1], np.int32),
        )


class Translation:
    """Word ids of an older generation in those of a writer, learnt as they are met."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self._new = np.full(len(words), -1, np.int32)

    def translate(self, old: Ints, ids: dict[str, int]) -> Ints:
        """The writer's ids of these words; words that it does not know are added to `ids`."""
        for number in np.unique(old[self._new[old] < 0]).tolist():
            self._new[number] = ids.setdefault(self._words[number], len(ids))
        return self._new[old]
