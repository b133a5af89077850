"""What the beginning of a query could become: companies, sections, words of the index."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import islice
from weakref import WeakKeyDictionary

from indexer import text
from indexer.engines.base import Searcher
from indexer.labels import profile_url, value_label
from indexer.page import Suggestion
from indexer.query.parser import parse_query
from indexer.query.request import Filters
from indexer.ranking import TYPO_ONE_EDIT_FROM

WORDS_ASKED = 12
FACETS_OF_FIELDS = {"in": "section", "specialty": "specialty", "hiring": "hiring", "service": "service"}
_FIELD = re.compile(r'(?<!\S)(in|specialty|hiring|service|company):("[^"]*|[^\s"]*)$', re.IGNORECASE)
"""A field at the end of what was typed, and what is there of its value."""


def suggest(searcher: Searcher, typed: str, limit: int) -> tuple[Suggestion, ...]:
    """Suggestions for `typed`, the most useful first: companies, then sections, then words.

    The last word is taken as the beginning of one; when nothing starts like it, as a misspelling. In a field
    (`hiring:wor`) they are its values. Beside a choice there are none: few words have hits under it.
    """
    if field := _FIELD.search(typed):
        return tuple(islice(_values(searcher, typed[: field.start(2)], field), limit))
    tokens = list(text.tokenize(typed))
    if not tokens or parse_query(typed).filters != Filters():
        return ()
    words = [token.word for token in tokens]
    found: dict[str, Suggestion] = {}
    for suggestion in (
        *_companies(searcher, words, limit),
        *_sections(searcher, words[-1]),
        *_words(searcher, typed[: tokens[-1].start], words[-1]),
    ):
        found.setdefault(suggestion.text.casefold(), suggestion)
    return tuple(found.values())[:limit]


def _values(searcher: Searcher, before: str, field: re.Match[str]) -> Iterator[Suggestion]:
    """The values of a field that start like what was typed of it, or have a word that does."""
    name, begun = field[1].lower(), text.fold(field[2].lstrip('"'))
    if name == "company":
        values = [(facts.slug, facts.company) for facts in searcher.facts()]
    else:
        labels = searcher.values().get(FACETS_OF_FIELDS[name], {})
        values = [(value, value_label(FACETS_OF_FIELDS[name], value, labels)) for value in labels]
    for value, label in values:
        if any(f" {text.fold(known)}".find(f" {begun}") >= 0 for known in (value, label)):
            yield Suggestion(f'{before}"{value}"' if " " in value else before + value, "word")


@dataclass(frozen=True)
class _Names:
    """The words of all companies' names, sorted, each with the number of its company."""

    words: Sequence[str]
    owners: Sequence[int]

    def starting_with(self, word: str) -> set[int]:
        """Companies with a word in their name that starts like this."""
        start = bisect_left(self.words, word)
        return set(self.owners[start : bisect_left(self.words, word + "\U0010ffff", start)])

    def having(self, word: str) -> set[int]:
        """Companies with this word in their name."""
        return set(self.owners[bisect_left(self.words, word) : bisect_right(self.words, word)])


_names: WeakKeyDictionary[Searcher, _Names] = WeakKeyDictionary()


def _names_of(searcher: Searcher) -> _Names:
    """The names of a generation, read once and gone with its searcher."""
    found = _names.get(searcher)
    if found is None:
        companies = enumerate(searcher.facts())
        pairs = sorted((word, number) for number, facts in companies for word in text.words_of(facts.company))
        found = _names[searcher] = _Names([word for word, _ in pairs], [number for _, number in pairs])
    return found


def _companies(searcher: Searcher, words: list[str], limit: int) -> Iterator[Suggestion]:
    """Companies with a word of their name that starts like each of the typed words, in any order."""
    names, facts = _names_of(searcher), searcher.facts()
    found = set.intersection(*map(names.starting_with, words))
    if not found and len(words[-1]) >= TYPO_ONE_EDIT_FROM:
        near = searcher.lexicon.similar(words[-1], 1, WORDS_ASKED)
        found = set().union(*(names.having(item.word) for item in near))

    def place(number: int) -> tuple[bool, str]:
        name = text.fold(facts[number].company)
        return not name.startswith(words[0]), name

    for number in nsmallest(limit, found, key=place):
        yield Suggestion(facts[number].company, "company", profile_url(facts[number].slug))


def _sections(searcher: Searcher, word: str) -> Iterator[Suggestion]:
    """Sections with a heading that has a word starting like this."""
    labels = searcher.values().get("section", {})
    for value in labels:
        label = value_label("section", value, labels)
        if f" {text.fold(label)}".find(f" {word}") >= 0:
            yield Suggestion(label, "section", f"/search?in={value}")


def _words(searcher: Searcher, before: str, word: str) -> Iterator[Suggestion]:
    """Words of the index, most frequent first, each behind what was typed before it."""
    found = searcher.lexicon.starting_with(word, WORDS_ASKED)
    if not found and len(word) >= TYPO_ONE_EDIT_FROM and word.isalpha():
        found = searcher.lexicon.similar(word, 1, WORDS_ASKED)
    seen: set[str] = set()
    for completion in found:
        if completion.term not in seen and not text.is_stop_word(completion.word):
            seen.add(completion.term)
            yield Suggestion(f"{before}{completion.word}", "word")
