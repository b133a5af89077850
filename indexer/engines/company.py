"""What every engine derives from a company's facts in the same way: its telling words, its facet values."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import or_

from indexer import text
from indexer.profiles.model import Facts
from indexer.query.request import UNKNOWN
from indexer.query.tree import Leaf, Phrase, Query, Word
from indexer.ranking import SECTIONS_SHOWN, SHORT_QUERY_WORDS

COMMON_NAME_SHARE = 0.05
"""A word in more names than this ("AI", "Data") does not tell companies apart."""
NAMING_SHARE = 1 / 3
"""A question names a company when at least this share of its words does; else the words decide.

Where names are titles of texts, a smaller share would name whatever has a title of one word.
"""


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
    """The stems by which a query may name a company: as typed, completed or repaired, also a synonym of several words.

    No synonyms of one word ("pay" names nobody called Wage), no `word*`, and no two words of the index in one.
    """
    return {term for leaf in query.leaves() for term in _naming_terms(leaf)}


def naming_words(query: Query) -> int:
    """How many telling words a name must have so that the query names its company."""
    words = len(set(map(str, query.wanted)))
    return 1 if words <= SHORT_QUERY_WORDS else math.ceil(NAMING_SHARE * words)


def _naming_terms(leaf: Leaf) -> Iterable[str]:
    if isinstance(leaf, Phrase):
        return leaf.terms
    if isinstance(leaf, Word):
        return [form.term for form in leaf.forms if form.origin not in ("synonym", "joined")]
    return ()


def sections_to_show(best_first: Sequence[int], words: Mapping[int, int] | Sequence[int]) -> list[int]:
    """At most SECTIONS_SHOWN of a company's matching sections, in order: the best, then what shows words not shown yet.

    `words` has for each section a bit for each wanted word that it has.
    """
    shown, left = set(best_first[:1]), list(best_first[1:])
    while left and len(shown) < SECTIONS_SHOWN:
        seen = reduce(or_, (words[place] for place in shown))
        place = max(left, key=lambda place: (words[place] & ~seen).bit_count())
        left.remove(place)
        shown.add(place)
    return [place for place in best_first if place in shown]


def facet_values(facts: Facts) -> dict[str, tuple[str, ...]]:
    """What a company counts under in each facet; "unknown" is a value."""
    return {
        "specialty": facts.specialties or (UNKNOWN,),
        "hiring": (facts.hiring_status,),
        "service": (facts.service_type or UNKNOWN,),
    }
