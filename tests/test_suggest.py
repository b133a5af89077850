"""What the beginning of a query could become."""

import pytest
from corpora import profile, service_over

from indexer.page import Suggestion
from indexer.profiles.model import Facts
from indexer.search import SearchService


@pytest.fixture(scope="module")
def service() -> SearchService:
    return service_over(
        profile(
            Facts("scale-ai", "Scale AI"), overview="Payments and paid tests. Payments weekly.", concerns="scam reports"
        ),
        profile(Facts("surge-ai", "Surge AI"), compensation="Payments by PayPal. The payer is paying."),
        profile(Facts("sama", "Sama"), job_types="Annotation of images", equipment="A phone."),
        profile(Facts("telus", "TELUS Digital"), overview="annotate in Español C++"),
    )


def texts(service: SearchService, typed: str, kind: str | None = None, limit: int = 8) -> list[str]:
    return [found.text for found in service.suggest(typed, limit) if kind in (None, found.kind)]


@pytest.mark.parametrize(
    ("typed", "companies"),
    [
        ("s", ["Sama", "Scale AI", "Surge AI"]),
        ("sc", ["Scale AI"]),
        ("SCALE", ["Scale AI"]),
        ("ai", ["Scale AI", "Surge AI"]),
        ("ai sc", ["Scale AI"]),
        ("scale a", ["Scale AI"]),
        ("telsu", ["TELUS Digital"]),
        ("telu digi", ["TELUS Digital"]),
        ("zzz", []),
    ],
)
def test_typed_beginning_suggests_these_companies(service: SearchService, typed: str, companies: list[str]) -> None:
    assert texts(service, typed, "company") == companies


def test_company_leads_to_its_profile(service: SearchService) -> None:
    assert Suggestion("Sama", "company", "/profiles/sama") in service.suggest("sam")


def test_section_is_suggested_by_any_word_of_its_heading_and_leads_to_a_search_in_it(service: SearchService) -> None:
    assert Suggestion("Compensation", "section", "/search?in=compensation") in service.suggest("comp")
    assert texts(service, "types", "section") == ["Job types"]
    assert texts(service, "equip", "section") == ["Equipment"]


def test_words_come_most_frequent_first_one_for_each_stem(service: SearchService) -> None:
    assert texts(service, "pay", "word") == ["payments", "payer", "paying", "paypal"]


def test_words_are_put_behind_what_was_typed_before(service: SearchService) -> None:
    assert texts(service, "weekly pay", "word")[0] == "weekly payments"
    assert texts(service, "Pay and pa", "word")[0] == "Pay and payments"
    assert texts(service, "-scam annot", "word") == ["-scam annotate"]


def test_misspelt_word_suggests_its_neighbours(service: SearchService) -> None:
    assert texts(service, "paymants", "word") == ["payments"]
    assert texts(service, "weekly paymants", "word") == ["weekly payments"]


def test_companies_stand_before_sections_and_words(service: SearchService) -> None:
    kinds = [found.kind for found in service.suggest("s")]
    assert kinds == sorted(kinds, key=["company", "section", "word"].index)


def test_number_of_suggestions_is_limited_and_none_comes_twice(service: SearchService) -> None:
    assert len(texts(service, "s", limit=2)) == 2
    for typed in ("s", "a", "p", "pay", "o"):
        found = [text.casefold() for text in texts(service, typed)]
        assert len(found) == len(set(found)) <= 8


@pytest.mark.parametrize("typed", ["", "  ", "?", '"', "-", "\x00"])
def test_nothing_typed_suggests_nothing(service: SearchService, typed: str) -> None:
    assert service.suggest(typed) == ()


def test_accents_and_signs_are_understood(service: SearchService) -> None:
    assert texts(service, "ESPAÑ", "word") == ["espanol"]
    assert texts(service, "c+", "word")[:1] in ([], ["compensation"], ["c++"])


def test_stop_words_are_not_suggested(service: SearchService) -> None:
    assert "the" not in texts(service, "th")


@pytest.mark.parametrize(
    ("typed", "suggested"),
    [
        ("reports repor", "reports reports"),
        ("images imag", "images images"),
        ("weekly -scam", "weekly -scam"),
        ("-repor", "-reports"),
        ('"paid tes', '"paid tests'),
    ],
)
def test_what_stands_before_the_last_word_stays_as_typed(service: SearchService, typed: str, suggested: str) -> None:
    assert texts(service, typed, "word") == [suggested]


@pytest.mark.parametrize(
    ("typed", "suggested"),
    [
        ("in:comp", ["in:compensation"]),
        ("weekly IN:job", ["weekly IN:job_types"]),
        ('in:"job t', ["in:job_types"]),
        ("hiring:unk", ["hiring:unknown"]),
        ("company:s", ["company:sama", "company:scale-ai", "company:surge-ai"]),
        ("company:ai", ["company:scale-ai", "company:surge-ai"]),
        ("in:zzz", []),
        ("in:overview pay", []),
        ("company:sama ", []),
    ],
)
def test_field_suggests_its_values_and_a_choice_nothing(
    service: SearchService, typed: str, suggested: list[str]
) -> None:
    assert texts(service, typed) == suggested
