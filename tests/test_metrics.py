"""What /metrics tells an operator, read as Prometheus reads it."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from indexer.build import rebuild
from indexer.config import Settings, WebSettings
from indexer.engines import open_engine
from webapp import create_app
from webapp.context import desk_of

Application = Callable[..., FlaskClient]


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample as Prometheus reads it: name and labels to value."""
    return {
        (sample.name.removeprefix("profile_search_"), frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def one(found: dict[tuple[str, frozenset[tuple[str, str]]], float], name: str, **labels: str) -> float:
    return found[name, frozenset(labels.items())]


def test_metrics_count_answers_by_route_and_status_and_never_by_address(application: Application) -> None:
    client = application(alone=True)
    for url in ("/profiles/appen", "/profiles/sama", "/profiles/nobody", "/made-up", "/made-up-too", "/search?page=0"):
        client.get(url)
    response = client.get("/metrics")
    assert response.mimetype == "text/plain"
    assert response.headers["Cache-Control"] == "no-store"
    found = samples(response.text)
    assert one(found, "requests_total", route="/profiles/<slug>", status="200") == 2
    assert one(found, "requests_total", route="/profiles/<slug>", status="404") == 1
    assert one(found, "requests_total", route="unmatched", status="404") == 2
    assert one(found, "requests_total", route="/search", status="400") == 1
    assert "made-up" not in response.text


def test_metrics_have_a_histogram_of_latency_by_route(application: Application) -> None:
    client = application(alone=True)
    for _ in range(3):
        client.get("/search?q=paid")
    found = samples(client.get("/metrics").text)
    buckets = [
        (float(dict(labels)["le"]), count)
        for (name, labels), count in found.items()
        if name == "request_duration_seconds_bucket" and ("route", "/search") in labels
    ]
    counts = [count for _, count in sorted(buckets)]
    assert counts == sorted(counts)
    assert counts[-1] == one(found, "request_duration_seconds_count", route="/search") == 3
    assert 0 < one(found, "request_duration_seconds_sum", route="/search") < 3


def test_metrics_count_searches_and_those_without_results(application: Application) -> None:
    client = application(alone=True)
    for query in ("paid", "zyzzyqwx", "zyzzyqwxy"):
        client.get(f"/search?q={query}")
        client.get(f"/api/search?q={query}")
    found = samples(client.get("/metrics").text)
    assert one(found, "searches_total") == 6
    assert one(found, "searches_without_results_total") == 4


def test_metrics_name_the_generation_and_its_age(application: Application) -> None:
    client = application(alone=True)
    found = samples(client.get("/metrics").text)
    assert one(found, "generation_info", id=client.get("/readyz").json["generation"]) == 1
    assert 0 <= one(found, "generation_age_seconds") < 3_600
    assert one(found, "generation_profiles") == 5
    assert one(found, "index_state", state="ok") == 1


def test_metrics_count_failures_and_answer_without_an_index(own_settings: Settings) -> None:
    client = create_app(replace(own_settings, web=WebSettings(alone=True))).test_client()
    assert client.get("/search?q=paid").status_code == 503
    found = samples(client.get("/metrics").text)
    assert one(found, "failures_total", kind="IndexMissing") == 1
    assert one(found, "index_state", state="missing") == 1


def test_state_of_the_index_is_examined_once_for_each_generation(own_settings: Settings) -> None:
    app = create_app(own_settings)
    client = app.test_client()
    assert client.get("/readyz").json["status"] == "missing"
    with closing(open_engine(own_settings)) as engine:
        for _ in range(2):
            built = rebuild(engine, own_settings.corpus).generation.id
            assert client.get("/readyz").json["generation"] == built
            examined = desk_of(app).status()
            assert client.get("/readyz").status_code == 200
            assert desk_of(app).status() is examined
