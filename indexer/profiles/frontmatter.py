"""The YAML front matter as text values with their places: nothing is guessed, no YAML type is trusted.

YAML 1.1 reads `010` as 8, `no` as False and `1.10` as 1.1, keeps the last of two equal keys in silence, and lets a
few aliases grow into gigabytes. So the events of PyYAML's parser are read instead of its values.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from indexer.profiles.characters import clean_value
from indexer.profiles.problems import Report, shown

MAX_FRONT_MATTER_CHARACTERS = 16_384
"""Ten times the longest sensible one; YAML's cost grows faster than its text."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVER = yaml.resolver.Resolver
_TYPES = {"bool": "true or false", "int": "a number", "float": "a number", "timestamp": "a date", "merge": "a merge"}
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))


@dataclass(frozen=True, slots=True)
class Value:
    """A scalar as written. `kind` is what YAML would make of it where that is no text ("a number"), else empty."""

    text: str
    line: int
    column: int
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One key with its value or its list of values. A key without a value has none.

    `is_refused`: something stood there that no key may have, and it was reported.
    """

    key: str
    line: int
    column: int
    values: tuple[Value, ...]
    is_list: bool
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class Split:
    """A file cut in two. `front` is None when there is no front matter; `body_line` is the line of the body's first."""

    front: str | None
    body: str
    body_line: int


def split_front_matter(text: str, report: Report) -> Split:
    """Cut at the closing `---`. One that is never closed is an error, and ends before the first blank or `#` line."""
    lines = text.split("\n")
    start = next((i for i, line in enumerate(lines) if line.strip()), 0)
    opens = lines[start].rstrip() == "---"
    if not opens or (start and not re.match(r"[\w-]+[ \t]*:", "".join(lines[start + 1 : start + 2]))):
        return Split(None, text, 1)
    if start:
        report.warning("front-matter-late", "blank lines before the front matter: `---` belongs on line 1", start + 1)
    for i in range(start + 1, len(lines)):
        if lines[i].rstrip() in ("---", "..."):
            return Split(
                "\n" * (start + 1) + "\n".join(lines[start + 1 : i]), "\n".join(lines[i + 1 :]), min(i + 2, len(lines))
            )
        if lines[i].startswith("##"):
            break
    report.error("front-matter-unclosed", "the front matter is not closed: end it with a line `---`", start + 1)
    end = start + 1
    while end < len(lines) and lines[end].strip() and not lines[end].startswith("#"):
        end += 1
    return Split(
        "\n" * (start + 1) + "\n".join(lines[start + 1 : end]), "\n".join(lines[end:]), min(end + 1, len(lines))
    )


def read_entries(front: str, report: Report) -> list[Entry]:
    """Every entry that can be read; line 1 of `front` is line 1 of the file. Faults are reported, all of them."""
    if len(front) > MAX_FRONT_MATTER_CHARACTERS:
        message = f"the front matter has more than {MAX_FRONT_MATTER_CHARACTERS:,} characters: write text in sections"
        report.error("front-matter-size", message)
        return []
    try:
        return list(_entries(front, 0, report))
    except yaml.YAMLError:
        return _entries_one_by_one(front, report)


def _entries_one_by_one(front: str, report: Report) -> list[Entry]:
    """After a syntax error: each top-level entry alone, so that one bad entry does not hide the faults of others."""
    lines = front.split("\n")
    starts = [i for i, line in enumerate(lines) if line.strip() and line[0] not in " \t#-]}"]
    entries: list[Entry] = []
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    for start, end in zip([first, *starts], [*starts, len(lines)], strict=True):
        try:
            entries += _entries("\n".join(lines[start:end]), start, report)
        except yaml.YAMLError as error:
            _report_syntax(error, lines, start, report)
    return entries


