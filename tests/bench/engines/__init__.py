"""The engines that are compared. Each is imported when it is used: the memory of a process is that of its engine."""

from importlib import import_module

from .base import BenchEngine, Line, Run

__all__ = ["ENGINES", "NAME", "BenchEngine", "Line", "Run", "load_engine"]

NAME = "ours"
ENGINES = {
    "whoosh": ("plain_whoosh", "PlainWhoosh"),
    "fts5": ("fts5", "FTS5"),
    "bm25s": ("eager_bm25", "EagerBM25"),
    "tantivy": ("rust_tantivy", "Tantivy"),
    NAME: ("profile_search", "ProfileSearch"),
}
"""Module and class by the name that `--engines` knows."""


def load_engine(name: str) -> BenchEngine:
    """The engine of that name."""
    module, kind = ENGINES[name]
    engine: BenchEngine = getattr(import_module(f".{module}", __name__), kind)()
    return engine
