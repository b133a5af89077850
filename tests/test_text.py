"""One analysis for build and search: a table of words, and properties of any text."""

import re
import unicodedata

import pytest
from corpora import profile, search, service_over, slugs
from hypothesis import example, given
from hypothesis import strategies as st
from properties import examples

from indexer.text import MAX_WORD_CHARACTERS, fold, is_stop_word, sentences, term_of, tokenize, word_of


def words(text: str) -> list[str]:
    return [token.word for token in tokenize(text)]


def surfaces(text: str) -> list[str]:
    return [text[token.start : token.end] for token in tokenize(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Paid monthly, by PayPal.", ["paid", "monthly", "by", "paypal"]),
        ("e-mail E-Mail e‑mail", ["email", "email", "e", "mail"]),
        ("x-ray 3-D well-paid", ["xray", "3", "d", "well", "paid"]),
        ("C++ and C# and c", ["c++", "and", "c#", "and", "c"]),
        ("C++11", ["c", "11"]),
        ("R&D, Q&A; a & b", ["r&d", "q&a", "a", "b"]),
        ("$1,000.50 (1.46)", ["1000.50", "1.46"]),
        ("1,000 1000", ["1000", "1000"]),
        ("3D 2x W-9 B2B", ["3d", "2x", "w", "9", "b2b"]),
        ("3.14.", ["3.14"]),
        ("v1.2", ["v1", "2"]),
        ("don't worker's workers' O’Neill", ["dont", "worker", "workers", "oneill"]),
        ("naïve Café ÉCLAIR", ["naive", "cafe", "eclair"]),
        ("cafe\u0301", ["cafe"]),
        ("Straße STRASSE", ["strasse", "strasse"]),
        ("æon œuvre Øre łódź İstanbul ı", ["aeon", "oeuvre", "ore", "lodz", "istanbul", "i"]),
        ("Ωμέγα ΟΔΟΣ οδός", ["ωμεγα", "οδοσ", "οδοσ"]),
        ("Зарплата ёлка", ["зарплата", "елка"]),
        ("zero\u200bwidth soft\u00adhyphen", ["zerowidth", "softhyphen"]),
        ("\u200bpay\ufeff", ["pay"]),
        ("工作很好", ["工", "作", "很", "好"]),
        ("データ入力", ["テ", "ー", "タ", "入", "力"]),
        ("한국어 번역", ["한국어", "번역"]),
        ("हिन्दी में", ["हनद", "म"]),
        ("مَرْحَبًا", ["مرحبا"]),
        ("ｆｕｌｌ ﬁne Ⅷ", ["full", "fine", "viii"]),
        ("snake_case _x_", ["snake", "case", "x"]),
        ("https://a.example/pay?x=1", ["https", "a", "example", "pay", "x", "1"]),
        ("me@mail.example", ["me", "mail", "example"]),
        ("👩‍💻 works 🙂", ["works"]),
        ("", []),
        ("... --- '' & +", []),
        ("x" * 100, ["x" * MAX_WORD_CHARACTERS]),
    ],
)
def test_text_has_these_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_offsets_are_those_of_the_original_text() -> None:
    assert surfaces("Straße: cafe\u0301s, R&D (C++) e-mail don’t") == [
        "Straße",
        "cafe\u0301s",
        "R&D",
        "C++",
        "e-mail",
        "don’t",
    ]


@pytest.mark.parametrize(
    ("word", "term"),
    [
        ("payments", "payment"),
        ("paying", "pay"),
        ("companies", "compani"),
        ("c++", "c++"),
        ("2023", "2023"),
        ("3d", "3d"),
    ],
)
def test_word_has_this_stem(word: str, term: str) -> None:
    assert term_of(word) == term


@pytest.mark.parametrize(
    ("word", "stop"),
    [("the", True), ("how", True), ("much", True), ("many", True), ("pay", False), ("not", False), ("no", False)],
)
def test_only_words_without_a_meaning_of_their_own_are_stop_words(word: str, stop: bool) -> None:
    assert is_stop_word(word) is stop


