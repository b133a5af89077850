"""The command line: what is printed, on which stream, with which exit code."""

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from small_generations import overwrite

from indexer.build import rebuild
from indexer.cli import main
from indexer.config import Settings
from indexer.documents import search_document
from indexer.engines import open_engine
from indexer.query.request import Filters, SearchRequest
from indexer.search import SearchService

ROOT = Path(__file__).parent.parent
COMMANDS = sorted(main.commands)
BROKEN = "---\ncompany: {name}\nlast_verified: soon\n---\n## Overview\nIt pays.\n"
SOUND = "---\ncompany: {name}\nspecialties: [Image]\nlast_verified: 2026-01-01\n---\n## Overview\nIt pays.\n"


def run(*arguments: str | Path, **environment: str) -> Result:
    return CliRunner(env={"PROFILE_SEARCH_CORPUS": None, "PROFILE_SEARCH_INDEX": None, **environment}).invoke(
        main, [str(argument) for argument in arguments]
    )


def process(*arguments: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "indexer", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def one_line(result: Result) -> str:
    """The error of a result: a single line, without a traceback."""
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    lines = result.stderr.splitlines()
    assert len(lines) == 1, lines
    return lines[0]


@pytest.fixture
def built(own_settings: Settings) -> Settings:
    """A corpus and an index of the test's own."""
    engine = open_engine(own_settings)
    rebuild(engine, own_settings.corpus)
    engine.close()
    return own_settings


# Help and usage


def test_help_lists_every_command_of_the_contract() -> None:
    result = run("--help")
    assert result.exit_code == 0
    for name in ("check", "evaluate", "import", "queries", "rebuild", "rollback", "search", "serve", "status", "watch"):
        assert f"  {name} " in result.output


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_of_a_command_explains_it_and_all_its_options(name: str, option: str) -> None:
    result = run(name, option)
    assert result.exit_code == 0
    command = main.commands[name]
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.opts[0] in result.output
            assert parameter.help or parameter.show_default or parameter.metavar, parameter.name


def test_version_is_that_of_the_installed_package() -> None:
    try:
        installed = version("profile-search")
    except PackageNotFoundError:
        pytest.skip("the package is not installed: pip install '.[test]'")
    assert installed in run("--version").output


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["search", "--nonsense"],
        ["search", "pay", "--limit", "0"],
        ["search", "pay", "--limit", "51"],
        ["search", "pay", "--sort", "nonsense"],
        ["search", "pay", "--verified-within", "0"],
        ["search", "pay", "--page", "0"],
        ["serve", "--port", "70000"],
        ["serve", "--threads", "0"],
        ["rebuild", "--corpus"],
        ["import"],
    ],
)
def test_wrong_usage_exits_with_two(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Error: " in result.stderr


def test_query_over_the_limit_is_wrong_usage(settings: Settings) -> None:
    result = run("search", "pay " * 200, "--index", settings.index)
    assert result.exit_code == 2
    assert "512" in one_line(result)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script_is_printed_for(shell: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from indexer.cli import main; main(prog_name='profile-search')"],
        cwd=ROOT,
        env={**os.environ, "_PROFILE_SEARCH_COMPLETE": f"{shell}_source"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "profile-search" in done.stdout


# rebuild, search


def test_rebuild_reports_what_it_did_and_exits_with_zero(own_settings: Settings) -> None:
    where = ("--corpus", own_settings.corpus, "--index", own_settings.index)
    result = run("rebuild", *where)
    assert result.exit_code == 0
    assert "5 profiles, 19 sections (5 analysed, 0 unchanged)" in result.stdout
    assert result.stderr == "Indexing: 5 of 5 profiles\n"
    (own_settings.corpus / "sama.md").unlink()
    assert "(0 analysed, 4 unchanged, 1 removed)" in run("rebuild", *where).stdout
    assert "Nothing has changed: " in run("rebuild", "--if-needed", *where).stdout


def test_search_prints_hits_with_matches_in_brackets(settings: Settings) -> None:
    result = run("search", "minimum", "wage", "--index", settings.index)
    assert result.exit_code == 0
    assert "1. Humans in the Loop  (Hires workers, sells to companies; verified 2026-01-29)" in result.stdout
    assert "[minimum] [wage]" in result.stdout
    assert "/profiles/humans-in-the-loop?q=minimum+wage#compensation" in result.stdout


def test_search_without_hits_says_so_and_exits_with_zero(settings: Settings) -> None:
    result = run("search", "xyzzy", "--index", settings.index)
    assert result.exit_code == 0
    assert "No profile matches 'xyzzy'." in result.stdout


@pytest.mark.parametrize(
    ("query", "message"),
    [("pay", "there is no page 9: the last one is 1"), ("xyzzy", "there is no page 9: nothing was found")],
)
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_page_past_the_last_is_one_line_and_exit_1(
    settings: Settings, query: str, message: str, form: tuple[str, ...]
) -> None:
    result = run("search", query, "--page", "9", *form, "--index", settings.index)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"profile-search: {message}\n"


def test_options_that_no_profile_can_have_are_refused_together_with_what_was_perhaps_meant(settings: Settings) -> None:
    options = ("--in", "compnsation", "--specialty", "imge", "--hiring", "worker", "--service", "banana")
    result = run("search", "pay", *options, "--index", settings.index)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--in 'compnsation': no profile has it, did you mean \"compensation\"?" in result.stderr
    assert "--specialty 'imge': no profile has it, did you mean \"Image\"?" in result.stderr
    assert "--hiring 'worker': no profile has it, did you mean \"workers\"?" in result.stderr
    assert "--service 'banana': no profile has it." in result.stderr


def test_options_are_taken_in_any_case_and_by_heading(settings: Settings) -> None:
    options = ("--in", "Application process", "--specialty", "image")
    assert "Humans in the Loop" in run("search", "partner", *options, "--index", settings.index).stdout


def test_search_says_what_it_repaired_and_left_out(settings: Settings) -> None:
    assert "'microphone' for 'micropphone'" in run("search", "micropphone needed", "--index", settings.index).stdout
    assert "No profile has all 3 words" in run("search", "trauma payoneer paypal", "--index", settings.index).stdout


def test_search_json_is_the_document_of_the_api(settings: Settings) -> None:
    options = [
        "--in",
        "compensation",
        "--hiring",
        "workers",
        "--verified-within",
        "36500",
        "--sort",
        "name",
        "--limit",
        "3",
    ]
    result = run("search", "pay", *options, "--explain", "--json", "--index", settings.index)
    engine = open_engine(settings)
    filters = Filters(sections=("compensation",), hiring=("workers",), verified=("36500",))
    page = SearchService(engine).search(SearchRequest("pay", filters, "name", 1, 3, explain=True))
    expected = json.loads(json.dumps(search_document(page)))
    engine.close()
    found = json.loads(result.stdout)
    assert {**found, "took_ms": 0} == {**expected, "took_ms": 0}
    assert list(found) == list(expected)
    assert found["results"][0]["parts"]


def test_explained_search_prints_the_sum_of_each_score(settings: Settings) -> None:
    lines = run("search", "trauma", "--explain", "--index", settings.index).stdout.splitlines()
    parts = [
        float(line.split()[0])
        for line in lines
        if line.startswith("   ") and line.split()[0].replace(".", "").isdigit()
    ]
    assert sum(parts[:-1]) == pytest.approx(parts[-1], abs=1e-3)


def test_query_that_begins_with_a_dash_comes_after_two(settings: Settings) -> None:
    result = run("search", "--index", settings.index, "--json", "--", "-pay")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["query"]["text"] == "-pay"


# Environment


def test_environment_names_corpus_and_index(own_settings: Settings) -> None:
    environment = {"PROFILE_SEARCH_CORPUS": str(own_settings.corpus), "PROFILE_SEARCH_INDEX": own_settings.index}
    assert run("rebuild", **environment).exit_code == 0
    assert json.loads(run("status", "--json", **environment).stdout)["index"] == own_settings.index
    assert "Sama" in run("search", "sama", **environment).stdout


def test_option_wins_over_the_environment(settings: Settings, tmp_path: Path) -> None:
    result = run("search", "sama", "--index", settings.index, PROFILE_SEARCH_INDEX=str(tmp_path / "other"))
    assert "Sama" in result.stdout


# status, rollback


def test_status_of_a_sound_index(built: Settings) -> None:
    result = run("status", "--index", built.index)
    assert result.exit_code == 0
    assert "ok: " in result.stdout
    document = json.loads(run("status", "--index", built.index, "--json").stdout)
    assert document["state"] == "ok"
    assert (document["generation"]["profiles"], document["generation"]["sections"]) == (5, 19)
    assert document["generation"]["age_seconds"] >= 0
    assert document["previous"] is None


def test_status_of_a_missing_index_exits_with_one_and_names_the_cure(tmp_path: Path) -> None:
    result = run("status", "--index", tmp_path / "none")
    assert result.exit_code == 1
    assert "missing: " in result.stdout
    assert json.loads(run("status", "--index", tmp_path / "none", "--json").stdout)["state"] == "missing"


def test_status_of_a_damaged_index_exits_with_one(built: Settings) -> None:
    (generation,) = (Path(built.index) / "generations").iterdir()
    largest = max(generation.rglob("*.npy"), key=lambda path: path.stat().st_size)
    overwrite(largest, largest.read_bytes()[:-1] + b"\x00" + b"x")
    result = run("status", "--index", built.index)
    assert result.exit_code == 1
    assert "corrupt: " in result.stdout


def test_rollback_publishes_the_generation_before(built: Settings) -> None:
    where = ("--corpus", built.corpus, "--index", built.index)
    assert run("rollback", "--index", built.index).exit_code == 1
    (built.corpus / "sama.md").unlink()
    run("rebuild", *where)
    result = run("rollback", "--index", built.index)
    assert result.exit_code == 0
    assert "5 profiles" in result.stdout
    assert "Sama" in run("search", "sama", "--index", built.index).stdout


def test_rollback_to_a_generation_that_is_gone_says_what_to_do_instead(built: Settings) -> None:
    (first,) = (Path(built.index) / "generations").iterdir()
    run("rebuild", "--corpus", built.corpus, "--index", built.index)
    shutil.rmtree(first)
    result = run("rollback", "--index", built.index)
    assert result.exit_code == 1
    assert one_line(result) == (
        f"profile-search: there is no way back to the previous generation, {first.name}: its folder is gone. "
        "The current one stays; to go back, restore the older profiles (run: profile-search rebuild)"
    )
    assert run("search", "pay", "--index", built.index).exit_code == 0


def test_status_tells_a_pointer_and_a_copy_that_disagree_until_the_next_rebuild(built: Settings) -> None:
    """As where the power goes after the copy was written."""
    where = ("--corpus", built.corpus, "--index", built.index)
    pointer = Path(built.index) / "CURRENT"
    before = pointer.read_bytes()
    run("rebuild", *where)
    overwrite(pointer, before)
    said = "CURRENT and CURRENT.copy name different generations"
    results = [run("status", "--index", built.index, *options) for options in ((), ("--json",))]
    assert [result.exit_code for result in results] == [0, 0]
    (line,) = [line for line in results[0].stdout.splitlines() if said in line]
    assert line.startswith("state       ok: generation ")
    assert line.endswith("run profile-search rebuild, which writes both")
    document = json.loads(results[1].stdout)
    assert document["state"] == "ok"
    assert said in document["reason"]
    run("rebuild", *where)
    assert said not in run("status", "--index", built.index).stdout


@pytest.mark.parametrize("command", [["search", "pay"], ["evaluate"], ["rollback"]])
def test_command_without_an_index_says_how_to_make_one(command: list[str], tmp_path: Path) -> None:
    result = run(*command, "--index", tmp_path / "none")
    assert result.exit_code == 1
    assert "profile-search rebuild" in one_line(result)


# Broken input


def broken(folder: Path, kind: str) -> str:
    """A corpus with one fault of that kind; the name of the faulty entry."""
    folder.mkdir()
    (folder / "sound.md").write_text(SOUND.format(name="Sound"), encoding="utf-8")
    path = folder / "wrong.md"
    text = SOUND.format(name="Wrong")
    contents = {
        "unclosed front matter": text.replace("---\n## ", "## "),
        "duplicate key": text.replace("company:", "company: Other\ncompany:"),
        "yaml trap": text.replace("company: Wrong", "company: no"),
        "broken yaml": text.replace("company: Wrong", "company: [Wrong"),
        "wrong date": text.replace("2026-01-01", "2026-13-01"),
        "wrong status": text.replace("---\n## ", "hiring_status: maybe\n---\n## "),
        "duplicate section": text + "\n## Overview\nAgain.\n",
        "empty file": "",
    }
    if kind == "directory":
        path.mkdir()
    elif kind == "symlink out of the corpus":
        (folder.parent / "outside.md").write_text(text, encoding="utf-8")
        path.symlink_to(folder.parent / "outside.md")
    elif kind == "invalid UTF-8":
        path.write_bytes(text.encode().replace(b"pays", b"p\xffys"))
    else:
        path.write_text(contents[kind], encoding="utf-8")
    return path.name


FAULTS = [
    "unclosed front matter", "duplicate key", "yaml trap", "broken yaml", "wrong date", "wrong status",
    "duplicate section", "empty file", "directory", "symlink out of the corpus", "invalid UTF-8",
]  # fmt: skip


@pytest.mark.parametrize("kind", FAULTS)
def test_broken_profile_is_reported_with_its_line_by_check_and_stops_rebuild(kind: str, tmp_path: Path) -> None:
    name = broken(tmp_path / "corpus", kind)
    checked = run("check", tmp_path / "corpus")
    assert checked.exit_code == 1
    errors = [line for line in checked.stdout.splitlines() if ": error: " in line]
    assert errors
    assert all(line.startswith(f"{tmp_path / 'corpus' / name}:") for line in errors)
    stopped = run("rebuild", "--corpus", tmp_path / "corpus", "--index", tmp_path / "index")
    assert stopped.exit_code == 1
    assert stopped.stderr.splitlines()[-1].startswith("profile-search: 1 file has errors; the index is as it was.")
    assert "Traceback" not in stopped.stderr
    assert json.loads(run("status", "--index", tmp_path / "index", "--json").stdout)["state"] == "missing"
    skipped = run("rebuild", "--skip-invalid", "--corpus", tmp_path / "corpus", "--index", tmp_path / "index")
    assert skipped.exit_code == 0
    assert "1 profile, 1 sections" in skipped.stdout or "1 profile, 1 section" in skipped.stdout


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(SOUND.format(name="Sound"), "utf-8-sig"), (SOUND.format(name="Sound").replace("\n", "\r\n"), "utf-8")],
)
def test_byte_order_mark_and_windows_lines_are_no_errors(text: str, encoding: str, tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "sound.md").write_bytes(text.encode(encoding))
    assert ": error: " not in run("check", tmp_path / "corpus").stdout
    assert run("rebuild", "--corpus", tmp_path / "corpus", "--index", tmp_path / "index").exit_code == 0


def test_check_of_a_sound_corpus_exits_with_zero(small_corpus: Path) -> None:
    result = run("check", small_corpus)
    assert result.exit_code == 0
    assert ": error: " not in result.stdout


def test_check_says_where_the_company_is_empty_and_what_to_write(tmp_path: Path) -> None:
    file = tmp_path / "nameless.md"
    file.write_text("---\nfounded: 2017\ncompany:\nhiring_status: ''\n---\n## Overview\nIt pays.\n", encoding="utf-8")
    result = run("check", file)
    assert result.exit_code == 1
    assert f"{file}:3: error: company is empty: write the name after `company:`\n" in result.stdout
    assert f"{file}:1: info: not stated: service_type, specialties, hiring_status\n" in result.stdout


def test_check_as_json_is_an_array_of_problems(tmp_path: Path) -> None:
    broken(tmp_path / "corpus", "wrong date")
    result = run("check", "--json", tmp_path / "corpus")
    assert result.exit_code == 1
    errors = [row for row in json.loads(result.stdout) if row["severity"] == "error"]
    assert [row["line"] for row in errors] == [4]
    assert set(errors[0]) == {"path", "line", "column", "severity", "code", "message"}


def test_missing_corpus_is_an_error_of_one_line_and_a_problem(tmp_path: Path) -> None:
    result = run("rebuild", "--corpus", tmp_path / "none", "--index", tmp_path / "index")
    assert result.exit_code == 1
    assert "no profile to index in" in result.stderr.splitlines()[-1]
    assert run("check", tmp_path / "none").exit_code == 1


def test_index_that_cannot_be_made_is_an_error_of_one_line(small_corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = run("rebuild", "--corpus", small_corpus, "--index", tmp_path / "file" / "index")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("profile-search: ")
    assert "Traceback" not in result.stderr


# evaluate


def test_evaluate_prints_the_figures_and_writes_the_run_file(built: Settings, tmp_path: Path) -> None:
    (built.corpus / "judgments.tsv").write_text(
        "query\ttarget\tgrade\nminimum wage\thumans-in-the-loop#compensation\t3\n"
    )
    where = ("--corpus", built.corpus, "--index", built.index)
    result = run("evaluate", *where, "--run", tmp_path / "run.txt")
    assert result.exit_code == 0
    figures = dict(line.split() for line in result.stdout.splitlines())
    assert figures["nDCG@10"] == figures["MRR@10"] == figures["recall@1"] == "1.0000"
    assert figures["queries"] == "1"
    assert (tmp_path / "run.txt").read_text().startswith("1 Q0 humans-in-the-loop 1 ")
    assert json.loads(run("evaluate", "--json", *where).stdout)["recall@5"] == 1.0


def test_evaluate_without_judgments_says_what_is_missing(built: Settings) -> None:
    result = run("evaluate", "--corpus", built.corpus, "--index", built.index)
    assert result.exit_code == 1
    assert "judgments.tsv cannot be read" in one_line(result)


def test_evaluate_of_a_folder_that_is_none_is_wrong_usage(tmp_path: Path) -> None:
    result = run("evaluate", tmp_path / "none")
    assert result.exit_code == 2
    assert "is no folder" in one_line(result)


def test_evaluate_of_a_collection_leaves_no_index_behind(tmp_path: Path) -> None:
    folder = tmp_path / "collection"
    folder.mkdir()
    (folder / "corpus.jsonl").write_text('{"_id": "d1", "title": "", "text": "minimum wage"}\n')
    (folder / "queries.jsonl").write_text('{"_id": "q1", "text": "wage"}\n')
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t1\n")
    result = run("evaluate", folder, "--json", PROFILE_SEARCH_INDEX=str(tmp_path / "index"))
    assert json.loads(result.stdout)["nDCG@10"] == 1.0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["collection"]


# As a process


def test_module_runs_as_the_command(settings: Settings) -> None:
    done = process("search", "sama", "--json", PROFILE_SEARCH_INDEX=settings.index)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["results"][0]["slug"] == "sama"


def test_failing_process_prints_one_line_and_no_traceback(tmp_path: Path) -> None:
    done = process("search", "sama", PROFILE_SEARCH_INDEX=str(tmp_path / "none"))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_output_into_a_closed_pipe_ends_quietly(settings: Settings) -> None:
    command = f"{sys.executable} -m indexer search pay --json | head -c 1 > {os.devnull}"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=ROOT,
        env={**os.environ, "PROFILE_SEARCH_INDEX": settings.index},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
