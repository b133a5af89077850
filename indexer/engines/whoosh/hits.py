"""From ranked companies to hits: facts, sections with text, and the places that matched."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from indexer.engines.base import CompanyHit, Part, Plan, SectionHit
from indexer.engines.whoosh.columns import Columns
from indexer.engines.whoosh.invert import Longs
from indexer.engines.whoosh.scores import TIERS, Scorer, Scores
from indexer.engines.whoosh.tokens import Ints
from indexer.profiles.model import Facts
from indexer.query.tree import Leaf, Or, Phrase
from indexer.ranking import SECTIONS_SHOWN, SPREAD, TIER
from indexer.snippets import Match

NO_WORD = -1


@dataclass(frozen=True, slots=True)
class Marked:
    """The marked words of some sections side by side: how many each has in its heading and in its text.

    `every` holds all of them in order; those of the text of section i end at `ends[i]`.
    """

    in_heading: list[int]
    in_text: list[int]
    ends: list[int]
    every: list[Match]

    def matches(self, place: int) -> tuple[Match, ...]:
        """The places in the text of one section."""
        return tuple(self.every[self.ends[place] - self.in_text[place] : self.ends[place]])


class HitReader:
    """Reads the hits of one plan; `facts_of` gives the facts of a company by its number."""

    def __init__(self, columns: Columns, plan: Plan, facts_of: Callable[[int], Facts]) -> None:
        self._columns = columns
        self._facts_of = facts_of
        self._store = columns.store
        self._plan = plan
        self._kinds = columns.kinds
        self._phrases = self._known_phrases()
        self._words = self._wanted_words()

    def read(self, companies: Ints, scorer: Scorer) -> tuple[CompanyHit, ...]:
        """The hits of these companies, in this order."""
        scores = scorer.score(np.sort(companies))
        totals, words = scores.totals().tolist(), scores.words.T
        rows = np.searchsorted(scores.company, companies).tolist()
        return tuple(self._hit(scores, row, totals[row], np.flatnonzero(words[row]).tolist()) for row in rows)

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

    def _hit(self, scores: Scores, row: int, total: float, words: Sequence[int]) -> CompanyHit:
        return CompanyHit(
            facts=self._facts_of(int(scores.company[row])),
            score=round(total, 4),
            sections=self._sections(scores, row),
            words=tuple(words),
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
        marked = self._marked(base, base + len(sums))
        shown = [place for place in places if marked.in_text[place] or marked.in_heading[place]][:SECTIONS_SHOWN]
        if not shown:
            return (self._section(base + min(places), 0.0, (), False),)
        return tuple(
            self._section(base + place, float(sums[place]), marked.matches(place), marked.in_heading[place] > 0)
            for place in shown
        )

    def _section(self, section: int, score: float, matches: tuple[Match, ...], in_heading: bool) -> SectionHit:
        return SectionHit(
            id=self._kinds[self._store.kind[section]],
            heading=self._store.strings("headings")[section],
            score=round(score, 4),
            text=self._store.strings("texts")[section],
            matches=matches,
            heading_matched=in_heading,
        )

    def _marked(self, first: int, last: int) -> Marked:
        """What is marked in these sections."""
        tokens = self._columns.tokens
        start, marks = self._marks(first, last)
        places = np.flatnonzero(marks != NO_WORD)
        bounds = tokens.first[first : last + 1] - start
        headings = bounds[:-1] + tokens.name_length[first:last]
        texts = headings + tokens.heading_length[first:last]
        heading, text, end = (places.searchsorted(each) for each in (headings, texts, bounds[1:]))
        begin = tokens.start[places + start]
        return Marked(
            in_heading=(text - heading).tolist(),
            in_text=(end - text).tolist(),
            ends=end.tolist(),
            every=list(
                map(Match, begin.tolist(), (begin + tokens.length[places + start]).tolist(), marks[places].tolist())
            ),
        )

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
