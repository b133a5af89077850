"""Which companies a query names."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from indexer import text
from indexer.engines.whoosh.tokens import Ints

COMMON_NAME_SHARE = 0.05
"""A word in more names than this ("AI", "Data") does not tell companies apart."""
NAMING_SHARE = 1 / 3
"""A query names a company when at least this share of its words does; in a longer question the words decide."""


@dataclass(frozen=True, slots=True)
class Names:
    """The telling words of the companies' names: term t names `company[start[t]:start[t + 1]]`.

    `length[c]` is how many telling words the name of company c has.
    """

    start: Ints
    company: Ints
    length: Ints

    def named(self, terms: Iterable[int], words: int) -> list[int]:
        """Companies (ascending) all of whose telling words are among `terms`, those of a query of so many words."""
        has: Counter[int] = Counter()
        for term in set(terms):
            start, end = self.start[term : term + 2].tolist()
            if start < end:
                has.update(self.company[start:end].tolist())
        enough = NAMING_SHARE * words
        return sorted(company for company, count in has.items() if count >= enough and count == self.length[company])


def build_names(names: Sequence[str], term_ids: Mapping[str, int]) -> Names:
    """The telling words of names, in order of company; `term_ids` knows every stem of them."""
    rows = _telling_words(names)
    pairs = sorted((term_ids[term], company) for company, row in enumerate(rows) for term in row)
    return Names(
        start=np.searchsorted([term for term, _ in pairs], np.arange(len(term_ids) + 1)).astype(np.int32),
        company=np.array([company for _, company in pairs], np.int32),
        length=np.array([len(row) for row in rows], np.int32),
    )


def _telling_words(names: Sequence[str]) -> list[frozenset[str]]:
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
