"""Headers, methods, caching, compression, health; feeds and descriptions."""

import gzip
import re
import xml.etree.ElementTree as ET
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from indexer.build import rebuild
from indexer.config import Settings
from indexer.engines import open_engine
from webapp import create_app

EVERYWHERE = [
    "/",
    "/search?q=paid",
    "/profiles/appen",
    "/api/search",
    "/nowhere",
    "/api/nowhere",
    "/healthz",
    "/robots.txt",
]
READ_ONLY = [
    "/",
    "/search",
    "/profiles/appen",
    "/compare",
    "/help",
    "/suggest",
    "/api/search",
    "/feed.atom",
    "/healthz",
]
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.mark.parametrize("url", EVERYWHERE)
def test_every_answer_carries_the_security_headers(client: FlaskClient, url: str) -> None:
    headers = client.get(url).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("url", READ_ONLY)
def test_head_options_and_wrong_methods(client: FlaskClient, url: str) -> None:
    head = client.head(url)
    assert (head.status_code, head.data) == (200, b"")
    options = client.options(url)
    assert options.status_code == 200
    assert "GET" in options.headers["Allow"]
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        refused = client.open(url, method=method)
        assert refused.status_code == 405
        assert "GET" in refused.headers["Allow"]


def test_other_sites_may_ask_the_api_again_with_the_tag_they_have(client: FlaskClient) -> None:
    asked = {"Origin": "http://other.example", "Access-Control-Request-Headers": "if-none-match"}
    allowed = client.options("/api/search", headers=asked).headers
    assert (allowed["Access-Control-Allow-Origin"], allowed["Access-Control-Allow-Headers"]) == ("*", "If-None-Match")
    assert "Access-Control-Allow-Headers" not in client.options("/search", headers=asked).headers


def test_wrong_method_on_the_api_is_a_problem(client: FlaskClient) -> None:
    assert client.post("/api/search").mimetype == "application/problem+json"


def test_over_long_address_is_refused(client: FlaskClient) -> None:
    page = client.get("/search?x=" + "a" * 17_000)
    assert (page.status_code, "Send at most 16,384 bytes." in page.text) == (414, True)
    document = client.get("/api/search?q=" + "a" * 17_000)
    assert (document.status_code, document.json["detail"]) == (400, "Send at most 16,384 bytes.")


def test_host_that_is_no_name_is_refused(client: FlaskClient) -> None:
    assert client.get("/", headers={"Host": 'a"><script>'}).status_code == 400


def test_over_long_body_is_refused_without_reading_it(client: FlaskClient) -> None:
    assert client.get("/search", data=b"a" * 10_000).status_code in (200, 413)


@pytest.mark.parametrize(
    "url", ["/search?q=paid", "/", "/profiles/sama", "/api/search?q=paid", "/feed.atom", "/sitemap.xml"]
)
def test_same_question_is_304_and_another_one_is_not(client: FlaskClient, url: str) -> None:
    tag = client.get(url).headers["ETag"]
    again = client.get(url, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == tag
    other = url + ("&" if "?" in url else "?") + "utm_source=x"
    if not url.startswith("/api"):
        assert client.get(other, headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/profiles/sama", 304),
        ("/api/search?q=paid", 304),
        ("/profiles/nope", 404),
        ("/api/search?page=abc", 400),
        ("/search?q=paid&page=99", 404),
    ],
)
def test_any_tag_matches_what_is_there_and_never_an_error(client: FlaskClient, url: str, status: int) -> None:
    answer = client.get(url, headers={"If-None-Match": "*"})
    assert (answer.status_code, "ETag" in answer.headers, bool(answer.data)) == (status, status == 304, status != 304)
    listed = client.get(url, headers={"If-None-Match": f'W/"x", {client.get(url).headers.get("ETag", "W/y")}'})
    assert listed.status_code == status


