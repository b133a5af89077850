"""What the ranking promises, rule by rule, and how well it does on the judged queries of the corpus."""

import random
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from corpora import profile, search, service_over, slugs

from indexer.build import rebuild
from indexer.engines.base import Searcher
from indexer.engines.whoosh.engine import EmbeddedEngine
from indexer.evaluate import Evaluation, evaluate_judgments, read_judgments
from indexer.page import Page, Result
from indexer.profiles.model import Facts, RenderedProfile
from indexer.ranking import (
    ALL_WORDS_TIERS,
    EXACT_TIERS,
    NAME_TIERS,
    ONE_SECTION_TIERS,
    TIER,
    relaxed_minimum,
)
from indexer.search import ranked

CORPUS = Path(__file__).parent.parent / "corpus"
GOLDEN = Path(__file__).parent / "golden" / "judgments.txt"
pytestmark = pytest.mark.xdist_group("ranking")
"""The index of the whole corpus is built once."""

FILLING = "Nothing else is said about this in the text of the section, which goes on for a while."


def order(*profiles: RenderedProfile, query: str, synonyms: tuple[tuple[str, ...], ...] = ()) -> list[str]:
    return slugs(search(service_over(*profiles, synonyms=synonyms), query))


# The rules


def test_company_that_the_query_names_comes_first() -> None:
    rival = profile(
        "Other", overview="Sama, Sama and Sama pay. Sama pays more pay than Sama.", compensation="Sama pay."
    )
    named = profile("Sama", overview=FILLING, compensation="Low pay.")
    assert order(rival, named, query="sama") == ["sama", "other"]
    assert order(rival, named, query="sama pay") == ["sama", "other"]


def test_company_that_the_query_names_by_a_misspelling_comes_first() -> None:
    rival = profile("Other", overview="Toloka is a rival. Toloka again.")
    assert order(rival, profile("Toloka", overview=FILLING), query="tolokka weekly")[0] == "toloka"


def test_name_of_several_words_is_named_only_by_all_of_them() -> None:
    rival = profile("Other", overview="scale scale ai")
    assert order(rival, profile("Scale AI", overview=FILLING), query="scale ai") == ["scale-ai", "other"]
    page = search(service_over(rival, profile("Scale Works", overview=FILLING)), "scale")
    assert not any(result.why.startswith("the company") for result in page.results)


def test_three_companies_that_are_compared_all_stand_first() -> None:
    named = [profile(name, overview=FILLING, compensation="Low pay.") for name in ("Sama", "Toloka", "Appen")]
    rival = profile("Other", overview="Sama, Toloka and Appen pay.")
    assert sorted(order(rival, *named, query="sama vs toloka vs appen pay")[:3]) == ["appen", "sama", "toloka"]


def test_long_question_names_nobody_by_one_of_its_words() -> None:
    texts = "weekly images of crowded city streets"
    page = search(service_over(profile("Weekly", overview=FILLING), profile("Other", overview=texts)), texts)
    assert slugs(page) == ["other"]


def test_all_words_come_before_some_of_them() -> None:
    some = profile("Some", overview="wage wage wage wage " * 10)
    every = profile("Every", overview=FILLING + " wage", concerns=FILLING + " refugees " + FILLING)
    none_has_all = profile("None", overview="refugees refugees")
    assert order(some, every, none_has_all, query="wage OR refugees")[-1] == "every"
    assert order(some, every, none_has_all, query="wage refugees") == ["every"]


def test_company_with_more_of_the_words_comes_first_where_none_has_all() -> None:
    three = profile("Three", overview=FILLING + " wage tests refugees")
    two = profile("Two", overview="wage tests wage tests")
    page = search(service_over(three, two), "wage tests refugees kenya weekly")
    assert slugs(page)[0] == "three"


def test_words_in_one_section_come_before_words_spread_over_several() -> None:
    spread = profile("Spread", overview="wage wage wage", concerns="refugees refugees refugees")
    together = profile("Together", overview=f"{FILLING} wage {FILLING} {FILLING} refugees {FILLING}")
    assert order(spread, together, query="wage refugees") == ["together", "spread"]


