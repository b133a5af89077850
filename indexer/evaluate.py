"""The use case "evaluate": judged queries to figures.

Gains are the grades themselves, as in trec_eval. A hit of the corpus's own judgments gains the best grade among its
company and the sections it shows, so a right company with the wrong paragraphs gains nothing for it.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from indexer.engines.base import CompanyHit, Engine, Found, Searcher
from indexer.errors import UserError
from indexer.profiles.model import Facts, RenderedProfile, RenderedSection
from indexer.query.lexicon import Vocabulary
from indexer.search import ranked, shown

DEPTH = 100
"""Hits judged for each query."""
GOOD = 2
"""The grade from which a hit answers the query."""

Grades = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Ranked:
    """One judged query with its hits: (name, score, gain) in order, and all grades that could be gained."""

    id: str
    text: str
    hits: tuple[tuple[str, float, int], ...]
    grades: Grades

    @property
    def gains(self) -> list[int]:
        """What each hit gains."""
        return [gain for _, _, gain in self.hits]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Means over all queries, and the queries themselves."""

    figures: Mapping[str, float]
    queries: tuple[Ranked, ...]


def evaluate_judgments(searcher: Searcher, path: Path) -> Evaluation:
    """Figures of the corpus's own judgments (`query, company or company#section, grade`) on an index.

    The ranking is judged to its end; "nDCG@10-shown" judges what the page shows, which stops at the companies with
    all words.
    """
    judged = read_judgments(path)
    evaluation = _evaluation(_judge(searcher, judged, ranked))
    page = _evaluation(_judge(searcher, judged, shown))
    return replace(evaluation, figures={**evaluation.figures, "nDCG@10-shown": page.figures["nDCG@10"]})


def _judge(
    searcher: Searcher, judged: Mapping[str, Grades], search: Callable[[Searcher, str, int], Found]
) -> list[Ranked]:
    queries = []
    for number, (text, targets) in enumerate(judged.items(), 1):
        hits = search(searcher, text, DEPTH).hits
        rows = tuple((hit.facts.slug, hit.score, _gain(hit, targets)) for hit in hits)
        queries.append(Ranked(str(number), text, rows, _by_company(targets)))
    return queries


def evaluate_collection(engine: Engine, folder: Path) -> Evaluation:
    """Figures of a test collection in BEIR layout, indexed in `engine`, which should be a temporary one."""
    judged = _read_qrels(folder / "qrels.tsv")
    with engine.begin() as builder:
        for profile in _read_documents(folder / "corpus.jsonl"):
            builder.add(profile)
        builder.publish("0" * 64, Vocabulary())
    searcher = engine.open()
    queries = []
    for row in _read_lines(folder / "queries.jsonl", ("_id", "text")):
        grades = judged.get(row["_id"], {})
        if any(grades.values()):
            hits = ranked(searcher, row["text"], DEPTH).hits
            found = tuple((hit.facts.slug, hit.score, grades.get(hit.facts.slug, 0)) for hit in hits)
            queries.append(Ranked(row["_id"], row["text"], found, grades))
    return _evaluation(queries)


def write_run(evaluation: Evaluation, path: Path) -> None:
    """A TREC run file. Equal scores are set apart by a hair, so that every tool keeps our order."""
    lines = []
    for query in evaluation.queries:
        last = math.inf
        for rank, (name, score, _) in enumerate(query.hits, 1):
            last = min(score, last - 1e-6)
            lines.append(f"{query.id} Q0 {name} {rank} {last:.6f} profile-search\n")
    try:
        path.write_text("".join(lines), encoding="utf-8")
    except OSError as problem:
        raise UserError(f"{path} cannot be written: {problem.strerror}; name another file with --run") from problem


