"""The interfaces for programs."""

import html
import re
import time
from urllib.parse import urlencode

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import validate
from schemathesis import GenerationMode

from indexer.snippets import MAX_SNIPPET_CHARACTERS

PARAMETER = {
    "section": "in",
    "specialty": "specialty",
    "hiring": "hiring",
    "service": "service",
    "verified": "verified",
}
WORDS = st.lists(
    st.sampled_from(["paid", "wage", "refugees", "test", "kenya", "-paypal", '"minimum wage"', "mod*", "zzz"])
)
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "in": st.lists(st.sampled_from(["overview", "compensation", "concerns", "equipment"]), unique=True),
        "hiring": st.lists(st.sampled_from(["workers", "closed", "both", "unknown"]), unique=True),
        "specialty": st.lists(st.sampled_from(["Image", "Text", "Medical"]), unique=True),
        "verified": st.lists(st.sampled_from(["365", "90", "unknown"]), unique=True),
        "sort": st.sampled_from(["relevance", "name", "verified"]),
    },
)


@given(WORDS, FILTERS)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_page_and_api_give_the_same_hits_counts_and_snippets(
    client: FlaskClient, words: list[str], chosen: dict
) -> None:
    query = urlencode({"q": " ".join(words), **chosen}, doseq=True)
    document = client.get(f"/api/search?{query}").json
    text = client.get(f"/search?{query}").text
    hits = re.findall(r'<li class="hit">(.*?)</li>', text, re.DOTALL)
    assert [hit_of(hit) for hit in hits] == [
        (
            result["company"],
            [(s["heading"], s["url"], "".join(map(marked, s["snippet"]))) for s in result["sections"]],
            result["why"],
        )
        for result in document["results"]
    ]
    assert re.findall(r"<h1>(No|[\d,]+) ", text) == [f"{document['total']:,}" if document["total"] else "No"]
    shown = re.findall(r'name="(\w+)" value="([^"]*)" form="search-form"( checked)?>.*?"count">(\d+)</span>', text)
    assert sorted((name, html.unescape(value), bool(ticked), int(count)) for name, value, ticked, count in shown) == (
        sorted(
            (PARAMETER[facet], value["value"], value["selected"], value["count"])
            for facet, values in document["facets"].items()
            for value in values
        )
    )


def marked(piece: dict) -> str:
    return f"<mark>{piece['text']}</mark>" if piece["match"] else piece["text"]


def hit_of(part: str) -> tuple[str, list[tuple[str, str, str]], str]:
    """Company, sections (heading, address, snippet) and reason of one hit of the page."""
    found = re.findall(r'<h3><a href="(.*?)">(.*?)</a></h3>\s*<p>(.*?)</p>', part, re.DOTALL)
    return (
        html.unescape(re.findall(r"<h2><a[^>]*>(.*?)</a>", part)[0]),
        [tuple(map(html.unescape, (heading, url, snippet))) for url, heading, snippet in found],
        html.unescape(re.findall(r"</span> (.*?)\.</p>", part)[-1]),
    )


@given(WORDS, FILTERS)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_count_is_the_total_after_choosing_it_alone(client: FlaskClient, words: list[str], chosen: dict) -> None:
    asked = {"q": " ".join(words), **chosen}
    document = client.get("/api/search", query_string=asked).json
    for facet, values in document["facets"].items():
        for value in values:
            alone = client.get("/api/search", query_string={**asked, PARAMETER[facet]: value["value"]}).json
            assert alone["total"] == value["count"], (facet, value)


NAMED = st.lists(
    st.sampled_from(["overview", "concerns", "compensation", "equipment", "appen", "sama", "paid", "kenya", "-trauma"]),
    min_size=1,
    max_size=3,
    unique=True,
)


@given(NAMED, FILTERS)
@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_section_has_a_mark_or_the_reason_names_where_the_words_stand(
    client: FlaskClient, words: list[str], chosen: dict
) -> None:
    document = client.get("/api/search", query_string={"q": " ".join(words), **chosen}).json
    for result in document["results"]:
        _, _, headings = result["why"].partition("in the heading")
        for section in result["sections"]:
            marked = any(piece["match"] for piece in section["snippet"])
            named = any(word in result["company"].lower() for word in words)
            stated = f"“{section['heading']}”" in headings or (
                named and result["why"].endswith("in the name of the company")
            )
            filtered = result["why"] in ("passes the chosen filters", "has none of the words left out")
            assert marked or stated or filtered, (result["why"], section)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("concerns", "“concerns”; in the heading “Concerns”"),
        ("equipment phone", "both words; in Equipment"),
        ("equipment paypal", "both words; in Compensation; in the heading “Equipment”"),
        ("moderators payoneer trauma", "has “moderators” and “trauma”, lacks “payoneer”; in Concerns"),
        ("queues delayed hour hours kenya", "4 of 5 words, lacks “kenya”; in Concerns, Assessments and Compensation"),
        (
            "payoneer kenya refugees moderators scans medical microphone",
            "3 of 7 words: “scans”, “medical” and “microphone”; in Overview and Equipment",
        ),
        ("surge ai", "the company you named; both words; in Overview"),
        ("labs", "“labs”; in the name of the company"),
    ],
)
def test_reason_names_the_text_the_heading_or_the_company(client: FlaskClient, query: str, why: str) -> None:
    document = client.get("/api/search", query_string={"q": query}).json
    assert document["results"][0]["why"] == why


