"""What typed words stand for in one index: synonyms, completed and repaired words."""

from collections.abc import Sequence

import pytest
from corpora import profile, search, searcher_over, service_over, slugs
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.engines.whoosh.searcher import ColumnSearcher
from indexer.profiles.model import Facts
from indexer.query.interpret import Interpretation
from indexer.query.tree import Form, Or, Phrase, Prefix, Word
from indexer.ranking import MAX_EXPANSIONS, MAX_FORMS, PREFIX_WEIGHT, SYNONYM_WEIGHT, TYPO_WEIGHT
from indexer.search import read_query

SYNONYMS = [("pay", "wage", "salary"), ("test", "exam", "skill check"), ("minimum payout", "payout threshold")]
PROFILES = [
    profile(
        Facts("remotasks", "Remotasks"),
        overview="Annotators label images weekly. Annotation pays by PayPal. Payments are monthly.",
        assessments="The test is a skill check. Tests in C++ and B2B2C texts.",
        compensation="The payout threshold is low. Compensation is paid. A transcriber transcribes.",
    ),
    profile(Facts("toloka", "Toloka"), overview="Toloka pays for tasks. Toloka pays well."),
]


@pytest.fixture(scope="module")
def searcher() -> ColumnSearcher:
    return searcher_over(
        *PROFILES, synonyms=SYNONYMS, intents={"compensation": ("pay", "wage"), "assessments": ("test",)}
    )


SERVICE = service_over(*PROFILES, synonyms=SYNONYMS)


def read(searcher: ColumnSearcher, typed: str, *, exact: bool = False) -> Interpretation:
    return read_query(searcher, typed, exact=exact).interpretation


def forms(interpretation: Interpretation, place: int = 0) -> Sequence[Form]:
    node = interpretation.query.wanted[place]
    leaf = node.children[0] if isinstance(node, Or) else node
    assert isinstance(leaf, Word | Prefix)
    return leaf.forms


def terms(interpretation: Interpretation, origin: str, place: int = 0) -> set[str]:
    return {form.term for form in forms(interpretation, place) if form.origin == origin}


# Words as typed


def test_known_word_stands_for_its_stem(searcher: ColumnSearcher) -> None:
    assert read(searcher, "annotating").query.wanted == (Word("annotating", (Form("annot"),)),)


def test_word_of_a_phrase_stays_as_it_is(searcher: ColumnSearcher) -> None:
    assert read(searcher, '"wage test"').query.wanted == (Phrase("wage test", ("wage", "test")),)


def test_word_left_out_gets_neither_synonyms_nor_repair(searcher: ColumnSearcher) -> None:
    assert read(searcher, "-pay -annotaters").query.unwanted == (
        Word("pay", (Form("pay"),)),
        Word("annotaters", (Form("annotat"),)),
    )


# Synonyms


def test_known_word_with_synonyms_gets_them_below_itself(searcher: ColumnSearcher) -> None:
    assert forms(read(searcher, "pay")) == (
        Form("pay"),
        Form("wage", SYNONYM_WEIGHT, "synonym"),
        Form("salari", SYNONYM_WEIGHT, "synonym"),
    )


def test_synonyms_of_one_stem_are_one_form() -> None:
    searcher = searcher_over(
        profile("Alpha", overview="annotation label"), synonyms=[("annotation", "labels", "labelling")]
    )
    assert [form.term for form in forms(read(searcher, "annotation"))] == ["annot", "label"]


def test_word_that_only_its_synonym_stands_for_in_the_index_is_known(searcher: ColumnSearcher) -> None:
    found = read(searcher, "salary")
    assert terms(found, "synonym") == {"pay", "wage"}
    assert (found.repaired, found.unknown) == ((), ())


def test_word_of_the_vocabulary_is_not_completed_or_repaired() -> None:
    searcher = searcher_over(profile("Alpha", overview="waged war, pay"), synonyms=SYNONYMS)
    for typed in ("salary", "exam"):
        assert read(searcher, typed).repaired == ()
    assert terms(read(searcher, "salary"), "prefix") == set()


def test_word_of_the_vocabulary_is_repaired_where_the_index_has_none_of_its_synonyms() -> None:
    searcher = searcher_over(profile("Alpha", overview="salads"), synonyms=[("salad", "greens"), ("salaty", "wage")])
    assert read(searcher, "salaty good").repaired == ()
    searcher = searcher_over(profile("Alpha", overview="good salary"), synonyms=[("salaty", "wage")])
    assert read(searcher, "salaty good").repaired == (("salaty", "salary"),)


def test_synonym_of_several_words_is_an_alternative_phrase(searcher: ColumnSearcher) -> None:
    (node,) = read(searcher, "test").query.wanted
    assert isinstance(node, Or)
    assert node.children[1:] == (Phrase("skill check", ("skill", "check"), SYNONYM_WEIGHT),)
    assert terms(read(searcher, "test"), "synonym") == {"exam"}


def test_every_word_of_a_phrase_with_synonyms_may_be_stood_in_for(searcher: ColumnSearcher) -> None:
    nodes = read(searcher, "minimum payout").query.wanted
    stand_in = Phrase("payout threshold", ("payout", "threshold"), SYNONYM_WEIGHT)
    assert [isinstance(node, Or) and stand_in in node.children for node in nodes] == [True, True]


