"""What every engine promises, asked of each of them: answers equal the definition, generations come and go whole."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from definition import Definition
from hypothesis import HealthCheck, given
from hypothesis import settings as given_settings
from hypothesis import strategies as st

from indexer.build import rebuild
from indexer.config import Settings
from indexer.engines import temporary_engine
from indexer.engines.base import VERIFIED_DAYS, CompanyHit, Engine, Found, Plan, Searcher
from indexer.errors import GenerationGone, IndexMissing
from indexer.profiles.changes import MAX_NEWS, Change
from indexer.profiles.model import SECTION_HEADINGS, Facts, RenderedProfile, RenderedSection
from indexer.query.lexicon import Vocabulary
from indexer.query.request import Filters, SearchRequest
from indexer.query.tree import Or, Phrase, Query
from indexer.ranking import SECTIONS_SHOWN
from indexer.search import SearchService, read_query

TODAY = date(2026, 6, 30)
VOCABULARY = Vocabulary(
    synonyms=(("pay", "wage", "hourly rate"), ("test", "task")),
    intents={"compensation": ("pay", "wage"), "overview": ("test",)},
)
DIGEST = "0123abcd" * 8


@pytest.fixture(scope="module", params=["embedded", pytest.param("opensearch", marks=pytest.mark.cluster)])
def where(request: pytest.FixtureRequest) -> Settings:
    """Settings that lead to one kind of engine."""
    if request.param == "embedded":
        return Settings()
    hosts = request.getfixturevalue("cluster").hosts
    return Settings(index=f"opensearch://{','.join(hosts)}/contract?shards=2")


@contextmanager
def published(
    where: Settings, profiles: Sequence[RenderedProfile], vocabulary: Vocabulary = VOCABULARY
) -> Iterator[Engine]:
    """An engine with one generation that holds these profiles."""
    with temporary_engine(where) as engine:
        publish(engine, profiles, vocabulary)
        yield engine


@pytest.fixture(scope="module")
def reused(where: Settings) -> Iterator[Engine]:
    """An engine in which one generation after the other is published."""
    with temporary_engine(where) as engine:
        yield engine


def publish(
    engine: Engine,
    profiles: Sequence[RenderedProfile],
    vocabulary: Vocabulary = VOCABULARY,
    news: Sequence[Change] = (),
) -> str:
    with engine.begin() as builder:
        for profile in profiles:
            builder.add(profile)
        return builder.publish(DIGEST, vocabulary, news).id


def company(name: str, *sections: tuple[str, str], **facts: object) -> RenderedProfile:
    """A profile of (section id, text) pairs."""
    slug = name.lower().replace(" ", "-")
    rendered = tuple(
        RenderedSection(section, SECTION_HEADINGS.get(section, section.capitalize()), f"<p>{body}</p>", body)
        for section, body in sections
    )
    return RenderedProfile(Facts(slug, name, **facts), rendered, f"digest of {slug} {len(rendered)}")  # type: ignore[arg-type]


# Random corpora and requests

WORDS = (
    "pay",
    "pays",
    "paid",
    "wage",
    "hourly",
    "rate",
    "test",
    "testing",
    "task",
    "weekly",
    "image",
    "taxi",
    "the",
    "of",
    "R&D",
    "é",
)
NAMES = ("Alpha", "Beta Labs", "Gamma (Alpha)", "Delta Labs", "Epsilon Pay", "Zeta Image Labs")
TEXTS = st.one_of(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=14).map(" ".join),
    st.text(st.sampled_from("ab é工ß'&-.,1\u200b\n+C#|*\""), max_size=30),
)
SECTIONS = ("overview", "compensation", "concerns", "own-heading")
FACTS = st.fixed_dictionaries(
    {},
    optional={
        "specialties": st.lists(st.sampled_from(["Image", "Text", "LiDAR / 3D"]), unique=True, max_size=3).map(tuple),
        "hiring_status": st.sampled_from(["workers", "vendor", "closed"]),
        "service_type": st.sampled_from(["Data annotation", "Platform, \u201cself-serve\u201d"]),
        "last_verified": st.sampled_from(["2026-06-30", "2026-05-31", "2026-01", "2025-07-01", "2025-06-29", "1999"]),
    },
)


@st.composite
def corpora(draw: st.DrawFn) -> list[RenderedProfile]:
    """One to six companies with one to four sections each."""
    profiles = []
    for name in NAMES[: draw(st.integers(1, len(NAMES)))]:
        sections = draw(st.lists(st.sampled_from(SECTIONS), min_size=1, unique=True))
        profiles.append(company(name, *[(section, draw(TEXTS)) for section in sections], **draw(FACTS)))
    return profiles


ASKED = st.sampled_from(
    (*WORDS, "alpha", "beta", "labs", "overview", "heading", "absent", "weakly", "hourlyrate", "paymen")
)
LEAVES = st.one_of(
    ASKED,
    st.lists(ASKED, min_size=2, max_size=3).map(lambda words: f'"{" ".join(words)}"'),
    ASKED.map(lambda word: f"{word[:2]}*"),
)
QUERIES = st.lists(
    st.one_of(
        LEAVES, LEAVES, st.lists(LEAVES, min_size=2, max_size=3).map(" OR ".join), LEAVES.map(lambda leaf: f"-{leaf}")
    ),
    max_size=5,
).map(" ".join)


def choices(*values: str) -> st.SearchStrategy[tuple[str, ...]]:
    """Mostly no choice; else one or two values."""
    return st.one_of(
        st.just(()), st.just(()), st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True).map(tuple)
    )


FILTERS = st.builds(
    Filters,
    sections=choices(*SECTIONS, "absent"),
    specialties=choices("Image", "Text", "unknown", "absent"),
    hiring=choices("workers", "closed", "unknown"),
    services=choices("Data annotation", "unknown"),
    verified=choices("30", "45", "90", "365", "unknown"),
    companies=choices("alpha", "beta-labs", "labs zeta", "absent", "\u200b"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, and how many of its words a hit must have (None: all of them)."""

    text: str
    filters: Filters
    sort: str
    minimum: int | None

    def plan(self, searcher: Searcher) -> Plan:
        reading = read_query(searcher, self.text)
        minimum = None if self.minimum is None else min(self.minimum, len(reading.query.wanted))
        query = replace(reading.query, minimum=minimum)
        return Plan(query, self.filters, self.sort, 0, 50, TODAY, reading.interpretation.weights)


