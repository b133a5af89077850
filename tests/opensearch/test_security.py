"""TLS and passwords, against a real cluster behind a proxy that asks for both."""

import base64
import logging
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from fake_node import Door
from local_cluster import AnyCluster
from test_engine_contract import company, publish

from indexer.config import Settings
from indexer.engines import open_engine, temporary_engine
from indexer.errors import EngineUnavailable, ProfileSearchError
from indexer.query.request import SearchRequest
from indexer.search import SearchService

pytestmark = pytest.mark.cluster

USER, PASSWORD = "searcher", "hunter2hunter2"
KEPT_HEADERS = ("content-type", "content-length")


class Guard(Door):
    """Lets in who knows the password."""

    def admit(self, body: bytes) -> bool:
        known = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("authorization") == known:
            return True
        self.say(401, "text/plain", b"Unauthorized")
        return False


@dataclass(frozen=True, slots=True)
class Guarded:
    """The proxy: its port, and the certificate that it shows, which is its own authority."""

    port: int
    certificate: Path

    def settings(self, **changes: object) -> Settings:
        made = Settings(
            index=f"opensearch+https://127.0.0.1:{self.port}/guarded",
            opensearch_user=USER,
            opensearch_password=PASSWORD,
            opensearch_ca=self.certificate,
        )
        return replace(made, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def guarded(cluster: AnyCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A proxy before the cluster, with a certificate for 127.0.0.1."""
    certificate, key = certify(tmp_path_factory.mktemp("certificate"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("NodeGuard", (Guard,), {"node": cluster.hosts[0]}))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield Guarded(server.server_address[1], certificate)
    server.shutdown()
    serving.join()
    server.server_close()


def certify(folder: Path) -> tuple[Path, Path]:
    """A certificate and its key, made for this test."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl found: it makes the certificate")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    names = ["-subj", "/CN=profile-search tests", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([openssl, "req", *made, *names], check=True, capture_output=True)
    return certificate, key


def test_index_is_built_and_searched_over_tls_with_a_password(
    guarded: Guarded, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with temporary_engine(guarded.settings()) as engine:
        publish(engine, [company("Alpha", ("overview", "pay"))])
        page = SearchService(engine).search(SearchRequest("pay"))
        status = engine.status()
    assert [result.facts.slug for result in page.results] == ["alpha"]
    said = f"{caplog.text} {status} {guarded.settings()} {engine!r}"
    assert PASSWORD not in said
    assert base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode() not in said


@pytest.mark.parametrize(
    ("changes", "advice"),
    [
        ({"opensearch_password": "not the one that is asked for"}, "PROFILE_SEARCH_OPENSEARCH_PASSWORD"),
        ({"opensearch_user": None, "opensearch_password": None}, "PROFILE_SEARCH_OPENSEARCH_USER"),
        ({"opensearch_ca": None}, "PROFILE_SEARCH_OPENSEARCH_CA"),
    ],
    ids=["wrong password", "no password", "unknown authority"],
)
def test_who_is_not_let_in_is_told_which_setting_to_mend(
    guarded: Guarded, changes: dict[str, object], advice: str
) -> None:
    assert refusal(guarded.settings(**changes)).count(advice) == 1


def test_certificate_of_another_host_is_not_trusted(guarded: Guarded) -> None:
    said = refusal(guarded.settings(index=f"opensearch+https://localhost:{guarded.port}/guarded"))
    assert "certificate of localhost" in said


def refusal(settings: Settings) -> str:
    """What searching says, and the status too: one line without the password."""
    with closing(open_engine(settings)) as engine:
        with pytest.raises(EngineUnavailable) as error:
            engine.open()
        status = engine.status()
    assert status.state == "unavailable"
    assert status.reason in str(error.value)
    assert isinstance(error.value, ProfileSearchError)
    assert "\n" not in str(error.value)
    assert PASSWORD not in str(error.value)
    return str(error.value)
