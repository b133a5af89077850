"""Marks the matches of a section's text in its sanitised HTML; only text is touched, never a tag."""

import re
from collections.abc import Iterator, Sequence
from html import escape
from html.parser import HTMLParser

from indexer.snippets import Match

_RUN = re.compile(r"\S+")


class _Marker(HTMLParser):
    """Follows the text through the HTML: all of it is there in order, between tags, but for the spaces.

    What only the HTML has, such as the number of a footnote, is passed over.
    """

    def __init__(self, text: str, matches: Sequence[Match]) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self._text = text
        self._matches = matches
        self._at = 0
        self._next = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.out.append(self.get_starttag_text() or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self.out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        position = 0
        for start, end, rest in self._marked(data):
            tag = '<mark class="rest">' if rest else "<mark>"
            self.out.append(f"{escape(data[position:start])}{tag}{escape(data[start:end])}</mark>")
            position = end
        self.out.append(escape(data[position:]))

    def _marked(self, data: str) -> Iterator[tuple[int, int, bool]]:
        """Where the matches stand in a piece of the HTML's text, and whether each began before it."""
        for run in _RUN.finditer(data):
            self._pass_spaces()
            if self._text.startswith(run.group(), self._at):
                yield from self._within(run.start(), len(run.group()))
                continue
            for place in range(*run.span()):
                self._pass_spaces()
                if self._text.startswith(data[place], self._at):
                    yield from self._within(place, 1)

    def _pass_spaces(self) -> None:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1

    def _within(self, start: int, length: int) -> Iterator[tuple[int, int, bool]]:
        """The parts of matches in the next so many characters of the text, which begin at `start` in the HTML's."""
        end, shift = self._at + length, start - self._at
        while self._next < len(self._matches) and self._matches[self._next].start < end:
            match = self._matches[self._next]
            if match.end > self._at:
                yield max(match.start, self._at) + shift, min(match.end, end) + shift, match.start < self._at
            if match.end > end:  # the rest of it stands behind a tag
                break
            self._next += 1
        self._at = end


def mark_matches(html: str, text: str, matches: Sequence[Match]) -> str:
    """The HTML with `<mark>` around these places of its text, in order.

    Where a tag parts a match, each part is marked, all but the first with the class "rest".
    """
    if not matches:
        return html
    marker = _Marker(text, matches)
    marker.feed(html)
    marker.close()
    return "".join(marker.out)