REQUESTS = st.builds(
    Asked, QUERIES, FILTERS, st.sampled_from(["relevance", "verified", "name"]), st.one_of(st.none(), st.integers(1, 3))
)


def examples(where: Settings, embedded: int) -> given_settings:
    """So many random examples; half of them where each takes a publication in a cluster."""
    many = embedded // 2 if "//" in where.index else embedded
    return given_settings(deadline=None, max_examples=many, suppress_health_check=[HealthCheck.too_slow])


def test_random_requests_over_random_corpora_find_what_the_definition_says(where: Settings, reused: Engine) -> None:
    @given(corpora(), st.lists(REQUESTS, min_size=4, max_size=12))
    @examples(where, 40)
    def check(profiles: list[RenderedProfile], requests: list[Asked]) -> None:
        definition = Definition(profiles)
        publish(reused, profiles)
        searcher = reused.open()
        for asked in requests:
            plan = asked.plan(searcher)
            check_answer(searcher.search(plan), definition, plan)
            assert searcher.coverage(plan) == definition.coverage(plan.query)

    check()


def check_answer(found: Found, definition: Definition, plan: Plan) -> None:
    expected = definition.answer(plan)
    assert {hit.facts.slug for hit in found.hits} == expected.slugs
    assert found.total == len(expected.slugs)
    assert {name: dict(counts) for name, counts in found.facets.items()} == {
        name: {value: count for value, count in counts.items() if count} for name, counts in expected.facets.items()
    }
    for hit in found.hits:
        assert hit.words == expected.words[hit.facts.slug]
        shown = {section.id: section.matches for section in hit.sections}
        possible = definition.shown(hit.facts.slug, plan)
        assert shown.items() <= possible.items()
        assert len(hit.sections) == min(SECTIONS_SHOWN, len(possible))
    check_order(found.hits, plan)


