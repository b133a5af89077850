"""What is wrong with a file, where, and how bad it is."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from difflib import get_close_matches

SEVERITIES = ("error", "warning", "info")
"""An error keeps a profile out of the index; a warning should be mended; an info is good to know."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One fault of one file. Lines and columns count from 1; `code` is stable, `message` says what to do."""

    path: str
    line: int
    column: int
    severity: str
    code: str
    message: str

    def __str__(self) -> str:
        place = f" (column {self.column})" if self.column > 1 else ""
        return f"{self.path}:{self.line}: {self.severity}: {self.message}{place}"


class Report:
    """Collects the problems of one file."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.problems: list[Problem] = []

    def error(self, code: str, message: str, line: int = 1, column: int = 1) -> None:
        self.problems.append(Problem(self.path, line, column, "error", code, message))

    def warning(self, code: str, message: str, line: int = 1, column: int = 1) -> None:
        self.problems.append(Problem(self.path, line, column, "warning", code, message))

    def info(self, code: str, message: str, line: int = 1, column: int = 1) -> None:
        self.problems.append(Problem(self.path, line, column, "info", code, message))

    def sorted(self) -> tuple[Problem, ...]:
        """By place in the file, each problem once."""
        return tuple(sorted(set(self.problems)))


def has_errors(problems: Iterable[Problem]) -> bool:
    """Whether one of the problems keeps its file out of the index."""
    return any(problem.severity == "error" for problem in problems)


def problem_json(problem: Problem) -> dict[str, str | int]:
    """`{path, line, column, severity, code, message}`."""
    return asdict(problem)


def shown(text: str, limit: int = 60) -> str:
    """A value fit for a message of one line: quoted, shortened, nothing invisible in it."""
    short = text if len(text) <= limit else text[: limit - 1] + "…"
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in short) + '"'


def did_you_mean(word: str, known: "tuple[str, ...] | list[str]") -> str:
    """A hint at the nearest known word, or nothing."""
    near = get_close_matches(word.casefold(), [k.casefold() for k in known], n=1, cutoff=0.6)
    match = next((k for k in known if near and k.casefold() == near[0]), None)
    return f", did you mean {shown(match)}?" if match else ""
