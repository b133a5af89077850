"""The use case "search": requests to pages, over small corpora."""

from dataclasses import replace
from datetime import timedelta

import pytest
from corpora import TODAY, profile, search, searcher_over, service_over, slugs
from hypothesis import given
from hypothesis import strategies as st
from properties import examples
from timed import Timed

from indexer.build import rebuild
from indexer.config import Settings
from indexer.engines import open_engine
from indexer.engines.base import Plan
from indexer.errors import NotFound
from indexer.page import Page
from indexer.profiles.model import Facts
from indexer.query.parser import parse_query
from indexer.query.request import DEFAULT_PAGE_SIZE, MAX_DEPTH, SORTS, UNKNOWN, Filters, SearchRequest
from indexer.search import SearchService
from indexer.snippets import MAX_SNIPPET_CHARACTERS

ATTRIBUTES = {
    "section": "sections",
    "specialty": "specialties",
    "hiring": "hiring",
    "service": "services",
    "verified": "verified",
}
COMPANIES = [
    profile(
        Facts("alpha", "Alpha", "Data annotation", None, ("Image", "Text"), "workers", last_verified="2026-06-20"),
        overview="A company in Kenya.",
        compensation="Weekly pay by PayPal. Pay is low.",
        concerns="Late pay was reported.",
    ),
    profile(
        Facts("beta", "Beta Works", "Data annotation", None, ("Image",), "both", last_verified="2026-04-30"),
        overview="Weekly tests.",
        assessments="The test takes an hour.",
    ),
    profile(
        Facts("gamma", "Gamma", "Managed workforce", None, ("Audio",), "closed", last_verified="2025-01-01"),
        compensation="Monthly pay.",
        legitimacy="A registered company with a test centre.",
    ),
    profile(Facts("delta", "Delta"), overview="Weekly pay after a test.", equipment="A phone."),
]


@pytest.fixture(scope="module")
def service() -> SearchService:
    return service_over(*COMPANIES, synonyms=[("pay", "wage")], intents={"compensation": ("pay",)})


def counts(page: Page, facet: str) -> dict[str, int]:
    return {value.value: value.count for value in page.facets[facet]}


def headings(page: Page, place: int = 0) -> list[str]:
    return [section.id for section in page.results[place].sections]


# What is found


def test_empty_query_gives_every_company_by_name(service: SearchService) -> None:
    page = search(service, "")
    assert slugs(page) == ["alpha", "beta", "delta", "gamma"]
    assert page.total == 4
    assert {result.why for result in page.results} == {"listed with all profiles: no word was searched for"}


def test_query_of_signs_only_gives_every_company(service: SearchService) -> None:
    assert search(service, "?!").total == 4


def test_hit_is_a_company_with_its_matching_sections_and_marked_snippets(service: SearchService) -> None:
    page = search(service, "pay")
    assert page.total == 3
    assert slugs(page)[0] == "alpha"
    assert headings(page) == ["compensation", "concerns"]
    first = page.results[0].sections[0]
    assert first.url == "/profiles/alpha?q=pay#compensation"
    assert [(piece.text, piece.match) for piece in first.snippet] == [
        ("Weekly ", False), ("pay", True), (" by PayPal. ", False), ("Pay", True), (" is low.", False)
    ]  # fmt: skip


def test_words_spread_over_sections_find_the_company(service: SearchService) -> None:
    page = search(service, "kenya paypal")
    assert slugs(page) == ["alpha"]
    assert page.results[0].why == "both words; in Overview and Compensation"


def test_word_left_out_removes_companies_that_have_it_anywhere(service: SearchService) -> None:
    assert sorted(slugs(search(service, "weekly -paypal"))) == ["beta", "delta"]
    assert slugs(search(service, "-weekly")) == ["gamma"]
    assert search(service, "-weekly").results[0].why == "has none of the words left out"


def test_alternatives_find_companies_with_either(service: SearchService) -> None:
    assert sorted(slugs(search(service, "paypal OR monthly"))) == ["alpha", "gamma"]


def test_phrase_finds_only_words_that_follow_each_other(service: SearchService) -> None:
    assert sorted(slugs(search(service, '"weekly pay"'))) == ["alpha", "delta"]
    assert slugs(search(service, '"pay weekly"')) == []