def check_order(hits: Sequence[CompanyHit], plan: Plan) -> None:
    """The best first; among equals the newest verification, then the name."""

    def newest(hit: CompanyHit) -> int:
        day = hit.facts.verified_on
        return -day.toordinal() if day else 0

    names = [(hit.facts.company.casefold(), hit.facts.slug) for hit in hits]
    if plan.sort == "verified":
        keys: list[object] = [(newest(hit), *name) for hit, name in zip(hits, names, strict=True)]
    elif plan.sort == "name" or not plan.query.wanted:
        keys = list(names)
    else:
        keys = [(-round(hit.score, 2), 0) for hit in hits]
    assert keys == sorted(keys)  # type: ignore[type-var]
    for hit in hits:
        scores = [section.score for section in hit.sections]
        assert scores == sorted(scores, reverse=True)


def test_random_corpora_have_the_words_that_the_definition_counts(where: Settings, reused: Engine) -> None:
    @given(corpora(), st.lists(ASKED, min_size=1, max_size=10))
    @examples(where, 20)
    def check(profiles: list[RenderedProfile], asked: list[str]) -> None:
        definition = Definition(profiles)
        words = definition.words()
        publish(reused, profiles)
        lexicon = reused.open().lexicon
        for word in {*asked, *(item.word for item in words)}:
            count, term = next(((w.count, w.term) for w in words if w.word == word), (0, word))
            assert lexicon.count(word) == count
            assert lexicon.frequency(term) == definition.frequency(term)
            starting = [item for item in words if item.word.startswith(word[:2])]
            assert list(lexicon.starting_with(word[:2], 3)) == starting[:3]

    check()


def test_similar_words_are_the_nearest_with_the_same_first_letter(where: Settings) -> None:
    profiles = [company("Alpha", ("overview", "wage wages wags page wage wagon weg awge"))]
    with published(where, profiles) as engine:
        lexicon = engine.open().lexicon
        assert [item.word for item in lexicon.similar("wgae", 1, 9)] == ["wage"]
        assert [item.word for item in lexicon.similar("wagex", 2, 9)] == ["wage", "wages"]
        assert [item.word for item in lexicon.similar("wagex", 2, 1)] == ["wage"]
        assert list(lexicon.similar("xylophone", 2, 9)) == []


# Ranking: what stands before what, and why


def order(engine: Engine, typed: str, **options: object) -> list[str]:
    page = SearchService(engine).search(SearchRequest(typed, **options), TODAY)  # type: ignore[arg-type]
    return [result.facts.slug for result in page.results]


@pytest.mark.parametrize(
    ("typed", "first", "second"),
    [
        ("alpha", company("Alpha", ("overview", "nothing")), company("Beta", ("overview", "alpha alpha alpha"))),
        (
            "pay weekly",
            company("Alpha", ("overview", "pay weekly")),
            company("Beta", ("overview", "pay"), ("concerns", "weekly")),
        ),
        ("wage", company("Beta", ("overview", "wage")), company("Alpha", ("overview", "pay"))),
        (
            "wage in:concerns",
            company("Beta", ("concerns", "wage wage")),
            company("Alpha", ("concerns", "pay pay pay"), ("overview", "wage")),
        ),
        ("pay", company("Beta", ("compensation", "pay")), company("Alpha", ("concerns", "pay"))),
        (
            "image",
            company("Beta", ("overview", "image"), last_verified="2026-05-01"),
            company("Alpha", ("overview", "image"), last_verified="2026-04-01"),
        ),
        ("image", company("Alpha", ("overview", "image")), company("Beta", ("overview", "image"))),
    ],
    ids=[
        "named company",
        "one section",
        "as typed",
        "as typed in the chosen section",
        "asked for section",
        "newer among equals",
        "name among equals",
    ],
)  # fmt: skip
def test_first_stands_before_second(
    where: Settings, typed: str, first: RenderedProfile, second: RenderedProfile
) -> None:
    others = [company(f"Other{n}", ("overview", "something else entirely")) for n in range(9)]
    with published(where, [first, second, *others]) as engine:
        assert order(engine, typed) == [first.facts.slug, second.facts.slug]


