"""Every weight and cut-off of the ranking, each with its reason.

The figures behind the choices are repeated by `profile-search evaluate`; the order they give is kept by
`tests/test_ranking.py`.
"""

import math
from dataclasses import dataclass

NAME, HEADING, BODY = range(3)
"""The fields of a section: its company's name, its heading, its text."""


@dataclass(frozen=True, slots=True)
class FieldWeight:
    """BM25F: how much an occurrence in the field counts, and how much the field's length damps it (0 to 1)."""

    weight: float
    length_damping: float


FIELDS = {
    NAME: FieldWeight(2.0, 0.6),  # a title says what the whole text is about: worth 2 % on test collections
    HEADING: FieldWeight(1.5, 0.0),  # headings come from a template, so their length says nothing
    BODY: FieldWeight(1.0, 0.6),  # gentler than the usual .75: long sections here are long because they know more
}

SATURATION = 1.6
"""BM25's k1. Above the usual 1.2: a section that says "test" five times is more about tests than one with two."""

SPREAD = 0.3
"""What words found in other sections than the best one add: they count, but less than words standing together."""

TIER = 10_000.0
"""One tier outweighs any sum of word scores, so tiers order hits before scores do: 64 words that a single one of ten
million sections has would add up to some 3,500, intent included."""
NAME_TIERS = 8
"""The query names the company: whoever types "sama" wants Sama first."""
ALL_WORDS_TIERS = 4
"""All words of the query before some of them."""
ONE_SECTION_TIERS = 2
"""All words in one section before words spread over several: that section is the answer."""
EXACT_TIERS = 1
"""Words as typed before synonyms, completed and repaired words."""

SYNONYM_WEIGHT = 0.6
PREFIX_WEIGHT = 0.7
TYPO_WEIGHT = 0.95
"""What stands in for a word counts less than the word; it never counts as rarer than the word it stands for."""

INTENT_WEIGHT = 1.3
"""A section that the query's words ask for ("pay" asks for Compensation) is a third more welcome."""

SHORT_QUERY_WORDS = 4
"""Up to here every word is meant, and hits have all of them where any do; longer queries are questions."""
QUESTION_SHARE = 0.5
"""Where no profile has all words of a question, its hits have at least half of them."""

FEEDBACK_WORDS = 15
FEEDBACK_DOCUMENTS = 8
FEEDBACK_AGREEMENT = 3
FEEDBACK_WEIGHT = 0.3
"""Questions are answered twice: words that at least 3 of the best 8 sections share weigh .3 of the query in the
second round. Gains a tenth on long questions and, with this condition, loses on none of the collections tried."""

MAX_EXPANSIONS = 64
"""Words that one prefix or one misspelling may stand for."""
MAX_FORMS = 512
"""Words that all prefixes of one query may stand for: thirty of one letter took a second with 64 each."""
TYPO_ONE_EDIT_FROM = 5
TYPO_TWO_EDITS_FROM = 9
"""Shorter words have too many neighbours: one edit from 5 letters, two from 9."""

SECTIONS_SHOWN = 3
"""Sections shown inside one hit."""


def fingerprint() -> str:
    """What the impacts in an index depend on."""
    fields = "-".join(f"{field.weight}/{field.length_damping}" for field in FIELDS.values())
    return f"{fields}-{SATURATION}"


def relaxed_minimum(words: int, most: int) -> int:
    """How many of its words a hit must have when no company has them all and `most` is what one has at best."""
    if words <= SHORT_QUERY_WORDS:
        return most
    return max(1, min(most, math.ceil(QUESTION_SHARE * words)))
