"""Excerpts with highlights: a table of cases, and properties of any text with any matches."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from properties import examples

from indexer.snippets import GAP, MAX_SNIPPET_CHARACTERS, Match, Piece, excerpt, lead

SIGN = GAP.strip()


def matches_of(text: str, *words: str) -> tuple[Match, ...]:
    """Every place of the words in the text; word i of the arguments is wanted word i."""
    found = [
        Match(place.start(), place.end(), number)
        for number, word in enumerate(words)
        for place in re.finditer(rf"\b{re.escape(word)}\b", text)
    ]
    return tuple(sorted(found))


def marked(pieces: tuple[Piece, ...]) -> str:
    return "".join(f"[{piece.text}]" if piece.match else piece.text for piece in pieces)


def plain(pieces: tuple[Piece, ...]) -> str:
    return "".join(piece.text for piece in pieces)


LONG = "This sentence is here to fill the room that a snippet has with words that nobody asked for at all. "


@pytest.mark.parametrize(
    ("text", "words", "limit", "expected"),
    [
        ("", (), 285, ""),
        (" \n\t ", (), 285, ""),
        ("Pay is low.", ("pay",), 285, "Pay is low."),
        ("Pay is low.", ("Pay",), 285, "[Pay] is low."),
        ("  Pay \n\n is   low.  ", ("Pay", "low"), 285, "[Pay] is [low]."),
        ("Pay is low. Tests are long.", ("Tests",), 285, "[Tests] are long."),
        ("Tests are long. Pay is low.", ("Tests",), 285, "[Tests] are long. Pay is low."),
        ("A first one. Pay is low. Pay and a test. More.", ("Pay", "test"), 20, "[Pay] and a [test]."),
        ("Pay here. Nothing in this one. A test there.", ("Pay", "test"), 40, "[Pay] here. … A [test] there."),
        ("Pay here.\nA test there.", ("Pay", "test"), 40, "[Pay] here. A [test] there."),
        ("It pays $1.46 an hour. That is low.", ("hour",), 30, "It pays $1.46 an [hour]."),
        (
            "e.g. this is not the end, i.e. it goes on here.",
            ("end",),
            285,
            "e.g. this is not the [end], i.e. it goes on here.",
        ),
        ("one two three four five six seven", (), 16, "one two …"),
        ("one two three four five six seven", ("six",), 18, "… [six] seven"),
        ("no spaces" * 1, (), 285, "no spaces"),
        ("工作" * 3 + "。", ("工作" * 3,), 285, "[工作工作工作]。"),
    ],
)
def test_text_gives_this_excerpt(text: str, words: tuple[str, ...], limit: int, expected: str) -> None:
    assert marked(excerpt(text, matches_of(text, *words), limit)) == expected


def test_sentences_with_more_of_the_words_are_chosen_over_earlier_ones() -> None:
    text = LONG * 2 + "Pay alone. " + LONG * 2 + "Pay for a test in Kenya. " + LONG * 3
    assert marked(excerpt(text, matches_of(text, "Pay", "test", "Kenya"))).startswith("[Pay] for a [test] in [Kenya].")


def test_sentence_too_long_for_the_room_is_cut_at_words_around_its_matches() -> None:
    text = "word " * 100 + "pay here " + "word " * 100
    shown = excerpt(text, matches_of(text, "pay"))
    assert plain(shown).startswith(SIGN)
    assert plain(shown).endswith(SIGN)
    assert len(plain(shown)) <= MAX_SNIPPET_CHARACTERS
    assert "[pay] here word" in marked(shown)
    assert "word [pay]" in marked(shown)


def test_single_word_longer_than_the_room_is_cut() -> None:
    assert 0 < len(plain(excerpt("x" * 2_000, ()))) <= MAX_SNIPPET_CHARACTERS


def test_match_longer_than_the_room_is_shown_as_far_as_it_goes() -> None:
    text = "x" * 2_000
    shown = excerpt(text, (Match(0, 2_000, 0),))
    assert 0 < len(plain(shown)) <= MAX_SNIPPET_CHARACTERS
    assert any(piece.match for piece in shown)


def test_room_left_is_used_for_the_sentences_that_follow() -> None:
    text = "Pay is low. It comes late. Nobody knows why."
    assert marked(excerpt(text, matches_of(text, "Pay"), 34)) == "[Pay] is low. It comes late."


def test_lead_is_the_beginning_of_the_text() -> None:
    assert lead("A company. It pays.\nMore.", 285) == "A company. It pays. More."
    assert lead("A company. It pays.", 16) == "A company."
    assert lead("") == ""


CHARACTERS = st.sampled_from("abcdé工 XYZ.!?\n\t\"')(,-’”\u2026\u200b0$")
TEXTS = st.one_of(
    st.text(CHARACTERS, max_size=500),
    st.lists(
        st.sampled_from(["pay", "Test.", "a", "longword" * 9, "It", "is!", "e.g.", "\n", "“Yes”", "工作"]), max_size=120
    ).map(" ".join),
)


@st.composite
def texts_with_matches(draw: st.DrawFn) -> tuple[str, tuple[Match, ...]]:
    """A text with some of its words matched."""
    text = draw(TEXTS)
    words = [place.span() for place in re.finditer(r"\w+", text)]
    chosen = draw(st.lists(st.booleans(), min_size=len(words), max_size=len(words)))
    numbers = draw(st.lists(st.integers(0, 4), min_size=len(words), max_size=len(words)))
    rows = zip(words, chosen, numbers, strict=True)
    return text, tuple(Match(start, end, number) for (start, end), taken, number in rows if taken)


LIMITS = st.one_of(st.just(MAX_SNIPPET_CHARACTERS), st.integers(40, 300))


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def stretches(pieces: tuple[Piece, ...]) -> list[str]:
    """What stands between the signs for gaps, in a text that has no such sign itself."""
    return [part for part in plain(pieces).split(SIGN) if part.strip()]


@given(texts_with_matches(), LIMITS)
@examples(250)
@example(("a" * 40 + " " + "b" * 300, (Match(41, 341, 0),)), 285)
@example(("a b\n" * 9 + "Pay " + "\n", (Match(36, 39, 0),)), 40)
def test_excerpt_is_never_empty_nor_longer_than_the_room(found: tuple[str, tuple[Match, ...]], limit: int) -> None:
    text, matches = found
    shown = excerpt(text, matches, limit)
    assert len(plain(shown)) <= limit
    assert bool(shown) == bool(text.strip())
    assert all(piece.text for piece in shown)


@given(texts_with_matches().filter(lambda found: SIGN not in found[0]), LIMITS)
@examples(250)
def test_excerpt_is_made_of_stretches_of_the_text_in_order(found: tuple[str, tuple[Match, ...]], limit: int) -> None:
    text, matches = found
    whole, place = flat(text), 0
    for stretch in stretches(excerpt(text, matches, limit)):
        place = whole.find(stretch.strip(), place)
        assert place >= 0, stretch
        place += len(stretch.strip())


@given(texts_with_matches().filter(lambda found: SIGN not in found[0]), LIMITS)
@examples(250)
def test_excerpt_is_cut_only_between_words(found: tuple[str, tuple[Match, ...]], limit: int) -> None:
    text, matches = found
    words = set(flat(text).split(" "))
    if max(map(len, words), default=0) < limit // 2:
        for stretch in stretches(excerpt(text, matches, limit)):
            assert set(stretch.split()) <= words


@given(texts_with_matches(), LIMITS)
@examples(250)
def test_every_mark_is_a_match_and_one_is_shown_where_there_is_one(
    found: tuple[str, tuple[Match, ...]], limit: int
) -> None:
    text, matches = found
    marks = [piece.text for piece in excerpt(text, matches, limit) if piece.match]
    known = [text[match.start : match.end] for match in matches]
    assert all(mark in known for mark in marks if len(mark) < limit // 2)
    assert bool(marks) == bool(known)