def test_name_alone_shows_the_first_section(service: SearchService) -> None:
    page = search(service, "gamma")
    assert slugs(page) == ["gamma"]
    assert headings(page) == ["compensation"]
    assert page.results[0].why == "\u201cgamma\u201d; in the name of the company"
    assert page.results[0].sections[0].snippet


def test_name_with_a_word_says_that_the_company_was_named(service: SearchService) -> None:
    page = search(service, "gamma pay")
    assert slugs(page)[0] == "gamma"
    assert page.results[0].why.startswith("the company you named; ")


def test_synonym_is_found_and_marked(service: SearchService) -> None:
    page = search(service, "wage")
    assert sorted(slugs(page)) == ["alpha", "delta", "gamma"]
    marked = {
        piece.text for result in page.results for section in result.sections for piece in section.snippet if piece.match
    }
    assert marked == {"pay", "Pay"}


@given(st.text(max_size=40))
@examples(100)
def test_any_text_is_answered_and_every_hit_shows_why(typed: str) -> None:
    page = search(service_over(*COMPANIES), typed)
    for result in page.results:
        assert result.why
        assert result.sections
        for section in result.sections:
            assert 0 < sum(len(piece.text) for piece in section.snippet) <= MAX_SNIPPET_CHARACTERS


# How the words were understood


def test_repaired_word_is_reported_and_exact_search_does_not_repair(service: SearchService) -> None:
    page = search(service, "montly pay")
    assert slugs(page) == ["gamma"]
    assert page.query.repaired == (("montly", "monthly"),)
    assert page.query.understood == "monthly pay"
    exact = search(service, "montly pay", exact=True)
    assert exact.query.repaired == ()
    assert exact.query.unknown == ("montly",)


def test_no_company_with_all_words_gives_those_with_most_and_says_so(service: SearchService) -> None:
    page = search(service, "kenya monthly paypal")
    assert slugs(page) == ["alpha"]
    assert page.query.relaxed == (2, 3)


def test_all_words_found_is_not_relaxed(service: SearchService) -> None:
    assert search(service, "kenya paypal").query.relaxed is None


def test_relaxing_does_not_depend_on_filters(service: SearchService) -> None:
    page = search(service, "kenya paypal", Filters(hiring=("closed",)))
    assert page.total == 0
    assert page.query.relaxed is None


def test_unknown_words_are_named_and_nothing_is_found(service: SearchService) -> None:
    page = search(service, "xyzzy")
    assert page.total == 0
    assert page.results == ()
    assert page.query.unknown == ("xyzzy",)


def test_unknown_word_beside_known_ones_is_named_and_the_rest_found(service: SearchService) -> None:
    page = search(service, "xyzzy weekly pay")
    assert page.query.unknown == ("xyzzy",)
    assert page.query.relaxed == (2, 3)
    assert sorted(slugs(page)) == ["alpha", "delta"]


def test_too_many_words_are_noted(service: SearchService) -> None:
    assert search(service, " ".join(["pay"] * 40)).query.notes == parse_query(" ".join(["pay"] * 40)).notes != ()


def test_understood_text_keeps_filters_and_words_left_out(service: SearchService) -> None:
    page = search(service, 'Weekly -"late pay" in:Overview hiring:both')
    assert page.query.understood == 'weekly -"late pay" in:overview hiring:both'


# Filters


def test_filter_in_the_text_is_the_same_as_one_beside_it(service: SearchService) -> None:
    typed, chosen = search(service, "pay in:compensation"), search(service, "pay", Filters(sections=("compensation",)))
    assert slugs(typed) == slugs(chosen) == ["alpha", "gamma"]
    assert typed.request.filters == chosen.request.filters