def test_words_as_typed_stand_before_synonyms_in_a_long_question(where: Settings) -> None:
    typed = company("Alpha", ("overview", "weekly image taxi hourly wage"))
    meant = company("Beta", ("overview", "weekly image taxi hourly pay pay pay pay"))
    with published(where, [typed, meant]) as engine:
        assert order(engine, "weekly image taxi hourly wage") == ["alpha", "beta"]


def test_companies_that_are_compared_stand_first_whatever_words_they_lack(where: Settings) -> None:
    third = company("Gamma", ("compensation", "Alpha and Beta pay less."), ("concerns", "Pay."))
    named = [company(name, ("compensation", "Pay weekly."), ("concerns", "None.")) for name in ("Alpha", "Beta")]
    with published(where, [third, *named, company("Delta", ("compensation", "Pay."))]) as engine:
        assert order(engine, "alpha vs beta pay") == ["alpha", "beta", "gamma"]
        assert order(engine, "alpha vs beta pay in:compensation") == ["alpha", "beta", "gamma"]
        assert order(engine, 'alpha beta "pay less"') == ["gamma"]
        page = SearchService(engine).search(SearchRequest("alpha versus beta pay"), TODAY)
    assert {value.value: value.count for value in page.facets["section"]} == {"compensation": 3, "concerns": 2}
    assert page.query.relaxed is None


def test_words_that_no_company_has_together_are_said_to_be_so_although_one_is_named(where: Settings) -> None:
    with published(where, [company("Alpha", ("overview", "image")), company("Beta", ("overview", "taxi"))]) as engine:
        page = SearchService(engine).search(SearchRequest("alpha taxi"), TODAY)
    assert page.query.relaxed == (1, 2)
    assert [result.facts.slug for result in page.results] == ["alpha", "beta"]


def test_service_is_chosen_by_its_words(where: Settings) -> None:
    profiles = [
        company("Alpha", ("overview", "x"), service_type="Data annotation / AI training data"),
        company("Beta", ("overview", "x"), service_type="Crowd platform"),
    ]
    with published(where, profiles) as engine:
        assert order(engine, "service:annotation") == ["alpha"]
        assert order(engine, 'service:"training data"') == ["alpha"]
        assert order(engine, "x", filters=Filters(services=("Crowd platform",))) == ["beta"]


def test_parts_of_an_explained_score_add_up_to_it(where: Settings) -> None:
    profiles = [
        company("Alpha", ("compensation", "pay hourly rate"), ("concerns", "weekly test")),
        company("Beta", ("overview", "wage")),
    ]
    with published(where, profiles) as engine:
        page = SearchService(engine).search(SearchRequest("pay weekly", explain=True), TODAY)
    assert page.results
    for result in page.results:
        assert sum(part.value for part in result.parts) == pytest.approx(result.score, abs=0.01)


def test_every_word_of_a_hit_is_shown_where_some_section_has_it(where: Settings) -> None:
    sections = [(name, "pay pay pay image") for name in ("overview", "compensation", "flexibility")]
    with published(
        where, [company("Alpha", *sections, ("concerns", "nothing but a long text on taxi rides"))]
    ) as engine:
        page = SearchService(engine).search(SearchRequest("pay image taxi"), TODAY)
    assert "concerns" in [section.id for section in page.results[0].sections]