def test_word_as_typed_comes_before_its_synonym() -> None:
    exact = profile("Exact", overview=f"{FILLING} {FILLING} salary {FILLING}")
    synonym = profile("Other", overview="wage wage wage")
    assert order(exact, synonym, query="salary", synonyms=(("salary", "wage"),)) == ["exact", "other"]


def test_completed_and_repaired_words_score_below_the_words_they_stand_for() -> None:
    service = service_over(profile("Alpha", overview="toloka weekly"), profile("Beta", overview=FILLING))
    score = {
        typed: search(service, typed).results[0].score % TIER
        for typed in ("toloka weekly", "tolokka weekly", "weekly tolo")
    }
    assert score["toloka weekly"] > max(score["weekly tolo"], score["tolokka weekly"])


def test_rare_synonym_never_counts_as_rarer_than_the_word_typed() -> None:
    common = [profile(f"C{number}", overview=f"pay {FILLING}") for number in range(8)]
    rare = profile("Rare", overview=f"wage {FILLING}")
    page = search(service_over(*common, rare, synonyms=[("pay", "wage")]), "pay")
    assert slugs(page)[-1] == "rare"
    scores = [result.score % TIER for result in page.results]
    assert scores[-1] < scores[0]


def test_section_that_the_words_ask_for_comes_before_an_equal_one() -> None:
    profiles = [profile("Alpha", concerns=f"pay {FILLING}"), profile("Beta", compensation=f"pay {FILLING}")]
    assert order(*profiles, query="pay") == ["alpha", "beta"]
    service = service_over(*profiles, intents={"compensation": ("pay",)})
    assert slugs(search(service, "pay")) == ["beta", "alpha"]


def test_newer_verification_decides_only_among_equals() -> None:
    def company(name: str, verified: str | None, text: str) -> RenderedProfile:
        return profile(Facts(name.lower(), name, last_verified=verified), overview=text)

    old, new, never = company("Old", "2019", "pay"), company("New", "2026-05", "pay"), company("Never", None, "pay")
    assert order(old, never, new, query="pay") == ["new", "old", "never"]
    better = company("Better", None, "pay pay")
    assert order(old, never, new, better, query="pay")[0] == "better"


def test_name_decides_among_companies_that_are_equal_in_all_else() -> None:
    assert order(*(profile(name, overview="pay") for name in ("beta", "Alpha", "gamma")), query="pay") == [
        "alpha",
        "beta",
        "gamma",
    ]


def test_word_in_name_or_heading_counts_more_than_one_in_the_text() -> None:
    text = profile("Alpha Co", overview=f"pay equipment {FILLING}")
    heading = profile("Beta Co", equipment=f"pay {FILLING}")
    assert order(text, heading, query="equipment pay") == ["beta-co", "alpha-co"]


def test_tiers_cannot_be_outweighed_by_each_lower_sum() -> None:
    assert NAME_TIERS > ALL_WORDS_TIERS + ONE_SECTION_TIERS + EXACT_TIERS
    assert ALL_WORDS_TIERS > ONE_SECTION_TIERS + EXACT_TIERS
    assert ONE_SECTION_TIERS > EXACT_TIERS


@pytest.mark.parametrize(
    ("words", "most", "minimum"), [(2, 1, 1), (4, 3, 3), (5, 4, 3), (8, 7, 4), (8, 2, 2), (9, 9, 5), (1, 0, 0)]
)
def test_hits_of_short_queries_need_most_words_and_those_of_questions_half(words: int, most: int, minimum: int) -> None:
    assert relaxed_minimum(words, most) == minimum


# The explanation


def explained(page: Page) -> Iterator[Result]:
    for result in page.results:
        assert result.parts
        yield result


@pytest.mark.parametrize(
    "query", ["pay", "pay tests", "alpha pay", "wage", "weekly pay for tests in kenya by paypal", "tolokka pay"]
)
def test_parts_of_an_explained_score_add_up_to_it(query: str) -> None:
    service = service_over(
        profile("Alpha", overview="Toloka pays weekly in Kenya.", compensation="Pay is by PayPal. Tests are paid."),
        profile("Beta", overview="Tests weekly.", concerns="Late pay."),
        profile("Gamma", compensation="wage tests by PayPal in Kenya, paid weekly"),
        synonyms=[("pay", "wage")],
        intents={"compensation": ("pay",)},
    )
    page = search(service, query, explain=True)
    assert page.results
    for result in explained(page):
        assert sum(part.value for part in result.parts) == pytest.approx(result.score, abs=2e-3)