def test_new_generation_makes_a_new_tag(own_settings: Settings) -> None:
    client = create_app(own_settings).test_client()
    with closing(open_engine(own_settings)) as engine:
        rebuild(engine, own_settings.corpus)
        tag = client.get("/search?q=uganda").headers["ETag"]
        profile = own_settings.corpus / "sama.md"
        profile.write_text(profile.read_text(encoding="utf-8").replace("Uganda", "Rwanda"), encoding="utf-8")
        rebuild(engine, own_settings.corpus)
    changed = client.get("/search?q=rwanda", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert "<mark>Rwanda</mark>" in changed.text


def test_errors_are_never_kept(client: FlaskClient) -> None:
    for url in ("/nowhere", "/search?page=0", "/api/search?page=0"):
        headers = client.get(url).headers
        assert headers["Cache-Control"] == "no-store"
        assert "ETag" not in headers


def test_large_answers_are_compressed_for_those_who_accept_it(client: FlaskClient) -> None:
    plain = client.get("/search?q=paid")
    packed = client.get("/search?q=paid", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 2
    assert b"<h1>" in gzip.decompress(packed.data)
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert "Content-Encoding" not in client.get("/search?q=paid", headers={"Accept-Encoding": "gzip;q=0"}).headers
    assert "Content-Encoding" not in client.get("/healthz", headers={"Accept-Encoding": "gzip"}).headers


@pytest.mark.parametrize("url", ["/search?q=paid", "/api/search?q=paid"])
def test_server_timing_names_its_parts_in_milliseconds(client: FlaskClient, url: str) -> None:
    pattern = r"parse;dur=\d+\.\d\d, search;dur=\d+\.\d\d, snippets;dur=\d+\.\d\d, render;dur=\d+\.\d\d"
    assert re.fullmatch(pattern, client.get(url).headers["Server-Timing"])


def test_any_site_may_read_the_api_and_no_other_page(client: FlaskClient) -> None:
    assert client.get("/api/search").headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Origin" not in client.get("/search").headers


def test_static_files_are_kept_for_good_under_their_own_address(client: FlaskClient) -> None:
    (style,) = re.findall(r'<link rel="stylesheet" href="([^"]+)"', client.get("/").text)
    with client.get(style) as response:
        assert response.mimetype == "text/css"
        assert "max-age=31536000" in response.headers["Cache-Control"]


def test_styles_are_under_20_kb_and_scripts_under_15_kb(client: FlaskClient) -> None:
    text = client.get("/").text
    (style,) = re.findall(r'<link rel="stylesheet" href="([^"]+)"', text)
    wanted, scripts = re.findall(r'<script type="module" src="([^"]+)"', text), {}
    while wanted:
        url = wanted.pop()
        with client.get(url) as response:
            scripts[url] = response.text
        found = re.findall(r"""(?:from|import\() ?"\./([a-z]+\.js)\"""", scripts[url])
        wanted += {style.replace("site.css", name) for name in found} - scripts.keys()
    assert len(scripts) > 5
    assert sum(len(script.encode()) for script in scripts.values()) < 15_000
    with client.get(style) as response:
        assert len(response.data) < 20_000


def test_feed_keeps_rfc_4287(client: FlaskClient) -> None:
    response = client.get("/feed.atom?q=paid&hiring=workers")
    assert response.mimetype == "application/atom+xml"
    feed = ET.fromstring(response.data)
    rfc3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
    for node in (feed, *feed.findall(f"{ATOM}entry")):
        assert all(len(node.findall(ATOM + name)) == 1 for name in ("id", "title", "updated"))
        assert rfc3339.fullmatch(node.findtext(f"{ATOM}updated") or "")
    ids = [entry.findtext(f"{ATOM}id") for entry in feed.findall(f"{ATOM}entry")]
    assert ids == ["http://localhost/profiles/centaur-labs", "http://localhost/profiles/appen"]
    assert feed.find(f"{ATOM}author/{ATOM}name") is not None
    (own,) = [link for link in feed.findall(f"{ATOM}link") if link.get("rel") == "self"]
    assert own.get("href") == "http://localhost/feed.atom?q=paid&hiring=workers"


def entries_of(client: FlaskClient, url: str) -> list[ET.Element]:
    return ET.fromstring(client.get(url).data).findall(f"{ATOM}entry")


def titles(client: FlaskClient, url: str) -> list[str]:
    return [entry.findtext(f"{ATOM}title") or "" for entry in entries_of(client, url)]


def replace_in(profile: Path, *pairs: tuple[str, str]) -> None:
    text = profile.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    profile.write_text(text, encoding="utf-8")


@pytest.fixture
def changed(own_settings: Settings) -> FlaskClient:
    """A client of an index that was rebuilt five times: two rebuilds changed something, the last one nothing."""
    corpus = own_settings.corpus
    with closing(open_engine(own_settings)) as engine:
        rebuild(engine, corpus)
        client = create_app(own_settings).test_client()
        assert entries_of(client, "/changes.atom") == []
        closed = ("hiring_status: closed", "hiring_status: workers")
        replace_in(corpus / "sama.md", closed, ("$1.46 an hour", "$2.20 an hour"))
        (corpus / "appen.md").unlink()
        rebuild(engine, corpus)
        rebuild(engine, corpus)
        replace_in(corpus / "sama.md", ("$2.20 an hour", "$2.30 an hour"), ("founded: 2008", "founded: 2009"))
        rebuild(engine, corpus)
        rebuild(engine, corpus)
    return client


def test_feed_of_changes_keeps_what_earlier_rebuilds_changed(changed: FlaskClient) -> None:
    assert titles(changed, "/changes.atom") == [
        "Sama: founded changed",
        "Sama: compensation changed",
        "Sama: hiring status changed",
        "Sama: compensation changed",
        "Appen: profile removed",
    ]
    assert titles(changed, "/changes.atom?topic=compensation&utm_source=x") == ["Sama: compensation changed"] * 2
    assert titles(changed, "/changes.atom?company=appen") == ["Appen: profile removed"]
    assert titles(changed, "/changes.atom?topic=profile&company=sama") == []
    summaries = [entry.findtext(f"{ATOM}summary") for entry in entries_of(changed, "/changes.atom?company=sama")]
    assert summaries[0] == "Founded: 2008 → 2009"
    assert summaries[2] == "Closed → Hires workers"
    assert "$2.20 an hour" in (summaries[3] or "")


def test_feed_of_changes_keeps_rfc_4287_with_ids_that_no_host_changes(changed: FlaskClient) -> None:
    feed = ET.fromstring(changed.get("/changes.atom?topic=compensation&company=sama").data)
    assert feed.findtext(f"{ATOM}title") == "What changed at Sama: Compensation"
    found = feed.findall(f"{ATOM}entry")
    assert feed.findtext(f"{ATOM}updated") == found[0].findtext(f"{ATOM}updated")
    everything = entries_of(changed, "/changes.atom")
    ids = [entry.findtext(f"{ATOM}id") or "" for entry in everything]
    assert len(set(ids)) == len(ids) == 5
    assert all(re.fullmatch(r"tag:profile-search,2026:\d{8}T\d{6}\.\d{6}Z/[a-z]+/[a-z]+", id_) for id_ in ids)
    elsewhere = ET.fromstring(changed.get("/changes.atom", headers={"Host": "127.0.0.1"}).data)
    assert [entry.findtext(f"{ATOM}id") for entry in elsewhere.findall(f"{ATOM}entry")] == ids
    assert [entry.find(f"{ATOM}link").get("href") for entry in everything] == [  # type: ignore[union-attr]
        "http://localhost/profiles/sama",
        "http://localhost/profiles/sama#compensation",
        "http://localhost/profiles/sama",
        "http://localhost/profiles/sama#compensation",
        "http://localhost/search",
    ]


def test_feed_of_what_is_gone_stays_the_same_feed_when_its_last_news_ends(
    changed: FlaskClient, own_settings: Settings, tmp_path: Path
) -> None:
    """An index made anew has no news, as one has none that has not changed for a long time."""
    later = replace(own_settings, index=str(tmp_path / "later"))
    with closing(open_engine(later)) as engine:
        rebuild(engine, later.corpus)
    urls = (
        "/changes.atom?company=appen",
        "/changes.atom?topic=profile&company=Appen",
        "/changes.atom?topic=tools_used",
    )
    before = [ET.fromstring(changed.get(url).data).findtext(f"{ATOM}id") for url in urls]
    answers = [create_app(later).test_client().get(url) for url in urls]
    assert [(answer.status_code, answer.mimetype) for answer in answers] == [(200, "application/atom+xml")] * 3
    found = [ET.fromstring(answer.data) for answer in answers]
    assert [feed.findtext(f"{ATOM}id") for feed in found] == before
    assert [feed.findall(f"{ATOM}entry") for feed in found] == [[], [], []]
    assert found[0].findtext(f"{ATOM}title") == "What changed at appen"


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        (
            "/changes.atom?topic=is+paid",
            "topic: there is no value “is paid”; give one of overview, application_process, ",
        ),
        ("/changes.atom?company=../appen", "company: there is no value “../appen”; give one of appen, "),
        (
            "/feed.atom?hiring=zzz",
            "hiring: there is no value “zzz”; give one of workers, vendor, both, closed, unknown",
        ),
        ("/feed.atom?q=paid&sort=zzz&verified=x", "sort: give one of relevance, verified or name"),
    ],
)
def test_feed_of_an_unknown_value_is_refused_with_what_is_possible(client: FlaskClient, url: str, fault: str) -> None:
    response = client.get(url)
    assert (response.status_code, response.mimetype) == (400, "application/problem+json")
    assert fault in response.json["detail"]


