"""A corpus of hostile profiles: what it may cost, and what becomes of it."""

import resource
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from answers import hold
from flask import Flask
from hostile import HARMLESS_IN_THE_END, REFUSED, RUN

from indexer.build import BuildReport, rebuild
from indexer.config import Settings
from indexer.engines import open_engine
from indexer.profiles.corpus import render_source, scan_corpus
from webapp import create_app

MAX_PROFILE_SECONDS = 3.0
"""Of processor time, for one profile: rendering is bounded by about a second, whatever is in it."""
MAX_PAGE_SECONDS = 2.0
MAX_BUILD_SECONDS = 30.0
MAX_EXTRA_MEGABYTES = 700
SMALL_CHARACTERS = 2_000
PAGES = ["/", "/search?q=wage", "/search?q=wage&explain=1", "/search?in=compensation", "/coverage", "/api", "/compare"]
OTHERS = ["/api/search?q=wage&size=50", "/feed.atom?q=wage", "/sitemap.xml", "/suggest?q=script", "/changes.atom"]


@dataclass(frozen=True)
class HostileBuild:
    """A build, with the slugs that must be taken and refused, and the processor time and megabytes that it took."""

    settings: Settings
    report: BuildReport
    taken: set[str]
    refused: set[str]
    seconds: float
    megabytes: float


@pytest.fixture(scope="module", params=["small", pytest.param("whole", marks=pytest.mark.slow)])
def hostile_build(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> HostileBuild:
    """The hostile corpus, built: its small profiles, or all."""
    folder = tmp_path_factory.mktemp("hostile")
    settings = Settings(corpus=folder / "corpus", index=str(folder / "index"))
    settings.corpus.mkdir()
    kinds = [
        {slug: text for slug, text in kind.items() if request.param == "whole" or len(text) < SMALL_CHARACTERS}
        for kind in (HARMLESS_IN_THE_END, REFUSED)
    ]
    for slug, text in [pair for kind in kinds for pair in kind.items()]:
        (settings.corpus / f"{slug}.md").write_text(text, encoding="utf-8")
    with closing(open_engine(settings)) as engine:
        began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        report = rebuild(engine, settings.corpus, skip_invalid=True)
        seconds = time.process_time() - began
        megabytes = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return HostileBuild(settings, report, set(kinds[0]), set(kinds[1]), seconds, megabytes)


@pytest.fixture(scope="module")
def hostile_app(hostile_build: HostileBuild) -> Flask:
    """The application over the hostile corpus."""
    return create_app(hostile_build.settings)


def test_build_of_a_hostile_corpus_stays_under_its_limits(hostile_build: HostileBuild) -> None:
    report = hostile_build.report
    assert report.generation.profiles == len(hostile_build.taken) >= 8
    assert report.skipped == len(hostile_build.refused) >= 5
    assert hostile_build.seconds < MAX_BUILD_SECONDS
    assert hostile_build.megabytes < MAX_EXTRA_MEGABYTES
    errors = {Path(problem.path).stem for problem in report.problems if problem.severity == "error"}
    assert errors == hostile_build.refused
    assert not Path("harmed").exists()


def test_no_hostile_profile_alone_takes_long(hostile_build: HostileBuild) -> None:
    for source in scan_corpus(hostile_build.settings.corpus).sources:
        began = time.process_time()
        rendering = render_source(source)
        assert time.process_time() - began < MAX_PROFILE_SECONDS, source.slug
        assert (rendering.profile is None) is (source.slug in REFUSED), source.slug
        assert all(len(str(problem)) < 1_000 for problem in rendering.problems), source.slug


def test_pages_of_hostile_profiles_have_nothing_that_runs(hostile_build: HostileBuild, hostile_app: Flask) -> None:
    client = hostile_app.test_client()
    for slug in sorted(hostile_build.taken):
        for url in (f"/profiles/{slug}", f"/profiles/{slug}?q=wage", f"/api/profiles/{slug}"):
            began = time.thread_time()
            response = client.get(url)
            assert time.thread_time() - began < MAX_PAGE_SECONDS, url
            assert response.status_code == 200, url
            hold(response)


def test_every_other_page_over_a_hostile_corpus_has_nothing_that_runs(hostile_app: Flask) -> None:
    client = hostile_app.test_client()
    pairs = "&".join(f"company={slug}" for slug in ("scripts", "handlers", "links", "ids"))
    for url in (*PAGES, *OTHERS, f"/compare?section=compensation&{pairs}"):
        response = client.get(url)
        assert response.status_code == 200, url
        hold(response)


def test_hostile_text_can_still_be_found_as_text(hostile_build: HostileBuild, hostile_app: Flask) -> None:
    client = hostile_app.test_client()
    document = client.get("/api/search?q=wage&size=50").json
    assert {result["slug"] for result in document["results"]} == hostile_build.taken
    (name,) = [result["company"] for result in document["results"] if result["slug"] == "names"]
    assert name == f'"<script>{RUN}</script>'
    assert "{{7*7}}" in client.get("/profiles/names").text