def test_phrase_in_a_heading_shows_that_section(where: Settings) -> None:
    profiles = [company("Alpha", ("overview", "nothing"), ("job_types", "nothing at all"))]
    with published(where, profiles) as engine:
        page = SearchService(engine).search(SearchRequest('"job types"'), TODAY)
    assert [section.id for section in page.results[0].sections] == ["job_types"]


def test_phrase_does_not_reach_from_the_heading_into_the_text(where: Settings) -> None:
    with published(where, [company("Alpha", ("overview", "pay weekly")), company("Beta", ("concerns", "x"))]) as engine:
        assert order(engine, '"overview pay"') == []
        assert order(engine, '"alpha overview"') == []


# Pages, profiles, facts


def test_pages_hold_every_company_once_in_order(where: Settings) -> None:
    profiles = [
        company(f"C{n:02}", ("overview", "pay " * (1 + n % 5)), last_verified=f"20{10 + n % 7}") for n in range(23)
    ]
    with published(where, profiles) as engine:
        whole = order(engine, "pay", size=50)
        pages = [order(engine, "pay", page=page, size=5) for page in range(1, 7)]
    assert [slug for page in pages for slug in page] == whole
    assert sorted(whole) == [profile.facts.slug for profile in profiles]


def test_page_past_the_last_is_empty_with_the_same_total(where: Settings) -> None:
    with published(where, [company("Alpha", ("overview", "pay"))]) as engine:
        page = SearchService(engine).search(SearchRequest("pay", page=7), TODAY)
    assert page.total == 1
    assert page.results == ()


def test_profile_facts_and_values_come_back_as_they_were_added(where: Settings) -> None:
    profiles = [
        company(
            "Beta",
            ("overview", "one\ntwo"),
            ("own", "x"),
            specialties=("Text", "Image"),
            last_verified="2026-01",
            founded=1999,
        ),
        company("Alpha", ("overview", "z\u00e9ro \U0001f600"), hiring_status="closed", service_type="Platform"),
    ]
    with published(where, profiles) as engine:
        searcher = engine.open()
        assert [searcher.profile(profile.facts.slug) for profile in profiles] == profiles
        assert searcher.profile("absent") is None
        assert list(searcher.facts()) == [profiles[1].facts, profiles[0].facts]
        assert {name: dict(values) for name, values in searcher.values().items()} == {
            "section": {"overview": "Overview", "own": "Own"},
            "specialty": {"Image": "Image", "Text": "Text", "unknown": "unknown"},
            "hiring": {"closed": "closed", "unknown": "unknown"},
            "service": {"Platform": "Platform", "unknown": "unknown"},
        }
        assert searcher.vocabulary == VOCABULARY


def test_verified_facet_counts_each_step(where: Settings) -> None:
    profiles = [
        company(f"C{n}", ("overview", "pay"), last_verified=day)
        for n, day in enumerate(["2026-06-30", "2026-03-01", "2020", None])
    ]
    with published(where, profiles) as engine:
        page = SearchService(engine).search(SearchRequest("pay"), TODAY)
    assert {value.value: value.count for value in page.facets["verified"]} == {
        "30": 1,
        "90": 1,
        "180": 2,
        "365": 2,
        "unknown": 1,
    }
    assert set(map(str, VERIFIED_DAYS)) == {"30", "90", "180", "365"}


# Queries that cost


def test_widest_query_that_a_user_can_send_is_answered(where: Settings) -> None:
    names = [f"{first}{second}" for first in "abcdefghijklmnopqrstuvwxyz" for second in "aeiouxyz"]
    words = [
        f"{start}{tail}" for start in names for tail in ("", "ber", "cor", "dun", "fil", "gom", "hat", "jib", "kel")
    ]
    profiles = [company(f"C{n}", ("overview", " ".join(words[n::7])), ("concerns", "pay")) for n in range(7)]
    typed = " ".join(f"{letter}*" for letter in "abcdefghijklmnopqrstuvwxyz") + " pay -zzz"
    with published(where, profiles) as engine:
        page = SearchService(engine).search(SearchRequest(typed), TODAY)
        assert page.total == Definition(profiles).answer(_plan_of(engine, typed)).slugs.__len__()
        phrase = SearchService(engine).search(SearchRequest(f'"{" ".join(words[0 : 7 * 40 : 7])}"'), TODAY)
        assert [result.facts.slug for result in phrase.results] == ["c0"]


