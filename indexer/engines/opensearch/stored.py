"""A company as it is stored: facts, texts, and the words that the analysis found in them."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from indexer import text
from indexer.profiles.model import Facts, RenderedProfile, RenderedSection
from indexer.ranking import BODY, FIELDS, HEADING, NAME

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """One section: `fields` are the words of the company's name, of the heading and of the text.

    `lengths` are the numbers of words in them that are no stop words.
    """

    id: str
    heading: str
    html: str
    text: str
    fields: tuple[Words, Words, Words]
    lengths: tuple[int, int, int]

    def stems(self) -> list[Words]:
        """The stems of the words, field by field."""
        return [tuple(map(text.term_of, words)) for words in self.fields]

    def norms(self, averages: Sequence[float]) -> list[float]:
        """What one occurrence in each field adds to a word's frequency: its weight, damped by the field's length."""
        return [
            FIELDS[field].weight / (1 - damping + damping * length / average)
            for field, length, average in zip((NAME, HEADING, BODY), self.lengths, averages, strict=True)
            for damping in (FIELDS[field].length_damping,)
        ]

    def frequencies(self, averages: Sequence[float]) -> dict[str, float]:
        """BM25F's frequency of each stem: occurrences weighed by field, damped by the field's length."""
        weighed: dict[str, float] = {}
        for stems, norm in zip(self.stems(), self.norms(averages), strict=True):
            for term, count in Counter(stems).items():
                weighed[term] = weighed.get(term, 0.0) + count * norm
        return weighed


@dataclass(frozen=True, slots=True)
class Company:
    """One company with its sections in order."""

    facts: Facts
    digest: str
    passages: tuple[Passage, ...]

    def profile(self) -> RenderedProfile:
        """The profile that it was made of."""
        sections = tuple(RenderedSection(p.id, p.heading, p.html, p.text) for p in self.passages)
        return RenderedProfile(self.facts, sections, self.digest)

    def dump(self) -> dict[str, Any]:
        """As plain data."""
        sections = [
            {
                "id": part.id,
                "heading": part.heading,
                "html": part.html,
                "text": part.text,
                "words": [" ".join(part.fields[HEADING]), " ".join(part.fields[BODY])],
                "lengths": part.lengths,
            }
            for part in self.passages
        ]
        name = " ".join(self.passages[0].fields[NAME])
        return {"facts": asdict(self.facts), "digest": self.digest, "name": name, "sections": sections}


def analyse(profile: RenderedProfile) -> Company:
    """A profile with its words."""
    name = _words(profile.facts.company)
    passages = []
    for part in profile.sections:
        fields = name, _words(part.heading), _words(part.text)
        counts = [len(words) - sum(map(text.is_stop_word, words)) for words in fields]
        passages.append(Passage(part.id, part.heading, part.html, part.text, fields, (counts[0], counts[1], counts[2])))
    return Company(profile.facts, profile.digest, tuple(passages))


def load(data: Mapping[str, Any]) -> Company:
    """A company from plain data; `html` may have been left out."""
    name = tuple(data["name"].split())
    passages = []
    for part in data["sections"]:
        heading, body = (tuple(words.split()) for words in part["words"])
        passages.append(
            Passage(
                part["id"],
                part["heading"],
                part.get("html", ""),
                part["text"],
                (name, heading, body),
                tuple(part["lengths"]),
            )
        )
    return Company(load_facts(data["facts"]), data["digest"], tuple(passages))


def load_facts(data: Mapping[str, Any]) -> Facts:
    """Quick facts from plain data."""
    return Facts(**{**data, "specialties": tuple(data["specialties"])})


def facts_of(pages: Iterable[Mapping[str, Any]]) -> tuple[Facts, ...]:
    """The quick facts on all pages, by slug."""
    return tuple(sorted((load_facts(data) for page in pages for data in page["facts"]), key=lambda facts: facts.slug))


def _words(content: str) -> Words:
    found = (text.word_of(match.group()) for match in text.TOKEN.finditer(content))
    return tuple(word for word in found if word)


def json_line(company: Company) -> bytes:
    """A company as one line."""
    return json.dumps(company.dump(), ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
