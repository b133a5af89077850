"""The words of generated profiles: those of the real profiles as often as there, and made-up rare ones behind them."""

import random
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from indexer.profiles.corpus import read_corpus
from indexer.text import STOP_WORDS, tokenize

CORPUS = Path(__file__).parents[2] / "corpus"
"""The real profiles."""
SIZE = 60_000
"""Words in all. English prose of seven million words, which is 90,000 sections, has about as many."""
ONSETS = tuple("b br c ch d f fl g gr h j k l m n p pl qu r s sh st t tr v w".split())
VOWELS = ("a", "e", "i", "o", "u", "ai", "ea", "ou")
CODAS = ("", "", "l", "m", "n", "nd", "r", "rt", "s", "t", "x")
ENDINGS = ("", "s", "ed", "ing", "er", "ation", "able", "ly", "ness", "ment")
"""Inflected and derived forms of a made-up stem, so that stemming has work to do."""


@dataclass(frozen=True)
class Wordbook:
    """`words`, the most frequent first, with the share of running text that each makes up."""

    words: list[str]
    share: npt.NDArray[np.float64]

    @cached_property
    def rank(self) -> dict[str, int]:
        """Word to its place among the most frequent."""
        return {word: place for place, word in enumerate(self.words)}

    @cached_property
    def cumulated(self) -> npt.NDArray[np.float64]:
        """Upper bounds of the words' slices of the unit interval."""
        bounds = np.cumsum(self.share)
        bounds[-1] = 1.0
        return bounds

    def common(self, count: int) -> list[str]:
        """The most frequent words that say something."""
        return [word for word in self.words if word.isalpha() and len(word) > 2 and word not in STOP_WORDS][:count]


def make_wordbook(seed: int) -> Wordbook:
    """Real words share the text as in the real profiles; the rest of it, as much as the words that stand there only
    once make up (Good and Turing's estimate of what a larger text would add), goes to made-up words by Zipf's law."""
    counts = Counter(token.word for section in _real_sections() for token in tokenize(section))
    real = [word for word, _ in counts.most_common()]
    running = counts.total()
    unseen = sum(count == 1 for count in counts.values()) / running
    made_up = _made_up(SIZE - len(real), set(real), random.Random(seed))
    known = np.array([counts[word] for word in real]) / running * (1 - unseen)
    zipf = 1 / np.arange(len(real) + 1, SIZE + 1)
    return Wordbook(real + made_up, np.concatenate([known, unseen * zipf / zipf.sum()]))


def _real_sections() -> list[str]:
    profiles = [rendering.profile for _, rendering in read_corpus(CORPUS)]
    return [section.text for profile in profiles if profile for section in profile.sections]


def _made_up(count: int, taken: set[str], chance: random.Random) -> list[str]:
    words: dict[str, None] = {}
    while len(words) < count:
        stem = make_name(chance, chance.choice((1, 2, 2, 3)))
        for ending in chance.sample(ENDINGS, chance.choice((1, 2, 3))):
            if stem + ending not in taken and len(stem + ending) > 3:
                words[stem + ending] = None
    listed = list(words)[:count]
    chance.shuffle(listed)
    return listed


def make_name(chance: random.Random, syllables: int) -> str:
    """A word that can be pronounced and is none."""
    return "".join(chance.choice(ONSETS) + chance.choice(VOWELS) for _ in range(syllables)) + chance.choice(CODAS)
