"""One analysis for build and search, for every engine: tokenise, fold, stem, stop words.

A *word* is a folded surface form ("payments"), a *term* its stem ("payment"). Offsets are characters of the
original text, so highlights never depend on folding.
"""

import re
import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from itertools import accumulate
from pathlib import Path

import snowballstemmer

MAX_WORD_CHARACTERS = 64
"""Longer runs are cut: nobody searches for them, and they would bloat the word list."""

# Scripts written without spaces: one token a character, so that a phrase of them finds itself.
_IDEOGRAPHS = (
    "\u3005-\u3007\u3038-\u303a\u3040-\u30ff\u3192-\u3195\u3220-\u3229\u3280-\u3289\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003134f"
)
# Marks that belong to the letter before them, and invisible characters that can stand inside a word.
_MARKS = (
    "\u00ad\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0711\u0730-\u074a"
    "\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962-\u0963\u0981-\u0983\u09bc-\u09cd\u0a01-\u0a03\u0a3c-\u0a4d"
    "\u0a81-\u0a83\u0abc-\u0acd\u0b01-\u0b03\u0b3c-\u0b4d\u0b82\u0bbe-\u0bcd\u0c00-\u0c04\u0c3e-\u0c4d"
    "\u0c81-\u0c83\u0cbc-\u0ccd\u0d00-\u0d03\u0d3b-\u0d4d\u0dca-\u0ddf\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
    "\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u0f71-\u0f84\u102b-\u103e\u17b4-\u17d3\u1ab0-\u1aff\u1dc0-\u1dff"
    "\u200b-\u200f\u202a-\u202e\u2060-\u2064\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\ufeff"
)
_LETTER = rf"(?:[^\W_{_IDEOGRAPHS}][{_MARKS}]*)"
TOKEN = re.compile(
    rf"[{_IDEOGRAPHS}]"
    r"|\b[A-Za-z](?:\+\+|#)(?!\w)"  # C++, C#
    rf"|\b[^\W\d_]-(?=[^\W\d_]){_LETTER}+"  # e-mail, x-ray
    r"|\d+(?:[.,]\d+)*(?!\w|[.,]\w)"  # 1.46, 1,000
    rf"|{_LETTER}+(?:['\u2019&]{_LETTER}+)*"  # don't, R&D
)

_PARTS = re.compile(f"({TOKEN.pattern})")
_ASCII_PARTS = re.compile(
    "("
    r"[A-Za-z]{2,}(?![\w'&])"  # most words; the rest is TOKEN, where no letter is beyond ASCII
    r"|\b[A-Za-z](?:\+\+|#)(?!\w)"
    r"|\b[A-Za-z]-(?=[A-Za-z])[A-Za-z0-9]+"
    r"|[0-9]+(?:[.,][0-9]+)*(?!\w|[.,]\w)"
    r"|[A-Za-z0-9]+(?:['&][A-Za-z0-9]+)*"
    ")",
    re.ASCII,
)
"""TOKEN for text in ASCII, in half the time; a property test holds them together."""

STOP_WORDS = frozenset(
    # The words that hold English together ...
    "a an and are as at be been being but by can could did do does doing for from had has have having he her hers"
    " him his i if in into is it its itself may me might must my of on or our ours she should so such than that the"
    " their theirs them then there these they this those to too us was we were will with would you your yours"
    # ... and those that only say that something is asked for.
    " about any anybody anyone anything describe described each either explain find get give how info information just"
    " know let like list looking me paper papers please regarding show some somebody someone something tell what whats"
    " whatever when where which who whom whose why"
    # Words of degree and relation that nearly every text has.
    " again against all also because before between both during etc few far further here many more most much now once"
    " only other over own same through till under until use used using very while"
    # What is left of "don't" and its like, and what stands between two that are compared.
    " arent cant couldnt didnt doesnt dont hadnt hasnt havent im isnt ive shouldnt thats theyre theyve wasnt werent"
    " weve wont wouldnt youre youve versus vs".split()
)
"""Left out of a query when other words remain, and out of the length of a section. Always indexed, for phrases."""

