"""Which companies a query names."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from indexer.engines.company import telling_words
from indexer.engines.whoosh.tokens import Ints


@dataclass(frozen=True, slots=True)
class Names:
    """The telling words of the companies' names: term t names `company[start[t]:start[t + 1]]`.

    `length[c]` is how many telling words the name of company c has.
    """

    start: Ints
    company: Ints
    length: Ints

    def named(self, terms: Iterable[int], least: int) -> list[int]:
        """Companies (ascending) all of whose telling words, at least so many, are among `terms`."""
        has: Counter[int] = Counter()
        for term in set(terms):
            start, end = self.start[term : term + 2].tolist()
            if start < end:
                has.update(self.company[start:end].tolist())
        return sorted(company for company, count in has.items() if count >= least and count == self.length[company])


def build_names(names: Sequence[str], term_ids: Mapping[str, int]) -> Names:
    """The telling words of names, in order of company; `term_ids` knows every stem of them."""
    rows = telling_words(names)
    pairs = sorted((term_ids[term], company) for company, row in enumerate(rows) for term in row)
    return Names(
        start=np.searchsorted([term for term, _ in pairs], np.arange(len(term_ids) + 1)).astype(np.int32),
        company=np.array([company for _, company in pairs], np.int32),
        length=np.array([len(row) for row in rows], np.int32),
    )
