"""A profile's page, comparison and coverage; marks, leads, sources and ages by themselves."""

import json
import re
from contextlib import closing
from datetime import date
from html import escape, unescape

import pytest
from corpora import profile
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from indexer.config import Settings
from indexer.engines import open_engine
from indexer.profiles.dates import spoken
from indexer.profiles.model import Facts
from indexer.profiles.sanitise import html_text
from indexer.query.lexicon import Vocabulary
from indexer.snippets import Match
from indexer.text import tokenize, word_of
from webapp import create_app
from webapp.ages import age_in_words, verified
from webapp.leads import first_sentence
from webapp.marking import mark_matches


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """A client of an application over 120 companies with an overview, and one with concerns and a heading."""
    settings = Settings(index=str(tmp_path_factory.mktemp("crowd") / "index"))
    with closing(open_engine(settings)) as engine, engine.begin() as builder:
        for number in range(120):
            builder.add(profile(f"Firm {number:03}", overview=f"Pays the {number} people of its crowd."))
        builder.add(profile("Zeta Works", concerns="None.", legitimacy=""))
        builder.publish("0" * 64, Vocabulary((), {}))
    return create_app(settings).test_client()


def test_profile_has_one_id_for_each_section_and_no_id_twice(client: FlaskClient) -> None:
    text = client.get("/profiles/humans-in-the-loop?q=paid").text
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert {"overview", "application_process", "compensation", "concerns", "legitimacy", "conclusion"} <= set(ids)


def test_contents_link_to_sections_that_exist(client: FlaskClient) -> None:
    text = client.get("/profiles/centaur-labs").text
    ids = set(re.findall(r'\sid="([^"]+)"', text))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= ids
    assert "equipment" in ids


def test_words_of_the_search_are_marked_and_counted(client: FlaskClient) -> None:
    text = client.get("/profiles/humans-in-the-loop?q=refugees").text
    assert text.count("<mark>") == 3
    assert "<strong>3</strong> words match “refugees”" in text
    assert 'href="/profiles/humans-in-the-loop">Turn marks off' in text


def test_profile_without_a_search_has_no_marks_and_the_same_canonical_address(client: FlaskClient) -> None:
    text = client.get("/profiles/humans-in-the-loop").text
    assert "<mark>" not in text
    canonical = '<link rel="canonical" href="http://localhost/profiles/humans-in-the-loop">'
    assert canonical in text
    assert canonical in client.get("/profiles/humans-in-the-loop?q=pay").text


def test_quick_facts_sources_and_related_companies_are_listed(client: FlaskClient) -> None:
    text = client.get("/profiles/humans-in-the-loop").text
    assert "Sofia, Bulgaria" in text
    assert text.count("“eight of ten points”, cited in Legitimacy") == 1
    assert '<a href="/profiles/sama">Sama</a> <span class="quiet">Image</span>' in text


def test_markup_in_a_profile_stays_text(client: FlaskClient) -> None:
    text = client.get("/profiles/surge-ai?q=scam").text
    assert "<script>alert" not in text
    assert "<mark>scam</mark>" in text


@pytest.mark.parametrize(
    ("slug", "description"),
    [
        ("appen", "Appen has a large crowd of contributors in many countries."),
        ("centaur-labs", "Centaur Labs: Medical students label scans in an app."),
    ],
)
def test_description_names_the_company_once(client: FlaskClient, slug: str, description: str) -> None:
    assert f'<meta name="description" content="{description}">' in client.get(f"/profiles/{slug}").text


def test_linked_data_is_json_and_cannot_end_its_element(client: FlaskClient) -> None:
    text = client.get("/profiles/sama").text
    (data,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text)
    assert json.loads(data)["mainEntity"]["name"] == "Sama"
    assert "<" not in data


@pytest.mark.parametrize("slug", ["nobody", "..%2f..%2fetc%2fpasswd", "APPEN", "appen.md", "%00"])
def test_unknown_profile_is_404_without_a_path(client: FlaskClient, slug: str) -> None:
    response = client.get(f"/profiles/{slug}")
    assert response.status_code == 404
    assert "passwd" not in response.text or "There is no" in response.text


def test_two_companies_stand_side_by_side(client: FlaskClient) -> None:
    text = client.get("/compare?section=compensation&company=appen&company=sama").text
    assert re.search(r"<h1>Compare Appen and Sama</h1>", text)
    assert "Payoneer" in text
    assert "$1.46 an hour" in text
    assert "qualification test" not in text


def test_missing_section_in_a_comparison_is_said(client: FlaskClient) -> None:
    assert "Nothing on record." in client.get("/compare?section=legitimacy&company=appen&company=sama").text


@pytest.mark.parametrize("query", ["", "?company=appen"])
def test_too_few_companies_offer_the_form_that_chooses(client: FlaskClient, query: str) -> None:
    text = client.get(f"/compare{query}").text
    assert text.count('name="company"') == 5
    assert text.count(" checked") == query.count("company")


