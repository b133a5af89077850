"""Excerpts with highlights, as data. Pure.

An excerpt is made of whole sentences where they fit: those that hold most of the query's words first, and of these
those that hold them nearest together, until the room is used, in the order of the text. A sentence that is too long is
cut at word bounds around its matches.
"""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from indexer.text import sentences

MAX_SNIPPET_CHARACTERS = 285
"""Two lines on a desktop, five on a phone: what a reader takes in before deciding."""
CONTEXT_CHARACTERS = 40
"""How much of a cut sentence is shown before its first match."""
GAP = " \u2026 "
"""Stands for what is left out."""

_SPACE = re.compile(r"\s+")


class Match(NamedTuple):
    """A place in a text that matched: character offsets, and which wanted word of the query it belongs to."""

    start: int
    end: int
    word: int


class Piece(NamedTuple):
    """A stretch of text, and whether it matched the query."""

    text: str
    match: bool


@dataclass(slots=True)
class _Span:
    """A stretch of the text with the matches in it."""

    start: int
    end: int
    matches: tuple[Match, ...]

    def words(self) -> set[int]:
        return {match.word for match in self.matches}

    def __len__(self) -> int:
        return self.end - self.start


def excerpt(text: str, matches: Sequence[Match], limit: int = MAX_SNIPPET_CHARACTERS) -> tuple[Piece, ...]:
    """The best passage of `text` in at most `limit` characters; never empty when `text` has a visible character.

    `matches` are in order and do not overlap.
    """
    chosen = _choose(text, matches, limit - len(GAP.lstrip()) - len(GAP.rstrip()))
    return tuple(_pieces(text, chosen))


def lead(text: str, limit: int = MAX_SNIPPET_CHARACTERS) -> str:
    """The first sentences of a text that fit, at least the beginning of one."""
    return "".join(piece.text for piece in excerpt(text, (), limit))


def _matched(bounds: Sequence[tuple[int, int]], matches: Sequence[Match]) -> dict[int, _Span]:
    """The sentences that hold matches, by their place in the text."""
    held: dict[int, list[Match]] = {}
    for match in matches:
        place = bisect_right(bounds, (match.start, inf)) - 1
        if place >= 0 and match.end <= bounds[place][1]:
            held.setdefault(place, []).append(match)
    return {place: _Span(*bounds[place], tuple(inside)) for place, inside in held.items()}


def _choose(text: str, matches: Sequence[Match], limit: int) -> list[_Span]:
    """Sentences that together show most of the query's words, in order; then what follows them, while it fits."""
    bounds = sentences(text)
    if not bounds:
        return []
    found = _matched(bounds, matches) or {0: _Span(*bounds[0], ())}
    spans = {place: span if len(span) <= limit else _cut(text, span, limit) for place, span in found.items()}
    lacking = {place: span.words() for place, span in spans.items()}
    chosen: dict[int, _Span] = {}
    room = limit
    while not chosen or any(lacking.values()):
        gains = [
            (len(words), -_stretch(spans[place], words), len(spans[place].matches), -place)
            for place, words in lacking.items()
            if len(spans[place]) <= room
        ]
        gain, _, _, place = max(gains, default=(0, 0, 0, 0))
        if chosen and not gain:
            break
        span = chosen[-place] = spans[-place]
        for words in lacking.values():
            words -= span.words()
        room -= len(span) + len(GAP)
    _continue(bounds, spans, chosen, room)
    return [chosen[place] for place in sorted(chosen)]


def _stretch(span: _Span, words: Collection[int]) -> int:
    """Characters of the shortest part of a span that holds all these words of it."""
    if len(words) < 2:
        return 0
    last: dict[int, int] = {}
    shortest = len(span)
    for match in span.matches:
        if match.word in words:
            last[match.word] = match.start
            if len(last) == len(words):
                shortest = min(shortest, match.end - min(last.values()))
    return shortest


def _continue(
    bounds: Sequence[tuple[int, int]], spans: Mapping[int, _Span], chosen: dict[int, _Span], room: int
) -> None:
    """Add the sentences that follow the last chosen one, if it is whole, while they fit."""
    place = max(chosen)
    if (chosen[place].start, chosen[place].end) != bounds[place]:
        return
    for following, (start, end) in enumerate(bounds[place + 1 :], place + 1):
        if end - start > room:
            break
        chosen[following] = spans.get(following) or _Span(start, end, ())
        room -= end - start + 1


def _cut(text: str, span: _Span, room: int) -> _Span:
    """The part of a long sentence that shows most of its words, cut at word bounds."""
    starts = [match.start for match in span.matches] or [span.start]
    best = max(starts, key=lambda start: (len(_within(span, start, start + room)), -start))
    start = _word_start(text, span, best, min(CONTEXT_CHARACTERS, room // 4))
    end = min(span.end, start + room)
    if end < span.end:
        space = max((found.start() for found in _SPACE.finditer(text, start, end)), default=start)
        end = space if space > best else end
    inside = (match._replace(end=min(match.end, end)) for match in span.matches if start <= match.start < end)
    return _Span(start, end, tuple(inside))


def _within(span: _Span, start: int, end: int) -> frozenset[int]:
    return frozenset(match.word for match in span.matches if match.start >= start and match.end <= end)


def _word_start(text: str, span: _Span, match: int, context: int) -> int:
    """Where to begin so that at most so much context stands before the match."""
    wanted = match - context
    if wanted <= span.start:
        return span.start
    space = _SPACE.search(text, wanted, match)
    return space.end() if space else match


def _pieces(text: str, spans: Sequence[_Span]) -> Iterator[Piece]:
    """The spans as pieces, with a sign for what is left out between, before and after them."""
    plain = "" if not spans or _starts_sentence(text, spans[0].start) else GAP.lstrip()
    for number, span in enumerate(spans):
        if number:
            plain += " " if not text[spans[number - 1].end : span.start].strip() else GAP
        position = span.start
        for match in span.matches:
            plain += _flat(text[position : match.start])
            if plain:
                yield Piece(plain, match=False)
            yield Piece(_flat(text[match.start : match.end]), match=True)
            plain, position = "", match.end
        plain += _flat(text[position : span.end])
    if spans and _is_cut(text, spans[-1].end):
        plain += GAP.rstrip()
    if plain:
        yield Piece(plain, match=False)


def _flat(text: str) -> str:
    """The text in one line; most pieces are that already, and printable text has no space but the plain one."""
    return text if text.isprintable() and "  " not in text else _SPACE.sub(" ", text)


def _starts_sentence(text: str, place: int) -> bool:
    before = text[:place].rstrip(" \"'([\u201c\u2018")
    return not before or before[-1] in ".!?\n)\u201d\u2019\"'"


def _is_cut(text: str, place: int) -> bool:
    rest = text[place : place + 1]
    return bool(rest) and rest != "\n" and text[place - 1 : place] not in (".", "!", "?", '"', ")")
