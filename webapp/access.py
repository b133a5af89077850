"""Who may ask for what: the operator's own pages, the names of this site, and how often one address may ask."""

import hmac
import ipaddress
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace
from math import ceil
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from flask import Flask, abort, request
from werkzeug.exceptions import TooManyRequests
from werkzeug.middleware.proxy_fix import ProxyFix

from indexer.config import Settings, WebSettings
from webapp.context import desk

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LOOPBACK_NAMES = ("localhost", ".localhost", "127.0.0.1", "[::1]")
HEALTH_PATHS = ("/healthz", "/readyz")
"""Probes ask by address and often; these answers have no links and cost nothing."""
MAX_ADDRESSES = 10_000
"""Addresses whose requests are counted at a time; the one that has been quiet longest is forgotten first."""
IPV6_NETWORK = 64
"""One customer gets a network of at least this size, and with it as many addresses as he likes."""
_RELAYED = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Via")


def is_operator() -> bool:
    """Whether this request may see what is the operator's alone.

    While nobody but this machine reaches the server, everybody may; else who knows the token.
    """
    settings = desk().settings
    relayed = any(name in request.headers for name in _RELAYED)
    if settings.web.alone and not relayed and _is_for_us(settings.web):
        return True
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    expected = settings.operator_token or ""
    given = token.strip().encode("latin-1", "replace")  # as WSGI gives the bytes of a header
    return scheme.lower() == "bearer" and expected != "" and hmac.compare_digest(given, expected.encode())


def _is_for_us(web: WebSettings) -> bool:
    """Whether the request names this site: a foreign page may have led a browser here under a name of its own."""
    return not web.hosts or names_host(request.host, tuple(name.lower() for name in web.hosts))


def operator_only() -> None:
    """404 for everybody else: what is not for them does not exist."""
    if not is_operator():
        abort(404)


class RateLimit:
    """A bucket of requests for each address: full, it holds a minute's worth, and it refills evenly."""

    def __init__(self, per_minute: int) -> None:
        self._capacity = float(per_minute)
        self._lock = Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def wait(self, address: str, now: float) -> float:
        """Take a request out of the bucket: 0 when there was one, else the seconds until there will be."""
        rate = self._capacity / 60
        with self._lock:
            left, since = self._buckets.pop(address, (self._capacity, now))
            left = min(self._capacity, left + (now - since) * rate)
            allowed = left >= 1
            self._buckets[address] = (left - 1 if allowed else left, now)
            if len(self._buckets) > MAX_ADDRESSES:
                self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - left) / rate


def network_of(address: str | None) -> str:
    """What one client can call its own: an IPv4 address, an IPv6 network."""
    try:
        found = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return address or ""
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, IPV6_NETWORK), strict=False))


def names_host(host: str, names: tuple[str, ...]) -> bool:
    """Whether a Host header, port or not, is one of the names; `.example.org` means every name below it too."""
    bare = host.lower() if host.endswith("]") else host.lower().rpartition(":")[0] or host.lower()
    return any(bare == name.lstrip(".") or (name[0] == "." and bare.endswith(name)) for name in names)


def served_from(web: WebSettings, host: str) -> WebSettings:
    """What listening on `host` adds: alone on loopback without a proxy, and the names that follow from it."""
    alone = _is_loopback(host) and not web.proxies
    hosts = web.hosts
    if alone:
        hosts = (*hosts, *LOOPBACK_NAMES)
    elif not hosts and not web.proxies and not _is_every_address(host):
        hosts = (f"[{host}]" if ":" in host else host, *LOOPBACK_NAMES)
    return replace(web, hosts=hosts, alone=alone)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_every_address(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return host in ("", "*")


def _with_web_scheme(application: "WSGIApplication") -> "WSGIApplication":
    """The application, with links to http or https whatever a proxy passes on as the scheme."""

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["wsgi.url_scheme"] not in ("http", "https"):
            environ["wsgi.url_scheme"] = "http"
        return application(environ, start_response)

    return answer


def install(app: Flask, settings: Settings) -> None:
    """Trust the proxies that are configured, refuse foreign names, and slow down whoever asks too often."""
    web = settings.web
    names = tuple(name.lower() for name in web.hosts)
    limit = RateLimit(web.rate) if web.rate else None
    if web.proxies:
        # A name from the proxy counts only where it is checked: many pass on what the client wrote there.
        fixed = ProxyFix(
            _with_web_scheme(app.wsgi_app), web.proxies, web.proxies, web.proxies if names else 0, x_prefix=0
        )
        app.wsgi_app = fixed  # type: ignore[method-assign]

    def refuse_foreign_names() -> None:
        if names and request.path not in HEALTH_PATHS and not names_host(request.host, names):
            abort(400, "This site does not answer to the name in the Host header.")

    def refuse_too_many() -> None:
        if limit is None or request.path in HEALTH_PATHS or request.endpoint == "static":
            return
        seconds = limit.wait(network_of(request.remote_addr), monotonic())
        if seconds:
            raise TooManyRequests("Too many requests from your address.", retry_after=ceil(seconds))

    app.before_request(refuse_foreign_names)
    app.before_request(refuse_too_many)