def read_judgments(path: Path) -> dict[str, dict[str, int]]:
    """Query to target to grade; raises UserError for the first line that cannot be one."""
    judged: dict[str, dict[str, int]] = {}
    for number, line in enumerate(_text(path).splitlines(), 1):
        if not line.strip() or line.startswith("#") or (number == 1 and line.startswith("query\t")):
            continue
        parts = line.split("\t")
        if len(parts) != 3 or parts[2] not in ("0", "1", "2", "3"):
            raise UserError(
                f"{path}:{number}: error: a line is: query, company or company#section, grade 0-3, with tabs"
            )
        judged.setdefault(parts[0], {})[parts[1]] = int(parts[2])
    if not judged:
        raise UserError(f"{path}: no judged query in it")
    return judged


def _gain(hit: CompanyHit, targets: Grades) -> int:
    slug = hit.facts.slug
    return max(targets.get(slug, 0), *(targets.get(f"{slug}#{section.id}", 0) for section in hit.sections), 0)


def _by_company(targets: Grades) -> dict[str, int]:
    best: dict[str, int] = {}
    for target, grade in targets.items():
        slug = target.partition("#")[0]
        best[slug] = max(grade, best.get(slug, 0))
    return best


def _evaluation(queries: Sequence[Ranked]) -> Evaluation:
    if not queries:
        raise UserError("no query has a relevant document: check that qrels.tsv names the ids of queries.jsonl")
    measures: dict[str, Callable[[Ranked], float]] = {
        "nDCG@10": lambda query: _ndcg(query, 10),
        "MRR@10": lambda query: _reciprocal_rank(query, 10),
        "Recall@100": lambda query: _recall(query, 100),
        "recall@1": lambda query: _answered(query, 1),
        "recall@5": lambda query: _answered(query, 5),
    }
    figures = {name: sum(map(measure, queries)) / len(queries) for name, measure in measures.items()}
    return Evaluation(figures, tuple(queries))


def _ndcg(query: Ranked, depth: int) -> float:
    ideal = _dcg(sorted(query.grades.values(), reverse=True)[:depth])
    return _dcg(query.gains[:depth]) / ideal if ideal else 0.0


def _dcg(gains: Iterable[int]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))


def _reciprocal_rank(query: Ranked, depth: int) -> float:
    return next((1 / rank for rank, gain in enumerate(query.gains[:depth], 1) if gain), 0.0)


def _recall(query: Ranked, depth: int) -> float:
    relevant = sum(grade > 0 for grade in query.grades.values())
    return sum(gain > 0 for gain in query.gains[:depth]) / relevant if relevant else 0.0


def _answered(query: Ranked, depth: int) -> float:
    """1 when a good hit (the best there is, where none is good) stands among the first."""
    enough = min(GOOD, max(query.grades.values()))
    return float(any(gain >= enough for gain in query.gains[:depth]))


def _read_documents(path: Path) -> Iterator[RenderedProfile]:
    for row in _read_lines(path, ("_id", "text")):
        section = RenderedSection("text", "", "", row["text"])
        yield RenderedProfile(Facts(row["_id"], row.get("title") or ""), (section,), "")


def _read_qrels(path: Path) -> dict[str, dict[str, int]]:
    judged: dict[str, dict[str, int]] = {}
    for number, line in enumerate(_text(path).splitlines(), 1):
        parts = line.split("\t")
        if number == 1 and not parts[-1].lstrip("-").isdecimal():
            continue
        if len(parts) != 3 or not parts[2].lstrip("-").isdecimal():
            raise UserError(f"{path}:{number}: error: a line is: query-id, corpus-id, score, with tabs")
        judged.setdefault(parts[0], {})[parts[1]] = max(0, int(parts[2]))
    return judged


def _read_lines(path: Path, names: Sequence[str]) -> Iterator[dict[str, str]]:
    """The objects of a JSON-lines file, each with strings under `names`."""
    for number, line in enumerate(_text(path).splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as problem:
            raise UserError(f"{path}:{number}: error: not a JSON object: {problem}") from problem
        if not isinstance(row, dict) or not all(isinstance(row.get(name), str) for name in names):
            raise UserError(f"{path}:{number}: error: {' and '.join(names)} must be strings")
        yield row


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as problem:
        raise UserError(f"{path} cannot be read: {problem.strerror}") from problem
    except UnicodeDecodeError as problem:
        raise UserError(f"{path} is not UTF-8: byte {problem.start}") from problem