def test_feeds_ignore_names_that_they_do_not_know_and_empty_values(client: FlaskClient) -> None:
    for url in ("/changes.atom?topic=&utm_source=x", "/feed.atom?hiring=&q=paid&fbclid=1"):
        assert client.get(url).status_code == 200


def test_pages_lead_to_the_feeds_of_changes(client: FlaskClient) -> None:
    for page, feed in (("/coverage", "/changes.atom"), ("/profiles/sama", "/changes.atom?company=sama")):
        assert re.search(
            rf'<link rel="alternate" type="application/atom\+xml" [^>]*href="{re.escape(feed)}"', client.get(page).text
        )
        assert client.get(feed).status_code == 200


@pytest.mark.parametrize("text", ["a\x01b\x0b", "\ufffe", "<&]]>", "\x1b[31m"])
def test_feed_of_any_text_is_well_formed(client: FlaskClient, text: str) -> None:
    ET.fromstring(client.get(f"/feed.atom?q={quote(text)}").data)


def test_sitemap_lists_profiles_with_the_day_they_were_verified(client: FlaskClient) -> None:
    root = ET.fromstring(client.get("/sitemap.xml").data)
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    found = {url.findtext(f"{space}loc"): url.findtext(f"{space}lastmod") for url in root}
    assert found["http://localhost/profiles/appen"] == "2019-05-01"  # the schema knows whole days only
    assert found["http://localhost/profiles/surge-ai"] is None
    assert all("/search" not in str(url) for url in found)


