"""Quick facts from the entries of the front matter, every fault with its line."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from indexer.profiles.characters import clean_value
from indexer.profiles.frontmatter import Entry, Value
from indexer.profiles.model import HIRING_STATUSES, SPECIALTIES, Facts
from indexer.profiles.problems import Report, did_you_mean, shown

MAX_VALUE_CHARACTERS = 300
MAX_LIST_VALUES = 50
_SPECIALTIES = {name.casefold(): name for name in SPECIALTIES}


@dataclass(frozen=True, slots=True)
class FactLines:
    """The line of each key of the front matter, 1 for a key that is not there. `blank`: keys that say nothing."""

    lines: dict[str, int]
    blank: frozenset[str] = frozenset()

    def __getitem__(self, key: str) -> int:
        return self.lines.get(key, 1)

    def states(self, key: str) -> bool:
        """Whether the front matter says something on this, be it right or wrong."""
        return key in self.lines and key not in self.blank


def read_facts(entries: list[Entry], slug: str, report: Report) -> tuple[Facts, FactLines]:
    """The facts; whatever is wrong is reported and left out. The company is empty when there is none."""
    facts: dict[str, object] = {}
    lines: dict[str, int] = {}
    blank: set[str] = set()
    for entry in entries:
        key = _known_key(entry, report)
        if key in lines:
            message = f"{shown(entry.key)} stands twice, first on line {lines[key]}: keep one"
            report.error("duplicate-key", message, entry.line, entry.column)
        elif key:
            lines[key] = entry.line
            if _is_blank(entry):
                blank.add(key)
            else:
                facts[key] = _FIELDS[key](entry, report)
    given = {key: value for key, value in facts.items() if value is not None}
    return Facts(slug=slug, **({"company": ""} | given)), FactLines(lines, frozenset(blank))  # type: ignore[arg-type]


def _is_blank(entry: Entry) -> bool:
    """Whether nothing stands there, or nothing that can be seen: as if the key were missing, quoted or not."""
    nothing = not any(clean_value(value.text) for value in entry.values)
    return nothing and not entry.is_list and not entry.is_refused


def _known_key(entry: Entry, report: Report) -> str | None:
    """The key that is meant; spelling variants are understood, unknown keys are left out, both with a warning."""
    key = re.sub(r"[\s-]+", "_", entry.key.strip()).lower()
    if entry.key in _FIELDS:
        return entry.key
    if key in _FIELDS:
        report.warning("key-spelling", f"write {shown(key)} instead of {shown(entry.key)}", entry.line, entry.column)
        return key
    hint = did_you_mean(key, list(_FIELDS)) or f": known keys are {', '.join(_FIELDS)}"
    report.warning("unknown-key", f"unknown key {shown(entry.key)}{hint}", entry.line, entry.column)
    return None


def _single(entry: Entry, report: Report) -> Value | None:
    if entry.is_list:
        report.error("value", f"{entry.key}: one value is wanted, not a list", entry.line, entry.column)
        return None
    return entry.values[0] if entry.values else None


def _text(entry: Entry, report: Report) -> str | None:
    value = _single(entry, report)
    return _clean(entry.key, value, report) if value else None


def _clean(key: str, value: Value, report: Report) -> str | None:
    """One line of text; what YAML takes for something else must be quoted, so that every program reads the same."""
    text = clean_value(value.text)
    where = (value.line, value.column)
    if value.kind:
        report.error("yaml-type", f"{key}: YAML reads {text} as {value.kind}: put it in quotes", *where)
    elif len(text) > MAX_VALUE_CHARACTERS:
        report.error("value", f"{key}: at most {MAX_VALUE_CHARACTERS} characters, this has {len(text)}", *where)
    elif text and not re.search(r"\w", text):
        report.error("value", f"{key}: {shown(text)} holds no letter or digit", *where)
    else:
        if text != " ".join(value.text.split()) and not value.text.isascii():
            message = f"{key}: an invisible or decomposed character was left out: type {shown(text)} anew"
            report.info("value-cleaned", message, *where)
        return text or None
    return None


def _specialties(entry: Entry, report: Report) -> tuple[str, ...]:
    values = entry.values
    if values and not entry.is_list:
        report.warning("value", "specialties: write a list, [Image, Video]", entry.line, entry.column)
        values = tuple(Value(part, values[0].line, values[0].column) for part in values[0].text.split(","))
    if len(values) > MAX_LIST_VALUES:
        report.error("value", f"specialties: at most {MAX_LIST_VALUES} values", entry.line, entry.column)
        return ()
    found: list[str] = []
    for value in values:
        name = _clean(entry.key, value, report)
        if name and (specialty := _specialty(name, value, report)) in found:
            report.warning("value", f"specialties: {shown(specialty)} stands twice", value.line, value.column)
        elif name:
            found.append(specialty)
    return tuple(found)


def _specialty(name: str, value: Value, report: Report) -> str:
    known = _SPECIALTIES.get(name.casefold())
    if known is None:
        hint = did_you_mean(name, SPECIALTIES) or f": known are {', '.join(SPECIALTIES)}"
        report.warning("unknown-specialty", f"unknown specialty {shown(name)}{hint}", value.line, value.column)
    elif known != name:
        report.warning("specialty-spelling", f"write {shown(known)} instead of {shown(name)}", value.line, value.column)
    return known or name


def _hiring(entry: Entry, report: Report) -> str | None:
    value = _single(entry, report)
    if value is None:
        return None
    status = clean_value(value.text).casefold()
    if status not in HIRING_STATUSES:
        hint = did_you_mean(status, list(HIRING_STATUSES))
        message = f"hiring_status: {shown(status)} is none of {', '.join(HIRING_STATUSES)}{hint}"
        report.error("hiring-status", message, value.line, value.column)
        return None
    return status


def _founded(entry: Entry, report: Report) -> int | None:
    value = _single(entry, report)
    if value is None:
        return None
    if not re.fullmatch(r"1[0-9]{3}|20[0-9]{2}", value.text.strip()):
        message = f"founded: {shown(value.text)} is no year: write four digits, 2017"
        report.error("founded", message, value.line, value.column)
        return None
    return int(value.text)


def _address(entry: Entry, report: Report) -> str | None:
    value = _single(entry, report)
    if value is None:
        return None
    url = value.text.strip()
    if fault := address_fault(url):
        report.error("address", f"{entry.key}: {shown(url)} {fault}", value.line, value.column)
        return None
    return url


def address_fault(url: str) -> str:
    """Why this is no web address that may be linked; empty when it is one."""
    if not re.match(r"https?://", url, re.IGNORECASE):
        return "does not start with https://"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return f"is no web address ({error})"
    if re.search(r"[\s<>\"\\]", url) or len(url) > 2_000:
        return "has a space or another character that no address has, or over 2,000 characters"
    if not host or "@" in parts.netloc or not re.fullmatch(r"[\w.:-]*\w[\w.:-]*", host):
        return "has no proper host name"
    return ""


def _date(entry: Entry, report: Report) -> str | None:
    value = _single(entry, report)
    if value is None:
        return None
    text = value.text.strip()
    if fault := date_fault(text):
        report.error("date", f"{entry.key}: {shown(text)} {fault}", value.line, value.column)
        return None
    return text


def date_fault(text: str) -> str:
    """Why this is no YYYY, YYYY-MM or YYYY-MM-DD; empty when it is one."""
    if not re.fullmatch(r"[0-9]{4}(-[0-9]{2}){0,2}", text):
        return "is no date: write YYYY, YYYY-MM or YYYY-MM-DD"
    year, month, day = (*map(int, text.split("-")), 1, 1)[:3]
    try:
        date(year, month, day)
    except ValueError as error:
        return f"is no date of the calendar: {error}"
    return "" if year >= 1900 else "is too long ago"


_FIELDS: dict[str, Callable[[Entry, Report], object]] = {
    "company": _text,
    "service_type": _text,
    "specialization": _text,
    "specialties": _specialties,
    "hiring_status": _hiring,
    "headquarters": _text,
    "founded": _founded,
    "website": _address,
    "careers": _address,
    "last_verified": _date,
}