def test_answer_has_the_documented_shape(client: FlaskClient) -> None:
    document = client.get("/api/search?q=paid+wage&size=1").json
    assert {"query", "total", "page", "size", "pages", "next_url", "took_ms", "generation", "results", "facets"} <= set(
        document
    )
    assert set(document["facets"]) == {"section", "specialty", "hiring", "service", "verified"}
    result = document["results"][0]
    assert {
        "slug",
        "company",
        "url",
        "score",
        "hiring_status",
        "specialties",
        "last_verified",
        "why",
        "sections",
    } <= set(result)
    assert sum(len(piece["text"]) for piece in result["sections"][0]["snippet"]) <= MAX_SNIPPET_CHARACTERS
    assert any(piece["match"] for piece in result["sections"][0]["snippet"])


def test_next_url_walks_all_pages_of_one_generation(client: FlaskClient) -> None:
    url, seen = "/api/search?size=2&sort=name", []
    while url:
        document = client.get(url).json
        seen += [result["slug"] for result in document["results"]]
        url = document["next_url"]
    assert seen == ["appen", "centaur-labs", "humans-in-the-loop", "sama", "surge-ai"]


def test_explained_parts_add_up_to_the_score(client: FlaskClient) -> None:
    for result in client.get("/api/search?q=paid+wage&explain=1").json["results"]:
        assert sum(part["value"] for part in result["parts"]) == pytest.approx(result["score"], rel=1e-3)
    assert "parts" not in client.get("/api/search?q=paid").json["results"][0]


def test_every_fault_is_reported_in_one_problem(client: FlaskClient) -> None:
    response = client.get("/api/search?colour=red&q=a&q=b&page=0&size=51&hiring=banana&verified=x&sort=best&in=moon")
    assert response.status_code == 400
    assert response.mimetype == "application/problem+json"
    names = {fault["parameter"] for fault in response.json["faults"]}
    assert names == {"colour", "q", "page", "size", "hiring", "verified", "sort", "in"}


@pytest.mark.parametrize(
    "query",
    ["page=1.5", "page=", "size=0", "page=%2B1", "exact=yes", "hiring=", "generation=../etc", "generation=%EC%AB%88"],
)
def test_bad_values_are_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"/api/search?{query}").status_code == 400


@pytest.mark.parametrize("query", ["size=1", "size=50", "verified=1", "verified=36500", "q=" + "a" * 512])
def test_values_at_the_limit_are_taken(client: FlaskClient, query: str) -> None:
    assert client.get(f"/api/search?{query}").status_code == 200


@pytest.mark.parametrize("query", ["size=51", "verified=36501", "q=" + "a" * 513])
def test_values_past_the_limit_are_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"/api/search?{query}").status_code == 400


@pytest.mark.parametrize("url", ["/api/search?page=900", "/api/profiles/nobody", "/api/nothing"])
def test_what_is_not_there_is_a_problem_of_404(client: FlaskClient, url: str) -> None:
    response = client.get(url)
    assert (response.status_code, response.mimetype) == (404, "application/problem+json")
    assert response.json["status"] == 404


def test_profile_is_given_whole(client: FlaskClient) -> None:
    document = client.get("/api/profiles/sama").json
    assert document["founded"] == 2008
    assert [section["id"] for section in document["sections"]] == ["overview", "compensation", "concerns", "legitimacy"]
    assert client.get("/api/profiles/sama?colour=red").status_code == 400


def test_suggestions_have_the_same_texts_in_both_forms(client: FlaskClient) -> None:
    document = client.get("/api/suggest?q=comp").json
    query, texts, kinds, urls = client.get("/suggest?q=comp").json
    assert query == document["query"] == "comp"
    assert texts == [suggestion["text"] for suggestion in document["suggestions"]]
    assert "Compensation" in texts
    assert len(texts) == len(kinds) == len(urls)
    assert client.get("/suggest?q=comp").mimetype == "application/x-suggestions+json"


def test_description_is_valid_openapi_and_lists_the_values_of_the_index(client: FlaskClient) -> None:
    document = client.get("/api/openapi.json").json
    validate(document)
    parameters = {p["name"]: p["schema"] for p in document["paths"]["/api/search"]["get"]["parameters"]}
    assert parameters["hiring"]["items"]["enum"] == ["workers", "vendor", "both", "closed", "unknown"]
    assert "equipment" in parameters["in"]["items"]["enum"]
    assert parameters["size"]["maximum"] == 50


OPERATIONS = ["/api/search", "/api/profiles/{slug}", "/api/suggest"]
MODES = list(GenerationMode)
"""What the description allows, and what it does not."""
MAX_SECONDS = 1.0
"""Of processor time, for one answer."""


def agree(app: Flask, operation: str, mode: GenerationMode, count: int) -> None:
    """So many answers, at least, keep the description, by every check of schemathesis, and none is slow."""
    schema, answers = schemathesis.openapi.from_wsgi("/api/openapi.json", app), []

    @given(case=schema[operation]["GET"].as_strategy(generation_mode=mode))
    @settings(deadline=None, max_examples=count, suppress_health_check=list(HealthCheck))
    def check(case: schemathesis.Case) -> None:
        began = time.thread_time()
        answers.append(case.call())
        assert time.thread_time() - began < MAX_SECONDS
        case.validate_response(answers[-1])

    check()
    assert len(answers) >= count


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_description_and_answers_agree_whatever_is_asked(app: Flask, operation: str, mode: GenerationMode) -> None:
    agree(app, operation, mode, 15)


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_description_and_1000_answers_of_a_route_agree(app: Flask, operation: str, mode: GenerationMode) -> None:
    agree(app, operation, mode, 1_000 // len(MODES))
