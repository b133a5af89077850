"""The columns of one generation, opened together."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np
from xxhash import xxh3_64_hexdigest

from indexer import text
from indexer.engines.whoosh import files
from indexer.engines.whoosh.invert import Postings, invert
from indexer.engines.whoosh.matches import Flags, Matches
from indexer.engines.whoosh.names import Names, build_names
from indexer.engines.whoosh.news import News
from indexer.engines.whoosh.store import Store
from indexer.engines.whoosh.tokens import Tokens
from indexer.query.tree import Leaf, Or

TABLES: tuple[type, ...] = (Tokens, Postings, Names, Store, News)


@dataclass(frozen=True, eq=False)
class Columns:
    """Forward index, postings, names, stored profiles and news; read-only, safe to share between threads."""

    tokens: Tokens
    postings: Postings
    names: Names
    store: Store
    news: News

    @staticmethod
    def layout() -> str:
        """A digest of the names of all columns: another one cannot be read."""
        names = [f"{table.__name__}.{column.name}" for table in TABLES for column in fields(table)]
        return xxh3_64_hexdigest(" ".join(names).encode())

    @classmethod
    def build(cls, tokens: Tokens, store: Store, names: Sequence[str], news: News) -> "Columns":
        """All columns of sections analysed as `tokens`; `names` are those of the companies, in order."""
        term_ids = {term: number for number, term in enumerate(tokens.terms)}
        return cls(tokens, invert(tokens, store.company_of), build_names(names, term_ids), store, news)

    @classmethod
    def load(cls, folder: Path) -> "Columns":
        """Map the columns in `folder`; raises IndexCorrupt."""
        return cls(
            tokens=files.load(folder, Tokens),
            postings=files.load(folder, Postings),
            names=files.load(folder, Names),
            store=files.load(folder, Store),
            news=files.load(folder, News),
        )

    def save(self, folder: Path) -> None:
        """Write the columns to `folder`, which must exist."""
        for table in (self.tokens, self.postings, self.names, self.store, self.news):
            files.save(folder, table)

    @cached_property
    def term_ids(self) -> dict[str, int]:
        """Stem to number: a dictionary answers in 50 ns where bisecting the mapped column takes 10 us."""
        return {term: number for number, term in enumerate(self.tokens.terms)}

    @cached_property
    def words(self) -> list[str]:
        """Surface forms, sorted."""
        return list(self.tokens.words)

    @cached_property
    def word_ids(self) -> dict[str, int]:
        """Surface form to number."""
        return {word: number for number, word in enumerate(self.words)}

    @cached_property
    def kinds(self) -> list[str]:
        """The ids of sections; `store.kind` counts in them."""
        return list(self.store.strings("kinds"))

    @cached_property
    def facet_values(self) -> dict[str, list[str]]:
        """The values of each listed facet; its column counts in them."""
        return {name: list(self.store.strings(f"{name}_values")) for name in ("specialty", "hiring", "service")}

    @cached_property
    def merged(self) -> dict[Leaf | Or, Matches]:
        """Matches of words with synonyms: put together when first asked for, then kept."""
        return {}

    @cached_property
    def slugs(self) -> dict[str, int]:
        """Slug to number of company."""
        return {slug: number for number, slug in enumerate(self.store.strings("slugs"))}

    @cached_property
    def _in_names(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for number in range(self.companies):
            for word in text.words_of(self.store.facts_of(number).company):
                found.setdefault(word, []).append(number)
        return found

    def having_in_name(self, word: str) -> frozenset[int]:
        """The companies whose name has this word."""
        return frozenset(self._in_names.get(word, ()))

    @property
    def companies(self) -> int:
        """How many companies there are."""
        return len(self.store.first) - 1

    def frequency(self, term: int) -> int:
        """In how many sections the term stands."""
        return int(self.postings.term_start[term + 1] - self.postings.term_start[term])

    def idf(self, term: str) -> float:
        """How rare the stem is, above zero."""
        return float(self.postings.idf[self.term_ids[term]])

    def forms(self, term: int) -> int:
        """How many surface forms the stem has."""
        return int(self.postings.form_base[term + 1] - self.postings.form_base[term])

    def wanted_forms(self, term: int, words: Sequence[str]) -> Flags:
        """For every surface form of the stem, by rank, whether it is one of these words."""
        wanted = np.zeros(self.forms(term), bool)
        for word in words:
            number = self.word_ids.get(word)
            if number is not None:
                wanted[int(self.postings.form_rank[number])] = True
        return wanted