def test_synonyms_of_repaired_words_are_searched_for(searcher: ColumnSearcher) -> None:
    searcher = searcher_over(
        profile("Alpha", overview="salary here"), profile("Beta", overview="wage"), synonyms=SYNONYMS
    )
    found = read(searcher, "sallary here")
    assert found.repaired == (("sallary", "salary"),)
    assert "wage" in terms(found, "synonym")


def test_phrase_typed_in_quotes_gets_no_synonyms(searcher: ColumnSearcher) -> None:
    assert read(searcher, '"pay test"').query.wanted == (Phrase("pay test", ("pay", "test")),)


# Intent


def test_words_that_ask_for_a_section_make_it_weigh_more(searcher: ColumnSearcher) -> None:
    assert set(read(searcher, "wages at toloka").weights) == {"compensation"}
    assert set(read(searcher, "pay for tests").weights) == {"compensation", "assessments"}
    assert read(searcher, "toloka").weights == {}


# Completion


def test_last_unknown_word_is_completed(searcher: ColumnSearcher) -> None:
    found = read(searcher, "weekly annota")
    assert forms(found, 1)[0] == Form("annota")
    assert {(form.term, form.weight, form.words) for form in forms(found, 1)[1:]} == {
        ("annot", PREFIX_WEIGHT, ("annotation", "annotators"))
    }
    assert (found.repaired, found.unknown) == ((), ())


def test_earlier_unknown_word_is_not_completed(searcher: ColumnSearcher) -> None:
    found = read(searcher, "annota weekly")
    assert terms(found, "prefix") == set()
    assert found.unknown == ("annota",)


def test_known_last_word_is_not_completed(searcher: ColumnSearcher) -> None:
    assert terms(read(searcher, "weekly pay"), "prefix", 1) == set()


def test_single_letter_is_not_completed(searcher: ColumnSearcher) -> None:
    assert read(searcher, "weekly q").unknown == ("q",)
    assert terms(read(searcher, "z"), "prefix") == set()


def test_prefix_stands_for_the_most_frequent_words_that_start_so() -> None:
    words = [f"pay{chr(97 + n // 26)}{chr(97 + n % 26)}x" for n in range(MAX_EXPANSIONS + 20)]
    searcher = searcher_over(profile("Alpha", overview=" ".join(words) + " " + " ".join(words[-1:] * 3)))
    found = forms(read(searcher, "pay*"))
    assert len(found) <= MAX_EXPANSIONS
    assert words[-1] in {word for form in found for word in form.words}
    assert {(form.weight, form.origin) for form in found} == {(1.0, "exact")}


# Typo repair


@pytest.mark.parametrize(
    ("typed", "used"),
    [
        ("tolka", "toloka"),  # five letters, one missing
        ("tolokka", "toloka"),  # one too many
        ("tolika", "toloka"),  # another letter
        ("toolka", "toloka"),  # two neighbours swapped
        ("thershold", "threshold"),  # nine letters, swapped
        ("transcribbber", "transcriber"),  # nine letters and more, two edits
        ("compensasion", "compensation"),
        ("compennsasion", "compensation"),
    ],
)
def test_misspelt_word_is_repaired(searcher: ColumnSearcher, typed: str, used: str) -> None:
    found = read(searcher, f"{typed} weekly")
    assert found.repaired == ((typed, used),)
    assert found.unknown == ()
    assert {form.weight for form in forms(found) if form.origin == "typo"} == {TYPO_WEIGHT}


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("tets", "under five letters"),
        ("toilkq", "two edits under nine letters"),
        ("holoka", "another first letter"),
        ("compenzzzion", "three edits"),
        ("b2b2d", "a digit in it"),
        ("weekly1", "a digit in it"),
        ("xyzzyplugh", "nothing is near"),
    ],
)
def test_word_that_cannot_be_repaired_is_unknown(searcher: ColumnSearcher, typed: str, reason: str) -> None:
    found = read(searcher, f"{typed} weekly")
    assert (found.repaired, found.unknown) == ((), (typed,)), reason


def test_only_the_nearest_words_are_used(searcher: ColumnSearcher) -> None:
    searcher = searcher_over(profile("Alpha", overview="transcribers transcripts weekly"))
    assert terms(read(searcher, "transcriberz weekly"), "typo") == {"transcrib"}


def test_repaired_word_finds_what_the_word_named_as_used_finds() -> None:
    service = service_over(
        profile("Alpha", overview="One assessment, then an assessment."), profile("Beta", overview="Two assessments.")
    )
    page = search(service, "assesment first")
    assert page.query.repaired == (("assesment", "assessment"),)
    assert set(slugs(page)) == {"alpha", "beta"}


def test_more_frequent_word_is_named_as_the_one_used(searcher: ColumnSearcher) -> None:
    searcher = searcher_over(profile("Alpha", overview="tasky tasks tasks"))
    assert read(searcher, "taskq here").repaired == (("taskq", "tasks"),)


