"""What the beginning of a query could become: companies, sections, words of the index."""

from collections.abc import Iterator

from indexer import text
from indexer.engines.base import Searcher
from indexer.labels import profile_url, value_label
from indexer.page import Suggestion
from indexer.ranking import TYPO_ONE_EDIT_FROM

WORDS_ASKED = 12


def suggest(searcher: Searcher, typed: str, limit: int) -> tuple[Suggestion, ...]:
    """Suggestions for `typed`, the most useful first: companies, then sections, then words.

    The last word is taken as the beginning of one; when nothing starts like it, as a misspelling.
    """
    words = [token.word for token in text.tokenize(typed)]
    if not words:
        return ()
    before = typed[: typed.lower().rfind(words[-1][:1])] if len(words) > 1 else ""
    found: dict[str, Suggestion] = {}
    for suggestion in (
        *_companies(searcher, words),
        *_sections(searcher, words[-1]),
        *_words(searcher, before, words[-1]),
    ):
        found.setdefault(suggestion.text.casefold(), suggestion)
    return tuple(found.values())[:limit]


def _companies(searcher: Searcher, words: list[str]) -> Iterator[Suggestion]:
    """Companies with a word of their name that starts like each of the typed words, in any order."""
    names = [(facts, text.fold(facts.company)) for facts in searcher.facts()]
    starting = [(facts, name) for facts, name in names if all(f" {name}".find(f" {word}") >= 0 for word in words)]
    for facts, _ in sorted(starting, key=lambda pair: (not pair[1].startswith(words[0]), pair[1])):
        yield Suggestion(facts.company, "company", profile_url(facts.slug))
    if not starting and len(words[-1]) >= TYPO_ONE_EDIT_FROM:
        near = {found.word for found in searcher.lexicon.similar(words[-1], 1, WORDS_ASKED)}
        for facts, name in names:
            if near & set(name.split()):
                yield Suggestion(facts.company, "company", profile_url(facts.slug))


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
