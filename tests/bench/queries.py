"""The queries of the benchmark, drawn from the text of the profiles, ten classes of them."""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from indexer.profiles.model import Facts, RenderedProfile, RenderedSection
from indexer.text import STOP_WORDS

from .wordbook import Wordbook

COMMON = 100
"""How many of the commonest words the class "common words" draws from."""
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class BenchQuery:
    """One query: `words` as typed; `form` is "words", "phrase", "prefix" or "typo"."""

    kind: str
    words: tuple[str, ...]
    form: str = "words"
    hiring: str | None = None
    specialty: str | None = None
    facets: bool = False

    @property
    def text(self) -> str:
        """The query in the product's syntax, filters aside."""
        text = " ".join(self.words)
        return {"phrase": f'"{text}"', "prefix": f"{text}*"}.get(self.form, text)


@dataclass(frozen=True, slots=True)
class Drawer:
    """Draws queries from profiles."""

    profiles: Sequence[RenderedProfile]
    wordbook: Wordbook
    chance: random.Random

    def words(self, count: int) -> tuple[str, ...]:
        """Words of one section: one of its commonest, one of its rarest, the others from between."""
        return self.facts_and_words(count)[1]

    def facts_and_words(self, count: int) -> tuple[Facts, tuple[str, ...]]:
        """Words of one section, with the facts of its company."""
        while True:
            facts, section = self.section()
            known = {word for word in section.text.lower().replace(".", "").split() if word in self.wordbook.rank}
            telling = [word for word in known if word.isalpha() and len(word) > 2 and word not in STOP_WORDS]
            if len(telling) >= max(count, 8):
                telling.sort(key=lambda word: (self.wordbook.rank[word], word))
                bounds = [len(telling) * band // count for band in range(count + 1)]
                drawn = [self.chance.choice(telling[a:b]) for a, b in zip(bounds, bounds[1:], strict=False)]
                return facts, tuple(self.chance.sample(drawn, count))

    def section(self) -> tuple[Facts, RenderedSection]:
        """Any section, with the facts of its company."""
        profile = self.chance.choice(self.profiles)
        return profile.facts, self.chance.choice(profile.sections)

    def plain(self, kind: str, count: int) -> BenchQuery:
        """Some words of one section."""
        return BenchQuery(kind, self.words(count))

    def common(self, kind: str) -> BenchQuery:
        """Two to four of the commonest words."""
        return BenchQuery(kind, tuple(self.chance.sample(self.wordbook.common(COMMON), self.chance.choice((2, 3, 4)))))

    def phrase(self, kind: str) -> BenchQuery:
        """Two or three neighbours from a text; only the middle one may be a stop word."""
        while True:
            sentence = re.split(r"[.\n]", self.section()[1].text)[0].lower().split()
            length = self.chance.choice((2, 2, 3))
            start = self.chance.randrange(1, max(2, len(sentence) - length))
            words = sentence[start : start + length]
            ends = {words[0], words[-1]} if len(words) == length else set(STOP_WORDS)
            if all(word.isalpha() for word in words) and not ends & STOP_WORDS:
                return BenchQuery(kind, tuple(words), "phrase")

    def prefix(self, kind: str) -> BenchQuery:
        """The first three to five letters of a longer word."""
        word = next(word for word in iter(lambda: self.words(1)[0], "") if len(word) > 5)
        return BenchQuery(kind, (word[: self.chance.choice((3, 4, 5))],), "prefix")

    def typo(self, kind: str) -> BenchQuery:
        """Two words, one of them misspelt."""
        while True:
            good, bad = self.words(2)
            spoilt = self.misspelt(bad)
            if len(bad) > 5 and spoilt not in self.wordbook.rank:
                words = (good, spoilt) if self.chance.random() < 0.5 else (spoilt, good)
                return BenchQuery(kind, words, "typo")

    def misspelt(self, word: str) -> str:
        """The word with one letter left out, doubled, wrong or swapped with the next; the first letter stays."""
        place = self.chance.randrange(1, len(word) - 1)
        left, here, after, right = word[:place], word[place], word[place + 1], word[place + 2 :]
        wrong = self.chance.choice(LETTERS)
        return left + self.chance.choice([after, here + here + after, after + here, wrong + after]) + right

    def filtered(self, kind: str) -> BenchQuery:
        """Two words among the companies that hire and work as the words' own company does."""
        facts, words = self.facts_and_words(2)
        return BenchQuery(kind, words, hiring=facts.hiring_status, specialty=self.chance.choice(facts.specialties))

    def faceted(self, kind: str) -> BenchQuery:
        """Two words, with the counts of every facet."""
        return BenchQuery(kind, self.words(2), facets=True)


KINDS: dict[str, Callable[[Drawer, str], BenchQuery]] = {
    "1 word": lambda drawer, kind: drawer.plain(kind, 1),
    "2 words": lambda drawer, kind: drawer.plain(kind, 2),
    "4 words": lambda drawer, kind: drawer.plain(kind, 4),
    "8 words": lambda drawer, kind: drawer.plain(kind, 8),
    "common words": Drawer.common,
    "phrase": Drawer.phrase,
    "prefix": Drawer.prefix,
    "typo": Drawer.typo,
    "filtered": Drawer.filtered,
    "with facets": Drawer.faceted,
}
"""The classes of queries, each with how one is drawn."""


def draw_queries(profiles: Sequence[RenderedProfile], wordbook: Wordbook, count: int, seed: int) -> list[BenchQuery]:
    """`count` queries of each class."""
    drawer = Drawer(profiles, wordbook, random.Random(seed))
    return [draw(drawer, kind) for kind, draw in KINDS.items() for _ in range(count)]
