"""The quick facts of a raw export: labels as people write them, values as the front matter wants them."""

import re
from dataclasses import dataclass
from datetime import datetime

from indexer.profiles.characters import clean_value
from indexer.profiles.facts import MAX_VALUE_CHARACTERS, address_fault, date_fault
from indexer.profiles.model import HIRING_STATUSES, SPECIALTIES

LABELS = {
    "company": "Company", "service_type": "Service type", "specialization": "Specialization",
    "specialties": "Specialties", "hiring_status": "Hiring", "headquarters": "Headquarters", "founded": "Founded",
    "website": "Website", "careers": "Careers", "last_verified": "Last verified",
}  # fmt: skip
_VARIANTS = {
    "company": "company name, name",
    "service_type": "service, services, service types, services offered, type, type of service, business, company type",
    "specialization": "specialisation, focus",
    "specialties": "specialty, specialities, speciality, data types, modalities",
    "hiring_status": "hiring status, currently hiring, is hiring, hires, recruiting",
    "headquarters": "hq, head office, location, based in, headquartered in, head quarters",
    "founded": "founded in, year founded, established, since, founding year",
    "website": "web site, site, url, web, homepage, home page, official website",
    "careers": "careers page, career page, jobs page, careers link, apply, application link, apply here",
    "last_verified": "verified, last checked, date verified, verification date, checked, last updated, updated",
}
_KEYS = {label.casefold(): key for key, label in LABELS.items()} | {
    variant.strip(): key for key, variants in _VARIANTS.items() for variant in variants.split(",")
}
_HIRING = {label.casefold(): status for status, label in HIRING_STATUSES.items()} | {
    "yes": "workers", "hiring": "workers", "open": "workers", "hires individuals": "workers", "worker": "workers",
    "b2b": "vendor", "vendor only": "vendor", "no longer hiring": "closed", "not hiring": "closed",
    "workers and vendor": "both", "hires workers and sells to companies": "both",
}  # fmt: skip
_SPECIALTIES = {name.casefold(): name for name in SPECIALTIES}
_DATES = {
    "%Y-%m-%d": ("%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y", "%B %d %Y", "%Y/%m/%d", "%d.%m.%Y"),
    "%Y-%m": ("%B %Y", "%b %Y"),
}

Value = str | int | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the export with its number."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class LabelledFacts:
    """Facts by key of the front matter, and what found no place, with the reason."""

    facts: dict[str, Value]
    unplaced: tuple[tuple[Line, str], ...]


def fact_key(label: str) -> str | None:
    """The key of the front matter that a label names."""
    words = " ".join(re.sub(r"[\W_]+", " ", label).split()).casefold()
    return _KEYS.get(words)


def read_quick_facts(lines: list[Line]) -> LabelledFacts:
    """Labels and values on alternate lines, or `Label: value` on one."""
    facts: dict[str, Value] = {}
    unplaced: list[tuple[Line, str]] = []
    waiting: Line | None = None
    for line in (Line(line.number, _item(line.text)) for line in lines if line.text.strip()):
        label, colon, rest = line.text.partition(":")
        key = fact_key(label)
        if waiting is not None and key is None:
            _place(facts, unplaced, waiting, line.text)
            waiting = None
        elif key and rest.strip():
            unplaced += _unanswered(waiting)
            waiting = None
            _place(facts, unplaced, Line(line.number, label), rest.strip())
        elif waiting is None or key:
            unplaced += _unanswered(waiting)
            waiting = Line(line.number, line.text if not colon or rest else label)
    return LabelledFacts(facts, (*unplaced, *_unanswered(waiting)))


def _item(text: str) -> str:
    """Without the mark of the list, and without the stars of bold labels."""
    text = re.sub(r"^[-*•–] ?", "", text.strip()).strip()
    return re.sub(r"^\*\*([^*]+)\*\*", r"\1", text)


def _unanswered(label: Line | None) -> list[tuple[Line, str]]:
    return [(label, "a label without a value")] if label else []


def _place(facts: dict[str, Value], unplaced: list[tuple[Line, str]], label: Line, text: str) -> None:
    """Put a value under its key; whatever is not wholly expressed there stays among the unplaced as well."""
    key = fact_key(label.text)
    pair = Line(label.number, f"{label.text}: {text}")
    value = fact_value(key, text) if key else None
    if key is None:
        unplaced.append((pair, "an unknown label"))
    elif key in facts:
        unplaced.append((pair, "a second value"))
    elif value is None:
        unplaced.append((pair, f"no value for {key}"))
    else:
        facts[key] = value


def fact_value(key: str, text: str) -> Value | None:
    """The value as the front matter wants it, None when the words do not say exactly that."""
    text = clean_value(text)
    if key == "hiring_status":
        return text.casefold() if text.casefold() in HIRING_STATUSES else _HIRING.get(text.casefold().rstrip("."))
    if key == "founded":
        return int(text) if re.fullmatch(r"1[0-9]{3}|20[0-9]{2}", text) else None
    if key in ("website", "careers"):
        url = text if re.match(r"https?://", text, re.IGNORECASE) else f"https://{text}"
        return None if address_fault(url) or "." not in url else url
    if key == "last_verified":
        return _date(text)
    if key == "specialties":
        parts = (clean_value(part) for part in re.split(r"[,;]", text))
        return tuple(dict.fromkeys(_SPECIALTIES.get(part.casefold(), part) for part in parts if re.search(r"\w", part)))
    return text if len(text) <= MAX_VALUE_CHARACTERS and re.search(r"\w", text) else None


def _date(text: str) -> str | None:
    if not date_fault(text):
        return text
    for wanted, formats in _DATES.items():
        for written in formats:
            try:
                date = datetime.strptime(text, written)
            except ValueError:
                continue
            found = date.strftime(wanted)
            return None if date_fault(found) else found
    return None
