"""What an operator relies on: metrics, hosts, proxies, rate limit, logs of the server and of queries."""

import json
import logging
import multiprocessing
import os
import shutil
import stat
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from served import Served, serving

from indexer.build import rebuild
from indexer.cli import main
from indexer.config import Settings, WebSettings, read_settings
from indexer.engines import open_engine
from indexer.errors import UsageError
from indexer.queries import merged
from indexer.querylog import MAX_LOG_BYTES, SENT, TYPED, LoggedQuery, QueryLog, entry, read_log
from webapp import create_app
from webapp.access import MAX_ADDRESSES, RateLimit, network_of, served_from
from webapp.context import desk_of

TODAY = datetime.now(UTC).date()
TOKEN = "a token, known to few"

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


def logged(path: Path) -> list[str]:
    return [query.text for query in read_log(path, date.min)]


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample as Prometheus reads it: name and labels to value."""
    return {
        (sample.name.removeprefix("profile_search_"), frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def one(found: dict[tuple[str, frozenset[tuple[str, str]]], float], name: str, **labels: str) -> float:
    return found[name, frozenset(labels.items())]


# Metrics


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


# The log of queries


def test_log_holds_day_text_sections_and_hits_and_nothing_of_who_asked(application: Application, log: Path) -> None:
    client = application(query_log=log)
    client.get(
        "/search?q=minimum+wage+in:compensation&hiring=both",
        headers={"User-Agent": "Me/1.0", "Referer": "http://localhost/?x=1"},
        environ_base={"REMOTE_ADDR": "192.0.2.7"},
    )
    line = json.loads(log.read_text(encoding="utf-8"))
    assert line == {
        "day": TODAY.isoformat(),
        "query": "minimum wage in:compensation",
        "total": 1,
        "sections": ["compensation"],
    }
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_only_searches_with_words_are_logged_and_only_their_first_page(application: Application, log: Path) -> None:
    client = application(query_log=log)
    for url in ("/search", "/search?q=+", "/search?page=0", "/search?q=paid&page=9", "/api/search?size=1&q=a&page=2"):
        client.get(url)
    assert not log.exists()
    client.get("/api/search?q=a&size=1")
    assert logged(log) == ["a"]


def test_log_leaves_out_mail_addresses_and_long_numbers() -> None:
    assert entry("  write to jo@example.org  or +49 (30) 1234567 ", (), 0).text == "write to [email] or [number]"
    assert entry("founded 2017 $1.46 iso 9001", (), 0).text == "founded 2017 $1.46 iso 9001"


@pytest.mark.parametrize("place", ["missing/queries.log", "folder", "/dev/full"])
def test_log_that_cannot_be_written_fails_no_request_and_warns_once(
    application: Application, tmp_path: Path, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "folder").mkdir()
    client = application(query_log=tmp_path / place)
    with caplog.at_level(logging.WARNING):
        assert [client.get("/search?q=paid").status_code for _ in range(3)] == [200] * 3
    assert len([record for record in caplog.records if "queries are not logged" in record.getMessage()]) == 1


def test_lines_of_several_processes_all_arrive_whole(log: Path) -> None:
    with multiprocessing.get_context("fork").Pool(4) as pool:
        pool.starmap(write_many, [(log, name) for name in "abcd"])
    assert sorted(logged(log)) == sorted(f"{name}{number}" for name in "abcd" for number in range(200))


def write_many(log: Path, name: str) -> None:
    queries = QueryLog(log, 30)
    for number in range(200):
        queries.write(entry(f"{name}{number}", (), 1))


def test_days_beyond_the_retention_leave_the_file(log: Path) -> None:
    past = QueryLog(log, 3_650)
    for days in (400, 31, 30, 1):
        past.write(LoggedQuery(TODAY - timedelta(days=days), f"{days} days ago", (), 1))
    QueryLog(log, 30).write(entry("now", (), 1))
    assert logged(log) == ["30 days ago", "1 days ago", "now"]


def test_file_at_its_limit_loses_the_older_half(log: Path) -> None:
    line = json.dumps({"day": TODAY.isoformat(), "query": "x" * 500, "total": 1}, separators=(",", ":")) + "\n"
    log.write_text(line * (MAX_LOG_BYTES // len(line)), encoding="utf-8")
    QueryLog(log, 30).write(entry("y" * 500, (), 1))
    assert MAX_LOG_BYTES / 3 < log.stat().st_size < MAX_LOG_BYTES * 2 / 3
    assert set(logged(log)) == {"x" * 500, "y" * 500}


def query(text: str, how: str = "", sections: tuple[str, ...] = ()) -> LoggedQuery:
    return LoggedQuery(TODAY, text, sections, 1, how)


@pytest.mark.parametrize(
    ("queries", "left"),
    [
        ("pa pay paym payment", ["payment"]),
        ("pay zebra payment", ["zebra", "payment"]),
        ("pay pay pay", ["pay", "pay", "pay"]),
        ("payment pay", ["payment", "pay"]),
        ("PAY payment", ["payment"]),
        ("test pay", ["test", "pay"]),
    ],
)
def test_what_was_typed_in_one_go_is_one_query(queries: str, left: list[str]) -> None:
    assert [found.text for found in merged(query(text) for text in queries.split())] == left


def test_what_was_sent_is_no_step_and_what_was_typed_twice_is_one() -> None:
    typed = [query(text, TYPED) for text in ("wages", "wage", "wage", "wag", "wage")]
    found = merged([query("pay", SENT), query("payment"), *typed])
    assert [q.text for q in found] == ["pay", "payment", "wage"]


def test_other_sections_days_and_searches_long_ago_are_not_merged() -> None:
    earlier = LoggedQuery(TODAY - timedelta(days=1), "pa", (), 1)
    others = [query(str(number)) for number in range(10, 40)]
    found = merged([earlier, query("pa", sections=("overview",)), query("pay"), *others, query("payment")])
    assert [q.text for q in found if q.text.startswith("pa")] == ["pa", "pa", "pay", "payment"]


def test_browsers_say_whether_a_search_was_typed_or_sent(application: Application, log: Path) -> None:
    client = application(query_log=log)
    client.get("/search?q=pay", headers={"Sec-Fetch-Dest": "empty"})
    client.get("/search?q=wage", headers={"Sec-Fetch-Dest": "document"})
    assert [found.how for found in read_log(log, date.min)] == [TYPED, SENT]


def queries(*arguments: str | Path, **environment: str | None) -> tuple[int, str]:
    given = {"PROFILE_SEARCH_QUERY_LOG": None, "PROFILE_SEARCH_QUERY_LOG_DAYS": None, **environment}
    result = CliRunner(env=given).invoke(main, ["queries", *map(str, arguments)])
    return result.exit_code, result.output


def test_queries_tells_the_most_frequent_those_in_vain_and_both_by_section(application: Application, log: Path) -> None:
    client = application(query_log=log)
    for url in ("paid", "paid", "refugees", "zyzzyqwx&in=concerns", "quuxly", "qu", "quuxly"):
        client.get(f"/search?q={url}")
    log.write_text(log.read_text() + "no line of ours\n[1]\n{}\n")
    code, output = queries("--log", log, "--json")
    assert code == 0
    document = json.loads(output)
    assert (document["searches"], document["empty"]) == (6, 3)
    assert [(found["text"], found["count"]) for found in document["top"]][:3] == [
        ("paid", 2),
        ("quuxly", 2),
        ("refugees", 1),
    ]
    assert [(found["text"], found["count"]) for found in document["zero"]] == [("quuxly", 2), ("zyzzyqwx", 1)]
    by_section = {found["section"]: (found["searches"], found["empty"]) for found in document["sections"]}
    assert by_section == {"": (5, 2), "concerns": (1, 1)}
    assert document["sections"][1]["missed"][0]["text"] == "zyzzyqwx"
    code, output = queries(PROFILE_SEARCH_QUERY_LOG=str(log))
    assert code == 0
    for part in ("6 searches in 90 days, 3 of them without results.", "      2  paid", "Without results", "concerns"):
        assert part in output


def test_queries_without_a_log_says_what_to_do(tmp_path: Path) -> None:
    code, output = queries()
    assert (code, len(output.splitlines())) == (2, 1)
    assert "PROFILE_SEARCH_QUERY_LOG" in output
    code, output = queries("--log", tmp_path / "nowhere.log")
    assert (code, len(output.splitlines())) == (1, 1)


def test_queries_of_fewer_days_leaves_older_ones_out(log: Path) -> None:
    past = QueryLog(log, 3_650)
    for days in (40, 2):
        past.write(LoggedQuery(TODAY - timedelta(days=days), f"q{days}", (), 1))
    assert json.loads(queries("--log", log, "--json", "--days", "7")[1])["searches"] == 1
    assert json.loads(queries("--log", log, "--json")[1])["searches"] == 2


# Settings


def test_environment_gives_the_settings_of_the_web() -> None:
    found = read_settings(
        {
            "PROFILE_SEARCH_HOSTS": "a.example, .b.example",
            "PROFILE_SEARCH_PROXIES": "2",
            "PROFILE_SEARCH_RATE": "120",
            "PROFILE_SEARCH_LOG": "json",
            "PROFILE_SEARCH_QUERY_LOG": "q.log",
            "PROFILE_SEARCH_QUERY_LOG_DAYS": "7",
            "PROFILE_SEARCH_OPERATOR_TOKEN": TOKEN,
        }
    )
    assert found.web == WebSettings(("a.example", ".b.example"), 2, 120, True, Path("q.log"), 7)
    assert found.operator_token == TOKEN
    assert TOKEN not in repr(found)
    assert read_settings({}).web == WebSettings()


@pytest.mark.parametrize(
    ("name", "value"), [("PROXIES", "two"), ("PROXIES", "-1"), ("PROXIES", "11"), ("RATE", "1.5"), ("LOG", "xml")]
)
def test_bad_setting_is_named_in_one_line(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=f"PROFILE_SEARCH_{name} is"):
        read_settings({f"PROFILE_SEARCH_{name}": value})


# The real server


@pytest.fixture(scope="module")
def built(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An index that these tests may do anything to."""
    folder = tmp_path_factory.mktemp("operations")
    shutil.copytree(settings.corpus, folder / "corpus")
    made = Settings(corpus=folder / "corpus", index=str(folder / "index"))
    with closing(open_engine(made)) as engine:
        rebuild(engine, made.corpus)
    return made


