"""The words of the field: which phrases mean the same, and which section a word asks for."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

from indexer import text
from indexer.query.lexicon import Vocabulary
from indexer.ranking import INTENT_WEIGHT

Terms = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Language:
    """A vocabulary in stems. `same`: a phrase to the phrases that mean the same; `longest`: a phrase's first
    stem to the number of stems in the longest phrase that starts with it. `words`: the phrases of one word.
    """

    same: Mapping[Terms, tuple[tuple[str, Terms], ...]]
    longest: Mapping[str, int]
    intents: Mapping[str, frozenset[str]]
    words: tuple[str, ...]

    def similar(self, word: str, edits: int) -> str | None:
        """The nearest single word of the synonyms with the same first letter, at most so many edits away."""
        words = [known for known in self.words if known[0] == word[0]]
        found = process.extractOne(word, words, scorer=OSA.distance, score_cutoff=edits)
        return str(found[0]) if found else None

    def stand_ins(self, terms: Sequence[str], place: int) -> list[tuple[int, list[tuple[str, Terms]]]]:
        """For each phrase that starts at `place`: its length, and the (text, stems) that mean the same."""
        found: list[tuple[int, list[tuple[str, Terms]]]] = []
        for length in range(1, min(self.longest.get(terms[place], 0), len(terms) - place) + 1):
            others = self.same.get(tuple(terms[place : place + length]))
            if others:
                found.append((length, list(others)))
        return found

    def section_weights(self, terms: Sequence[str]) -> dict[str, float]:
        """Section id to the factor by which these words ask for it."""
        asked = set(terms)
        return {section: INTENT_WEIGHT for section, words in self.intents.items() if words & asked}


def language_of(vocabulary: Vocabulary) -> Language:
    """The vocabulary in stems."""
    same: dict[Terms, list[tuple[str, Terms]]] = defaultdict(list)
    for group in vocabulary.synonyms:
        phrases = list(dict.fromkeys((phrase, stems(phrase)) for phrase in group))
        for phrase, terms in phrases:
            key = meant(phrase)
            same[key] += [other for other in phrases if other[1] != terms and other not in same[key]]
    single = [phrase for group in vocabulary.synonyms for phrase in group if " " not in phrase]
    return Language(
        same={terms: tuple(others) for terms, others in same.items() if terms},
        longest={terms[0]: length for length, terms in sorted((len(terms), terms) for terms in same if terms)},
        words=tuple(dict.fromkeys(text.words_of(" ".join(single)))),
        intents={
            name: frozenset(term for word in words for term in stems(word))
            for name, words in vocabulary.intents.items()
        },
    )


def stems(phrase: str) -> Terms:
    """The stems of a phrase, stop words included."""
    return tuple(token.term for token in text.tokenize(phrase))


def meant(phrase: str) -> Terms:
    """The stems of a phrase as a query keeps them: without stop words."""
    return tuple(token.term for token in text.tokenize(phrase) if not text.is_stop_word(token.word))