def _plan_of(engine: Engine, typed: str) -> Plan:
    query = read_query(engine.open(), typed).query
    return Plan(query, Filters(), "relevance", 0, 10, TODAY)


def test_nodes_without_forms_match_nothing(where: Settings) -> None:
    with published(where, [company("Alpha", ("overview", "pay"))]) as engine:
        searcher = engine.open()
        for node in (Phrase("absent pay", ("absent", "pay")), Or((Phrase("pay absent", ("pay", "absent")),))):
            plan = replace(_plan_of(engine, "pay"), query=Query((node,)))
            assert searcher.search(plan).total == 0


# Generations


def test_engine_without_a_generation_says_that_it_is_missing(where: Settings) -> None:
    with temporary_engine(where) as engine:
        assert engine.status().state == "missing"
        with pytest.raises(IndexMissing, match=r"profile-search rebuild"):
            engine.open()
        with pytest.raises(IndexMissing):
            engine.rollback()


def test_leaving_a_build_without_publish_discards_it(where: Settings) -> None:
    with temporary_engine(where) as engine:
        with engine.begin() as builder:
            builder.add(company("Alpha", ("overview", "pay")))
        assert engine.status().state == "missing"
        publish(engine, [company("Beta", ("overview", "pay"))])
        with pytest.raises(KeyError), engine.begin():
            raise KeyError("a fault of the caller")
        assert order(engine, "pay") == ["beta"]


def test_next_search_answers_from_the_new_generation_and_the_named_one_from_the_old(where: Settings) -> None:
    with temporary_engine(where) as engine:
        first = publish(engine, [company("Alpha", ("overview", "pay"))])
        second = publish(engine, [company("Beta", ("overview", "pay"))])
        assert order(engine, "pay") == ["beta"]
        assert order(engine, "pay", generation=first) == ["alpha"]
        assert order(engine, "pay", generation="never-was") == ["beta"]
        status = engine.status()
        assert (status.state, status.generation and status.generation.id) == ("ok", second)
        assert status.previous is not None
        assert status.previous.id == first
        assert status.generation is not None
        assert (status.generation.profiles, status.generation.sections, status.generation.corpus_digest) == (
            1,
            1,
            DIGEST,
        )


def test_threads_that_search_after_a_publication_all_answer_from_the_new_generation(reused: Engine) -> None:
    def generation(_: int) -> str:
        return SearchService(reused).search(SearchRequest("pay"), TODAY).generation

    with ThreadPoolExecutor(8) as threads:
        for number in range(3):
            made = publish(reused, [company(f"Alpha {number}", ("overview", "pay"))])
            assert set(threads.map(generation, range(24))) == {made}


def test_third_generation_removes_the_first(where: Settings) -> None:
    with temporary_engine(where) as engine:
        first, *_ = [publish(engine, [company(name, ("overview", "pay"))]) for name in ("Alpha", "Beta", "Gamma")]
        assert order(engine, "pay", generation=first) == ["gamma"]


def test_rollback_answers_from_the_generation_before_and_again_from_the_newer_one(where: Settings) -> None:
    with temporary_engine(where) as engine:
        first, second = [publish(engine, [company(name, ("overview", "pay"))]) for name in ("Alpha", "Beta")]
        assert engine.rollback().id == first
        assert order(engine, "pay") == ["alpha"]
        assert engine.rollback().id == second
        assert order(engine, "pay") == ["beta"]


def change(day: int, summary: str = "") -> Change:
    when = datetime(2026, 6, 1, 12, 30, 59, 123456, UTC) + timedelta(days=day)
    return Change(when, "alpha", "Alpha", "compensation", "compensation changed", summary)


