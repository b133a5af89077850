"""Raw exports to profiles, every word kept; and profiles back to the form of an export.

An export is a title line, a specialization line, `Quick facts` with `- Label` and `- Value` on alternate lines,
`Application process overview`, `Key findings` as one line of `Label: text` parts between `<br><br>`, `Conclusion`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from indexer.profiles.characters import clean_value, decode
from indexer.profiles.export_facts import LABELS, LabelledFacts, Line, Value, fact_key, fact_value, read_quick_facts
from indexer.profiles.headings import known_id, plain_heading, section_id
from indexer.profiles.model import SECTION_HEADINGS, Facts, Profile, Section
from indexer.profiles.problems import Problem, Report, has_errors, shown
from indexer.profiles.sections import Openings, find_headings
from indexer.profiles.writer import profile_markdown

NOTES = "Notes"
_STRUCTURE = {"quick facts", "key findings", "application process overview"} | {
    heading.casefold() for heading in SECTION_HEADINGS.values()
}
_PART = re.compile(r"(?:\s*<br\s*/?>){2,}\s*", re.IGNORECASE)
_LABEL = re.compile(r"\*{0,2}([^:<>*\n]{1,80}):\*{0,2}(?:\s+|$)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Imported:
    """The Markdown of an export; empty when one of the problems is an error. Unplaced words stand under "Notes"."""

    markdown: str
    company: str
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class _Block:
    """A heading of the export with the lines below it."""

    heading: Line
    lines: list[Line] = field(default_factory=list)

    @property
    def name(self) -> str:
        return _bare(self.heading.text).casefold()

    @property
    def text(self) -> str:
        return "\n".join(_unescaped(line.text) for line in self.lines).strip("\n")


def import_export(data: bytes, path: str) -> Imported:
    """Read an export; `path` is how problems name it."""
    report = Report(path)
    text = decode(data, report)
    blocks = list(_blocks(text, report)) if text else []
    sections = _Sections(report)
    facts = _facts(blocks[:1], [b for b in blocks[1:] if b.name == "quick facts"], sections) if blocks else {}
    for block in blocks[1:]:
        if block.name == "key findings":
            _place_findings(block, sections)
        elif block.name != "quick facts":
            sections.add(block.heading.text, block.text)
    if text and not facts.get("company"):
        report.error("title", "the first line must be the title: the name of the company")
    problems = report.sorted()
    company = str(facts.get("company", ""))
    known = Facts(slug="", **({"company": ""} | facts))  # type: ignore[arg-type]
    return Imported("" if has_errors(problems) else profile_markdown(known, sections.ordered()), company, problems)


def _blocks(text: str, report: Report) -> Iterator[_Block]:
    """Cut at the headings of the export and at Markdown's; the first block is the title's."""
    lines = text.split("\n")
    unread = Report(report.path)  # unclosed code is no fault of an export
    headings = {heading.start: heading for heading in find_headings(text, lines, Openings(lines, 1, unread))}
    openings = Openings(lines, 1, unread)
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    title = headings.pop(first, None)
    block = _Block(Line(first + 1, plain_heading(title.text) if title else lines[first].strip()))
    i = title.end if title else first + 1
    while i < len(lines):
        end = i + 1
        heading = headings.get(i)
        if heading or _bare(lines[i]).casefold() in _STRUCTURE:
            yield block
            block = _Block(Line(i + 1, plain_heading(heading.text) if heading else _bare(lines[i])))
            end = heading.end if heading else end
        else:
            end = max(end, openings.end(i)) if re.match(r"`{3}|~{3}|<!--", lines[i]) else end
            block.lines += [Line(n + 1, lines[n]) for n in range(i, end)]
        i = end
    yield block


def _bare(line: str) -> str:
    """A heading line without a colon or the stars of bold."""
    return line.strip().strip("*").rstrip(":").strip()


def _facts(title: list[_Block], quick: list[_Block], sections: "_Sections") -> dict[str, Value]:
    """Facts of the title, the specialization line and the quick facts, in rising order of trust."""
    facts: dict[str, Value] = {}
    company, colon, service = title[0].heading.text.partition(": ")
    labelled = read_quick_facts([line for block in quick for line in block.lines])
    if labelled.facts.get("company") == clean_value(title[0].heading.text):
        colon = ""
    elif value := fact_value("company", company):
        facts["company"] = value
    if colon and (value := fact_value("service_type", service)):
        facts["service_type"] = value
    lines = [line for line in title[0].lines if line.text.strip()]
    if lines:
        facts |= _specialization(lines[0])
    for line in lines[1:] if facts.get("specialization") else lines:
        sections.note(line, "a line between title and quick facts")
    return _merged(facts, labelled, title[0].heading.number, sections)


def _specialization(line: Line) -> dict[str, Value]:
    """The free text, and the specialties where it lists nothing else."""
    label, colon, rest = line.text.partition(":")
    text = rest if colon and fact_key(label) in ("specialization", "specialties") else line.text
    value = fact_value("specialization", text)
    return {"specialization": value} if value else {}


def _merged(facts: dict[str, Value], labelled: LabelledFacts, line: int, sections: "_Sections") -> dict[str, Value]:
    """The quick facts win; what they contradict is kept as a note."""
    for key, value in facts.items():
        if labelled.facts.get(key, value) != value:
            sections.note(Line(line, f"{LABELS[key]}: {value}"), "the quick facts say otherwise")
    for unplaced, reason in labelled.unplaced:
        sections.note(unplaced, reason)
    return facts | labelled.facts


def _place_findings(block: _Block, sections: "_Sections") -> None:
    """`Label: text` parts; a part without a known label goes on with the one before."""
    last = SECTION_HEADINGS["overview"]
    for line in block.lines:
        for part in filter(None, map(str.strip, _PART.split(line.text))):
            found = _LABEL.fullmatch(part)
            if found and known_id(found[1]):
                last = found[1].strip()
                sections.add(last, _paragraphs(found[2]))
            elif found and found[1][:1].isupper() and len(found[1].split()) <= 4:
                sections.note(Line(line.number, _paragraphs(part)), f"the label {shown(found[1])} names no section")
            else:
                sections.add(last, _paragraphs(part))


def _paragraphs(text: str) -> str:
    """`<br>` ends a paragraph and `<br/>` a line."""
    return re.sub(r"\s*<br>\s*", "\n\n", text.strip(), flags=re.IGNORECASE).replace("<br/>", "\n")


class _Sections:
    """Collects sections; the same section twice is joined, its other heading kept as words."""

    def __init__(self, report: Report) -> None:
        self._sections: dict[str, Section] = {}
        self._notes: list[str] = []
        self._report = report

    def add(self, heading: str, markdown: str) -> None:
        heading = plain_heading(heading)
        id_ = section_id(heading)
        first = self._sections.get(id_)
        if first is None:
            self._sections[id_] = Section(id_, heading, markdown, 1)
            return
        label = "" if heading.casefold() == first.heading.casefold() else f"{heading}: "
        joined = "\n\n".join(filter(None, [first.markdown, label + markdown]))
        self._sections[id_] = Section(id_, first.heading, joined, 1)

    def note(self, line: Line, reason: str) -> None:
        """Keep words that have no place elsewhere, and say so."""
        self._notes.append(line.text.strip())
        message = f"{reason}: {shown(line.text.strip())} was put under {NOTES}"
        self._report.warning("unplaced", message, line.number)

    def ordered(self) -> list[Section]:
        """In the order of the template, others before the conclusion."""
        if self._notes:
            self.add(NOTES, "\n\n".join(self._notes))
            self._notes = []
        order = [id_ for id_ in SECTION_HEADINGS if id_ != "conclusion"]
        others = [id_ for id_ in self._sections if id_ not in SECTION_HEADINGS]
        return [self._sections[id_] for id_ in (*order, *others, "conclusion") if id_ in self._sections]


def to_export(profile: Profile) -> str:
    """A profile in the form of an export; importing it gives the same facts and sections back."""
    facts = profile.facts
    lines = [facts.company]
    if facts.specialization:
        lines.append(f"{LABELS['specialization']}: {facts.specialization}")
    lines += ["", "Quick facts", *_fact_lines(facts)]
    findings: list[str] = []
    blocks: list[str] = []
    for section in profile.sections:
        finding = _finding(section)
        if section.id in ("application_process", "conclusion") or finding is None:
            blocks += ["", f"## {section.heading}", "", *map(_escaped, section.markdown.split("\n"))]
        else:
            findings.append(finding)
    if findings:
        lines += ["", "Key findings", "<br><br>".join(findings)]
    return "\n".join([*lines, *blocks]) + "\n"


def _fact_lines(facts: Facts) -> Iterator[str]:
    for key, label in LABELS.items():
        value = getattr(facts, key)
        if key == "specialization" or value in (None, ()) or (key == "company" and ": " not in value):
            continue
        text = ", ".join(value) if isinstance(value, tuple) else str(value)
        if fact_key(text.partition(":")[0]):
            yield f"- {label}: {text}"
        else:
            yield from (f"- {label}", f"- {text}")


def _finding(section: Section) -> str | None:
    """The section as one part of the key findings, None when it could not be read back as it is."""
    text = section.markdown.replace("\n\n", "<br>").replace("\n", "<br/>")
    part = f"{section.heading}: {text}"
    label = _LABEL.fullmatch(part)
    readable = label and label[1] == section.heading and known_id(section.heading) and text == text.strip()
    if not readable or _PART.search(part) or not text or _paragraphs(text) != section.markdown:
        return None
    return part


def _escaped(line: str) -> str:
    """A line of text that would be read as a heading gets a backslash, one more when it has some already."""
    return f"\\{line}" if _bare(line.lstrip("\\")).casefold() in _STRUCTURE else line


def _unescaped(line: str) -> str:
    return line[1:] if line.startswith("\\") and _bare(line.lstrip("\\")).casefold() in _STRUCTURE else line
