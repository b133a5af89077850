"""A plan to ranked companies: match, filter, count, score, take the best."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, reduce

import numpy as np

from indexer.engines.base import Plan
from indexer.engines.whoosh.candidates import Candidates, Matcher
from indexer.engines.whoosh.columns import Columns
from indexer.engines.whoosh.facets import Facets
from indexer.engines.whoosh.matches import Flags, is_in
from indexer.engines.whoosh.scores import Floats, Matrix, Scorer
from indexer.engines.whoosh.tokens import Ints
from indexer.ranking import ALL_WORDS_TIERS, EXACT_TIERS, NAME_TIERS, ONE_SECTION_TIERS, TIER

FIRST_ROUND = 96
GROWTH = 4
"""Companies scored exactly at first, those with the highest bounds, and by how much each further round is larger."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """`total` companies match; `company` are those of the page, best first."""

    total: int
    company: Ints
    facets: Mapping[str, Mapping[str, int]]
    partial: bool


class Evaluator:
    """One plan over the columns of one generation; `plan` is the part of it that was asked in time."""

    def __init__(self, columns: Columns, plan: Plan) -> None:
        self._columns = columns
        self._store = columns.store
        self._matcher = Matcher(columns, plan.query, _chosen_sections(columns, plan), plan.until)
        self.plan = replace(plan, query=self._matcher.query) if self._matcher.partial else plan

    def rank(self) -> Ranking:
        """The companies of the plan's page, with the exact total and the facets."""
        plan = self.plan
        candidates = self._matcher.candidates()
        facets = Facets(self._columns, plan.filters, plan.today)
        company = facets.keep(candidates.company)
        counts = self._facet_counts(facets, candidates) if plan.facets else {}
        depth = min(plan.offset + plan.limit, len(company))
        if plan.offset >= depth:
            page = company[:0]
        elif plan.sort == "relevance" and plan.query.wanted:
            page = self._best(company, depth)[plan.offset : depth]
        else:
            page = company[np.lexsort(self._fact_keys(company))[plan.offset : depth]]
        return Ranking(len(company), page, counts, self._matcher.partial)

    @cached_property
    def scorer(self) -> Scorer:
        """Scores by this plan's words and section weights."""
        weights = self.plan.weights
        weight = np.array([weights.get(kind, 1.0) for kind in self._columns.kinds], np.float32) if weights else None
        return Scorer(self._store, self._matcher.wanted, self._matcher.optional, weight, self._matcher.named)

    def _facet_counts(self, facets: Facets, candidates: Candidates) -> dict[str, dict[str, int]]:
        section = self._matcher.sections()
        section = section[facets.passing()[self._store.company_of[section]]]
        counts = np.bincount(self._store.kind[section], minlength=len(self._columns.kinds)).tolist()
        by_section = {kind: count for kind, count in zip(self._columns.kinds, counts, strict=True) if count}
        return {"section": by_section, **facets.counts(candidates.company)}

    def _best(self, company: Ints, depth: int) -> Ints:
        """The `depth` best of these companies, in order.

        A few are scored at once. Of many the tiers come first, for they are known beforehand: who is not in the tier
        of the last place or above needs no score. If many are left, they are scored in rounds, those with the highest
        bounds first, until the last place is above every bound left; bounds that are the scores need no round.
        """
        scorer = self.scorer
        if scorer.bounds_are_scores:
            return self._top(company, scorer.bounds(company), depth)
        if len(company) <= FIRST_ROUND:
            return self._top(company, scorer.score(company).totals(), depth)
        tiers = self._tiers(company)
        inside = tiers >= _largest(tiers, depth)
        company, tiers = company[inside], tiers[inside]
        size = max(FIRST_ROUND, 2 * depth)
        if len(company) > GROWTH * size:
            bounds = scorer.bounds(company) + tiers
            while size < len(company):
                threshold = _largest(bounds, size)
                inside = bounds >= threshold
                chosen = company[inside]
                totals = scorer.score(chosen).by_words() + tiers[inside]
                if _largest(totals, depth) >= threshold:
                    return self._top(chosen, totals, depth)
                size *= GROWTH
        return self._top(company, scorer.score(company).by_words() + tiers, depth)

    def _tiers(self, company: Ints) -> Floats:
        """What the tiers of these companies add to their scores."""
        wanted = self._matcher.wanted
        every = np.ones(len(company), bool)
        if self.plan.query.required < len(wanted) or len(self._matcher.named):
            for match in wanted:
                every &= match.locate(company)[1]
        tiers = (TIER * ALL_WORDS_TIERS) * every
        exact = [match.exact for match in wanted if match.exact is not None]
        tiers += (TIER * EXACT_TIERS) * reduce(np.logical_and, [flags[company] for flags in exact], every)
        if len(wanted) > 1:
            together = np.zeros(self._columns.companies, bool)
            together[self._store.company_of[self._matcher.complete_sections]] = True
            tiers += (TIER * ONE_SECTION_TIERS) * together[company]
        if len(self._matcher.named):
            tiers += (TIER * NAME_TIERS) * is_in(company, self._matcher.named)
        return tiers

    def _top(self, company: Ints, totals: Floats | Matrix, depth: int) -> Ints:
        """The `depth` best companies in order; among equals the newer verification, then the name."""
        if len(company) > GROWTH * depth:
            inside = totals >= _largest(totals, depth)
            company, totals = company[inside], totals[inside]
        order = np.lexsort((self._store.by_name[company], -self._store.verified[company], -totals))
        return company[order[:depth]]

    def _fact_keys(self, company: Ints) -> tuple[Ints, ...]:
        by_name, verified = self._store.by_name[company], self._store.verified[company]
        return (by_name, -verified) if self.plan.sort == "verified" else (by_name,)


def _largest(values: Floats | Matrix, place: int) -> float:
    """The largest value, or the second largest, ..., by `place` from 1."""
    return float(np.partition(values, -place)[-place])


def _chosen_sections(columns: Columns, plan: Plan) -> Flags | None:
    """For every section whether the plan chose it; None where it chose none."""
    chosen = plan.filters.sections
    if not chosen:
        return None
    kinds = np.array([kind in chosen for kind in columns.kinds], bool)
    return kinds[columns.store.kind] if len(kinds) else np.zeros(0, bool)
