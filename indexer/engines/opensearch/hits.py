"""From the cluster's hits to ours: exact scores, the sections to show, the places that matched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress
from typing import Any

from indexer.engines.base import CompanyHit, Part, Plan, SectionHit
from indexer.engines.company import naming_terms, naming_words, sections_to_show
from indexer.engines.opensearch.lexicon import WordList
from indexer.engines.opensearch.marks import Marker
from indexer.engines.opensearch.scoring import (
    TIERS,
    CompanyScore,
    Node,
    SectionScorer,
    Weighing,
    exact_part,
)
from indexer.engines.opensearch.stored import Company, Passage, load
from indexer.ranking import TIER
from indexer.snippets import Match


@dataclass(frozen=True)
class HitReader:
    """Reads the hits of one plan."""

    plan: Plan
    words: WordList
    averages: Sequence[float]

    def read(self, answer: Mapping[str, Any]) -> CompanyHit:
        """One hit of the cluster's answer."""
        company = load(answer["_source"]["stored"])
        score = self._score(company, answer["_source"]["telling"])
        return CompanyHit(
            facts=company.facts,
            score=round(score.total, 4),
            sections=self._sections(company, score),
            words=score.words,
            name_matched=score.named,
            parts=self._parts(company, score) if self.plan.explain else (),
        )

    @cached_property
    def _marker(self) -> Marker:
        return Marker(self.plan.query)

    @cached_property
    def _weighing(self) -> Weighing:
        return Weighing(self.words)

    @cached_property
    def _nodes(self) -> list[Node]:
        return [*self.plan.query.wanted, *self.plan.query.optional]

    @cached_property
    def _exact(self) -> list[Node]:
        parts = (exact_part(node, self.words) for node in self.plan.query.wanted)
        return [part for part in parts if part is not None]

    @cached_property
    def _named(self) -> set[str]:
        return naming_terms(self.plan.query)

    def _is_allowed(self, passage: Passage) -> bool:
        return not self.plan.filters.sections or passage.id in self.plan.filters.sections

    def _score(self, company: Company, telling: Sequence[str]) -> CompanyScore:
        scorers = [SectionScorer(passage, self._weighing, self.averages) for passage in company.passages]
        factors = [self.plan.weights.get(p.id, 1.0) if self._is_allowed(p) else 0.0 for p in company.passages]
        named = len(telling) >= naming_words(self.plan.query) and self._named.issuperset(telling)
        return CompanyScore(
            impacts=[
                [
                    scorer.impact(node) * factor if factor else 0.0
                    for scorer, factor in zip(scorers, factors, strict=True)
                ]
                for node in self._nodes
            ],
            wanted=len(self.plan.query.wanted),
            named=named,
            exact=all(any(scorer.impact(part) for scorer in compress(scorers, factors)) for part in self._exact),
        )

    def _sections(self, company: Company, score: CompanyScore) -> tuple[SectionHit, ...]:
        """The best sections whose text or heading has the words; the first section when only the name has them."""
        sums = score.sums or [0.0] * len(company.passages)
        best = sorted(range(len(sums)), key=lambda place: -round(sums[place], 4))
        allowed = [place for place in best if self._is_allowed(company.passages[place])]
        matching = [place for place in allowed if self._marker.shows(company.passages[place])]
        shown = sections_to_show(matching, score.section_words)
        if not shown:
            return (_section(company.passages[min(allowed)], 0.0, (), False),)
        return tuple(self._shown(company.passages[place], sums[place]) for place in shown)

    def _shown(self, passage: Passage, score: float) -> SectionHit:
        return _section(passage, score, self._marker.matches(passage), self._marker.in_heading(passage))

    def _parts(self, company: Company, score: CompanyScore) -> tuple[Part, ...]:
        """The addends of a score: each word in the best section, what other sections add, the tiers."""
        kind = company.passages[score.best].id
        parts = [
            Part(f"{node} in {kind}", row[score.best]) for node, row in zip(self._nodes, score.impacts, strict=True)
        ]
        parts.append(Part("in other sections", score.elsewhere))
        parts += [Part(rule, TIER * TIERS[rule]) for rule in score.rules]
        return tuple(part for part in parts if round(part.value, 4))


def _section(passage: Passage, score: float, matches: tuple[Match, ...], in_heading: bool) -> SectionHit:
    return SectionHit(passage.id, passage.heading, round(score, 4), passage.text, matches, in_heading)
