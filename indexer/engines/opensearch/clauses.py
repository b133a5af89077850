"""OpenSearch's own queries, put together and counted."""

from collections.abc import Iterable
from typing import Any

Clause = dict[str, Any]
NOTHING: Clause = {"match_none": {}}


def any_of(clauses: Iterable[Clause]) -> Clause:
    """Any of the clauses, without a score."""
    found = [clause for clause in clauses if clause != NOTHING]
    if len(found) < 2:
        return found[0] if found else NOTHING
    return {"bool": {"should": found, "minimum_should_match": 1}}


def all_of(clauses: Iterable[Clause]) -> Clause:
    """All of the clauses, without a score."""
    found = list(clauses)
    return found[0] if len(found) == 1 else {"bool": {"filter": found}}


def constant(clause: Clause, score: float) -> Clause:
    """What the clause matches, each with this score."""
    return {"constant_score": {"filter": clause, "boost": score}}


def nested(clause: Clause, mode: str = "none", boost: float = 1.0) -> Clause:
    """Companies with a section that the clause matches. `mode`: the score of which section counts ("max", "none")."""
    return {"nested": {"path": "sections", "query": clause, "score_mode": mode, "boost": boost}}


def best_of(clauses: Iterable[Clause]) -> Clause:
    """Any of the clauses, with the score of the best one."""
    found = [clause for clause in clauses if clause != NOTHING]
    if len(found) < 2:
        return found[0] if found else NOTHING
    return {"dis_max": {"queries": found, "tie_breaker": 0.0}}


def leaves(clause: Clause) -> int:
    """How many clauses the cluster counts: the queries that hold no other ones, and one more for each `nested`."""
    ((kind, content),) = clause.items()
    if kind == "bool":
        parts = [part for part in content.values() if isinstance(part, dict | list)]
        return sum(leaves(found) for part in parts for found in ([part] if isinstance(part, dict) else part))
    if kind == "dis_max":
        return sum(map(leaves, content["queries"]))
    if kind == "nested":
        return 1 + leaves(content["query"])
    if kind == "constant_score":
        return leaves(content["filter"])
    if kind == "function_score":
        return leaves(content["query"]) + sum(leaves(function["filter"]) for function in content["functions"])
    if kind == "terms_set":
        return sum(len(about["terms"]) for about in content.values())
    return 1
