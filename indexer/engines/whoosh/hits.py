"""From ranked companies to hits: facts, sections with text, and the places that matched."""

from collections.abc import Sequence

import numpy as np

from indexer.engines.base import CompanyHit, Part, Plan, SectionHit
from indexer.engines.whoosh.columns import Columns
from indexer.engines.whoosh.scores import TIERS, Scorer, Scores
from indexer.engines.whoosh.tokens import Ints
from indexer.query.tree import Leaf, Or, Phrase
from indexer.ranking import SECTIONS_SHOWN, SPREAD, TIER
from indexer.snippets import Match

NO_WORD = -1


class HitReader:
    """Reads the hits of one plan."""

    def __init__(self, columns: Columns, plan: Plan) -> None:
        self._columns = columns
        self._store = columns.store
        self._plan = plan
        self._kinds = columns.kinds
        self._phrases = [(n, leaf) for n, leaf in self._leaves() if isinstance(leaf, Phrase)]
        self._words = self._wanted_words()

    def read(self, companies: Ints, scorer: Scorer) -> tuple[CompanyHit, ...]:
        """The hits of these companies, in this order."""
        scores = scorer.score(np.sort(companies))
        totals = scores.totals().tolist()
        rows = np.searchsorted(scores.company, companies).tolist()
        return tuple(self._hit(scores, row, totals[row]) for row in rows)

    def _leaves(self) -> list[tuple[int, Leaf]]:
        return [
            (number, leaf)
            for number, node in enumerate(self._plan.query.wanted)
            for leaf in (node.children if isinstance(node, Or) else (node,))
        ]

    def _wanted_words(self) -> Ints:
        """For every surface form of the index the wanted word that it belongs to, or NO_WORD."""
        columns = self._columns
        belongs = np.full(len(columns.words), NO_WORD, np.int32)
        for number, leaf in reversed(self._leaves()):
            if isinstance(leaf, Phrase):
                continue
            for form in leaf.forms:
                term = columns.term_ids.get(form.term)
                if term is not None:
                    belongs[self._form_words(term, form.words)] = number
        return belongs

    def _form_words(self, term: int, words: Sequence[str]) -> Ints:
        base, end = (int(bound) for bound in self._columns.postings.form_base[term : term + 2])
        members = self._columns.postings.form_word[base:end]
        return members[self._columns.wanted_forms(term, words)] if words else members

    def _hit(self, scores: Scores, row: int, total: float) -> CompanyHit:
        company = int(scores.company[row])
        return CompanyHit(
            facts=self._store.facts_of(company),
            score=round(total, 4),
            sections=self._sections(scores, row),
            words=tuple(np.flatnonzero(scores.words[:, row]).tolist()),
            name_matched=scores.named is not None and bool(scores.named[row]),
            parts=self._parts(scores, row) if self._plan.explain else (),
        )

    def _sections(self, scores: Scores, row: int) -> tuple[SectionHit, ...]:
        """The best sections whose text or heading matches; the first section when only the name does."""
        span = slice(int(scores.first[row]), int(scores.first[row + 1]))
        sums = scores.impacts[:, span].sum(axis=0)
        best = np.argsort(-np.round(sums, 4), kind="stable")  # ties in the order of the profile
        allowed = self._plan.filters.sections
        hits: list[SectionHit] = []
        for place in best.tolist():
            section = int(scores.base[row]) + place
            if allowed and self._kinds[self._store.kind[section]] not in allowed:
                continue
            matches, heading = self._matches(section)
            if matches or heading:
                hits.append(self._section(section, float(sums[place]), matches))
            if len(hits) == SECTIONS_SHOWN:
                return tuple(hits)
        if hits:
            return tuple(hits)
        sections = range(int(scores.base[row]), int(scores.base[row]) + len(sums))
        shown = [s for s in sections if not allowed or self._kinds[self._store.kind[s]] in allowed]
        return (self._section(shown[0], 0.0, ()),)

    def _section(self, section: int, score: float, matches: tuple[Match, ...]) -> SectionHit:
        return SectionHit(
            id=self._kinds[self._store.kind[section]],
            heading=self._store.strings("headings")[section],
            score=round(score, 4),
            text=self._store.strings("texts")[section],
            matches=matches,
        )

    def _matches(self, section: int) -> tuple[tuple[Match, ...], bool]:
        """The places in the text that matched, and whether the heading did."""
        tokens = self._columns.tokens
        body = tokens.body(section)
        belongs = self._marks(tokens.word[body])
        places = np.flatnonzero(belongs >= 0)
        start, length = tokens.start[body][places].tolist(), tokens.length[body][places].tolist()
        matches = tuple(Match(s, s + n, w) for s, n, w in zip(start, length, belongs[places].tolist(), strict=True))
        heading = self._marks(tokens.word[body.start - int(tokens.heading_length[section]) : body.start])
        return matches, bool((heading >= 0).any())

    def _marks(self, word: Ints) -> Ints:
        """For consecutive surface forms the wanted word that each belongs to, or NO_WORD."""
        belongs = self._words[word]
        for number, phrase in self._phrases:
            belongs = self._mark_phrase(belongs, word, number, phrase)
        return belongs

    def _mark_phrase(self, belongs: Ints, word: Ints, number: int, phrase: Phrase) -> Ints:
        """Mark the words of every occurrence of the phrase."""
        ids = [self._columns.term_ids.get(term, NO_WORD) for term in phrase.terms]
        terms = self._columns.tokens.term_of[word]
        count = len(terms) - len(ids) + 1
        if count <= 0:
            return belongs
        here = np.logical_and.reduce([terms[place : place + count] == term for place, term in enumerate(ids)])
        belongs = belongs.copy()
        for start in np.flatnonzero(here).tolist():
            belongs[start : start + len(ids)] = number
        return belongs

    def _parts(self, scores: Scores, row: int) -> tuple[Part, ...]:
        """The addends of a score: each word in the best section, what other sections add, the tiers."""
        span = slice(int(scores.first[row]), int(scores.first[row + 1]))
        impacts = scores.impacts[:, span]
        best = int(impacts.sum(axis=0).argmax())
        kind = self._kinds[self._store.kind[int(scores.base[row]) + best]]
        names = [str(node) for node in (*self._plan.query.wanted, *self._plan.query.optional)]
        rows = impacts[:, best].tolist()
        parts = [Part(f"{name} in {kind}", value) for name, value in zip(names, rows, strict=True) if value]
        elsewhere = float(impacts.max(axis=1, initial=0).sum()) - sum(rows)
        parts.append(Part("in other sections", SPREAD * elsewhere))
        parts += [Part(rule, TIER * TIERS[rule]) for rule, holds in scores.tiers().items() if holds[row]]
        return tuple(part for part in parts if round(part.value, 4))
