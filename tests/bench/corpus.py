"""Generated profiles: as many as wanted, the same for the same seed, a smaller corpus the beginning of a larger one."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

import numpy as np

from indexer.profiles.model import (
    HIRING_STATUSES,
    SECTION_HEADINGS,
    SPECIALTIES,
    Facts,
    Profile,
    RenderedProfile,
    Section,
)
from indexer.profiles.render import render_profile
from indexer.profiles.writer import profile_markdown

from .wordbook import Wordbook, make_name

SEED = 20_260
MEAN_WORDS, SPREAD = 80, 0.45
"""Words of a section: log-normal, as wide as in the real profiles."""
REPEATED = 0.15
"""Share of words that stood in the same profile before: texts keep to their subject."""
WORDS_A_SENTENCE = (8, 22)
SENTENCES_A_PARAGRAPH = 3
LINKED = 0.4
"""Share of sentences with a link to a source."""
MISSING = 0.04
"""Share of the template's sections that nobody knows anything about."""
EXTRA_HEADINGS = ("Equipment", "Support", "Community")
MOST_SECTIONS = len(SECTION_HEADINGS) + 1
"""Sections of one profile."""
SERVICE_TYPES = (
    "Data annotation", "AI training data", "Managed workforce", "Crowdsourcing", "Expert network", "Microtasks",
    "Labeling software", "Content moderation", "Data collection", "Transcription", "Search evaluation", "Translation",
)  # fmt: skip
NAME_ENDINGS = ("AI", "Labs", "Data", "Works", "Tech", "Annotation", "Systems", "Collective")
NEWEST = date(2026, 4, 30)


@dataclass(frozen=True)
class GeneratedCorpus:
    """Profiles that have `sections` sections together."""

    wordbook: Wordbook
    sections: int
    seed: int = SEED

    def profiles(self) -> Iterator[Profile]:
        """The profiles as an editor would have written them."""
        left, number = self.sections, 0
        while left:
            profile = self._profile(number, left)
            yield profile
            left -= len(profile.sections)
            number += 1

    def rendered(self) -> Iterator[RenderedProfile]:
        """The profiles, ready to be indexed."""
        return map(render_profile, self.profiles())

    def write(self, folder: Path, most: int) -> int:
        """Write the first profiles, at most so many, as Markdown files; returns how many sections they have."""
        sections = 0
        for profile in islice(self.profiles(), most):
            sections += len(profile.sections)
            text = profile_markdown(profile.facts, profile.sections)
            (folder / f"{profile.facts.slug}.md").write_text(text, encoding="utf-8")
        return sections

    def _profile(self, number: int, most: int) -> Profile:
        chance = random.Random(f"{self.seed} {number}")
        facts = _facts(number, chance)
        headings = [heading for heading in SECTION_HEADINGS.values() if chance.random() >= MISSING]
        headings += [chance.choice(EXTRA_HEADINGS)] * (chance.random() < 0.4)
        headings = (headings or ["Overview"])[:most]
        lengths = [_length(chance) for _ in headings]
        words = iter(self._words(number, sum(lengths)))
        texts = [_text([next(words) for _ in range(length)], facts, chance) for length in lengths]
        ids = [heading.lower().replace(" ", "_") for heading in headings]
        sections = tuple(Section(id, heading, text, 0) for id, heading, text in zip(ids, headings, texts, strict=True))  # noqa: A001
        return Profile(facts, sections, f"{number:064x}")

    def _words(self, number: int, count: int) -> list[str]:
        chance = np.random.default_rng([self.seed, number])
        drawn = np.searchsorted(self.wordbook.cumulated, chance.random(count), side="right")
        before = (chance.random(count) * np.arange(count)).astype(np.int64)
        drawn = np.where(chance.random(count) < REPEATED, drawn[before], drawn)
        words = self.wordbook.words
        return [words[place] for place in drawn.tolist()]


def _length(chance: random.Random) -> int:
    return min(400, max(8, round(chance.lognormvariate(math.log(MEAN_WORDS) - SPREAD**2 / 2, SPREAD))))


def _facts(number: int, chance: random.Random) -> Facts:
    name = f"{make_name(chance, 2).title()} {chance.choice(NAME_ENDINGS)}"
    slug = f"{name.lower().replace(' ', '-')}-{number}"
    verified = NEWEST - timedelta(days=int(chance.expovariate(1 / 200)))
    return Facts(
        slug=slug,
        company=name,
        service_type=chance.choices(SERVICE_TYPES, range(len(SERVICE_TYPES), 0, -1))[0],
        specialties=tuple(sorted(chance.sample(SPECIALTIES, chance.choice((1, 2, 3, 4, 4, 5, 5, 6, 7))))),
        hiring_status=chance.choices(tuple(HIRING_STATUSES), (50, 15, 20, 5, 10))[0],
        founded=chance.randint(1996, 2025),
        website=f"https://{slug}.example",
        last_verified=verified.isoformat() if chance.random() < 0.9 else None,
    )


def _text(words: list[str], facts: Facts, chance: random.Random) -> str:
    """The words as paragraphs of sentences, in which the company is named now and then."""
    sentences = []
    start = 0
    while start < len(words):
        end = start + chance.randint(*WORDS_A_SENTENCE)
        sentences.append(_sentence(words[start:end], facts, chance))
        start = end
    places = range(0, len(sentences), SENTENCES_A_PARAGRAPH)
    return "\n\n".join(" ".join(sentences[place : place + SENTENCES_A_PARAGRAPH]) for place in places)


def _sentence(words: list[str], facts: Facts, chance: random.Random) -> str:
    if chance.random() < LINKED and len(words) > 5:
        words[2:5] = [f"[{' '.join(words[2:5])}]({facts.website}/{chance.randrange(1000)})"]
    first = facts.company if chance.random() < 0.3 else words[0].capitalize()
    return " ".join([first, *words[1:]]) + "."