def test_section_filter_shows_only_that_section(service: SearchService) -> None:
    page = search(service, "pay", Filters(sections=("concerns",)))
    assert slugs(page) == ["alpha"]
    assert headings(page) == ["concerns"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("specialty:image", ["alpha", "beta"]),
        ("specialty:IMAGE", ["alpha", "beta"]),
        ("specialty:image specialty:audio", ["alpha", "beta", "gamma"]),
        ("specialty:image hiring:both", ["beta"]),
        ("specialty:unknown", ["delta"]),
        ('service:"data annotation"', ["alpha", "beta"]),
        ("service:unknown", ["delta"]),
        ("hiring:closed", ["gamma"]),
        ("hiring:unknown", ["delta"]),
        ("verified:30", ["alpha"]),
        ("verified:90", ["alpha", "beta"]),
        ("verified:unknown", ["delta"]),
        ("verified:30 verified:unknown", ["alpha", "delta"]),
        ("company:alpha", ["alpha"]),
        ("company:works", ["beta"]),
        ('company:"Beta Works"', ["beta"]),
        ("company:beta company:gamma", ["beta", "gamma"]),
        ("company:nobody", []),
        ("in:equipment", ["delta"]),
        ("service:annotation", ["alpha", "beta"]),
    ],
)
def test_filters_keep_these_companies(service: SearchService, typed: str, expected: list[str]) -> None:
    assert sorted(slugs(search(service, typed))) == expected


@pytest.mark.parametrize(
    ("typed", "note"),
    [
        ("hiring:worker", '“hiring:worker” was left out: no profile has it, did you mean "workers"?'),
        ("specialty:imagee", '“specialty:imagee” was left out: no profile has it, did you mean "Image"?'),
        ("in:zzz", "“in:zzz” was left out: no profile has it."),
        ("service:anno", "“service:anno” was left out: no profile has it."),
    ],
)
def test_choice_that_nobody_has_is_left_out_with_a_note(service: SearchService, typed: str, note: str) -> None:
    page = search(service, typed)
    assert page.query.notes == (note,)
    assert page.total == search(service, "").total


def test_section_is_chosen_by_a_heading_that_means_it(service: SearchService) -> None:
    page = search(service, 'in:"Challenges / concerns"')
    assert page.request.filters.sections == ("concerns",)


def test_chosen_period_is_counted_beside_the_usual_ones(service: SearchService) -> None:
    page = search(service, "verified:45")
    counts = {value.value: (value.count, value.selected) for value in page.facets["verified"]}
    assert counts["45"] == (page.total, True)


def test_words_of_a_service_choose_all_that_have_them_in_the_facet_too(service: SearchService) -> None:
    page = search(service, "service:annotation")
    assert [(value.value, value.count) for value in page.facets["service"] if value.selected] == [
        ("Data annotation", page.total)
    ]


def test_verified_within_counts_the_last_day_and_not_the_one_before(service: SearchService) -> None:
    request = SearchRequest("", Filters(verified=("30",)))
    for days, expected in ((30, ["alpha"]), (31, [])):
        day = Facts("alpha", "Alpha", last_verified="2026-06-20").verified_on
        assert day is not None
        assert slugs(service.search(request, day + timedelta(days=days))) == expected


def test_chosen_value_that_is_unknown_stays_in_its_facet_with_no_hits(service: SearchService) -> None:
    page = search(service, "", Filters(hiring=("nonsense",)))
    chosen = [value for value in page.facets["hiring"] if value.selected]
    assert [(value.value, value.count) for value in chosen] == [("nonsense", 0)]
    assert counts(page, "hiring")["workers"] == 1


# Facets


def test_facets_count_the_companies_that_match(service: SearchService) -> None:
    page = search(service, "pay")
    assert counts(page, "hiring") == {"workers": 1, "closed": 1, UNKNOWN: 1}
    assert counts(page, "specialty") == {"Audio": 1, "Image": 1, "Text": 1, UNKNOWN: 1}
    assert counts(page, "service") == {"Data annotation": 1, "Managed workforce": 1, UNKNOWN: 1}
    assert counts(page, "verified") == {"30": 1, "90": 1, "180": 1, "365": 1, UNKNOWN: 1}
    assert counts(page, "section") == {"overview": 1, "compensation": 2, "concerns": 1}


def test_facet_values_have_labels_and_unknown_stands_last(service: SearchService) -> None:
    page = search(service, "")
    assert [value.label for value in page.facets["hiring"]][-1] == "Unknown"
    assert [value.label for value in page.facets["section"]] == [
        "Overview", "Assessments", "Compensation", "Concerns", "Legitimacy", "Equipment"
    ]  # fmt: skip
    assert page.facets["verified"][0].label == "Within 30 days"


