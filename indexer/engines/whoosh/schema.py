"""The Whoosh schema of sections, and our analysis as Whoosh asks for it.

The only module that imports Whoosh on the way to a search is none: queries are answered from the columns. Whoosh
keeps the durable inverted index, which any Whoosh program can read.
"""

import warnings
from collections.abc import Iterator
from typing import Any

from indexer import text

with warnings.catch_warnings():  # Whoosh 2.7.4 was written before Python 3.12 minded its escapes
    warnings.simplefilter("ignore", SyntaxWarning)
    warnings.simplefilter("ignore", DeprecationWarning)
    from whoosh.analysis import Token, Tokenizer
    from whoosh.fields import ID, TEXT, Schema


class ProfileTokenizer(Tokenizer):  # type: ignore[misc]
    """Gives Whoosh the terms of `indexer.text`, stop words included, with positions and characters."""

    def __call__(self, value: str, **wanted: Any) -> Iterator[Token]:
        token = Token(positions=True, chars=True, mode=wanted.get("mode", ""))
        token.boost, token.stopped = 1.0, False
        start_pos, start_char = wanted.get("start_pos", 0), wanted.get("start_char", 0)
        for position, found in enumerate(text.tokenize(value), start_pos):
            token.text = token.original = found.term
            token.pos = position
            token.startchar, token.endchar = start_char + found.start, start_char + found.end
            yield token


def section_schema() -> Schema:
    """One document a section; `key` is `slug#section`."""
    return Schema(
        key=ID(stored=True, unique=True),
        slug=ID(stored=True),
        section=ID(stored=True),
        company=TEXT(analyzer=ProfileTokenizer()),
        heading=TEXT(analyzer=ProfileTokenizer()),
        body=TEXT(analyzer=ProfileTokenizer()),
    )
