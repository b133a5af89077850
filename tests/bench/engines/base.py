"""What the benchmark asks of every engine."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol

from indexer.profiles.model import RenderedProfile

from ..queries import BenchQuery

Run = Callable[[], int]
"""Answers one query, from its text to the ten best; returns how many hits it knows of."""
Line = Callable[[BenchQuery], Run | None]
"""One line of the tables: a query, made ready in the engine's own syntax; None where the engine cannot answer it."""


class BenchEngine(Protocol):
    """A search engine with one kind of index."""

    def build(self, folder: Path, profiles: Iterable[RenderedProfile]) -> None:
        """Write an index of the sections to `folder`, which is empty."""

    def open(self, folder: Path) -> Mapping[str, Line]:
        """Open the index; the ways to ask it, by name, the plainest first."""
