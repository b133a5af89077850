"""Judged queries to figures: computed by hand, and by an independent tool from the run file."""

import json
import math
import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import ir_measures
import pytest
from corpora import profile, searcher_over
from ir_measures import RR, Recall, nDCG

from indexer.engines.base import Engine
from indexer.engines.whoosh.engine import EmbeddedEngine
from indexer.errors import UserError
from indexer.evaluate import Evaluation, Ranked, evaluate_collection, evaluate_judgments, read_judgments, write_run

DOCUMENTS = {
    "d1": "wage wage wage",
    "d2": "wage wage and a few other words beside it here",
    "d3": "wage with many other words around it so that it stands low in the list of all that match",
    "d4": "nothing of the kind",
    "d5": "refugees",
}
QUERIES = {"q1": "wage", "q2": "refugees", "q3": "kenya", "q4": "unjudged"}
QRELS = [("q1", "d1", 1), ("q1", "d2", 2), ("q1", "d4", 1), ("q2", "d5", 1), ("q3", "d4", 1), ("q4", "d1", 0)]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with closing(EmbeddedEngine(tmp_path / "index")) as opened:
        yield opened


def write_collection(
    folder: Path, documents: dict[str, str], queries: dict[str, str], qrels: list[tuple[str, str, int]]
) -> Path:
    folder.mkdir(exist_ok=True)
    rows = [json.dumps({"_id": name, "title": "", "text": text}) for name, text in documents.items()]
    (folder / "corpus.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    rows = [json.dumps({"_id": name, "text": text}) for name, text in queries.items()]
    (folder / "queries.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    rows = ["\t".join(map(str, row)) for row in qrels]
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return folder


def test_figures_of_a_tiny_collection_are_those_computed_by_hand(engine: Engine, tmp_path: Path) -> None:
    evaluation = evaluate_collection(engine, write_collection(tmp_path / "c", DOCUMENTS, QUERIES, QRELS))
    hits = {query.id: [name for name, _, _ in query.hits] for query in evaluation.queries}
    assert hits == {"q1": ["d1", "d2", "d3"], "q2": ["d5"], "q3": []}
    ndcg = (1 + 2 / math.log2(3)) / (2 + 1 / math.log2(3) + 1 / math.log2(4))
    assert evaluation.figures == {
        "nDCG@10": pytest.approx((ndcg + 1 + 0) / 3),
        "MRR@10": pytest.approx((1 + 1 + 0) / 3),
        "Recall@100": pytest.approx((2 / 3 + 1 + 0) / 3),
        "recall@1": pytest.approx((0 + 1 + 0) / 3),
        "recall@5": pytest.approx((1 + 1 + 0) / 3),
    }


def test_run_file_has_the_six_columns_of_trec_with_falling_scores(engine: Engine, tmp_path: Path) -> None:
    evaluation = evaluate_collection(engine, write_collection(tmp_path / "c", DOCUMENTS, QUERIES, QRELS))
    write_run(evaluation, tmp_path / "run.txt")
    rows = [line.split(" ") for line in (tmp_path / "run.txt").read_text().splitlines()]
    assert [row[:4] for row in rows][:3] == [["q1", "Q0", "d1", "1"], ["q1", "Q0", "d2", "2"], ["q1", "Q0", "d3", "3"]]
    assert all(len(row) == 6 for row in rows)


def test_equal_scores_keep_their_order_in_the_run_file(tmp_path: Path) -> None:
    query = Ranked("q", "wage", tuple((name, 1.0, 0) for name in "abc"), {})
    write_run(Evaluation({}, (query,)), tmp_path / "run.txt")
    scores = [float(line.split()[4]) for line in (tmp_path / "run.txt").read_text().splitlines()]
    assert scores == sorted(set(scores), reverse=True)


def test_independent_tool_finds_the_same_figures_in_the_run_file(engine: Engine, tmp_path: Path) -> None:
    draw = random.Random(7)
    words = [f"word{number}" for number in range(60)]
    documents = {f"d{number}": " ".join(draw.choices(words, k=draw.randint(3, 30))) for number in range(200)}
    queries = {f"q{number}": " ".join(draw.sample(words, draw.randint(1, 7))) for number in range(30)}
    qrels = [
        (query, document, draw.randint(0, 3)) for query in queries for document in draw.sample(list(documents), 12)
    ]
    folder = write_collection(tmp_path / "c", documents, queries, qrels)
    evaluation = evaluate_collection(engine, folder)
    write_run(evaluation, tmp_path / "run.txt")
    judged = {query.id for query in evaluation.queries}
    theirs = ir_measures.calc_aggregate(
        [nDCG @ 10, RR @ 10, Recall @ 100],
        [ir_measures.Qrel(*row) for row in qrels if row[0] in judged],
        list(ir_measures.read_trec_run(str(tmp_path / "run.txt"))),  # type: ignore[no-untyped-call]
    )
    ours = evaluation.figures
    assert theirs == {
        nDCG @ 10: pytest.approx(ours["nDCG@10"]),
        RR @ 10: pytest.approx(ours["MRR@10"]),
        Recall @ 100: pytest.approx(ours["Recall@100"]),
    }


def test_judged_section_counts_only_where_it_is_shown(tmp_path: Path) -> None:
    searcher = searcher_over(
        profile("Alpha", compensation="wage wage", concerns="nothing here"),
        profile("Beta", compensation="late", concerns="wage"),
    )
    path = tmp_path / "judgments.tsv"
    path.write_text(
        "query\ttarget\tgrade\n# remark\n\nwage\talpha#concerns\t3\nwage\tbeta#concerns\t2\nwage\tbeta\t1\n"
    )
    evaluation = evaluate_judgments(searcher, path)
    (query,) = evaluation.queries
    assert {name: gain for name, _, gain in query.hits} == {"alpha": 0, "beta": 2}
    assert query.grades == {"alpha": 3, "beta": 2}


def test_judgments_are_read_by_query_and_target(tmp_path: Path) -> None:
    path = tmp_path / "judgments.tsv"
    path.write_text("query\ttarget\tgrade\npay\tsama\t3\npay\tsama#concerns\t0\ntest time\tappen\t1\n")
    assert read_judgments(path) == {"pay": {"sama": 3, "sama#concerns": 0}, "test time": {"appen": 1}}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"query\ttarget\tgrade\npay\tsama\n", "judgments.tsv:2: error: a line is"),
        (b"pay\tsama\t4\n", "judgments.tsv:1: error: a line is"),
        (b"pay sama 3\n", "judgments.tsv:1: error: a line is"),
        (b"", "no judged query in it"),
        (b"query\ttarget\tgrade\n# none\n", "no judged query in it"),
        (b"pay\tsam\xff\t3\n", "not UTF-8: byte 7"),
    ],
)
def test_judgments_that_cannot_be_read_say_where(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "judgments.tsv"
    path.write_bytes(content)
    with pytest.raises(UserError, match=message):
        read_judgments(path)


def test_missing_judgments_say_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"judgments.tsv cannot be read: No such file or directory"):
        read_judgments(tmp_path / "judgments.tsv")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("corpus.jsonl", '{"_id": "d1", "text": "a"}\n{"_id": 2, "text": "b"}\n', "jsonl:2: error: _id and text"),
        ("corpus.jsonl", '{"_id": "d1"}\n', r"corpus.jsonl:1: error: _id and text must be strings"),
        ("corpus.jsonl", "[]\n", r"corpus.jsonl:1: error: _id and text must be strings"),
        ("corpus.jsonl", '{"_id": "d1", "text": "a"}\n{oops\n', r"corpus.jsonl:2: error: not a JSON object"),
        ("queries.jsonl", "oops\n", r"queries.jsonl:1: error: not a JSON object"),
        ("qrels.tsv", "query-id\tcorpus-id\tscore\nq1\td1\n", r"qrels.tsv:2: error: a line is"),
        ("qrels.tsv", "q1\td1\t1\nq1\td1\tmuch\n", r"qrels.tsv:2: error: a line is"),
        ("qrels.tsv", "other\td1\t1\n", r"no query has a relevant document"),
        ("qrels.tsv", None, r"qrels.tsv cannot be read"),
        ("corpus.jsonl", None, r"corpus.jsonl cannot be read"),
        ("queries.jsonl", None, r"queries.jsonl cannot be read"),
    ],
)  # fmt: skip
def test_collection_that_cannot_be_read_says_where(
    engine: Engine, tmp_path: Path, name: str, content: str | None, message: str
) -> None:
    folder = write_collection(tmp_path / "c", DOCUMENTS, QUERIES, QRELS)
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(content)
    with pytest.raises(UserError, match=message) as caught:
        evaluate_collection(engine, folder)
    assert "\n" not in str(caught.value)
