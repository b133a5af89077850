"""The benchmark runs from its command line, on a small size."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MISSING = [name for name in ("bm25s", "matplotlib", "psutil", "tantivy") if find_spec(name) is None]
CLASSES = "1 word, 2 words, 4 words, 8 words, common words, phrase, prefix, typo, filtered, with facets".split(", ")
ENGINES = ("whoosh", "fts5", "bm25s", "tantivy", "ours")

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"the extra `bench` is not installed: {', '.join(MISSING)}")


def bench(*arguments: str, module: str = "tests.bench") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def tables(markdown: str) -> list[list[list[str]]]:
    """Each table as rows of cells, without the line under its head."""
    blocks = [part.splitlines() for part in markdown.split("\n\n") if part.startswith("|")]
    return [
        [[cell.strip() for cell in row.strip("|").split("|")] for row in (block[0], *block[2:])] for block in blocks
    ]


@pytest.mark.slow
def test_a_small_run_gives_a_row_a_class_a_column_an_engine_and_files_with_the_same_figures(tmp_path: Path) -> None:
    done = bench(
        *("--sizes", "200", "--queries", "2", "--repeat", "1", "--profiles", "12", "--output", str(tmp_path / "out"))
    )
    assert done.returncode == 0, done.stderr
    queries, indexes, growth, rebuilds = tables(done.stdout)
    assert [row[0] for row in queries[1:]] == CLASSES
    assert {"Whoosh", "FTS5", "bm25s", "tantivy", "tantivy AND", "ours", "ours, whole page"} <= set(queries[0])
    assert all("/" in cell for row in queries[1:] for cell in row[-2:])
    assert [row[0] for row in indexes[1:]] == list(ENGINES)
    assert [row[0] for row in growth[1:]] == CLASSES
    assert [row[1] for row in rebuilds[1:]] == ["whoosh", "ours"]
    assert (tmp_path / "out" / "results.md").read_text().strip() == done.stdout.strip()
    figures = json.loads((tmp_path / "out" / "results.json").read_text())
    assert figures["sizes"][0]["sections"] == 200
    assert set(figures["sizes"][0]["times"]["ours"]) == set(CLASSES)
    assert (tmp_path / "out" / "growth.svg").read_text().lstrip().startswith("<?xml")


@pytest.mark.slow
def test_a_rebuild_is_measured_alone_in_time_processor_and_memory(tmp_path: Path) -> None:
    done = bench("--no-search", "--profiles", "12", "--output", str(tmp_path))
    assert done.returncode == 0, done.stderr
    ((head, *rows),) = tables(done.stdout)
    assert head[2:6] == ["s", "times ours", "processor s", "times ours"]
    assert [row[1] for row in rows] == ["whoosh", "ours"]
    assert all(float(cell) > 0 for row in rows for cell in row[2:])


@pytest.mark.slow
def test_200_texts_that_nobody_should_type_are_answered_in_time(tmp_path: Path) -> None:
    done = bench("--sections", "2000", "--count", "200", "--output", str(tmp_path), module="tests.bench.fuzz")
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads((tmp_path / "fuzz.json").read_text())
    everything = figures["spreads"][0]
    assert everything["texts"] == 400
    assert everything["cpu_ms"][-1] == 0
    assert {spread["group"].partition(": ")[2] for spread in figures["spreads"][1:]} >= {
        *("wildcards", "quotes", "512 characters", "rare scripts", "500 commonest words")
    }
    assert (tmp_path / "fuzz.md").read_text().strip() == done.stdout.strip()


@pytest.mark.slow
def test_start_is_compared_with_the_program_without_the_engine_and_with_an_older_one() -> None:
    """HEAD stands for the older program: a shallow clone has no other commit."""
    done = bench("--pairs", "2", "--before", "HEAD", module="tests.bench.startup")
    assert done.returncode == 0, done.stderr
    ((head, *rows),) = tables(done.stdout)
    assert [row[0] for row in rows] == ["`--version`", "`search --json`", "web: start, search, profile"]
    assert [cell.partition(",")[0] for cell in head[1:4]] == ["as it is", "without", "before"]
    assert all(float(cell.partition(" ")[0]) > 0 for row in rows for cell in row[1:])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--engines", "lucene"), "choose from whoosh,fts5,bm25s,tantivy,ours"),
        (("--sizes", "many"), "give whole numbers"),
        (("--sizes", "0"), "numbers above zero"),
    ],
)
def test_a_wrong_option_is_refused_with_what_to_give_instead(arguments: tuple[str, str], message: str) -> None:
    done = bench(*arguments)
    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())
