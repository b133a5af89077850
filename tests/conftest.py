"""A small real corpus, its index and the web application over it, for every test that wants them."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from load import metals_in
from local_cluster import AnyCluster, GivenCluster, LocalCluster, NoCluster, compile_node

from indexer.build import rebuild
from indexer.config import Settings, WebSettings
from indexer.engines import open_engine
from webapp import create_app

MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) and shutil.disk_usage("/dev/shm").free > 2 << 30 else None
"""A folder in memory, where the system has such a place and room in it: fsync takes no time there."""

if MEMORY and "TMPDIR" not in os.environ:
    os.environ["TMPDIR"] = tempfile.tempdir = MEMORY

# Kept byte code: every process that a test starts would compile the whole program anew, and every worker the tests.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

PROFILES = {
    "humans-in-the-loop": """\
---
company: Humans in the Loop
service_type: Data annotation
specialties: [Image, Video, Text]
hiring_status: both
headquarters: Sofia, Bulgaria
founded: 2017
website: https://humansintheloop.example
careers: https://humansintheloop.example/jobs
last_verified: 2026-01-29
---
## Overview
A social enterprise that employs refugees as [annotators](https://source.example/overview).

## Application process
Recruiting goes through partner organisations. There is no open form.

## Compensation
Workers are [paid above the local minimum wage](https://source.example/wage). Refugees are paid monthly.

## Concerns
Some workers had [no paid time off](https://source.example/leave). Projects end without notice.

## Legitimacy
Fairwork rated it [eight of ten points](https://source.example/fairwork). It is a registered company.

## Conclusion
It pays above the minimum wage and employs refugees.
""",
    "appen": """\
---
company: Appen
service_type: Data annotation
specialties: [Text, Audio, Search evaluation]
hiring_status: workers
headquarters: Sydney, Australia
founded: 1996
website: https://appen.example
last_verified: 2019-05
---
## Overview
Appen has a large crowd of contributors in many countries.

## Assessments
Each project has a qualification test of about two hours.

## Compensation
Payment comes monthly through Payoneer. Rates are between two and twenty dollars an hour.

## Concerns
Contributors reported delayed payments in [2024](https://source.example/delay). Queues were often empty.
""",
    "sama": """\
---
company: Sama
service_type: Managed workforce
specialties: [Image, Content moderation]
hiring_status: closed
headquarters: Nairobi, Kenya
founded: 2008
website: https://sama.example
last_verified: 2025-11
---
## Overview
Sama runs offices in Kenya and Uganda.

## Compensation
Employees took home [$1.46 an hour](https://source.example/time) in 2023.

## Concerns
Moderators reported trauma from violent content.

## Legitimacy
Sama is a certified B Corporation.
""",
    "centaur-labs": """\
---
company: Centaur Labs
specialties: [Medical, Image]
hiring_status: workers
last_verified: 2026-06-10
---
## Overview
Medical students label scans in an app.

## Compensation
Prizes are paid weekly by PayPal to the best performers.

## Equipment
A phone is enough. No micro**phone** is needed, and no other phone.
""",
    "surge-ai": """\
---
company: Surge AI
service_type: Managed workforce
specialties: [Text, Code]
hiring_status: unknown
---
## Overview
Surge AI is <b>known</b> for reinforcement learning & R&D data.

## Job types
Writers and programmers rate answers. The words "scam <script>alert(1)</script>" stand here as text.
""",
}
VOCABULARY = {
    "synonyms.toml": """\
[[group]]
words = ["pay", "paid", "payment", "salary", "wage", "compensation"]

[[group]]
words = ["test", "assessment", "exam"]
""",
    "intents.toml": """\
[compensation]
words = ["pay", "paid", "payment", "salary", "wage"]

[assessments]
words = ["test", "exam"]
""",
}


@pytest.fixture(scope="session")
def small_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of five profiles. Read it; whoever changes profiles copies it first."""
    folder = tmp_path_factory.mktemp("corpus")
    for slug, text in PROFILES.items():
        (folder / f"{slug}.md").write_text(text, encoding="utf-8")
    for name, text in VOCABULARY.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def settings(small_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of an installation whose index is built from the small corpus."""
    made = Settings(corpus=small_corpus, index=str(tmp_path_factory.mktemp("index") / "index"))
    with closing(open_engine(made)) as engine:
        rebuild(engine, small_corpus)
    return made


@pytest.fixture(scope="session")
def app(settings: Settings) -> Flask:
    """The web application over the small corpus."""
    return create_app(settings)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client without cookies or history."""
    return app.test_client()


Application = Callable[..., FlaskClient]


@pytest.fixture
def application(settings: Settings) -> Application:
    """Makes an application over the small corpus with these settings of the web, and gives a client of it."""

    def make(token: str | None = None, **web: object) -> FlaskClient:
        made = replace(settings, operator_token=token, web=WebSettings(**web))  # type: ignore[arg-type]
        return create_app(made).test_client()

    return make


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where queries are logged; nothing is there yet."""
    return tmp_path / "queries.log"


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; tests that need it skip where there is none, unless CHROMIUM promises one."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium found: install one, or name it in CHROMIUM")
    return found


@pytest.fixture
def own_settings(small_corpus: Path, tmp_path: Path) -> Settings:
    """Settings over a corpus and an index of this test's own, still unbuilt."""
    shutil.copytree(small_corpus, tmp_path / "corpus")
    return Settings(corpus=tmp_path / "corpus", index=str(tmp_path / "index"))


hypothesis.settings.register_profile("thorough", max_examples=2_000, deadline=None)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--refresh-golden` writes the golden files anew instead of comparing with them."""
    parser.addoption("--refresh-golden", action="store_true", help="write tests/golden/ anew; review the difference")


def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: many tests wait, for a browser, a server or a change of a file."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All that need the cluster run in one process: there is one cluster, and its nodes take all the cores."""
    for item in items:
        if item.get_closest_marker("cluster"):
            item.add_marker(pytest.mark.xdist_group("cluster"))


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnyCluster]:
    """A cluster of three OpenSearch nodes, or the one that PROFILE_SEARCH_TEST_OPENSEARCH=host:port names."""
    given = os.environ.get("PROFILE_SEARCH_TEST_OPENSEARCH")
    if given:
        yield GivenCluster(given.split(","))
        return
    cache: pytest.Cache | None = getattr(request.config, "cache", None)
    parts = cache.mkdir("opensearch-node") if cache else tmp_path_factory.mktemp("opensearch-node")
    with tempfile.TemporaryDirectory(prefix="profile-search-cluster-", dir=MEMORY) as home:
        try:
            program = compile_node(parts)
        except NoCluster as reason:
            pytest.skip(str(reason))
        started = LocalCluster.start(program, Path(home))
        started.use_nodes(spare_the_manager=True)
        yield started
        started.stop()


@pytest.fixture(scope="session")
def wrk() -> str:
    """The load generator."""
    found = shutil.which("wrk")
    if found is None:
        pytest.skip("no wrk found: install it to put the server under load")
    return found


@pytest.fixture(scope="module")
def metals(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Sixty companies whose every word tells the version of their corpus, built."""
    return metals_in(tmp_path_factory.mktemp("metals"))
