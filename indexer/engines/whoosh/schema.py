"""The Whoosh schema of sections, and our analysis as Whoosh asks for it.

Queries are answered from the columns; Whoosh keeps the durable inverted index, which any Whoosh program can read.
"""

from collections.abc import Iterator
from typing import Any

from indexer import text
from indexer.engines.whoosh.library import ID, TEXT, Schema, Token, Tokenizer


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
