"""Who may ask for what: the operator's own pages, names of the site, proxies, rate limit."""

import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from indexer.config import Settings, WebSettings
from indexer.engines import open_engine
from webapp import create_app
from webapp.access import MAX_ADDRESSES, RateLimit, network_of, served_from

Application = Callable[..., FlaskClient]

TOKEN = "a token, known to few"


# The operator's alone


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (None, 404),
        ("", 404),
        ("Bearer", 404),
        ("Bearer ", 404),
        ("Bearer wrong", 404),
        (f"Basic {TOKEN}", 404),
        (f"Bearer {TOKEN}x", 404),
        ("Bearer ä\xff", 404),
        (f"Bearer {TOKEN}", 200),
        (f"bearer {TOKEN}", 200),
    ],
)
def test_metrics_of_a_server_that_others_reach_need_the_token(
    application: Application, authorization: str | None, status: int
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    assert application(TOKEN).get("/metrics", headers=headers).status_code == status


def test_token_may_have_any_letters(application: Application) -> None:
    client = application("pässwört")
    sent = "Bearer pässwört".encode().decode("latin-1")  # the bytes of the header, as a client sends them
    assert client.get("/metrics", headers={"Authorization": sent}).status_code == 200


@pytest.mark.parametrize("authorization", ["Bearer ", "Bearer None", "Bearer"])
def test_without_a_configured_token_nobody_has_it(application: Application, authorization: str) -> None:
    assert application().get("/metrics", headers={"Authorization": authorization}).status_code == 404


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Via", "Forwarded", "X-Real-IP"])
def test_what_a_proxy_relays_is_not_from_this_machine_alone(application: Application, header: str) -> None:
    assert application(alone=True).get("/metrics", headers={header: "192.0.2.7"}).status_code == 404


@pytest.mark.parametrize(
    ("host", "proxies", "alone"),
    [
        ("127.0.0.1", 0, True),
        ("127.8.9.1", 0, True),
        ("::1", 0, True),
        ("localhost", 0, True),
        ("127.0.0.1", 1, False),
        ("0.0.0.0", 0, False),
        ("::", 0, False),
        ("192.0.2.7", 0, False),
        ("search.example.org", 0, False),
    ],
)
def test_server_is_alone_on_loopback_without_a_proxy(host: str, proxies: int, alone: bool) -> None:
    assert served_from(WebSettings(proxies=proxies), host).alone is alone


def test_readiness_tells_the_details_to_the_operator_only(application: Application, settings: Settings) -> None:
    with closing(open_engine(settings)) as engine, engine.begin():
        own = application(TOKEN).get("/readyz", headers={"Authorization": f"Bearer {TOKEN}"})
        assert f"being rebuilt by process {os.getpid()} on" in own.json["reason"]
        assert settings.index not in own.text
        public = application(TOKEN).get("/readyz")
    assert (public.status_code, public.json["status"], public.json["reason"]) == (200, "ok", "the index is sound")


def test_coverage_shows_searches_in_vain_by_section_to_the_operator_only(application: Application, log: Path) -> None:
    client = application(TOKEN, query_log=log)
    for url in (
        "/search?q=zyzzyqwx",
        "/search?q=quuxly&in=compensation",
        "/search?q=<i>zyzzyqwxx</i>&in=concerns&exact=1",
        "/search?q=paid",
    ):
        client.get(url)
    public = client.get("/coverage")
    assert "quuxly" not in public.text
    assert "zyzzyqwx" not in public.text
    assert public.headers["ETag"]
    own = client.get("/coverage", headers={"Authorization": f"Bearer {TOKEN}"})
    assert own.headers["Cache-Control"] == "no-store"
    assert "ETag" not in own.headers
    assert "3 of 4 searches" in own.text
    assert '<a href="/search?q=quuxly&amp;in=compensation">quuxly</a>' in own.text
    assert "<i>" not in own.text
    tag = public.headers["ETag"]
    seen = client.get("/coverage", headers={"Authorization": f"Bearer {TOKEN}", "If-None-Match": tag})
    assert seen.status_code == 200


# Hosts and proxies


def test_foreign_host_is_refused_and_stands_in_no_link(application: Application) -> None:
    client = application(hosts=("search.example.org", ".profiles.example"))
    for host in (
        "evil.example",
        "search.example.org.evil.example",
        "evil-profiles.example",
        "localhost",
        "[::1]",
        "a b",
    ):
        for url in ("/", "/search?q=paid", "/profiles/appen", "/sitemap.xml", "/feed.atom", "/robots.txt", "/api"):
            response = client.get(url, headers={"Host": host})
            assert response.status_code == 400
            assert host not in response.text
    for host in ("search.example.org", "SEARCH.example.org:8080", "profiles.example", "www.profiles.example"):
        response = client.get("/profiles/appen", headers={"Host": host})
        assert response.status_code == 200
        assert f"http://{host}/profiles/appen".lower() in response.text.lower()


def test_probes_may_use_any_name(application: Application) -> None:
    client = application(hosts=("search.example.org",))
    for url in ("/healthz", "/readyz"):
        assert client.get(url, headers={"Host": "10.0.0.7:8080"}).status_code == 200


@pytest.mark.parametrize(
    ("host", "given", "accepted", "refused"),
    [
        ("127.0.0.1", (), ["localhost:8080", "127.0.0.1", "[::1]:80", "app.localhost"], ["evil.example"]),
        ("127.0.0.1", ("a.example",), ["localhost", "a.example"], ["evil.example"]),
        ("192.0.2.7", (), ["192.0.2.7:8080", "localhost"], ["evil.example"]),
        ("2001:db8::7", (), ["[2001:db8::7]:8080"], ["evil.example", "[2001:db8::8]"]),
        ("0.0.0.0", (), ["any.example"], []),
        ("0.0.0.0", ("a.example",), ["a.example"], ["localhost", "evil.example"]),
    ],
)
def test_where_serve_listens_says_which_names_are_its_own(
    settings: Settings, host: str, given: tuple[str, ...], accepted: list[str], refused: list[str]
) -> None:
    client = create_app(replace(settings, web=served_from(WebSettings(hosts=given), host))).test_client()
    assert [client.get("/", headers={"Host": name}).status_code for name in accepted] == [200] * len(accepted)
    assert [client.get("/", headers={"Host": name}).status_code for name in refused] == [400] * len(refused)


def test_proxy_is_believed_only_when_it_is_configured(application: Application) -> None:
    relayed = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example", "X-Forwarded-For": "192.0.2.7"}
    assert "http://localhost/profiles/appen" in application().get("/profiles/appen", headers=relayed).text
    behind = application(proxies=1).get("/profiles/appen", headers=relayed).text
    assert "https://localhost/profiles/appen" in behind
    assert "evil.example" not in behind
    odd = application(proxies=1).get("/profiles/appen", headers={**relayed, "X-Forwarded-Proto": "javascript"}).text
    assert "http://localhost/profiles/appen" in odd
    assert "javascript:" not in odd
    named = application(proxies=1, hosts=("a.example",))
    assert named.get("/profiles/appen", headers=relayed).status_code == 400
    good = named.get("/profiles/appen", headers={**relayed, "X-Forwarded-Host": "a.example"})
    assert "https://a.example/profiles/appen" in good.text


# Rate limit


def test_address_that_asks_too_often_is_told_when_to_come_back(application: Application) -> None:
    client = application(rate=3)
    assert [client.get("/search?q=paid").status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = client.get("/api/search?q=paid")
    assert refused.status_code == 429
    assert refused.mimetype == "application/problem+json"
    assert 1 <= int(refused.headers["Retry-After"]) <= 20
    assert client.get("/search", environ_base={"REMOTE_ADDR": "192.0.2.8"}).status_code == 200
    assert client.get("/healthz").status_code == 200


def test_rate_limit_is_off_by_default(application: Application) -> None:
    client = application()
    assert {client.get("/robots.txt").status_code for _ in range(200)} == {200}


def test_rate_limit_counts_the_client_behind_the_proxy(application: Application) -> None:
    client = application(rate=1, proxies=1)
    statuses = [
        client.get("/", headers={"X-Forwarded-For": f"{forged}, {address}"}).status_code
        for forged, address in (("1.1.1.1", "192.0.2.1"), ("2.2.2.2", "192.0.2.1"), ("3.3.3.3", "192.0.2.2"))
    ]
    assert statuses == [200, 429, 200]


def test_bucket_refills_evenly_and_is_never_fuller_than_a_minute() -> None:
    limit = RateLimit(60)
    assert [limit.wait("a", 0.0) for _ in range(60)] == [0.0] * 60
    assert limit.wait("a", 0.0) == pytest.approx(1.0)
    assert limit.wait("a", 1.0) == 0.0
    assert limit.wait("a", 1.5) == pytest.approx(0.5)
    assert [limit.wait("a", 10_000.0) for _ in range(61)][-1] > 0


def test_rate_limit_remembers_a_bounded_number_of_addresses() -> None:
    limit = RateLimit(1)
    for number in range(MAX_ADDRESSES + 100):
        limit.wait(str(number), 0.0)
    assert len(limit) == MAX_ADDRESSES
    assert limit.wait(str(MAX_ADDRESSES + 99), 0.0) > 0


def test_addresses_of_one_ipv6_network_are_one_client() -> None:
    assert network_of("2001:db8:1:2::1") == network_of("2001:db8:1:2:ffff::9") != network_of("2001:db8:1:3::1")
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1")
    assert network_of("fe80::1%eth0") == network_of("fe80::2")
    assert network_of(None) == ""