TEXTS = st.one_of(
    st.text(max_size=80),
    st.text(st.sampled_from("aB1é工ßİıſǅﬁⅧ½⑴ﷺ㎏ˢ’'&-+#._, \u0301\u200b\u00ad\u0345नि्เ각ｱﾞ"), max_size=40),
)


def ordinary(text: str) -> str:
    """The text without single characters that stand for two of a script without spaces, and without "⑭&1"."""
    text = text.translate(str.maketrans("", "", "ゟヿ"))
    numerals = any(unicodedata.category(character) in ("No", "Nl") for character in text)
    return re.sub("[&'’]", " ", text) if numerals else text


@given(TEXTS)
@examples(300)
@example("½ ⑴ ﷺ ㎏ ℡ ⒜")
def test_words_of_any_text_lie_in_it_in_order_and_apart(text: str) -> None:
    end = 0
    for token in tokenize(text):
        assert end <= token.start < token.end <= len(text)
        end = token.end
        assert token.word == word_of(text[token.start : token.end])
        assert token.term == term_of(token.word)


@given(TEXTS)
@examples(300)
@example("İ")
@example("\u0345")
@example("ﷺ")
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(TEXTS)
@examples(300)
@example("A&ﾞ")
@example("ﾞ&b&ﾞ&c")
@example("⑴")
@example("½")
@example("㎏")
@example("⒈")
@example("0ｦ")
@example("ﷺ")
def test_word_of_a_word_is_the_word(text: str) -> None:
    for token in tokenize(ordinary(text)):
        assert words(token.word) == [token.word], token


@given(
    st.one_of(
        st.text(max_size=40), st.sampled_from(["⑴ pay", "½", "C++", "R&D", "工作", "1,000.50", "x" * 100, "हिन्दी"])
    )
)
@examples(120)
def test_words_of_an_index_are_found_by_typing_them_as_they_stand_there(text: str) -> None:
    text = ordinary(text)
    service = service_over(profile("Alpha", overview=text), profile("Beta", overview="nothing"))
    for token in tokenize(text):
        surface = text[token.start : token.end]
        if surface != "OR" and "nothing" not in token.word:
            assert "alpha" in slugs(search(service, surface, exact=True)), surface


@given(st.text(st.characters(max_codepoint=127), max_size=60))
@examples(200)
@example("C++ R&D e-mail don't 1,000.50 3D x-ray a_b")
def test_ascii_text_has_the_same_words_beside_other_characters(text: str) -> None:
    assert list(tokenize(text)) == list(tokenize(f"{text} é"))[:-1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("The U.S. Department said so. Then not.", ["The U.S. Department said so.", "Then not."]),
        ("Dr. Who asked J. Smith. She paid $1.46.", ["Dr. Who asked J. Smith.", "She paid $1.46."]),
        ('He said "no." Then he left.\n\n  A line  ', ['He said "no."', "Then he left.", "A line"]),
        ("It is a B Corp. The audit is public.", ["It is a B Corp.", "The audit is public."]),
        (
            "Owned by Acme Inc. It pays, tests, etc. They ask.",
            ["Owned by Acme Inc.", "It pays, tests, etc.", "They ask."],
        ),
        ("Acme Ltd. Germany and Acme Co. Italy pay.", ["Acme Ltd. Germany and Acme Co. Italy pay."]),
        ("Mr. The and the U.S. In-house team.", ["Mr. The and the U.S. In-house team."]),
        (" \n ", []),
    ],
)
def test_sentences_end_at_marks_and_lines_but_not_after_abbreviations(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text)] == expected


@given(st.text(alphabet="aA.!? \n\"\u201dU.S'", max_size=60))
def test_sentences_hold_all_that_is_visible_in_order_and_apart(text: str) -> None:
    bounds = sentences(text)
    assert "".join("".join(text[start:end].split()) for start, end in bounds) == "".join(text.split())
    assert all(end <= start for (_, end), (start, _) in zip(bounds, bounds[1:], strict=False))