def test_known_word_and_company_name_are_never_repaired(searcher: ColumnSearcher) -> None:
    searcher = searcher_over(profile("Tolokk", overview="tolokas"), profile("Alpha", overview="toloka toloka weekly"))
    assert read(searcher, "tolokk weekly").repaired == ()
    assert terms(read(searcher, "tolokk weekly"), "typo") == set()


def test_word_in_an_alternative_is_repaired(searcher: ColumnSearcher) -> None:
    found = read(searcher, "tolka OR weekly")
    assert found.repaired == (("tolka", "toloka"),)
    assert terms(found, "typo") == {"toloka"}


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.sampled_from("pay exam tolka remot tolokapays annotations zzz payout".split()), min_size=2, max_size=3)
)
def test_alternatives_find_what_each_of_them_finds_alone(words: list[str]) -> None:
    alone = [set(slugs(search(SERVICE, word))) for word in words]
    assert set(slugs(search(SERVICE, " OR ".join(words)))) == set().union(*alone)


def test_repaired_alternative_is_named_in_what_was_understood() -> None:
    assert search(SERVICE, "tolka OR weekly").query.understood == "toloka OR weekly"


# Words written together or apart


def test_two_words_written_together_are_taken_apart(searcher: ColumnSearcher) -> None:
    found = read(searcher, "tolokapays weekly")
    assert found.repaired == (("tolokapays", "toloka pays"),)
    assert (
        [str(node) for node in found.query.wanted] == ["toloka", "pays", "weekly"] == list(map(str, found.typed.wanted))
    )
    assert terms(found, "typo", 0) == {"toloka"}
    assert found.unknown == ()


def test_two_words_written_together_are_found_apart_and_understood_so() -> None:
    page = search(SERVICE, "taskstoloka")
    assert (slugs(page), page.query.understood) == (["toloka"], "tasks toloka")


def test_misspelt_stop_word_is_left_out_and_said_to_be_one(searcher: ColumnSearcher) -> None:
    searcher = searcher_over(profile("Alpha", overview="which toloka pays weekly"))
    found = read(searcher, "whcih toloka weekly")
    assert [str(node) for node in found.query.wanted] == ["toloka", "weekly"]
    assert found.repaired == (("whcih", "which"),)
    assert [str(node) for node in read(searcher, "whcih").query.wanted] == ["whcih"]


def test_word_of_the_vocabulary_that_nobody_says_is_no_repair() -> None:
    searcher = searcher_over(profile("Alpha", overview="weekly tests"), synonyms=[("remuneration", "wage")])
    found = read(searcher, "remunerasion weekly")
    assert (found.repaired, found.unknown) == ((), ("remunerasion",))


def test_word_written_apart_is_joined(searcher: ColumnSearcher) -> None:
    found = read(searcher, "remo tasks")
    assert terms(found, "typo", 0) == terms(found, "typo", 1) == {"remotask"}
    assert found.unknown == ()


def test_words_written_apart_name_a_company_only_at_the_beginning() -> None:
    service = service_over(
        profile("Alpha", overview="image data, annotation of images"), profile("DataAnnotation", overview="images")
    )
    assert slugs(search(service, "data annotation images")) == ["dataannotation", "alpha"]
    assert slugs(search(service, "image data annotation")) == ["alpha", "dataannotation"]


def test_word_written_apart_is_joined_where_one_part_has_synonyms_of_several_words() -> None:
    service = service_over(
        profile("Alpha", overview="By PayPal."), profile("Beta", overview="pay"), synonyms=[("pay", "cash out")]
    )
    assert slugs(search(service, "pay pal")) == ["alpha"]


def test_prefixes_of_a_query_share_the_words_they_may_stand_for() -> None:
    words = " ".join(f"{letter}{number}" for letter in "abcdefghijklmnop" for number in range(100, 200))
    searcher = searcher_over(profile("Alpha", overview=words))
    few, many = read(searcher, "a* b* c*"), read(searcher, " ".join(f"{letter}*" for letter in "abcdefghijklmnop"))
    assert [len(forms(few, place)) for place in range(3)] == [MAX_EXPANSIONS] * 3
    assert [len(forms(many, place)) for place in range(16)] == [MAX_FORMS // 16] * 16


# Only as typed


def test_exact_reading_leaves_out_completion_repair_and_splitting(searcher: ColumnSearcher) -> None:
    assert terms(read(searcher, "remo tasks", exact=True), "typo") == set()
    for typed in ("annota", "tolka weekly", "tolokapays weekly"):
        found = read(searcher, typed, exact=True)
        assert (found.repaired, found.unknown) == ((), (typed.split()[0],))


def test_exact_reading_keeps_synonyms_and_prefixes(searcher: ColumnSearcher) -> None:
    assert terms(read(searcher, "pay", exact=True), "synonym") == {"wage", "salari"}
    assert forms(read(searcher, "annot*", exact=True))


def test_nothing_to_read_gives_nothing(searcher: ColumnSearcher) -> None:
    found = read(searcher, "")
    assert (found.query.wanted, found.repaired, found.unknown, found.weights) == ((), (), (), {})
