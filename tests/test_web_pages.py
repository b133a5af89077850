"""The pages as a client sees them: states, links, escaping."""

import html
import re
from contextlib import closing
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from indexer.build import rebuild
from indexer.config import Settings
from indexer.engines import open_engine
from webapp import create_app

PAGES = ["/", "/search", "/search?q=wage", "/profiles/appen", "/compare", "/coverage", "/help", "/api"]


def page(client: FlaskClient, url: str, status: int = 200) -> str:
    """The text of a page that answers with this status."""
    response = client.get(url)
    assert response.status_code == status, response.text
    assert response.mimetype == "text/html"
    return response.text


def companies(text: str) -> list[str]:
    """The companies of a result list, in order."""
    return re.findall(r'<h2><a href="/profiles/[^"]*">([^<]*)</a></h2>\s*<label', text)


def links(text: str) -> list[str]:
    """Every address that a page links to."""
    return [html.unescape(found) for found in re.findall(r'<a [^>]*?href="([^"]*)"', text)]


@pytest.mark.parametrize("url", PAGES)
def test_every_page_is_whole_and_has_one_heading_title_and_language(client: FlaskClient, url: str) -> None:
    text = page(client, url)
    assert text.count("<h1>") == 1
    assert re.search(r"<title>[^<]+</title>", text)
    assert '<html lang="en">' in text
    assert text.rstrip().endswith("</html>")


@pytest.mark.parametrize("url", [*PAGES, "/nowhere", "/search?page=0", "/profiles/appen?q=delayed"])
def test_no_page_has_inline_script_style_or_handlers(client: FlaskClient, url: str) -> None:
    text = client.get(url).text
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", text, re.DOTALL)
    assert all("src=" in tag and not body for tag, body in scripts if "ld+json" not in tag)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text, re.IGNORECASE)


def test_links_of_the_start_page_all_answer(client: FlaskClient) -> None:
    for url in links(page(client, "/")):
        assert url.startswith("#") or client.get(url).status_code == 200, url


def test_start_page_names_size_and_age_of_the_index(client: FlaskClient) -> None:
    text = page(client, "/")
    assert "5 profiles with" in text
    assert "Index built today" in text or "Index built yesterday" in text


def test_words_of_a_section_lead_to_its_anchor_with_the_words_marked(client: FlaskClient) -> None:
    text = page(client, "/search?q=paid+above+minimum+wage+refugees")
    assert companies(text)[0] == "Humans in the Loop"
    assert "/profiles/humans-in-the-loop?q=paid+above+minimum+wage+refugees#compensation" in links(text)
    assert "<mark>minimum</mark>" in text


def test_every_hit_says_why_it_was_found(client: FlaskClient) -> None:
    text = page(client, "/search?q=paid")
    assert text.count("Why it is here:") == len(companies(text)) > 1


def test_concerns_and_legitimacy_are_one_link_away_from_every_hit(client: FlaskClient) -> None:
    text = page(client, "/search?q=refugees")
    assert "/profiles/humans-in-the-loop?q=refugees#concerns" in links(text)
    assert "/profiles/humans-in-the-loop?q=refugees#legitimacy" in links(text)
    assert "Some workers had no paid time off." in text
    assert "Projects end without notice" not in text


def test_missing_legitimacy_is_named_and_not_linked(client: FlaskClient) -> None:
    text = page(client, "/search?q=payoneer")
    assert companies(text) == ["Appen"]
    assert "<dt>Legitimacy</dt><dd>Nothing on record.</dd>" in text


def test_old_verification_has_a_stale_badge(client: FlaskClient) -> None:
    assert "May be out of date" in page(client, "/search?q=payoneer")


def test_profile_without_a_date_is_never_verified(client: FlaskClient) -> None:
    assert "Never verified" in page(client, "/search?q=reinforcement")


def test_section_chips_carry_counts_and_lead_to_the_section(client: FlaskClient) -> None:
    text = page(client, "/search?q=paid")
    assert re.search(r'<a href="/search\?q=paid&amp;in=compensation">Compensation <span class="count">\d+</span>', text)


def test_section_that_was_typed_is_ticked_and_widened_by_a_choice_but_no_chip_promises_another_alone(
    client: FlaskClient,
) -> None:
    typed = page(client, "/search?q=paid+in:concerns")
    assert re.search(r'name="in" value="concerns" form="search-form" checked', typed)
    assert "Matches in" not in typed
    both = companies(page(client, "/search?q=paid+in:concerns&in=compensation"))
    alone = companies(typed), companies(page(client, "/search?q=paid&in=compensation"))
    assert set(both) == {*alone[0], *alone[1]}


def test_facet_choice_is_a_ticked_checkbox_and_a_removable_chip(client: FlaskClient) -> None:
    text = page(client, "/search?q=paid&hiring=workers&sort=name")
    assert re.search(r'name="hiring" value="workers" form="search-form" checked', text)
    assert "/search?q=paid&sort=name" in links(text)
    assert companies(text) == ["Appen", "Centaur Labs"]