def ticks(text: str) -> list[tuple[str, bool]]:
    """The companies of the form that chooses, in order, and whether each is ticked."""
    found = re.findall(r'name="company" value="([^"]*)"( checked)?', text)
    return [(slug, bool(ticked)) for slug, ticked in found]


def test_more_than_four_companies_are_refused_with_all_of_them_ticked(client: FlaskClient) -> None:
    slugs = ["surge-ai", "appen", "sama", "centaur-labs", "humans-in-the-loop"]
    pairs = "&".join(f"company={slug}" for slug in slugs)
    response = client.get(f"/compare?section=concerns&{pairs}")
    assert (response.status_code, response.headers["Cache-Control"]) == (400, "no-store")
    assert "Choose at most four companies: 5 are ticked." in response.text
    assert ticks(response.text) == [(slug, True) for slug in slugs]
    assert 'name="section" value="concerns"' in response.text
    assert client.get("/compare?company=sama" + "&company=appen" * 5).status_code == 200


def test_list_to_choose_from_is_bounded_and_shows_the_ticked_ones_first_on_each_page(crowd: FlaskClient) -> None:
    url = "/compare?company=zeta-works&company=firm-007"
    seen = set()
    for number in (1, 2, 3):
        listed = ticks(crowd.get(f"{url}&page={number}").text)
        assert listed[:2] == [("zeta-works", True), ("firm-007", True)]
        assert len(listed) <= 52
        seen |= {slug for slug, _ in listed}
    assert len(seen) == 121
    assert ticks(crowd.get(f"{url}&page=4").text) == ticks(crowd.get(f"{url}&page=3").text)
    compared = crowd.get(url).text
    assert "<h1>Compare Zeta Works and Firm 007</h1>" in compared
    assert len(ticks(compared)) <= 52


def test_companies_are_found_by_their_name_to_be_ticked_with_the_others(crowd: FlaskClient) -> None:
    text = crowd.get("/compare?company=firm-007&company=firm-008&q=zeta&page=1").text
    assert ticks(text) == [("firm-007", True), ("firm-008", True), ("zeta-works", False)]
    nothing = crowd.get("/compare?q=%3Cqxqxq%3E").text
    assert "No company was found for “&lt;qxqxq&gt;”: these are all." in nothing
    assert len(ticks(nothing)) == 50


def test_results_hand_their_search_to_the_list_to_choose_from(client: FlaskClient) -> None:
    text = client.get("/search?q=payoneer").text
    assert '<input type="hidden" name="q" value="payoneer">' in text[text.index('action="/compare"') :]


def test_unknown_company_is_dropped_and_said(client: FlaskClient) -> None:
    text = client.get("/compare?company=appen&company=sama&company=nobody").text
    assert "there is no value “nobody”" in text
    assert "Compare Appen and Sama" in text


def test_coverage_counts_words_gaps_and_stale_profiles(client: FlaskClient) -> None:
    text = client.get("/coverage").text
    assert text.count('<tr><th scope="row"><a') == 5
    assert "missing" in text
    waiting = text[text.index("Waiting to be verified") :]
    assert waiting.index("Surge AI") < waiting.index("Appen")
    assert client.get("/coverage?page=2").status_code == 404


def test_coverage_counts_every_profile_on_each_of_its_pages(crowd: FlaskClient) -> None:
    for url in ("/coverage", "/coverage?page=2"):
        counts = re.findall(r"<td>(\d+) of 121</td>", crowd.get(url).text)
        assert counts == ["120", "0", "0", "0", "0", "0", "1", "1", "0"]


def test_heading_with_nothing_under_it_is_a_section_of_no_words(crowd: FlaskClient) -> None:
    _, zeta = crowd.get("/coverage?page=2").text.split(">Zeta Works</a>")
    cells = re.findall(r'<td class="(has|gap)">(?:<a .*?</span>)?(\d+|<span aria-hidden="true">–)', zeta)
    assert [(kind, int(words)) for kind, words in cells if words.isdigit()] == [("has", 1), ("gap", 0)]
    assert len(cells) == 9
    assert re.search(r"Legitimacy</a></h2>\s*<p>Nothing on record.</p>", crowd.get("/profiles/zeta-works").text)


def marked(html: str, *words: str) -> str:
    """The HTML with these words of its text marked, wherever they stand."""
    text = html_text(html)
    places = [token for token in tokenize(text) if token.word in words]
    return mark_matches(html, text, [Match(token.start, token.end, 0) for token in places])


