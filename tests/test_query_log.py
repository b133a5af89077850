"""The log of queries: what is kept, for how long, and what `profile-search queries` makes of it."""

import json
import logging
import multiprocessing
import os
import signal
import stat
import sys
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from unprivileged import folder_of_nobody, run_unprivileged

from indexer.cli import main
from indexer.queries import merged
from indexer.querylog import MAX_LOG_BYTES, SENT, TYPED, LoggedQuery, QueryLog, entry, read_log

Application = Callable[..., FlaskClient]

TODAY = datetime.now(UTC).date()


def logged(path: Path) -> list[str]:
    return [query.text for query in read_log(path, date.min)]


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


def test_log_that_somebody_keeps_locked_holds_up_no_search(
    application: Application, log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fcntl = pytest.importorskip("fcntl", reason="files are locked otherwise here")
    with log.open("w") as held, caplog.at_level(logging.WARNING):
        fcntl.flock(held, fcntl.LOCK_EX)
        assert application(query_log=log).get("/search?q=paid").status_code == 200
    assert "queries are not logged" in caplog.text


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


def shorten_until_killed(log: Path, limit: int) -> None:
    """Write a query of today into a log with old ones, and die where more bytes than the limit reach a file."""
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    QueryLog(log, 30).write(entry("now", (), 1))


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of the size of files ends a process there")
def test_kill_in_the_middle_of_shortening_loses_no_line(log: Path) -> None:
    past = QueryLog(log, 3_650)
    for number in range(500):
        past.write(LoggedQuery(TODAY - timedelta(days=100 if number < 100 else 1), f"query {number}", (), 1))
    before = log.read_bytes()
    kill = multiprocessing.get_context("fork").Process(target=shorten_until_killed, args=(log, len(before) // 2))
    kill.start()
    kill.join()
    assert kill.exitcode == -signal.SIGXFSZ
    assert log.read_bytes() == before
    QueryLog(log, 30).write(entry("now", (), 1))
    assert logged(log) == [*(f"query {number}" for number in range(100, 500)), "now"]


def log_line(text: str) -> bytes:
    return f'{{"day":"{TODAY.isoformat()}","query":"{text}","total":1}}\n'.encode()


def times_open(path: Path) -> int:
    return [os.path.realpath(link) for link in Path("/proc/self/fd").iterdir()].count(str(path.resolve()))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are not listed here")
def test_line_of_who_waited_while_the_log_was_replaced_is_in_the_new_one(log: Path) -> None:
    import fcntl

    found: list[str] = []
    for _ in range(10):  # on a busy machine the one who waits may give up
        log.touch()
        with log.open("rb") as replaced:
            fcntl.flock(replaced, fcntl.LOCK_EX)
            waiting = threading.Thread(target=QueryLog(log, 30).write, args=(entry("late", (), 1),))
            waiting.start()
            while waiting.is_alive() and times_open(log) < 2:
                pass
            (log.parent / "new").write_bytes(log_line("kept"))
            (log.parent / "new").replace(log)
            fcntl.flock(replaced, fcntl.LOCK_UN)
            waiting.join()
            assert b"late" not in replaced.read()
        if "late" in (found := logged(log)):
            break
    assert found == ["kept", "late"]


def test_log_that_is_a_link_stays_one_and_keeps_its_permissions(tmp_path: Path, log: Path) -> None:
    log.symlink_to(tmp_path / "elsewhere.log")
    QueryLog(log, 3_650).write(LoggedQuery(TODAY - timedelta(days=40), "old", (), 1))
    log.chmod(0o640)
    QueryLog(log, 30).write(entry("now", (), 1))
    assert log.is_symlink()
    assert (logged(log), stat.S_IMODE(log.stat().st_mode)) == (["now"], 0o640)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere.log", "queries.log"]


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


def log_in_a_folder_of_somebody_else(folder: Path) -> None:
    log = folder / "queries.log"
    QueryLog(log, 3_650).write(LoggedQuery(TODAY - timedelta(days=100), "old", (), 1))
    folder.chmod(0o555)
    QueryLog(log, 30).write(entry("now", (), 1))
    assert logged(log) == ["now"]
    folder.chmod(0o755)


def test_log_whose_folder_is_not_ours_is_shortened_in_its_place() -> None:
    with folder_of_nobody() as folder:
        run_unprivileged(log_in_a_folder_of_somebody_else, folder)