WORDS = (
    "pay",
    "weekly",
    "test",
    "monthly",
    "phone",
    "wage",
    "kenya",
    "-late",
    "xyzzy",
    '"weekly pay"',
    "pay OR phone",
    "te*",
)
CHOICES = {
    "sections": ("overview", "compensation", "concerns", "equipment", "nonsense"),
    "specialties": ("Image", "Text", "Audio", UNKNOWN),
    "hiring": ("workers", "both", "closed", UNKNOWN),
    "services": ("Data annotation", "Managed workforce", UNKNOWN),
    "verified": ("30", "90", "365", "4000", UNKNOWN),
}
FILTERS = st.builds(
    Filters,
    **{
        name: st.one_of(st.just(()), st.lists(st.sampled_from(values), max_size=2, unique=True).map(tuple))
        for name, values in CHOICES.items()
    },
)
FACTS = st.builds(
    Facts,
    slug=st.just("x"),
    company=st.sampled_from(["Alpha", "Beta Works", "Gamma Pay"]),
    service_type=st.sampled_from([None, "Data annotation", "Data annotation and collection", "Managed workforce"]),
    specialties=st.lists(st.sampled_from(["Image", "Text", "Audio"]), max_size=2, unique=True).map(tuple),
    hiring_status=st.sampled_from(["workers", "both", "closed", "unknown"]),
    last_verified=st.sampled_from([None, "2026-06-01", "2026-04", "2019"]),
)
BODIES = st.lists(
    st.sampled_from(["pay", "weekly", "test", "monthly", "phone", "late", "kenya"]), min_size=1, max_size=5
).map(" ".join)
PROFILES = st.tuples(
    FACTS, st.dictionaries(st.sampled_from(["overview", "compensation", "concerns", "equipment"]), BODIES, min_size=1)
)


@st.composite
def services(draw: st.DrawFn) -> SearchService:
    """The search over a few companies."""
    drawn = draw(st.lists(PROFILES, min_size=1, max_size=7))
    rows = [profile(replace(facts, slug=f"c{number}"), **sections) for number, (facts, sections) in enumerate(drawn)]
    return service_over(*rows, synonyms=[("pay", "wage")])


@given(
    services(), st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join), FILTERS, st.sampled_from(list(ATTRIBUTES))
)
@examples(80)
def test_count_of_a_value_is_the_total_after_choosing_it_where_its_facet_has_no_choice(
    service: SearchService, typed: str, filters: Filters, facet: str
) -> None:
    filters = replace(filters, **{ATTRIBUTES[facet]: ()})
    for value in search(service, typed, filters).facets[facet]:
        chosen = search(service, typed, replace(filters, **{ATTRIBUTES[facet]: (value.value,)}))
        assert value.count == chosen.total, (value, typed, filters)


@given(
    services(), st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join), FILTERS, st.sampled_from(list(ATTRIBUTES))
)
@examples(60)
def test_counts_of_a_facet_do_not_depend_on_its_own_choice(
    service: SearchService, typed: str, filters: Filters, facet: str
) -> None:
    free = search(service, typed, replace(filters, **{ATTRIBUTES[facet]: ()}))
    held = {value: count for value, count in counts(search(service, typed, filters), facet).items() if count}
    more = {value: held.pop(value) for value in set(held) - set(counts(free, facet))}
    assert held == counts(free, facet)
    assert set(more) <= set(filters.verified)  # a chosen period is counted beside the usual ones


# Order, pages, depth


def test_sort_by_verification_puts_the_newest_first_and_never_verified_last(service: SearchService) -> None:
    assert slugs(search(service, "", sort="verified")) == ["alpha", "beta", "gamma", "delta"]
    assert slugs(search(service, "pay", sort="verified")) == ["alpha", "gamma", "delta"]


def test_sort_by_name_ignores_how_well_companies_match(service: SearchService) -> None:
    assert slugs(search(service, "test", sort="name")) == ["beta", "delta", "gamma"]


def test_pages_cut_the_same_order(service: SearchService) -> None:
    for sort in SORTS:
        whole = slugs(search(service, "pay OR test", sort=sort))
        parts = [slugs(search(service, "pay OR test", sort=sort, size=1, page=page)) for page in range(1, 5)]
        assert [part for row in parts for part in row] == whole
        assert search(service, "pay OR test", sort=sort, size=3).pages == 2


def test_page_past_the_last_is_empty_and_keeps_its_total(service: SearchService) -> None:
    page = search(service, "pay", page=9)
    assert (page.results, page.total, page.pages) == ((), 3, 1)