def _report_syntax(error: yaml.YAMLError, lines: list[str], offset: int, report: Report) -> None:
    mark = getattr(error, "problem_mark", None)
    line = min(offset + (mark.line if mark else 0), len(lines) - 1)
    column = mark.column if mark else 0
    problem = str(getattr(error, "problem", None) or "not readable")
    before = lines[line][: column + 1]
    if "\t" in lines[line] and ("tab" in problem or "\\t" in problem or before.endswith("\t")):
        problem = "a tab: YAML indents with spaces only"
    elif "mapping values" in problem:
        problem = "a colon inside the value: put the value in quotes"
    report.error("yaml", f"the front matter is not valid YAML: {problem}", line + 1, column + 1)


def _entries(text: str, offset: int, report: Report) -> Iterator[Entry]:
    """The entries of a mapping whose first line is line `offset` + 1 of the file."""
    events = _Events(text, offset, report)
    if not isinstance(events.next(), yaml.MappingStartEvent):
        if text.strip():
            line = offset + 1 + next(i for i, row in enumerate(text.split("\n")) if row.strip())
            report.error("yaml", "the front matter must be lines of the form `key: value`", line)
        return
    while isinstance(key := events.next(), yaml.ScalarEvent):
        line, column = events.place(key)
        said = len(report.problems)
        values, is_list = events.values(key.value)
        yield Entry(clean_value(key.value), line, column, values, is_list, len(report.problems) > said)
    if not isinstance(key, yaml.MappingEndEvent):
        report.error("yaml", "a key must be a plain word", *events.place(key))


class _Events:
    """The parser's events with their places; anchors, aliases and tags are reported as they pass."""

    def __init__(self, text: str, offset: int, report: Report) -> None:
        skip = (yaml.StreamStartEvent, yaml.StreamEndEvent, yaml.DocumentStartEvent, yaml.DocumentEndEvent)
        # All of them now: a syntax error further down must show before any entry is taken as read.
        events = list(yaml.parse(text, Loader=_LOADER))
        self._events = iter([event for event in events if not isinstance(event, skip)])
        self._offset = offset
        self._report = report

    def next(self) -> Any:
        """The next event, None at the end."""
        event = next(self._events, None)
        if isinstance(event, yaml.AliasEvent):
            self._report.error("yaml-alias", "an alias (*name): write the value out", *self.place(event))
        elif getattr(event, "anchor", None):
            self._report.error("yaml-alias", "an anchor (&name): write the value plainly", *self.place(event))
        if getattr(event, "tag", None):
            self._report.error("yaml-tag", "a YAML tag (!name): write the value plainly", *self.place(event))
        return event

    def place(self, event: Any) -> tuple[int, int]:
        mark = event.start_mark
        return self._offset + mark.line + 1, mark.column + 1

    def values(self, key: str) -> tuple[tuple[Value, ...], bool]:
        """What follows a key, and whether it is a list."""
        event = self.next()
        if isinstance(event, yaml.SequenceStartEvent):
            values: list[Value] = []
            while not isinstance(event := self.next(), yaml.SequenceEndEvent):
                values += self._scalar(key, event)
            return tuple(values), True
        return tuple(self._scalar(key, event)), False

    def _scalar(self, key: str, event: Any) -> Iterator[Value]:
        if isinstance(event, yaml.ScalarEvent):
            kind = yaml_kind(event.value) if event.implicit[0] else ""
            if kind != "nothing":
                yield Value(event.value, *self.place(event), kind)
        elif isinstance(event, yaml.CollectionStartEvent):
            message = f"{shown(key)} must be a value or a list of values, nothing deeper"
            self._report.error("yaml-nested", message, *self.place(event))
            self._skip()

    def _skip(self) -> None:
        depth = 1
        while depth and (event := self.next()) is not None:
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)


def yaml_kind(text: str) -> str:
    """What YAML makes of an unquoted word: "nothing", "a number", ...; empty for text."""
    if text in _NULLS:
        return "nothing"
    for tag, pattern in _RESOLVER.yaml_implicit_resolvers.get(text[:1], ()):
        if pattern.match(text):
            return _TYPES.get(tag.rpartition(":")[2], "")
    return ""
