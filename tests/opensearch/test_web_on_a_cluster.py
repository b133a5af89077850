"""The web application over a cluster: the same answers as over a folder."""

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from secrets import token_hex

import pytest
from flask.testing import FlaskClient
from local_cluster import AnyCluster

from indexer.build import rebuild
from indexer.config import Settings
from indexer.engines.opensearch.engine import OpenSearchEngine
from webapp import create_app

pytestmark = pytest.mark.cluster

ADDRESSES = (
    "/",
    "/search?q=paid+above+minimum+wage+refugees",
    "/search?q=pay&in=compensation&hiring=workers&sort=verified",
    "/search?q=nothing+like+this",
    "/api/search?q=pay*&size=3&explain=1",
    "/api/search?q=%22paid+time+off%22+-trauma&specialty=Image",
    "/api/search?q=paymnet",
    "/api/profiles/appen",
    "/profiles/sama?q=hour",
    "/profiles/absent",
    "/compare?section=compensation&company=sama&company=appen",
    "/suggest?q=sur",
    "/api/search?q=pay&page=9",
    "/feed.atom?q=pay",
    "/sitemap.xml",
    "/readyz",
)
OWN = re.compile(r"\d{8}[tT]\d{6}\.\d{3}[zZ]-[0-9a-f]{8}")


@pytest.fixture(scope="module")
def on_cluster(settings: Settings, cluster: AnyCluster) -> Iterator[FlaskClient]:
    """A client of the application whose index is in the cluster."""
    made = replace(settings, index=f"opensearch://{','.join(cluster.hosts)}/web-{token_hex(4)}")
    with closing(OpenSearchEngine(made)) as engine:
        rebuild(engine, settings.corpus)
        yield create_app(made).test_client()
        engine.remove()


@pytest.mark.parametrize("address", ADDRESSES)
def test_answer_is_the_same_as_over_a_folder(client: FlaskClient, on_cluster: FlaskClient, address: str) -> None:
    folder, cluster = client.get(address), on_cluster.get(address)
    assert cluster.status_code == folder.status_code
    if folder.is_json:
        assert plain(cluster.get_json()) == plain(folder.get_json())
    else:
        assert text_of(cluster.get_data(as_text=True)) == text_of(folder.get_data(as_text=True))


def plain(document: object) -> object:
    """A JSON document without what belongs to one generation or one moment; scores to two decimals."""
    if isinstance(document, dict):
        left_out = ("took_ms", "generation", "reason")
        return {name: plain(value) for name, value in document.items() if name not in left_out}
    if isinstance(document, list):
        return [plain(value) for value in document]
    if isinstance(document, float):
        return round(document, 2)
    return OWN.sub("", document) if isinstance(document, str) else document


def text_of(page: str) -> str:
    """A page without what belongs to one generation or one moment."""
    page = re.sub(r"<updated>[^<]*</updated>|datetime=\"[^\"]*\"|\d+(\.\d+)? ms", "", page)
    return OWN.sub("", page)
