"""Marks the words of a query in the sanitised HTML of a section; only text is touched, never a tag."""

from collections.abc import Set as AbstractSet
from html import escape
from html.parser import HTMLParser

from indexer.text import tokenize


class _Marker(HTMLParser):
    def __init__(self, terms: AbstractSet[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.terms = terms
        self.out: list[str] = []
        self.count = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.out.append(self.get_starttag_text() or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self.out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        position = 0
        for token in tokenize(data):
            if token.term in self.terms:
                before, word = data[position : token.start], data[token.start : token.end]
                self.out.append(f"{escape(before)}<mark>{escape(word)}</mark>")
                position = token.end
                self.count += 1
        self.out.append(escape(data[position:]))


def mark_words(html: str, terms: AbstractSet[str]) -> tuple[str, int]:
    """The HTML with `<mark>` around every word whose stem is wanted, and how many there are."""
    if not terms:
        return html, 0
    marker = _Marker(terms)
    marker.feed(html)
    marker.close()
    return "".join(marker.out), marker.count
