"""What the interpretation of a query must know of an index: its words, and the words of the field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of the field, kept with the generation that was built with them.

    `synonyms`: groups of phrases that mean the same. `intents`: section id to the words that ask for it.
    """

    synonyms: tuple[tuple[str, ...], ...] = ()
    intents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WordCount:
    """A surface form of the index, its stem, and how often it stands there."""

    word: str
    term: str
    count: int


class Lexicon(Protocol):
    """The words of one generation."""

    def frequency(self, term: str) -> int:
        """Number of sections that hold the stem, 0 for an unknown one."""

    def count(self, word: str) -> int:
        """How often a surface form stands in the index, 0 for an unknown one."""

    def starting_with(self, prefix: str, limit: int) -> Sequence[WordCount]:
        """Words that start like this, the most frequent first."""

    def similar(self, word: str, edits: int, limit: int) -> Sequence[WordCount]:
        """The nearest words with the same first letter, at most so many edits away, the most frequent first.

        All of them are equally near. A swap of two neighbouring letters is one edit.
        """