def test_or_inside_a_facet_and_between_facets(client: FlaskClient) -> None:
    both = page(client, "/search?hiring=workers&hiring=closed&sort=name")
    assert companies(both) == ["Appen", "Centaur Labs", "Sama"]
    assert companies(page(client, "/search?hiring=workers&hiring=closed&specialty=Image&sort=name")) == [
        "Centaur Labs",
        "Sama",
    ]


def test_filter_values_are_taken_in_any_case(client: FlaskClient) -> None:
    assert companies(page(client, "/search?specialty=image&sort=name"))[0] == "Centaur Labs"


def test_sort_by_name_and_by_newest_verified(client: FlaskClient) -> None:
    assert companies(page(client, "/search?sort=name"))[0] == "Appen"
    assert companies(page(client, "/search?sort=verified"))[0] == "Centaur Labs"


def test_misspelt_word_shows_repair_and_a_link_to_search_exactly(client: FlaskClient) -> None:
    text = page(client, "/search?q=qualificaton")
    assert "Showing results for <strong>qualification</strong>" in text
    assert "/search?q=qualificaton&exact=1" in links(text)
    assert not companies(page(client, "/search?q=qualificaton&exact=1"))


def test_words_that_no_profile_has_together_are_relaxed_and_said_so(client: FlaskClient) -> None:
    text = page(client, "/search?q=kenya+violent+moderators+payoneer")
    assert "No profile has all the words; these have at least" in text
    assert companies(text)[0] == "Sama"


def test_word_that_nobody_has_is_named_beside_the_results_of_the_others(client: FlaskClient) -> None:
    text = page(client, "/search?q=zyzzyqwx+paid+zyzzyqwx")
    assert companies(text)
    assert "No profile has “zyzzyqwx”." in text


def test_zero_results_help_with_unknown_words_filters_and_ways_on(client: FlaskClient) -> None:
    text = page(client, "/search?q=zyzzyqwx+payoneer&hiring=closed")
    assert "No company" in text
    assert "No profile has “zyzzyqwx”." in text
    assert {"/search?q=zyzzyqwx+payoneer", "/search?q=payoneer"} <= set(links(text))
    assert "Or look around" in text


def test_zero_results_offer_no_search_that_finds_nothing_either(client: FlaskClient) -> None:
    text = page(client, "/search?q=zyzzyqwx+zyzzyqwx&hiring=closed&in=concerns")
    assert "No profile has “zyzzyqwx”." in text
    assert "Ask for less" not in text
    exact = page(client, "/search?q=qualificaton&hiring=closed&exact=1")
    assert links(exact[exact.index("Ask for less") : exact.index("</ul>", exact.index("Ask for less"))]) == [
        "/search?q=qualificaton&hiring=closed"
    ]


def test_zero_results_take_the_words_of_the_search_and_not_its_fields(client: FlaskClient) -> None:
    text = page(client, "/search?q=company:nobody+company:noone+paid")
    assert "<p>No company is called “nobody” or “noone”.</p>" in text
    there = page(client, "/search?q=company:appen+trauma")
    assert "No company for" in there
    assert "is called" not in there
    offered = text[text.index("Ask for less") : text.index("Or look around")]
    assert "/search?q=paid" in links(offered)
    assert not {"/search?q=company", "/search?q=nobody"} & set(links(offered))


@pytest.mark.parametrize("text", ["-", "OR", '""', "😀"])
def test_search_without_a_word_says_that_it_has_none(client: FlaskClient, text: str) -> None:
    found = page(client, f"/search?q={quote(text)}")
    assert "There was no word to search for." in found
    assert len(companies(found)) == 5
    assert "There was no word" not in page(client, "/search") + page(client, "/search?q=-paid") + page(
        client, "/search?q=the"
    )


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("appen headquarters", "Appen: headquarters Sydney, Australia Profile of Appen, verified May 2019"),
        ("sama hiring status", "Sama: hiring Closed Profile of Sama, verified November 2025"),
        ("sama last verified", "Sama: last verified November 2025 Profile of Sama"),
        ("what year was sama founded", "Sama: founded 2008 Profile of Sama, verified November 2025"),
        ("when was humans in the loop founded", "Humans in the Loop: founded 2017 Profile of Humans in the Loop,"),
        ("centaur hiring", "Centaur Labs: hiring Hires workers Profile of Centaur Labs, verified 10 June 2026"),
        ("centar hiring", "Centaur Labs: hiring Hires workers Profile of Centaur Labs, verified 10 June 2026"),
        ("centaur labs website", "Centaur Labs: website Not on record Profile of Centaur Labs, verified 10 June 2026"),
        ("surge hiring", "Surge AI: hiring Not on record Profile of Surge AI"),
        ("surge ai updated", "Surge AI: last verified Never Profile of Surge AI"),
        ("labs hiring", ""),
        ("sama OR appen hiring", ""),
        ("sama hiring kenya", ""),
        ("hiring status", ""),
    ],
)
def test_company_and_fact_word_answer_with_the_fact(client: FlaskClient, query: str, answer: str) -> None:
    text = page(client, f"/search?q={query}")
    found = re.findall(r'<div class="answer">(.*?)</div>', text, re.DOTALL)
    shown = " ".join(re.sub(r"<[^>]+>", "", " ".join(found)).split())
    assert shown[: len(answer) or None] == answer
    assert "Showing results for <strong>" not in text or "centar" in query


