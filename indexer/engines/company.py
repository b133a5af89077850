"""What every engine derives from a company's facts in the same way: its telling words, its facet values."""

from collections import Counter
from collections.abc import Iterable, Sequence

from indexer import text
from indexer.profiles.model import Facts
from indexer.query.request import UNKNOWN
from indexer.query.tree import Phrase, Query, Word

COMMON_NAME_SHARE = 0.05
"""A word in more names than this ("AI", "Data") does not tell companies apart."""
NAMING_SHARE = 1 / 3
"""A query names a company when at least this share of its words does; in a longer question the words decide."""


def telling_words(names: Sequence[str]) -> list[frozenset[str]]:
    """The stems of each name that tell it from the others; all of them where none does.

    Remarks in brackets do not belong to the name: "UHRS (Microsoft)" is named by "uhrs".
    """
    rows = [_terms(name.split("(")[0]) or _terms(name) for name in names]
    frequency = Counter(term for row in rows for term in row)
    common = max(1, COMMON_NAME_SHARE * len(names))
    return [frozenset(term for term in row if frequency[term] <= common) or row for row in rows]


def _terms(name: str) -> frozenset[str]:
    tokens = list(text.tokenize(name))
    meant = frozenset(token.term for token in tokens if not text.is_stop_word(token.word))
    return meant or frozenset(token.term for token in tokens)


def naming_terms(query: Query) -> set[str]:
    """The stems by which a query may name a company: as typed, completed or repaired; no synonyms, no `word*`."""
    terms: set[str] = set()
    for leaf in query.leaves():
        if isinstance(leaf, Phrase):
            terms.update(leaf.terms)
        elif isinstance(leaf, Word):
            terms.update(form.term for form in leaf.forms if form.origin != "synonym")
    return terms


def services_meant(chosen: Iterable[str], values: Iterable[str]) -> list[str]:
    """The service types that are a choice as it stands, or have every word of one: "annotation" chooses many."""
    wanted = [(choice, frozenset(text.words_of(choice))) for choice in chosen]
    return [
        value
        for value in values
        if any(value == choice or (words and words <= set(text.words_of(value))) for choice, words in wanted)
    ]


def facet_values(facts: Facts) -> dict[str, tuple[str, ...]]:
    """What a company counts under in each facet; "unknown" is a value."""
    return {
        "specialty": facts.specialties or (UNKNOWN,),
        "hiring": (facts.hiring_status,),
        "service": (facts.service_type or UNKNOWN,),
    }
