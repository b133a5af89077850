"""Any text to a query tree: a table of readings, and properties of all texts."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from properties import examples

from indexer.query.parser import ParsedQuery, parse_query
from indexer.query.request import MAX_QUERY_CHARACTERS, MAX_TERMS, Filters
from indexer.query.tree import Leaf, Or, Phrase, Prefix, Query, Word


def words(*texts: str) -> tuple[Word, ...]:
    return tuple(map(Word, texts))


def phrase(*texts: str, terms: tuple[str, ...] = ()) -> Phrase:
    return Phrase(" ".join(texts), terms or texts)


READINGS: list[tuple[str, str, Query, Filters]] = [
    # Words
    ("pay", "pay", Query(words("pay")), Filters()),
    ("  Pay   TEST\t\n", "pay test", Query(words("pay", "test")), Filters()),
    ("naïve café", "naive cafe", Query(words("naive", "cafe")), Filters()),
    ("C++ and R&D", "c++ r&d", Query(words("c++", "r&d")), Filters()),
    ("e-mail, x-ray!", "email xray", Query(words("email", "xray")), Filters()),
    ("pay/hour", "pay hour", Query(words("pay", "hour")), Filters()),
    ("work-from-home", "work home", Query(words("work", "home")), Filters()),
    ("$1,000.50", "1000.50", Query(words("1000.50")), Filters()),
    ("don't", "dont", Query(words("dont")), Filters()),
    ("they don't pay", "pay", Query(words("pay")), Filters()),
    ("sama vs. remotasks pay", "sama remotasks pay", Query(words("sama", "remotasks", "pay")), Filters()),
    ("pay pay", "pay pay", Query(words("pay", "pay")), Filters()),
    ("", "", Query(), Filters()),
    (" \n ", "", Query(), Filters()),
    ("?!...", "", Query(), Filters()),
    # Stop words go when others remain
    ("how long is the test", "long test", Query(words("long", "test")), Filters()),
    ("how is the", "how is the", Query(words("how", "is", "the")), Filters()),
    ("the OR pay", "pay", Query(words("pay")), Filters()),
    ("pay OR the wage", "pay OR wage", Query((Or(words("pay", "wage")),)), Filters()),
    ("pay OR -scam test", "pay test -scam", Query(words("pay", "test"), words("scam")), Filters()),
    ("pay OR in:overview test", "pay test in:overview", Query(words("pay", "test")), Filters(sections=("overview",))),
    ("test -the", "test", Query(words("test")), Filters()),
    # Phrases
    ('"minimum wage"', '"minimum wage"', Query((phrase("minimum", "wage"),)), Filters()),
    ("\u201cminimum wage\u201d", '"minimum wage"', Query((phrase("minimum", "wage"),)), Filters()),
    ("\u00abminimum wage\u00bb", '"minimum wage"', Query((phrase("minimum", "wage"),)), Filters()),
    ('"Paid tests"', '"paid tests"', Query((phrase("paid", "tests", terms=("paid", "test")),)), Filters()),
    ('"pay"', "pay", Query(words("pay")), Filters()),
    ('""', "", Query(), Filters()),
    ('" "', "", Query(), Filters()),
    ('"the state of"', '"the state of"', Query((phrase("the", "state", "of"),)), Filters()),
    ('"pay"test', "pay test", Query(words("pay", "test")), Filters()),
    ("工作", '"工 作"', Query((phrase("工", "作"),)), Filters()),
    ("工", "工", Query(words("工")), Filters()),
    # Not
    ("-scam", "-scam", Query((), words("scam")), Filters()),
    ("pay -scam", "pay -scam", Query(words("pay"), words("scam")), Filters()),
    ('pay -"no pay"', 'pay -"no pay"', Query(words("pay"), (phrase("no", "pay"),)), Filters()),
    ("pay -tax*", "pay -tax*", Query(words("pay"), (Prefix("tax"),)), Filters()),
    ("pay-test", "pay test", Query(words("pay", "test")), Filters()),
    ("--scam", "-scam", Query((), words("scam")), Filters()),
    # Or
    ("pay OR wage", "pay OR wage", Query((Or(words("pay", "wage")),)), Filters()),
    ("test pay OR wage OR fee", "test pay OR wage OR fee",
     Query((Word("test"), Or(words("pay", "wage", "fee")))), Filters()),
    ("pay OR pay", "pay", Query(words("pay")), Filters()),
    ("pay or wage", "pay wage", Query(words("pay", "wage")), Filters()),
    ("OR pay", "pay", Query(words("pay")), Filters()),
    ("pay OR", "pay", Query(words("pay")), Filters()),
    ("pay OR OR wage", "pay OR wage", Query((Or(words("pay", "wage")),)), Filters()),
    ("pay OR -scam", "pay -scam", Query(words("pay"), words("scam")), Filters()),
    ('pay OR "no pay" OR fee*', 'pay OR "no pay" OR fee*',
     Query((Or((Word("pay"), phrase("no", "pay"), Prefix("fee"))),)), Filters()),
    ("-OR", "", Query(), Filters()),
    # Prefixes
    ("annot*", "annot*", Query((Prefix("annot"),)), Filters()),
    ("Annot* pay", "annot* pay", Query((Prefix("annot"), Word("pay"))), Filters()),
    ("c++*", "c++*", Query((Prefix("c++"),)), Filters()),
    ("pay*test", "pay test", Query(words("pay", "test")), Filters()),
    ("*pay", "pay", Query(words("pay")), Filters()),
    # Fields
    ("in:compensation pay", "pay in:compensation", Query(words("pay")), Filters(sections=("compensation",))),
    ("pay IN:Compensation", "pay in:compensation", Query(words("pay")), Filters(sections=("compensation",))),
    ("in:application-process", "in:application_process", Query(), Filters(sections=("application_process",))),
    ('in:"Application process"', "in:application_process", Query(), Filters(sections=("application_process",))),
    ("in:pay in:pay in:test", "in:pay in:test", Query(), Filters(sections=("pay", "test"))),
    ("hiring:Workers", "hiring:workers", Query(), Filters(hiring=("workers",))),
    ('specialty:"Expert  tasks"', 'specialty:"Expert tasks"', Query(), Filters(specialties=("Expert tasks",))),
    ("specialty:image", "specialty:image", Query(), Filters(specialties=("image",))),
    ('service:"Data annotation"', 'service:"Data annotation"', Query(), Filters(services=("Data annotation",))),
    ("company:sama", "company:sama", Query(), Filters(companies=("sama",))),
    ("verified:90", "verified:90", Query(), Filters(verified=("90",))),
    ("verified:unknown", "verified:unknown", Query(), Filters(verified=("unknown",))),
    ("verified:Unknown", "verified:unknown", Query(), Filters(verified=("unknown",))),
    # What cannot be a field is text
    ("verified:soon", "verified soon", Query(words("verified", "soon")), Filters()),
    ("verified:0", "verified 0", Query(words("verified", "0")), Filters()),
    ("verified:36501", "verified 36501", Query(words("verified", "36501")), Filters()),
    ("http://a.example", "http example", Query(words("http", "example")), Filters()),
    ("pays:well", "pays well", Query(words("pays", "well")), Filters()),
    ("in: pay", "pay", Query(words("pay")), Filters()),
    ('company:" "', "company", Query(words("company")), Filters()),
    ("pay in:", "pay", Query(words("pay")), Filters()),
    ("main:pay", "main pay", Query(words("main", "pay")), Filters()),
    # Unfinished syntax is text
    ('"unclosed quote', "unclosed quote", Query(words("unclosed", "quote")), Filters()),
    ('pay "', "pay", Query(words("pay")), Filters()),
    ("-", "", Query(), Filters()),
    ("- pay", "pay", Query(words("pay")), Filters()),
    (":", "", Query(), Filters()),
    ("*", "", Query(), Filters()),
    ("pay - : * test", "pay test", Query(words("pay", "test")), Filters()),
    ("((pay) AND [test]", "pay test", Query(words("pay", "test")), Filters()),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "canonical", "query", "filters"), READINGS, ids=[row[0] for row in READINGS])
def test_text_is_read_as_this_tree(typed: str, canonical: str, query: Query, filters: Filters) -> None:
    assert parse_query(typed) == ParsedQuery(query, filters)
    assert str(parse_query(typed)) == canonical


def test_choice_with_a_minus_is_noted_and_not_read_as_words() -> None:
    note = "“-hiring:closed” was not understood: a minus leaves out words, not choices."
    assert parse_query("pay -hiring:closed -hiring:closed") == ParsedQuery(Query(words("pay")), notes=(note,))


def test_more_words_than_the_limit_are_cut_and_noted() -> None:
    parsed = parse_query(" ".join(f"w{number}" for number in range(MAX_TERMS + 8)))
    assert parsed.query.wanted == words(*(f"w{number}" for number in range(MAX_TERMS)))
    assert parsed.notes == (f"Only the first {MAX_TERMS} words were searched for.",)


def test_words_left_out_count_against_the_limit() -> None:
    parsed = parse_query(" ".join(f"w{number} -x{number}" for number in range(MAX_TERMS)))
    assert len(parsed.query.wanted) + len(parsed.query.unwanted) == MAX_TERMS
    assert parsed.notes


def test_alternatives_count_against_the_limit() -> None:
    parsed = parse_query(" OR ".join(f"w{number}" for number in range(MAX_TERMS + 8)))
    assert len(list(parsed.query.leaves())) == MAX_TERMS
    assert parsed.notes


def test_phrase_longer_than_the_limit_is_cut_and_noted() -> None:
    parsed = parse_query('"' + " ".join(f"w{number}" for number in range(MAX_TERMS + 8)) + '"')
    (leaf,) = parsed.query.wanted
    assert isinstance(leaf, Phrase)
    assert len(leaf.terms) == MAX_TERMS
    assert parsed.notes


SYNTAX = st.sampled_from(
    'pay|test|the|in|OR|or|"|"|-|-|:|*| | | |in:|hiring:|specialty:|verified:|company:|90|unknown|C++|R&D|e-mail|é|'
    "工作|ß|\u200b|\u201c|\u00ab|'|.|,|1,000|&|(|\n|\x00|İ|½|⑴|ﬁ|Ⅷ|ſ|\u0301|नमस्ते|한국|æ|\ud800".split("|")
)
TEXTS = st.one_of(st.text(max_size=60), st.lists(SYNTAX, max_size=30).map("".join))


def leaves(parsed: ParsedQuery) -> list[Leaf]:
    return [*parsed.query.leaves(), *parsed.query.unwanted]


@given(TEXTS)
@examples(400)
@example("in:\u00bd")
@example("verified:" + "9" * 5000)
@example('in:"\x1c"')
@example("⑴")
@example("a" * 70 + "'" + "b" * 70)
def test_canonical_text_of_any_query_parses_to_the_same_query(typed: str) -> None:
    parsed = parse_query(typed)
    again = parse_query(str(parsed))
    assert (again.query, again.filters) == (parsed.query, parsed.filters)
    assert str(again) == str(parsed)


@given(TEXTS)
@examples(200)
def test_no_query_has_more_leaves_than_the_limit_or_an_empty_one(typed: str) -> None:
    found = leaves(parse_query(typed * 3))
    assert len(found) <= MAX_TERMS
    assert all(leaf.text for leaf in found)


@given(
    st.lists(st.sampled_from(["pay", "The", "how", "3D", "a", "1099", "OR", "or", "x" * 70]), max_size=40).map(" ".join)
)
@examples(100)
def test_text_of_plain_words_is_read_as_when_there_is_syntax_in_it(typed: str) -> None:
    assert parse_query(typed) == parse_query(f'{typed} "')


HOSTILE = [
    '"' * 512,
    "-" * 512,
    "*" * 512,
    ":" * 512,
    "in:" * 170,
    "(" * 512,
    "a" * 512,
    "a*" * 256,
    "OR " * 170,
    "-a " * 170,
    '"a ' * 170,
    "a OR " * 102,
    "\u0301" * 512,
    "a\u200b" * 256,
    "工" * 512,
    "1," * 256,
    "1.1" * 170,
    "a'" * 256,
    "a&" * 256,
    "a-" * 256,
    "\U0001f469\u200d" * 256,
    "ﷺ" * 512,
    "\x00" * 512,
]


@pytest.mark.parametrize("typed", HOSTILE, ids=[ascii(text[:6]) for text in HOSTILE])
def test_hostile_text_parses_without_hanging(typed: str) -> None:
    started = time.perf_counter()
    parse_query(typed[:MAX_QUERY_CHARACTERS])
    assert time.perf_counter() - started < 1


@pytest.mark.slow
@pytest.mark.parametrize("typed", HOSTILE, ids=[ascii(text[:6]) for text in HOSTILE])
def test_hostile_text_parses_in_five_milliseconds(typed: str) -> None:
    times = []
    for _ in range(5):
        started = time.perf_counter()
        parse_query(typed[:MAX_QUERY_CHARACTERS])
        times.append(time.perf_counter() - started)
    assert min(times) < 0.005
