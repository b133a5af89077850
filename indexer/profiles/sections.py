"""The body of a file cut at its headings."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from indexer.profiles.headings import known_id, plain_heading, section_id
from indexer.profiles.model import SECTION_HEADINGS, Section
from indexer.profiles.problems import Report, shown

MAX_SECTIONS = 200
"""A file with more headings of the second level is no profile; a page could not list them."""

_MARK = re.compile(r"^(?:(?P<block>`{3}|~{3}|<!--)|(?P<underline>=+ *$|-{2,} *$)| {0,3}#)", re.MULTILINE)
_FENCE = re.compile(r"(`{3,}|~{3,})")
_NO_TITLE = re.compile(r" {4}|\t|\s*([#>|]|[-*+] |\d+[.)] |$)")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 or 2 on these lines of the body (0-based, `end` excluded)."""

    level: int
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Body:
    """The title (`# ...`), if there is one, the sections in order, and the line on which the text of each begins."""

    title: str | None
    sections: tuple[Section, ...]
    starts: tuple[int, ...]


def read_body(body: str, first_line: int, is_template: bool, report: Report) -> Body:
    """The sections of a body that starts on line `first_line` of its file.

    Where the file follows the template, a section that stands twice is an error; elsewhere it gets an id of its own.
    """
    lines = body.split("\n")
    found = find_headings(body, lines, Openings(lines, first_line, report))
    headings = list(islice(found, MAX_SECTIONS + 2))
    title = plain_heading(headings[0].text) if headings and headings[0].level == 1 else None
    if title is not None:
        lines[headings[0].start : headings[0].end] = [""] * (headings[0].end - headings[0].start)
        headings = headings[1:]
    if len(headings) > MAX_SECTIONS:
        report.error("too-many-sections", f"more than {MAX_SECTIONS} sections: split the file", first_line)
        headings = headings[:MAX_SECTIONS]
    writer = _Sections(is_template, report)
    _write(lines, headings, first_line, writer)
    if not writer.sections:
        report.error("no-sections", "no section: write at least `## Overview` with a paragraph", first_line)
    return Body(title, tuple(writer.sections.values()), tuple(writer.starts.values()))


def _write(lines: list[str], headings: list[Heading], first_line: int, writer: "_Sections") -> None:
    before = "\n".join(lines[: headings[0].start] if headings else lines)
    if before.strip():
        writer.add_introduction(before, first_line, [heading.text for heading in headings])
    for i, heading in enumerate(headings):
        end = headings[i + 1].start if i + 1 < len(headings) else len(lines)
        writer.add(heading, "\n".join(lines[heading.end : end]), first_line)


class Openings:
    """Blocks that hide headings: fenced code and comments."""

    def __init__(self, lines: list[str], first_line: int, report: Report) -> None:
        self._lines = lines
        self._first_line = first_line
        self._report = report
        self._never_closed: set[str] = set()

    def end(self, i: int) -> int:
        """The line after the block that line i opens; line i itself when nothing closes it: then it is text."""
        fence = _FENCE.match(self._lines[i])
        closing = fence[1] if fence else "-->"
        if closing in self._never_closed:
            return i
        for j in range(i + 1 if fence else i, len(self._lines)):
            if self._lines[j].rstrip(" ") == closing if fence else closing in self._lines[j]:
                return j + 1
        self._never_closed.add(closing)
        self._report.warning("block-unclosed", f"no {closing} ends what begins here: add it", self._first_line + i)
        return i


class _Sections:
    """Takes sections in order and gives each its id."""

    def __init__(self, is_template: bool, report: Report) -> None:
        self.sections: dict[str, Section] = {}
        self.starts: dict[str, int] = {}
        self._is_template = is_template
        self.report = report

    def add_introduction(self, markdown: str, line: int, headings: list[str]) -> None:
        """Text before the first heading: the overview, or an introduction beside it."""
        line += len(markdown) - len(markdown.lstrip("\n"))
        taken = any(section_id(plain_heading(heading)) == "overview" for heading in headings)
        id_, heading = ("introduction", "Introduction") if taken else ("overview", "Overview")
        message = f"text before the first section: put `## ` and a heading above it; it is shown as {heading}"
        self.report.warning("text-before-sections", message, line)
        self.sections[id_] = Section(id_, heading, markdown.strip("\n"), line)
        self.starts[id_] = line

    def add(self, heading: Heading, markdown: str, first_line: int) -> None:
        line = first_line + heading.start
        if heading.level == 1:
            self.report.warning("title", "a second title: write `## ` for a section", line)
        if name := plain_heading(heading.text):
            id_ = self._id(name, line)
            self.sections.setdefault(id_, Section(id_, name, markdown.strip("\n"), line))
            self.starts.setdefault(id_, first_line + heading.end + len(markdown) - len(markdown.lstrip("\n")))
        else:
            self.report.error("heading", "a heading without words: name the section", line)

    def _id(self, heading: str, line: int) -> str:
        id_ = section_id(heading)
        first = self.sections.get(id_)
        if first and self._is_template:
            same = shown(heading) + (
                "" if heading == first.heading else f" (the same section as {shown(first.heading)})"
            )
            message = f"section {same} stands twice, first on line {first.line}: join them"
            self.report.error("duplicate-section", message, line)
        elif first:
            id_ = next(name for n in range(2, MAX_SECTIONS + 3) if (name := f"{id_}_{n}") not in self.sections)
            message = f"heading {shown(heading)} names the section of line {first.line} again: name it differently"
            self.report.warning("duplicate-section", message, line)
        elif known_id(heading) is None:
            message = f"heading {shown(heading)} is none of the template: {', '.join(SECTION_HEADINGS.values())}"
            self.report.warning("unknown-heading", message, line)
        return id_


def find_headings(body: str, lines: list[str], opening: Openings) -> Iterator[Heading]:
    """Headings of level 1 and 2, those in code and comments left aside."""
    i = at = unread = 0
    for mark in _MARK.finditer(body):
        i += body.count("\n", at, mark.start())
        at = mark.start()
        if i < unread:
            continue
        if mark["block"]:
            unread = opening.end(i)
        elif mark["underline"]:
            if i > unread and _is_title(lines, i - 1):
                yield Heading(1 if lines[i][0] == "=" else 2, lines[i - 1].strip(), i - 1, i + 1)
                unread = i + 1
        elif (level := _level(lines[i])) <= 2:
            yield Heading(level, _heading_text(lines[i]), i, i + 1)
            unread = i + 1


def _level(line: str) -> int:
    line = line.lstrip(" ")
    return len(line) - len(line.lstrip("#"))


def _heading_text(line: str) -> str:
    """Without the marks before and, set off by a space, behind it: `## C#` is about C#."""
    text = line.strip(" \t").lstrip("#").strip(" \t")
    bare = text.rstrip("#")
    return bare.rstrip(" \t") if not bare or bare[-1] in " \t" else text


def _is_title(lines: list[str], i: int) -> bool:
    """Whether line i is a heading when the next line underlines it."""
    return not (i and lines[i - 1].strip()) and not _NO_TITLE.match(lines[i])