def test_news_belong_to_their_generation_and_come_back_with_it(where: Settings) -> None:
    alpha = [company("Alpha", ("overview", "pay"))]
    full = tuple(change(-day, "z\u00e9ro \U0001f600 \u2192 \u201cnew\u201d " * 14) for day in range(MAX_NEWS))
    with temporary_engine(where) as engine:
        first = publish(engine, alpha)
        assert engine.open().news() == ()
        publish(engine, alpha, news=full)
        reader = engine.open()
        assert (reader.news(), engine.open(first).news()) == (full, ())
        assert engine.rollback().id == first
        assert engine.open().news() == ()
        engine.rollback()
        assert engine.open().news() == full


def test_reader_of_a_generation_that_is_gone_tells_its_own_news_or_that_it_is_gone(where: Settings) -> None:
    alpha = [company("Alpha", ("overview", "pay"))]
    with temporary_engine(where) as engine:
        publish(engine, alpha, news=[change(1)])
        reader = engine.open()
        for day in (2, 3):
            publish(engine, alpha, news=[change(day)])
        with suppress(GenerationGone):
            assert reader.news() == (change(1),)
        assert engine.open().news() == (change(3),)


def test_builder_knows_the_profiles_and_the_news_of_the_generation_before(where: Settings) -> None:
    alpha = company("Alpha", ("overview", "pay"), founded=1999)
    with temporary_engine(where) as engine:
        with engine.begin() as builder:
            assert (builder.before("alpha"), builder.news) == (None, ())
        publish(engine, [alpha], news=[change(1)])
        with engine.begin() as builder:
            assert (builder.before("alpha"), builder.before("beta"), builder.news) == (alpha, None, (change(1),))


def test_kept_profiles_answer_like_analysed_ones(where: Settings) -> None:
    profiles = [
        company("Alpha", ("overview", "Paid weekly, don't ask"), ("compensation", "R&D pays"), last_verified="2026-01"),
        company("Beta Labs", ("overview", "tests pay \u00e9t\u00e9")),
        company("Gamma", ("overview", "gone tomorrow")),
    ]
    added = company("Delta", ("concerns", "weekly tests"))
    typed = ["pay", "weekly tests", '"paid weekly"', "labs", "ete", "gone", "wekly"]
    with published(where, [*profiles[:2], added]) as fresh:
        expected = [found(fresh, text) for text in typed]
    with published(where, profiles) as engine:
        with engine.begin() as builder:
            assert dict(builder.reusable) == {profile.facts.slug: profile.digest for profile in profiles}
            for profile in profiles[:2]:
                builder.keep(profile.facts.slug)
            builder.add(added)
            builder.publish(DIGEST, VOCABULARY)
        assert [found(engine, text) for text in typed] == expected
        assert [engine.open().profile(profile.facts.slug) for profile in profiles[:2]] == profiles[:2]


def found(engine: Engine, typed: str) -> Found:
    searcher = engine.open()
    reading = read_query(searcher, typed)
    return searcher.search(Plan(reading.query, Filters(), "relevance", 0, 10, TODAY, reading.interpretation.weights))


# The whole way, on the small corpus


def test_small_corpus_answers_the_main_question(where: Settings, small_corpus: Path) -> None:
    with temporary_engine(where) as engine:
        report = rebuild(engine, small_corpus)
        again = rebuild(engine, small_corpus)
        page = SearchService(engine).search(SearchRequest("paid above minimum wage refugees"), TODAY)
    assert (report.analysed, report.kept) == (5, 0)
    assert (again.analysed, again.kept) == (0, 5)
    first = page.results[0]
    assert first.facts.slug == "humans-in-the-loop"
    assert first.sections[0].id == "compensation"
    assert [piece.text for piece in first.sections[0].snippet if piece.match] == [
        "paid",
        "above",
        "minimum",
        "wage",
        "Refugees",
        "paid",
    ]
