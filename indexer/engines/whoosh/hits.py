"""From ranked companies to hits: facts, sections with text, and the places that matched."""

from collections.abc import Sequence

import numpy as np

from indexer.engines.base import CompanyHit, Part, Plan, SectionHit
from indexer.engines.whoosh.columns import Columns
from indexer.engines.whoosh.invert import Longs
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
        self._phrases = self._known_phrases()
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

    def _known_phrases(self) -> list[tuple[int, list[int]]]:
        """The phrases whose words the index has: (wanted word, term numbers)."""
        ids = self._columns.term_ids
        phrases = [(number, leaf.terms) for number, leaf in self._leaves() if isinstance(leaf, Phrase)]
        known = [(number, terms) for number, terms in phrases if terms and all(term in ids for term in terms)]
        return [(number, [ids[term] for term in terms]) for number, terms in known]

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
        base = int(scores.base[row])
        sums = scores.impacts[:, int(scores.first[row]) : int(scores.first[row + 1])].sum(axis=0)
        allowed = self._plan.filters.sections
        places = [
            place
            for place in np.argsort(-np.round(sums, 4), kind="stable").tolist()  # ties in the order of the profile
            if not allowed or self._kinds[self._store.kind[base + place]] in allowed
        ]
        start, marks = self._marks(base, base + len(sums))
        hits: list[SectionHit] = []
        for place in places:
            matches, heading = self._matches(base + place, marks, start)
            if matches or heading:
                hits.append(self._section(base + place, float(sums[place]), matches))
            if len(hits) == SECTIONS_SHOWN:
                break
        return tuple(hits) if hits else (self._section(base + min(places), 0.0, ()),)

    def _section(self, section: int, score: float, matches: tuple[Match, ...]) -> SectionHit:
        return SectionHit(
            id=self._kinds[self._store.kind[section]],
            heading=self._store.strings("headings")[section],
            score=round(score, 4),
            text=self._store.strings("texts")[section],
            matches=matches,
        )

    def _matches(self, section: int, marks: Ints, start: int) -> tuple[tuple[Match, ...], bool]:
        """The places in the text that matched, and whether the heading did; `marks` begin with the token `start`."""
        tokens = self._columns.tokens
        body = tokens.body(section)
        places = np.flatnonzero(marks[body.start - start : body.stop - start] >= 0) + body.start
        first, length = tokens.start[places].tolist(), tokens.length[places].tolist()
        words = marks[places - start].tolist()
        matches = tuple(Match(s, s + n, w) for s, n, w in zip(first, length, words, strict=True))
        heading = marks[body.start - start - int(tokens.heading_length[section]) : body.start - start]
        return matches, bool((heading >= 0).any())

    def _marks(self, first: int, last: int) -> tuple[int, Ints]:
        """The first token of these sections, and for each of their tokens the wanted word it belongs to, or NO_WORD."""
        tokens = self._columns.tokens
        start = int(tokens.first[first])
        word = tokens.word[start : int(tokens.first[last])]
        marks = self._words[word]
        if self._phrases:
            heading = tokens.first[first:last] + tokens.name_length[first:last]
            borders = np.sort(
                np.concatenate([tokens.first[first:last], heading, heading + tokens.heading_length[first:last]])
            )
            for number, phrase in self._phrases:
                places = _phrase_places(tokens.term_of[word], phrase, borders - start)
                for offset in range(len(phrase)):
                    marks[places + offset] = number
        return start, marks

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


def _phrase_places(terms: Ints, phrase: Sequence[int], borders: Longs) -> Longs:
    """Where the phrase begins among these terms; none reaches over one of the ascending borders between fields."""
    places = np.flatnonzero(terms[: max(0, len(terms) - len(phrase) + 1)] == phrase[0])
    for offset, term in enumerate(phrase[1:], 1):
        places = places[terms[places + offset] == term]
    ends = places + len(phrase) - 1
    inside: Longs = places[borders.searchsorted(places, "right") == borders.searchsorted(ends, "right")]
    return inside