def test_browsers_can_add_the_search(client: FlaskClient) -> None:
    response = client.get("/opensearch.xml")
    assert response.mimetype == "application/opensearchdescription+xml"
    space = "{http://a9.com/-/spec/opensearch/1.1/}"
    urls = {url.get("type"): url.get("template") for url in ET.fromstring(response.data).findall(f"{space}Url")}
    assert urls["text/html"] == "http://localhost/search?q={searchTerms}"
    assert urls["application/x-suggestions+json"] == "http://localhost/suggest?q={searchTerms}"
    assert 'href="/opensearch.xml"' in client.get("/").text


def test_icon_is_found_where_browsers_guess_it(client: FlaskClient) -> None:
    with client.get("/favicon.ico", follow_redirects=True) as response:
        assert (response.status_code, response.mimetype) == (200, "image/svg+xml")


@pytest.mark.parametrize("url", ["/opensearch.xml", "/robots.txt", "/favicon.ico"])
def test_what_says_nothing_of_profiles_needs_no_index(own_settings: Settings, url: str) -> None:
    assert create_app(own_settings).test_client().get(url).status_code in (200, 302)


def test_robots_may_read_profiles_and_find_the_sitemap(client: FlaskClient) -> None:
    text = client.get("/robots.txt").text
    assert "Sitemap: http://localhost/sitemap.xml" in text
    assert "Disallow: /profiles" not in text


def test_readiness_names_the_generation(client: FlaskClient) -> None:
    document = client.get("/readyz").json
    assert document["status"] == "ok"
    assert document["profiles"] == 5