@pytest.mark.parametrize(
    ("html", "word", "expected"),
    [
        ("<p>Paid monthly</p>", "paid", "<p><mark>Paid</mark> monthly</p>"),
        ("<p>R&amp;D  data</p>", "data", "<p>R&amp;D  <mark>data</mark></p>"),
        ('<p><a href="https://pay.example/pay">pay</a></p>', "pay", '<p><a href="https://pay.example/pay"><mark>pay</mark></a></p>'),
        ("<p>one<br>two</p>", "two", "<p>one<br><mark>two</mark></p>"),
        ("<p>re<em>pay</em>s all</p>", "repays",
         '<p><mark>re</mark><em><mark class="rest">pay</mark></em><mark class="rest">s</mark> all</p>'),
        ('<p>pay<sup><a class="footnote-ref" href="#x">1</a></sup> 1 hour</p>', "hour",
         '<p>pay<sup><a class="footnote-ref" href="#x">1</a></sup> 1 <mark>hour</mark></p>'),
        ("<p>nothing</p>", "pay", "<p>nothing</p>"),
    ],
)  # fmt: skip
def test_only_text_is_marked(html: str, word: str, expected: str) -> None:
    assert marked(html, word) == expected


@given(st.text(), st.text())
def test_marking_any_text_loses_no_character_and_marks_the_words(before: str, after: str) -> None:
    source = f"<p>{escape(_CONTROL.sub('', before))} pay {escape(_CONTROL.sub('', after))}</p>"
    found = marked(source, "a", "pay")
    assert re.sub("</?mark>", "", found) == source
    assert {word_of(unescape(word)) for word in re.findall("<mark>(.*?)</mark>", found)} <= {"a", "pay"}
    assert " <mark>pay</mark> " in found


_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""What no profile's HTML holds."""


@pytest.mark.parametrize("slug", ["appen", "centaur-labs", "humans-in-the-loop", "sama", "surge-ai"])
def test_page_with_marks_is_the_page_without_but_for_them(client: FlaskClient, slug: str) -> None:
    def sections(query: str) -> str:
        text = client.get(f"/profiles/{slug}", query_string={"q": query}).text
        return "".join(re.findall(r'<section id="[^"]*" class="text".*?</section>', text, re.DOTALL))

    marked, plain = sections("a OR scam OR R&D OR microphone OR points OR delayed OR rating OR $1.46"), sections("")
    assert "<mark>" in marked
    quoted = re.sub("</?mark[^>]*>", "", marked).replace("&quot;", '"').replace("&#x27;", "'")  # as good as not
    assert quoted == plain.replace("&quot;", '"').replace("&#x27;", "'")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ('"minimum wage"', ["minimum", "wage", "minimum", "wage"]),
        ('"local minimum wage"', ["local", "minimum", "wage"]),
        ('"wage minimum"', []),
        ("minimum refugees", ["refugees", "minimum", "Refugees", "minimum", "refugees"]),
    ],
)
def test_page_marks_what_matched_as_the_results_do(client: FlaskClient, query: str, words: list[str]) -> None:
    text = client.get("/profiles/humans-in-the-loop", query_string={"q": query}).text
    assert re.findall("<mark>(.*?)</mark>", text) == words
    results = client.get("/api/search", query_string={"q": query}).json["results"]
    pieces = [piece for result in results[:1] for found in result["sections"] for piece in found["snippet"]]
    assert sorted(piece["text"] for piece in pieces if piece["match"]) == sorted(words)


@pytest.mark.parametrize(
    ("text", "lead"),
    [
        ("One. Two.", "One."),
        ("The U.S. Department said so. Then not.", "The U.S. Department said so."),
        ("It pays $1.46 an hour. Then more.", "It pays $1.46 an hour."),
        ("No end at all", "No end at all"),
        ("First line\nSecond line", "First line"),
        ("", ""),
    ],
)
def test_lead_is_the_first_sentence(text: str, lead: str) -> None:
    assert first_sentence(text) == lead


def test_long_lead_ends_at_a_word() -> None:
    lead = first_sentence("word " * 100)
    assert len(lead) <= 182
    assert lead.endswith("word …")


@pytest.mark.parametrize(
    ("days", "words"),
    [(-3, ""), (0, "today"), (1, "yesterday"), (2, "2 days ago"), (59, "59 days ago"), (60, "2 months ago"),
     (364, "12 months ago"), (365, "1 year ago"), (800, "2 years ago")],
)  # fmt: skip
def test_age_in_words(days: int, words: str) -> None:
    assert age_in_words(days) == words


@pytest.mark.parametrize(
    ("iso", "words"), [("2026", "2026"), ("2026-07", "July 2026"), ("2026-01-09", "9 January 2026")]
)
def test_dates_are_spoken_as_exactly_as_they_are_known(iso: str, words: str) -> None:
    assert spoken(iso) == words


def test_a_year_counts_as_its_first_day_for_staleness() -> None:
    facts = Facts("a", "A", last_verified="2025")
    assert verified(facts, date(2026, 1, 1)).stale is False
    assert verified(facts, date(2026, 1, 2)).stale is True
