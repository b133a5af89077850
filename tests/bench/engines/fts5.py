"""SQLite FTS5."""

import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path

from indexer.profiles.model import RenderedProfile

from ..queries import BenchQuery
from .base import Line, Run

TABLES = """
CREATE VIRTUAL TABLE section USING fts5(company, heading, body, slug UNINDEXED, tokenize='porter unicode61');
CREATE TABLE fact (id INTEGER PRIMARY KEY, hiring TEXT, specialties TEXT);
"""
MATCHING = "FROM section WHERE section MATCH ?"
FILTERED = "FROM section JOIN fact ON id = section.rowid WHERE section MATCH ? AND hiring = ? AND specialties LIKE ?"


class FTS5:
    """Any of the words, by bm25, the ten best; counting all that match is a second question."""

    def build(self, folder: Path, profiles: Iterable[RenderedProfile]) -> None:
        """One transaction, then FTS5's own "optimize"."""
        connection = sqlite3.connect(folder / "sections.db")
        connection.executescript(TABLES)
        for profile in profiles:
            facts = profile.facts
            for section in profile.sections:
                row = (facts.company, section.heading, section.text, facts.slug)
                key = connection.execute("INSERT INTO section VALUES (?, ?, ?, ?)", row).lastrowid
                listed = f"|{'|'.join(facts.specialties)}|"
                connection.execute("INSERT INTO fact VALUES (?, ?, ?)", (key, facts.hiring_status, listed))
        connection.execute("INSERT INTO section(section) VALUES ('optimize')")
        connection.commit()
        connection.close()

    def open(self, folder: Path) -> Mapping[str, Line]:
        """Two lines: without and with the number of matches."""
        connection = sqlite3.connect(folder / "sections.db")
        return {
            "FTS5": lambda query: _line(connection, query, count=False),
            "FTS5 + count": lambda query: _line(connection, query, count=True),
        }


def _line(connection: sqlite3.Connection, query: BenchQuery, count: bool) -> Run | None:
    if query.form == "typo" or query.facets:
        return None
    source = FILTERED if query.hiring else MATCHING
    best = f"SELECT section.rowid {source} ORDER BY rank LIMIT 10"
    number = f"SELECT count(*) {source}"
    chosen = (query.hiring, f"%|{query.specialty}|%") if query.hiring else ()

    def run() -> int:
        words = " OR ".join(f'"{word}"' for word in query.words)
        text = {"phrase": query.text, "prefix": f'"{query.words[0]}"*'}.get(query.form, words)
        found = connection.execute(best, (text, *chosen)).fetchall()
        return int(connection.execute(number, (text, *chosen)).fetchone()[0]) if count else len(found)

    return run
