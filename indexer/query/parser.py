"""Any text to a query: forgiving, never raises, nothing typed is an error.

Understood are `"exact phrase"`, `-word`, `OR`, `word*`, `in:compensation` and quick-fact fields such as
`hiring:workers`. What does not fit (an unclosed quote, a lone `-`, an unknown field) is read as words.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from indexer import text
from indexer.query.request import MAX_TERMS, MAX_VERIFIED_DAYS, UNKNOWN, Filters
from indexer.query.tree import Leaf, Or, Phrase, Prefix, Query, Word

FIELDS = {
    "in": "sections",
    "specialty": "specialties",
    "hiring": "hiring",
    "service": "services",
    "verified": "verified",
    "company": "companies",
}
"""Fields of the query language and the filters they choose."""

ONLY_WORDS_LEFT_OUT = "\u201c{}\u201d was not understood: a minus leaves out words, not choices."
TOO_MANY_WORDS = f"Only the first {MAX_TERMS} words were searched for."

_QUOTES = str.maketrans({"\u201c": '"', "\u201d": '"', "\u201e": '"', "\u00ab": '"', "\u00bb": '"'})
_PIECE = re.compile(
    r"""(?P<minus>(?<!\S)-(?=\S))?
    (?: (?P<field>(?<![^\s-])(?:in|specialty|hiring|service|verified|company)):
        (?: "(?P<quoted>[^"]+)" | (?P<value>[^\s"]+) )
      | "(?P<phrase>[^"]*)"
      | (?P<plain>[^\s"]+)
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_PLAIN = re.compile(r"[A-Za-z0-9 ]*")


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """What was typed: words, and the filters among them. `notes` are sentences for the reader."""

    query: Query
    filters: Filters = field(default_factory=Filters)
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        chosen = (
            f'{name}:"{value}"' if " " in value else f"{name}:{value}"
            for name, attribute in FIELDS.items()
            for value in getattr(self.filters, attribute)
        )
        return " ".join(filter(None, [str(self.query), *chosen]))


class _Reading:
    """The state of reading one query from left to right."""

    def __init__(self) -> None:
        self.wanted: list[list[Leaf]] = []
        self.unwanted: list[Leaf] = []
        self.chosen: dict[str, list[str]] = {}
        self.ignored: list[str] = []
        self.joined = False  # an OR stands before the next leaf

    def want(self, leaves: list[Leaf]) -> None:
        """Add leaves; after an OR the first one is an alternative to what stands before."""
        for leaf in leaves:
            if self.joined and _is_stop_word(leaf):
                continue
            if self.joined and self.wanted:
                self.wanted[-1].append(leaf)
            else:
                self.wanted.append([leaf])
            self.joined = False


def parse_query(typed: str) -> ParsedQuery:
    """The tree and the filters that the text stands for."""
    if _PLAIN.fullmatch(typed) and "OR" not in typed:
        return _plain_words(typed)
    reading = _Reading()
    for piece in _PIECE.finditer(typed.translate(_QUOTES)):
        _read(piece, reading)
    groups = _without_stop_words([_meant(group) for group in reading.wanted])
    room = _Room(MAX_TERMS)
    groups = _without_stop_words([kept for group in groups if (kept := room.take(group))])
    wanted = tuple(_alternatives(group) for group in groups)
    query = Query(wanted, tuple(room.take(reading.unwanted)))
    filters = Filters(**{name: tuple(dict.fromkeys(values)) for name, values in reading.chosen.items()})
    notes = [ONLY_WORDS_LEFT_OUT.format(piece) for piece in dict.fromkeys(reading.ignored)]
    return ParsedQuery(query, filters, (*notes, *([TOO_MANY_WORDS] if room.exceeded else ())))


def _plain_words(typed: str) -> ParsedQuery:
    """The same for a text of nothing but ASCII words, which most queries are: three times as fast."""
    words = [word[: text.MAX_WORD_CHARACTERS] for word in typed.lower().split()]
    meant = [word for word in words if not text.is_stop_word(word)] or words
    query = Query(tuple(map(Word, meant[:MAX_TERMS])))
    return ParsedQuery(query, notes=(TOO_MANY_WORDS,) if len(meant) > MAX_TERMS else ())


class _Room:
    """How many words more a query may have; every word of a phrase counts."""

    def __init__(self, words: int) -> None:
        self._words = words
        self.exceeded = False

    def take(self, leaves: list[Leaf]) -> list[Leaf]:
        """The leaves that still fit, the last one cut."""
        kept = []
        for leaf in leaves:
            words = leaf.text.split()
            self.exceeded = self.exceeded or len(words) > self._words
            words = words[: self._words]
            self._words -= len(words)
            if isinstance(leaf, Phrase):
                kept += _phrase_of(words)
            elif words:
                kept.append(leaf)
        return kept


def _alternatives(group: list[Leaf]) -> Leaf | Or:
    unique = tuple(dict.fromkeys(group))
    return unique[0] if len(unique) == 1 else Or(unique)


def _read(piece: re.Match[str], reading: _Reading) -> None:
    """Take in one piece: a field, a phrase, an OR, or words."""
    name, value = piece["field"], piece["quoted"] or piece["value"]
    if name or piece["minus"]:
        reading.joined = False
    if name and piece["minus"]:
        reading.ignored.append(piece[0])
        return
    if name and _choose(reading, name.lower(), value):
        return
    if piece["phrase"] is not None:
        leaves = _phrase_of(list(_stable_words(piece["phrase"])))
    elif piece["plain"] == "OR" and not piece["minus"]:
        reading.joined = bool(reading.wanted)
        return
    else:
        leaves = list(_words(piece["plain"] or f"{name} {value}"))
    if piece["minus"]:
        reading.unwanted += (leaf for leaf in leaves if not _is_stop_word(leaf))
    else:
        reading.want(leaves)


def _choose(reading: _Reading, name: str, value: str) -> bool:
    """Take `name:value` as a filter; False when the value cannot be one."""
    value = " ".join(value.split())
    if name in ("in", "hiring", "verified"):
        value = value.casefold()
    if name == "in":
        value = re.sub(r"[\s-]+", "_", value)
    if not value or (name == "verified" and not _is_period(value)):
        return False
    reading.chosen.setdefault(FIELDS[name], []).append(value)
    return True


def _is_period(value: str) -> bool:
    """Whether the value is "unknown" or a number of days that means something."""
    return value == UNKNOWN or (value.isdecimal() and len(value) < 10 and 1 <= int(value) <= MAX_VERIFIED_DAYS)


def _stable_words(typed: str) -> Iterator[str]:
    """Folded words of the text, cut again until each is one word (folding can make two of one character)."""
    for token in text.tokenize(typed):
        if token.word == typed:
            yield typed
        else:
            yield from _stable_words(token.word)


def _words(typed: str) -> Iterator[Leaf]:
    """The leaves of a piece without spaces: words, a prefix, or a phrase for a run of ideographs."""
    words = list(_stable_words(typed))
    if len(words) > 1 and all(len(word) == 1 and not word.isascii() for word in words):
        yield from _phrase_of(words)
    elif words and typed.endswith("*"):
        yield from (Word(word) for word in words[:-1])
        yield Prefix(words[-1])
    else:
        yield from (Word(word) for word in words)


def _phrase_of(words: list[str]) -> list[Leaf]:
    """The words as a phrase, or the one word that there is."""
    if len(words) < 2:
        return [Word(word) for word in words]
    return [Phrase(" ".join(words), tuple(map(text.term_of, words)))]


def _without_stop_words(groups: list[list[Leaf]]) -> list[list[Leaf]]:
    """Drop stop words, unless there is nothing else."""
    meant = [group for group in groups if not all(map(_is_stop_word, group))]
    return meant or groups


def _meant(group: list[Leaf]) -> list[Leaf]:
    """The alternatives of a group, each once, without stop words when others remain."""
    unique = list(dict.fromkeys(group))
    return [leaf for leaf in unique if not _is_stop_word(leaf)] or unique


def _is_stop_word(leaf: Leaf) -> bool:
    return isinstance(leaf, Word) and text.is_stop_word(leaf.text)