def test_unknown_filter_value_is_dropped_and_said(client: FlaskClient) -> None:
    text = page(client, "/search?q=paid&hiring=banana&utm_source=x")
    assert "Ignored hiring status: there is no value “banana”." in text


def test_page_past_the_last_is_404_and_links_back(client: FlaskClient) -> None:
    text = page(client, "/search?q=paid&page=99", 404)
    assert any(link.startswith("/search?q=paid&page=1") for link in links(text))


def test_bad_request_lists_every_fault(client: FlaskClient) -> None:
    text = page(client, "/search?q=a&q=b&page=0&verified=-4", 400)
    assert "<code>q</code>: give it only once" in text
    assert "<code>page</code>: give a whole number" in text
    assert "<code>verified</code>: give a whole number of days" in text


def test_failed_search_keeps_its_words_in_the_box(client: FlaskClient) -> None:
    text = page(client, "/search?q=%22%3E%3Cb%3Epay&page=0", 400)
    assert 'name="q" value="&#34;&gt;&lt;b&gt;pay"' in text
    assert "Try again" not in text


def test_spaces_at_the_ends_of_a_query_are_not_kept(client: FlaskClient) -> None:
    text = page(client, "/search?q=+payoneer+")
    assert "for “payoneer”</h1>" in text
    assert not [link for link in links(text) if "payoneer+" in link or "=+" in link]
    assert client.get("/suggest?q=pay+").json[0] == "pay "


def test_query_at_the_limit_answers_and_one_past_it_is_refused(client: FlaskClient) -> None:
    page(client, "/search?q=" + "a" * 512)
    assert "at most 512 characters; this has 513" in page(client, "/search?q=" + "a" * 513, 400)


@pytest.mark.parametrize("raw", ["%00", "%FF", "a%ED%A0%80"])
def test_nul_and_invalid_utf8_are_refused(client: FlaskClient, raw: str) -> None:
    assert "<code>q</code>" in page(client, f"/search?q={raw}", 400)
    assert client.get(f"/api/search?q={raw}").status_code == 400


@pytest.mark.parametrize(
    "text", ['"><script>alert(1)</script>', "'onmouseover=alert(1) x='", "{{7*7}}", "</title><svg>"]
)
@pytest.mark.parametrize("path", ["/search", "/profiles/appen", "/compare"])
def test_what_was_typed_is_never_markup(client: FlaskClient, path: str, text: str) -> None:
    answer = client.get(path, query_string={"q": text, "company": text, "section": text})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "<svg>" not in answer.text
    assert "<title></title>" not in answer.text
    assert "'onmouseover" not in answer.text
    assert "49" not in re.findall(r"<h1>(.*?)</h1>", answer.text)[0]


def test_plain_searches_may_be_indexed_and_their_variations_not(client: FlaskClient) -> None:
    assert '<link rel="canonical" href="http://localhost/search?q=paid">' in page(client, "/search?q=paid&utm_source=x")
    for url in ("/search?q=paid&sort=name", "/search?q=paid&hiring=workers", "/search?q=zyzzyqwx"):
        assert "noindex" in page(client, url)


def test_pages_of_one_answer_name_its_generation(own_settings: Settings) -> None:
    text = (own_settings.corpus / "sama.md").read_text(encoding="utf-8")
    for number in range(12):
        copy = text.replace("company: Sama", f"company: Copy {number}").replace("sama.example", f"c{number}.example")
        (own_settings.corpus / f"copy-{number}.md").write_text(copy, encoding="utf-8")
    with closing(open_engine(own_settings)) as engine:
        rebuild(engine, own_settings.corpus)
    first = page(create_app(own_settings).test_client(), "/search?q=moderators")
    (following,) = {link for link in links(first) if "page=2" in link}
    assert "generation=" in following
    second = page(create_app(own_settings).test_client(), following)
    assert len(companies(first)) == 10
    assert sorted(companies(first) + companies(second)) == sorted({*companies(first), *companies(second)})


def test_without_an_index_pages_say_so_and_never_look_like_no_results(own_settings: Settings) -> None:
    client = create_app(own_settings).test_client()
    text = page(client, "/search?q=pay&hiring=closed", 503)
    assert "not available" in text
    assert "profile-search rebuild" in text
    assert 'name="q" value="pay"' in text
    assert "/search?q=pay&hiring=closed" in links(text)
    assert "No company" not in text
    assert str(own_settings.corpus.parent) not in text
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json["status"]) == (503, "missing")
    assert str(own_settings.corpus.parent) not in ready.text
    assert client.get("/healthz").status_code == 200


def test_index_that_is_built_later_is_served_without_a_restart(own_settings: Settings) -> None:
    client = create_app(own_settings).test_client()
    assert client.get("/").status_code == 503
    with closing(open_engine(own_settings)) as engine:
        rebuild(engine, own_settings.corpus)
    assert client.get("/").status_code == 200
    assert client.get("/readyz").json["status"] == "ok"