def test_page_that_is_not_explained_has_no_parts() -> None:
    assert search(service_over(profile("Alpha", overview="pay")), "pay").results[0].parts == ()


# The judged queries


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    """The corpus of the repository, indexed."""
    with closing(EmbeddedEngine(tmp_path_factory.mktemp("ranking") / "index")) as engine:
        rebuild(engine, CORPUS)
        yield engine.open()


@pytest.fixture(scope="module")
def judged(searcher: Searcher) -> Evaluation:
    return evaluate_judgments(searcher, CORPUS / "judgments.tsv")


def test_judged_queries_are_many_and_half_of_them_name_sections() -> None:
    queries = read_judgments(CORPUS / "judgments.tsv")
    with_section = [query for query, targets in queries.items() if any("#" in target for target in targets)]
    assert len(queries) >= 80
    assert len(with_section) * 2 >= len(queries)


def test_judgments_name_companies_and_sections_of_the_corpus(searcher: Searcher) -> None:
    targets = {target for row in read_judgments(CORPUS / "judgments.tsv").values() for target in row}
    known = {facts.slug for facts in searcher.facts()}
    for slug in tuple(known):
        profile = searcher.profile(slug)
        assert profile is not None
        known |= {f"{slug}#{section.id}" for section in profile.sections}
    assert targets <= known


def test_judged_queries_are_answered_as_well_as_promised(judged: Evaluation) -> None:
    assert judged.figures["nDCG@10"] >= 0.9
    assert judged.figures["nDCG@10-shown"] >= 0.9
    assert judged.figures["recall@1"] >= 0.9


def misspelt(query: str, draw: random.Random) -> str:
    """The query with one letter wrong in one of its words of at least five letters; its first letter is right."""
    words = [word.span() for word in re.finditer(r"[a-z]{5,}", query.lower())]
    if not words:
        return query
    start, end = draw.choice(words)
    place = draw.randrange(start + 1, end)
    letter = draw.choice("abcdefghijklmnopqrstuvwxyz")
    edit = draw.choice(["drop", "double", "swap", "replace"])
    if edit == "drop":
        return query[:place] + query[place + 1 :]
    if edit == "double":
        return query[:place] + query[place] + query[place:]
    if edit == "swap" and place + 1 < end:
        return query[:place] + query[place + 1] + query[place] + query[place + 2 :]
    return query[:place] + letter + query[place + 1 :]


def test_misspelt_queries_lose_at_most_five_points(searcher: Searcher, judged: Evaluation, tmp_path: Path) -> None:
    draw = random.Random(20260630)
    rows = []
    for number, (query, targets) in enumerate(read_judgments(CORPUS / "judgments.tsv").items()):
        wrong = misspelt(query, draw)
        rows += [f"{wrong}{' ' * number}\t{target}\t{grade}" for target, grade in targets.items()]
    path = tmp_path / "misspelt.tsv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    figures = evaluate_judgments(searcher, path).figures
    for name in ("nDCG@10", "recall@1"):
        assert figures[name] >= judged.figures[name] - 0.05, (name, figures[name], judged.figures[name])


def golden(evaluation: Evaluation, searcher: Searcher) -> str:
    """Figures, then for every query its three best companies with what they gain and the sections shown."""
    lines = [f"{name:<11} {value:.4f}" for name, value in evaluation.figures.items()]
    for query in evaluation.queries:
        lines += ["", query.text]
        for gain, hit in zip(query.gains, ranked(searcher, query.text, 3).hits, strict=False):
            lines.append(f"  {gain} {hit.facts.slug}: {', '.join(section.id for section in hit.sections)}")
    return "\n".join(lines) + "\n"


def test_best_hits_of_judged_queries_are_those_of_the_golden_file(
    judged: Evaluation, searcher: Searcher, request: pytest.FixtureRequest
) -> None:
    """Refresh with `pytest --refresh-golden`, and read what has changed."""
    found = golden(judged, searcher)
    if request.config.getoption("--refresh-golden"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(found, encoding="utf-8")
    assert found == GOLDEN.read_text(encoding="utf-8")