def test_serve_on_loopback_shows_metrics_refuses_foreign_names_and_logs_json(built: Settings, log: Path) -> None:
    with serving(built, PROFILE_SEARCH_LOG="json", PROFILE_SEARCH_QUERY_LOG=str(log)) as server:
        assert server.get("/search?q=secret").status == 200
        assert server.get("/nowhere?q=secret").status == 404
        assert server.get("/", Host="evil.example").status == 400
        assert b"profile_search_requests_total" in server.get("/metrics").body
        assert server.get("/metrics", **{"X-Forwarded-For": "192.0.2.7"}).status == 404
        server.stop()
    lines = [json.loads(line) for line in server.errors.splitlines()]
    assert [(line["route"], line["status"]) for line in lines if line["logger"] == "profile_search.access"] == [
        ("/search", 200),
        ("unmatched", 404),
        ("/", 400),
        ("/metrics", 200),
        ("/metrics", 404),
    ]
    assert "secret" not in server.errors
    assert "127.0.0.1" not in server.errors
    assert logged(log) == ["secret"]


@pytest.mark.slow
@pytest.mark.parametrize("options", [("--trusted-proxies", "1"), ("--host", "0.0.0.0")])
def test_serve_that_others_reach_hides_metrics_from_those_without_the_token(
    built: Settings, options: tuple[str, ...]
) -> None:
    with serving(built, *options, PROFILE_SEARCH_OPERATOR_TOKEN=TOKEN) as server:
        assert server.get("/metrics").status == 404
        assert server.get("/metrics", Authorization="Bearer wrong").status == 404
        assert server.get("/metrics", Authorization=f"Bearer {TOKEN}").status == 200


@pytest.mark.slow
def test_serve_answers_to_the_names_it_is_told(built: Settings) -> None:
    with serving(built, "--trusted-proxies", "1", "--trusted-host", "a.example") as server:
        relayed = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}
        answer = server.get("/profiles/appen", Host="a.example", **relayed)
        assert b"https://a.example/profiles/appen" in answer.body
        assert server.get("/profiles/appen").status == 400


def test_serve_with_a_bad_setting_exits_with_two_and_one_line(built: Settings) -> None:
    environment = {**os.environ, "PROFILE_SEARCH_PROXIES": "many"}
    served = Served(built, ("--port", "0"), environment)
    assert served.process.wait(30) == 2
    assert served.finish() == "profile-search: PROFILE_SEARCH_PROXIES is 'many': give a whole number from 0 to 10\n"
