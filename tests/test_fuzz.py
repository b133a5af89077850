"""Ten thousand requests that nobody planned for: no failure, no markup of the client's, none slow.

Those that the API's own description leads to are in test_web_api.py.

Time is that of the processor, in the thread that answers: a busy machine proves nothing about a request.
"""

import time
from collections.abc import Callable, Iterator
from html import escape
from itertools import cycle
from urllib.parse import quote, quote_from_bytes, urlencode

import pytest
from answers import LEAD, hold, hold_page
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from naughty import BYTES, MARKUP, NAUGHTY, QUERIES, UNICODE, is_text
from werkzeug.test import TestResponse

MAX_SECONDS = 1.0
BREAKOUT = f"x {LEAD}=x <{LEAD}>\" {LEAD}=x ' {LEAD}=x>"
"""May follow any text that is sent: a tag, and an attribute behind each way to begin one."""

HTML_ROUTES = ["/", "/search", "/profiles/appen", "/compare", "/coverage", "/help", "/api"]
OTHER_ROUTES = ["/suggest", "/api/search", "/api/profiles/appen", "/api/suggest", "/feed.atom", "/changes.atom"]
SEARCHED = ["/search", "/api/search", "/suggest", "/feed.atom", "/profiles/appen"]
"""Routes that do something with a query."""
ROUTES = [
    *HTML_ROUTES,
    *OTHER_ROUTES,
    "/sitemap.xml",
    "/robots.txt",
    "/opensearch.xml",
    "/healthz",
    "/readyz",
    "/metrics",
]
PAGES, SEARCHES, ADDRESSES = 2_000, 1_500, 300
"""Requests of each kind that nobody thought of, at least."""
PARAMETERS = (
    "q in specialty hiring service verified sort page exact explain generation size limit company section topic "
    "utm_source x"
).split()


class Fuzz:
    """Sends requests, each of whose answers keeps what every answer keeps; `sent` is how many there were."""

    def __init__(self, client: FlaskClient) -> None:
        self._client = client
        self.sent = 0

    def ask(self, url: str, **how: object) -> TestResponse:
        self.sent += 1
        began = time.thread_time()
        response = self._client.open(url, **how)  # type: ignore[arg-type]
        assert time.thread_time() - began < MAX_SECONDS
        hold(response)
        return response


@pytest.fixture
def fuzz(client: FlaskClient) -> Fuzz:
    """For one test."""
    return Fuzz(client)


def test_echoed_markup_would_be_noticed() -> None:
    hold_page(f"<p>{escape(BREAKOUT)}</p>")
    for echoed in (f"<p>{BREAKOUT}</p>", f'<p title="{BREAKOUT}">', f"<p title='{BREAKOUT}'>", f"<p title={BREAKOUT}>"):
        with pytest.raises(AssertionError):
            hold_page(echoed)


# Texts that are known for it


@pytest.mark.parametrize("url", ["/search", "/api/search", "/feed.atom", "/suggest", "/profiles/appen"])
def test_naughty_query_is_answered(fuzz: Fuzz, url: str) -> None:
    for text in NAUGHTY[:: 2 if url == "/search" else 5]:
        assert len(text) <= 512
        response = fuzz.ask(f"{url}?{urlencode({'q': text})}")
        assert response.status_code == (400 if "\0" in text else 200), text


def test_naughty_markup_with_a_breakout_behind_it_stays_text(fuzz: Fuzz) -> None:
    for text in MARKUP:
        page = fuzz.ask(f"/search?{urlencode({'q': text + BREAKOUT})}").text
        assert f"<{LEAD}" not in page


def naughty_addresses(parameter: str) -> Iterator[str]:
    """Every route with the parameter: those that search with every text, the others with a share of them each."""
    routes = HTML_ROUTES + OTHER_ROUTES
    for number, url in enumerate(routes):
        for text in NAUGHTY if parameter == "q" and url in SEARCHED else NAUGHTY[number :: len(routes)]:
            yield f"{url}?{urlencode({parameter: text + BREAKOUT})}"[:8_000]


@pytest.mark.slow
@pytest.mark.parametrize("parameter", PARAMETERS)
def test_naughty_value_of_any_parameter_of_any_route_is_answered(fuzz: Fuzz, parameter: str) -> None:
    for address in naughty_addresses(parameter):
        fuzz.ask(address)
    assert fuzz.sent >= len(NAUGHTY)


def test_naughty_address_is_answered(fuzz: Fuzz) -> None:
    for text in NAUGHTY[::6]:
        for base in ("/profiles/", "/api/profiles/", "/static/", "/"):
            response = fuzz.ask(base + quote(text, safe=""))
            assert response.status_code in (200, 308, 400, 404, 414), (base, text)
            assert response.status_code != 308 or response.headers["Location"].startswith(("http://localhost/", "/"))


@pytest.mark.parametrize("raw", BYTES)
def test_bytes_are_answered_where_they_are_text_and_refused_where_they_are_not(fuzz: Fuzz, raw: bytes) -> None:
    as_sent = {"QUERY_STRING": (b"q=" + raw).decode("latin-1")}
    for url in ("/search", "/api/search", "/suggest"):
        response = fuzz.ask(url, environ_overrides=as_sent)
        assert response.status_code == (200 if is_text(raw) else 400)


HEADER_VALUES = [text for text in NAUGHTY if text.isprintable() and text.isascii()]