@given(
    services(),
    st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join),
    st.integers(1, 3),
    st.sampled_from(list(SORTS)),
)
@examples(40)
def test_pages_of_any_size_hold_every_hit_once(service: SearchService, typed: str, size: int, sort: str) -> None:
    first = search(service, typed, size=size, sort=sort)
    found = [
        slug
        for page in range(1, first.pages + 1)
        for slug in slugs(search(service, typed, size=size, page=page, sort=sort))
    ]
    assert len(found) == len(set(found)) == first.total
    assert found == slugs(search(service, typed, size=50, sort=sort))


def test_hits_below_the_depth_limit_are_not_served_and_the_total_stays_exact() -> None:
    many = [profile(Facts(f"c{number}", f"Company {number}"), overview="pay") for number in range(MAX_DEPTH + 5)]
    service = service_over(*many)
    page = search(service, "pay", size=50)
    assert page.total == MAX_DEPTH + 5
    assert page.pages == MAX_DEPTH // 50
    assert len(search(service, "pay", size=50, page=page.pages).results) == 50
    assert search(service, "pay", size=50, page=page.pages + 1).results == ()
    assert len(search(service, "pay", size=30, page=34).results) == MAX_DEPTH - 33 * 30


def test_default_page_has_ten_hits() -> None:
    many = [profile(f"Company {letter}", overview="pay") for letter in "abcdefghijkl"]
    page = search(service_over(*many), "pay")
    assert (len(page.results), page.total, page.pages, DEFAULT_PAGE_SIZE) == (10, 12, 2, 10)


# Times, profiles, generations


def test_page_says_how_long_its_parts_took(service: SearchService) -> None:
    page = search(service, "pay")
    assert set(page.timings) == {"parse", "search", "snippets"}
    assert sum(page.timings.values()) == pytest.approx(page.took_ms, abs=0.05)
    assert not page.partial


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("wage", {"overview": [], "compensation": ["pay", "Pay"], "concerns": ["pay"]}),
        ('"weekly pay"', {"overview": [], "compensation": ["Weekly", "pay"], "concerns": []}),
        ('"low pay"', {"overview": [], "compensation": [], "concerns": []}),
    ],
)
def test_profile_view_has_the_places_of_words_their_stand_ins_and_whole_phrases(
    service: SearchService, query: str, expected: dict[str, list[str]]
) -> None:
    view = service.profile("alpha", query)
    assert view.profile == COMPANIES[0]
    marked = {
        section.id: [section.text[match.start : match.end] for match in view.matches[section.id]]
        for section in view.profile.sections
    }
    assert marked == expected
    assert service.profile("alpha").matches == {}


def test_unknown_profile_is_not_found(service: SearchService) -> None:
    with pytest.raises(NotFound, match="There is no profile of 'nobody'"):
        service.profile("nobody")


def test_pinned_generation_answers_while_it_is_kept_and_the_current_one_afterwards(own_settings: Settings) -> None:
    engine = open_engine(own_settings)
    service = SearchService(engine)
    first = rebuild(engine, own_settings.corpus).generation.id
    (own_settings.corpus / "sama.md").unlink()
    second = rebuild(engine, own_settings.corpus).generation.id
    assert slugs(service.search(SearchRequest("sama"), TODAY)) == []
    pinned = service.search(SearchRequest("sama", generation=first), TODAY)
    assert (slugs(pinned), pinned.generation) == (["sama"], first)
    (own_settings.corpus / "appen.md").unlink()
    third = rebuild(engine, own_settings.corpus).generation.id
    assert service.search(SearchRequest("sama", generation=second), TODAY).generation == second
    assert service.search(SearchRequest("sama", generation=first), TODAY).generation == third
    assert service.search(SearchRequest("sama", generation="never"), TODAY).generation == third
    engine.close()


class LateCoverage(Timed):
    """An engine that finds nothing in time and then cannot say how many of the words one company has."""

    def coverage(self, plan: Plan) -> None:
        return None


def test_nothing_found_and_no_time_left_to_look_for_some_of_the_words_is_no_full_answer() -> None:
    searcher = searcher_over(profile("Ada", overview="paypal"), profile("Bob", overview="kenya"))
    page = search(SearchService(LateCoverage(searcher, 30.0)), "kenya paypal")  # type: ignore[arg-type]
    assert (page.total, page.partial) == (0, True)