_EXTRA_FOLDS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h", "ŧ": "t", "ŋ": "n"}
)
_AMPERSANDS = re.compile("&+")
_APOSTROPHES = re.compile(r"['\u2019](?:s\b)?")


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text: folded surface form, stem, character offsets."""

    word: str
    term: str
    start: int
    end: int


def fold(text: str) -> str:
    """The form under which different spellings of a word meet: no case, no accents, no invisible characters."""
    if text.isascii():
        folded = text.lower()
    else:
        decomposed = unicodedata.normalize("NFKD", text.casefold())
        visible = (c for c in decomposed if unicodedata.category(c) not in ("Mn", "Me", "Cf"))
        folded = unicodedata.normalize("NFKC", "".join(visible)).casefold().translate(_EXTRA_FOLDS)
    return folded


@lru_cache(maxsize=1 << 18)
def word_of(surface: str) -> str:
    """The folded word of one token as it stands in a text."""
    folded = _APOSTROPHES.sub("", fold(surface))
    if folded[:1].isdigit():
        folded = folded.replace(",", "")
    elif "-" in folded:
        folded = folded.replace("-", "")
    if not surface.isascii():  # "⑴" folds to "(1)", "⒈" to "1.", and of "a&ﾞ" only "a&" is left
        folded = "".join(c for c in folded if c.isalnum() or c in "&+#._")
        folded = _AMPERSANDS.sub("&", folded).strip(".&")
    return folded[:MAX_WORD_CHARACTERS]


_stemmers = threading.local()  # a stemmer holds the word it works on


@lru_cache(maxsize=1 << 18)
def term_of(word: str) -> str:
    """The stem of a folded word (Porter2); words with digits or symbols stay as they are."""
    if not word.isalpha():
        return word
    stemmer = getattr(_stemmers, "english", None)
    if stemmer is None:
        stemmer = _stemmers.english = snowballstemmer.stemmer("english")
    return str(stemmer.stemWord(word))


def surfaces(text: str) -> tuple[list[str], list[int]]:
    """The tokens of a text as they stand there, in order, and the character at which each begins."""
    parts = (_ASCII_PARTS if text.isascii() else _PARTS).split(text)  # what is between the tokens, and the tokens
    return parts[1::2], list(accumulate(map(len, parts)))[:-1:2]


def tokenize(text: str) -> Iterator[Token]:
    """The words of a text in order, stop words included."""
    for match in TOKEN.finditer(text):
        word = word_of(match.group())
        if word:
            yield Token(word, term_of(word), match.start(), match.end())


def words_of(text: str) -> list[str]:
    """The folded words of a text in order, stop words included."""
    return [word for surface in TOKEN.findall(text) if (word := word_of(surface))]


def is_stop_word(word: str) -> bool:
    """Whether a folded word carries no meaning of its own in a query."""
    return word in STOP_WORDS


def fingerprint() -> str:
    """Changes with this file and with the stemmer; another fingerprint means: rebuild."""
    return f"text-{sha256(Path(__file__).read_bytes()).hexdigest()[:12]} snowball-{version('snowballstemmer')}"


_SENTENCE_END = re.compile(r"[.!?][\"')\]\u201d\u2019]*\s+(?=[^\sa-z])|\n+")
_ABBREVIATED = re.compile(r"\b(?:[A-Z]|[A-Za-z](?:\.[A-Za-z])+|vs|etc|Inc|Ltd|Co|Corp|Dr|Mr|Mrs|Ms|Prof|St|approx)$")
_LONGEST_ABBREVIATION = 8
_OFTEN_LAST = ("Inc", "Ltd", "Co", "Corp", "etc")
"""Abbreviations that end a sentence as often as they stand inside one; what follows tells."""
_OPENER = re.compile(
    r"(?:An?|All|Also|And|As|At|But|For|From|He|However|If|In|Its?|Most|No|On|Our|She|Since|Some|That|The"
    r"|Their|There|These|They|This|Those|We|When|While|With|Workers|You)\b"
)
"""What begins a sentence, and hardly ever the next part of a company's name."""


@lru_cache(maxsize=4_096)
def sentences(text: str) -> tuple[tuple[int, int], ...]:
    """Where the sentences of a text begin and end, in order, blank ones left out.

    A line is a sentence too; "U.S. workers", "Dr. Who" and "Acme Inc. Germany" are not cut, "a B Corp. It pays" is.
    Kept, as the same texts are shown often.
    """
    found, start = [], 0
    for mark in _SENTENCE_END.finditer(text):
        place = mark.start()
        if text[place] == "." and _is_abbreviated(text, start, mark):
            continue
        found.append((start, mark.end()))
        start = mark.end()
    stripped = (_stripped(text, *bounds) for bounds in [*found, (start, len(text))])
    return tuple((start, end) for start, end in stripped if start < end)


def _is_abbreviated(text: str, start: int, mark: re.Match[str]) -> bool:
    """Whether the full stop belongs to an abbreviation of the sentence that began at `start` and goes on."""
    found = _ABBREVIATED.search(text, max(start, mark.start() - _LONGEST_ABBREVIATION), mark.start())
    return found is not None and not (found.group() in _OFTEN_LAST and _OPENER.match(text, mark.end()))


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    """The bounds without the white space at both ends."""
    right = text[start:end].rstrip()
    return start + len(right) - len(right.lstrip()), start + len(right)