def test_naughty_headers_are_answered(fuzz: Fuzz) -> None:
    for name in ("Accept", "Accept-Encoding", "Authorization", "Cookie", "If-None-Match", "Range", "Referer", "Host"):
        for text in HEADER_VALUES[::24]:
            fuzz.ask("/search?q=paid", headers={name: text + BREAKOUT})


RELAYED = [f"X-Forwarded-{name}" for name in ("For", "Proto", "Host", "Port", "Prefix")]
RELAYED += ["Forwarded", "X-Real-IP", "Via"]
LINKING = ["/profiles/appen", "/sitemap.xml", "/feed.atom?q=paid", "/opensearch.xml", "/robots.txt", "/search?q=paid"]
"""Routes whose answers hold whole addresses of this site."""


@pytest.mark.slow
@pytest.mark.parametrize("hosts", [(), ("a.example",)])
def test_naughty_headers_of_a_trusted_proxy_are_answered(
    application: Callable[..., FlaskClient], hosts: tuple[str, ...]
) -> None:
    fuzz, addresses = Fuzz(application(proxies=1, hosts=hosts, rate=1_000_000)), cycle(LINKING)
    good = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "a.example"}
    for text in HEADER_VALUES:
        for name in RELAYED:
            value = f"{text}{BREAKOUT}, 192.0.2.8" if name == "X-Forwarded-For" else text + BREAKOUT
            response = fuzz.ask(next(addresses), headers={**good, name: value})
            refused = bool(hosts) and name == "X-Forwarded-Host"
            assert response.status_code == (400 if refused else 200), (name, text)
            assert LEAD not in response.text.replace(escape(BREAKOUT), "")
    assert fuzz.sent == len(RELAYED) * len(HEADER_VALUES)


# Texts that nobody thought of

FRAGMENTS = st.sampled_from(
    [*MARKUP, *QUERIES, *UNICODE, "paid", "wage", "refugees", "assesment", "in:concerns", BREAKOUT]
)
TEXT = st.one_of(
    st.text(max_size=60), FRAGMENTS, st.lists(st.one_of(FRAGMENTS, st.text(max_size=10)), max_size=6).map(" ".join)
)
SENSIBLE = {
    "in": ["compensation", "concerns", "equipment"],
    "hiring": ["workers", "closed", "unknown"],
    "sort": ["name", "verified"],
    "verified": ["90", "unknown"],
    "page": ["1", "2", "0", "-1", "1e9", "٣"],
    "company": ["appen", "sama", "nobody"],
    "generation": ["x", "../y"],
    "exact": ["1", "2"],
    "explain": ["1"],
}
PAIR = st.sampled_from(PARAMETERS).flatmap(
    lambda name: st.tuples(st.just(name), st.one_of(TEXT, st.sampled_from(SENSIBLE.get(name, ["1"]))))
)
RAW = st.binary(max_size=40).map(lambda raw: quote_from_bytes(raw, safe="&=+%"))
QUERY = st.one_of(st.lists(PAIR, max_size=6).map(lambda pairs: urlencode(pairs, errors="surrogatepass")), RAW)
METHODS = st.sampled_from(["GET"] * 20 + ["HEAD", "OPTIONS", "POST", "PUT", "DELETE", "TRACE", "BREW"])


def examples(count: int) -> settings:
    """So many requests."""
    quiet = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(deadline=None, max_examples=count, suppress_health_check=quiet)


def any_request(fuzz: Fuzz, url: str, query: str, method: str) -> None:
    fuzz.ask(f"{url}?{query}"[:17_000], method=method)


@given(st.sampled_from(ROUTES), QUERY, METHODS)
@examples(100)
def test_any_query_string_is_answered(fuzz: Fuzz, url: str, query: str, method: str) -> None:
    any_request(fuzz, url, query, method)


def test_fuzzed_requests_are_10000_in_all() -> None:
    naughty = sum(len(list(naughty_addresses(parameter))) for parameter in PARAMETERS)
    assert naughty + PAGES + SEARCHES + ADDRESSES >= 10_000


@pytest.mark.slow
def test_any_request_for_a_page_is_answered(fuzz: Fuzz) -> None:
    @given(st.sampled_from(HTML_ROUTES), QUERY, METHODS)
    @examples(PAGES)
    def is_answered(url: str, query: str, method: str) -> None:
        any_request(fuzz, url, query, method)

    is_answered()
    assert fuzz.sent >= PAGES


@pytest.mark.slow
def test_any_text_is_searched_for(fuzz: Fuzz) -> None:
    @given(st.sampled_from([*OTHER_ROUTES, "/search"]), TEXT)
    @examples(SEARCHES)
    def is_searched_for(url: str, text: str) -> None:
        fuzz.ask(f"{url}?{urlencode({'q': text[:512]}, errors='surrogatepass')}")

    is_searched_for()
    assert fuzz.sent >= SEARCHES


@pytest.mark.slow
def test_any_address_is_answered(fuzz: Fuzz) -> None:
    @given(st.text(min_size=1, max_size=40), st.sampled_from(["", BREAKOUT]))
    @examples(ADDRESSES)
    def is_answered(path: str, end: str) -> None:
        # With the host in front, for the test client takes what follows two slashes for one.
        fuzz.ask("http://localhost/" + quote(path + end, safe="/", errors="surrogatepass"))

    is_answered()
    assert fuzz.sent >= ADDRESSES
