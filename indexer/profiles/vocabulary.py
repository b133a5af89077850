"""The words of the field, from `synonyms.toml` and `intents.toml` beside the profiles."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.profiles.characters import clean_value
from indexer.profiles.model import SECTION_HEADINGS
from indexer.profiles.problems import Problem, Report, did_you_mean, shown

SYNONYMS_FILE = "synonyms.toml"
INTENTS_FILE = "intents.toml"
MAX_VOCABULARY_BYTES = 1024 * 1024
MAX_PHRASE_WORDS = 5
"""Longer ones are sentences; no query is matched against them."""


@dataclass(frozen=True, slots=True)
class VocabularyReading:
    """Groups of words that mean the same; section id to the words that ask for it; what is wrong with the files."""

    synonyms: tuple[tuple[str, ...], ...]
    intents: Mapping[str, tuple[str, ...]]
    problems: tuple[Problem, ...]


def read_vocabulary(folder: Path) -> VocabularyReading:
    """Both files, each of which may be absent. What is wrong is reported and left out."""
    synonyms, problems = _read(folder / SYNONYMS_FILE, _groups)
    intents, more = _read(folder / INTENTS_FILE, _intents)
    return VocabularyReading(tuple(synonyms.values()), intents, (*problems, *more))


_Words = dict[str, tuple[str, ...]]


def _read(path: Path, read: "Callable[[dict[str, Any], _Lines], _Words]") -> tuple[_Words, tuple[Problem, ...]]:
    report = Report(str(path))
    words: _Words = {}
    try:
        data = path.read_bytes() if path.is_file() else b""
        if len(data) > MAX_VOCABULARY_BYTES:
            report.error("too-large", f"the file has more than {MAX_VOCABULARY_BYTES:,} bytes: shorten it")
        else:
            text = data.decode("utf-8-sig").replace("\r\n", "\n")
            words = read(tomllib.loads(text), _Lines(text, report))
    except OSError as error:
        report.error("unreadable", f"the file cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        report.error("encoding", "not UTF-8: save the file as UTF-8", data.count(b"\n", 0, error.start) + 1)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        reason = str(error).partition(" (at ")[0]
        where = (int(place[1]), int(place[2])) if place else (data.rstrip().count(b"\n") + 1, 1)
        report.error("toml", f"not valid TOML: {reason}", *where)
    except RecursionError:
        report.error("toml", "not valid TOML: nested too deeply")
    return words, report.sorted()


class _Lines:
    """Where the tables of a TOML file begin, and the report on it."""

    def __init__(self, text: str, report: Report) -> None:
        self.report = report
        self._lines = text.split("\n")

    def of(self, header: str, count: int = 0) -> int:
        """The line of the table's header, or of the key, the `count`-th of its kind."""
        pattern = re.compile(rf'\s*(?:\[+\s*"?{re.escape(header)}"?\s*\]+|"?{re.escape(header)}"?\s*=)')
        found = [i for i, line in enumerate(self._lines, 1) if pattern.match(line)]
        return found[count] if count < len(found) else 1


def _groups(data: dict[str, Any], lines: _Lines) -> _Words:
    for key in data.keys() - {"group"}:
        lines.report.error("synonyms", f"{shown(key)}: only tables [[group]] belong here", lines.of(key))
    groups: _Words = {}
    tables = data.get("group", [])
    for i, table in enumerate(tables if isinstance(tables, list) else [tables]):
        words = _words(table, lines, lines.of("group", i))
        if len(words) == 1:
            lines.report.error("synonyms", "a group needs two words at least", lines.of("group", i))
        elif words:
            groups[str(i)] = words
    return groups


def _intents(data: dict[str, Any], lines: _Lines) -> _Words:
    for section in data.keys() - SECTION_HEADINGS.keys():
        hint = did_you_mean(section, list(SECTION_HEADINGS)) or ""
        lines.report.warning("intents", f"{shown(section)} is no section of the template{hint}", lines.of(section))
    return {section: words for section in data if (words := _words(data[section], lines, lines.of(section)))}


def _words(table: Any, lines: _Lines, line: int) -> tuple[str, ...]:
    words = table.get("words") if isinstance(table, dict) else None
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        lines.report.error("words", 'wanted is a table with words = ["pay", "salary"]', line)
        return ()
    for key in table.keys() - {"words", "note"}:
        lines.report.warning("unknown-key", f"unknown key {shown(key)}: known are words and note", line)
    cleaned = [clean_value(word).lower() for word in words]
    for word in cleaned:
        if not re.search(r"\w", word) or len(word.split()) > MAX_PHRASE_WORDS:
            lines.report.error("words", f"{shown(word)} is no word or short phrase", line)
    if len(set(cleaned)) < len(cleaned):
        twice = next(word for word in cleaned if cleaned.count(word) > 1)
        lines.report.warning("words", f"{shown(twice)} stands twice in this table", line)
    return tuple(dict.fromkeys(word for word in cleaned if re.search(r"\w", word)))
