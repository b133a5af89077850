"""What must be known of a whole corpus before one of its companies can be indexed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from indexer import text
from indexer.engines.company import facet_values, telling_words
from indexer.engines.opensearch.stored import Company
from indexer.ranking import FIELDS

LISTED = ("specialty", "hiring", "service")
"""Facets with values of the profiles' own."""


@dataclass(slots=True)
class Statistics:
    """Counts over all companies taken in; small beside the corpus, as it holds words and names and no text."""

    profiles: int = 0
    sections: int = 0
    lengths: list[int] = field(default_factory=lambda: [0] * len(FIELDS))
    words: Counter[str] = field(default_factory=Counter)
    frequency: Counter[str] = field(default_factory=Counter)
    names: dict[str, str] = field(default_factory=dict)
    listed: dict[str, set[str]] = field(default_factory=lambda: {name: set() for name in LISTED})
    headings: dict[str, tuple[str, int, str]] = field(default_factory=dict)

    def take_in(self, company: Company) -> None:
        """Count a company."""
        self.profiles += 1
        self.sections += len(company.passages)
        self.names[company.facts.slug] = company.facts.company
        for name, values in facet_values(company.facts).items():
            self.listed[name].update(values)
        for place, passage in enumerate(company.passages):
            words = Counter(word for field in passage.fields for word in field)
            self.words.update(words)
            self.frequency.update({text.term_of(word) for word in words})
            self.lengths = [whole + length for whole, length in zip(self.lengths, passage.lengths, strict=True)]
            met = (company.facts.slug, place, passage.heading)
            self.headings[passage.id] = min(met, self.headings.get(passage.id, met))

    def averages(self) -> list[float]:
        """The mean length of each field; 1 for a field that is always empty."""
        return [length / self.sections if length else 1.0 for length in self.lengths]

    def values(self) -> dict[str, dict[str, str]]:
        """For each facet its values with their labels; sections in the order in which they are met."""
        kinds = sorted(self.headings, key=self.headings.__getitem__)
        labels = {kind: self.headings[kind][2] for kind in kinds}
        return {"section": labels, **{name: {v: v for v in sorted(values)} for name, values in self.listed.items()}}

    def identities(self) -> "Identities":
        """What tells the companies apart."""
        slugs = list(self.names)
        telling = telling_words([self.names[slug] for slug in slugs])
        ranked = sorted(slugs, key=lambda slug: (self.names[slug].casefold(), slug))
        return Identities(dict(zip(slugs, telling, strict=True)), {slug: rank for rank, slug in enumerate(ranked)})


@dataclass(frozen=True, slots=True)
class Identities:
    """By slug: the stems that name the company, and its place in the order of names."""

    telling: Mapping[str, frozenset[str]]
    rank: Mapping[str, int]

    def terms(self) -> Sequence[str]:
        """Every stem that names a company."""
        return sorted({term for terms in self.telling.values() for term in terms})
