"""What changed in the profiles: two states of one compared, in words, and how long that is news."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from indexer.profiles.dates import spoken
from indexer.profiles.model import HIRING_STATUSES, SECTION_HEADINGS, Facts, RenderedProfile, RenderedSection

NEWS_DAYS = 90
"""Who asks for the news once a season misses nothing."""
MAX_NEWS = 500
"""More at once are no news but another corpus; a feed of so many has about 300 kB."""
SUMMARY_CHARACTERS = 280
CONTEXT_CHARACTERS = 80
"""What a summary says before the first difference."""
VALUE_CHARACTERS = 80
"""Of a quick fact that is a long text."""

PROFILE, HIRING, FACTS = "profile", "hiring", "facts"
TOPICS = {PROFILE: "New and removed profiles", HIRING: "Hiring status", FACTS: "Quick facts"}
"""Topics of changes beside the sections, with their names."""
_SECTION = "section-"
TOPIC_PATTERN = f"({_SECTION})?[a-z0-9_]{{1,80}}"
"""What any topic may be called, whether or not there is one."""
_LABELS = {
    "company": "Company",
    "service_type": "Service",
    "specialization": "Specialization",
    "specialties": "Specialties",
    "headquarters": "Headquarters",
    "founded": "Founded",
    "website": "Website",
    "careers": "Careers",
    "last_verified": "Last verified",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one company, found at `when`, a time in UTC.

    `topic` is a section's id or one of TOPICS; `event` says what happened ("compensation changed"); `summary` says
    more, in one line of at most SUMMARY_CHARACTERS, or is empty. No two changes have the same time, slug and topic.
    """

    when: datetime
    slug: str
    company: str
    topic: str
    event: str
    summary: str = ""

    @property
    def title(self) -> str:
        """One line for readers."""
        return f"{self.company}: {self.event}"

    @property
    def section(self) -> str:
        """The id of the section, empty where the change is about none."""
        return "" if self.topic in TOPICS else self.topic.removeprefix(_SECTION)

    def dump(self) -> dict[str, str]:
        """As plain data."""
        return {
            "when": self.when.isoformat(),
            "slug": self.slug,
            "company": self.company,
            "topic": self.topic,
            "event": self.event,
            "summary": self.summary,
        }


def load_change(data: Mapping[str, str]) -> Change:
    """A change from plain data."""
    return Change(**{**data, "when": datetime.fromisoformat(data["when"])})  # type: ignore[arg-type]


def latest(changes: Iterable[Change], now: datetime) -> tuple[Change, ...]:
    """What is still news, of changes that come newest first: at most MAX_NEWS, none older than NEWS_DAYS."""
    oldest = now - timedelta(days=NEWS_DAYS)
    return tuple(islice((change for change in changes if change.when >= oldest), MAX_NEWS))


def compare(before: RenderedProfile | None, after: RenderedProfile | None, when: datetime) -> Iterator[Change]:
    """What is different in `after`, found at `when`: hiring status, quick facts, then section by section.

    None: there was, or is, no such profile. Order of sections, headings and links are no news.
    """
    if after is None:
        if before is not None:
            yield Change(when, before.facts.slug, before.facts.company, PROFILE, "profile removed")
        return
    if before is None:
        found = [(PROFILE, "new profile", _cut(after.sections[0].text) if after.sections else "")]
    else:
        found = [
            *_hiring(before.facts, after.facts),
            *_facts(before.facts, after.facts),
            *_sections(before.sections, after.sections),
        ]
    for topic, event, summary in found:
        yield Change(when, after.facts.slug, after.facts.company, topic, event, summary)


_Found = Iterator[tuple[str, str, str]]
"""Topic, event and summary of each change."""


def _hiring(before: Facts, after: Facts) -> _Found:
    if before.hiring_status != after.hiring_status:
        was, now = (HIRING_STATUSES.get(facts.hiring_status, facts.hiring_status) for facts in (before, after))
        yield HIRING, "hiring status changed", f"{was} → {now}"


def _facts(before: Facts, after: Facts) -> _Found:
    """All quick facts that changed, as one change."""
    pairs = {label: (_value(before, name), _value(after, name)) for name, label in _LABELS.items()}
    changed = {label: pair for label, pair in pairs.items() if pair[0] != pair[1]}
    if changed:
        event = f"{', '.join(changed).lower()} changed"
        if list(changed) == [_LABELS["last_verified"]] and after.verified_on and after.last_verified:
            if before.verified_on is None:
                event = f"verified {spoken(after.last_verified)}"
            elif before.verified_on < after.verified_on:
                event = f"verified again {spoken(after.last_verified)}"
        told = (f"{label}: {' → '.join(_cut(v, VALUE_CHARACTERS) for v in pair)}" for label, pair in changed.items())
        yield FACTS, event, _cut("; ".join(told))


def _value(facts: Facts, name: str) -> str:
    value = getattr(facts, name)
    if name == "last_verified":
        return spoken(value) if value else "never"
    return (", ".join(sorted(value)) if isinstance(value, tuple) else str(value or "")) or "not stated"


def _sections(before: tuple[RenderedSection, ...], after: tuple[RenderedSection, ...]) -> _Found:
    texts = {section.id: section.text for section in before}
    for section in after:
        text = texts.pop(section.id, None)
        if text is None:
            yield _topic(section), f"{_name(section)} added", _cut(section.text)
        elif text != section.text:
            yield _topic(section), f"{_name(section)} changed", _difference(text, section.text)
    for section in before:
        if section.id in texts:
            yield _topic(section), f"{_name(section)} removed", ""


def _topic(section: RenderedSection) -> str:
    """The id, which has no hyphen; a section of our own that is called like another topic is not that."""
    return _SECTION + section.id if section.id in TOPICS else section.id


def _name(section: RenderedSection) -> str:
    heading = SECTION_HEADINGS.get(section.id)
    return heading.lower() if heading else f"“{section.heading}”"


def _difference(before: str, after: str) -> str:
    """The text from its first difference on, with some words before that; or what is no longer at its end."""
    pairs = enumerate(zip(before, after, strict=False))
    start = next((place for place, (was, now) in pairs if was != now), min(len(before), len(after)))
    if not after[start:].strip():
        return _cut(f"No longer there: {before[start:].strip()}")
    line = after.rfind("\n", 0, start) + 1
    if start - line <= CONTEXT_CHARACTERS:
        return _cut(after[line:])
    word = after.find(" ", start - CONTEXT_CHARACTERS, start) + 1 or start
    return _cut(f"… {after[word:]}")


def _cut(text: str, limit: int = SUMMARY_CHARACTERS) -> str:
    """The text on one line, cut after a word where it is too long."""
    line = " ".join(text[: 2 * limit].split())
    if len(line) <= limit and len(text) <= 2 * limit:
        return line
    cut = line[:limit]
    return f"{(cut[: cut.rfind(' ')] if ' ' in cut else cut[:-1]).rstrip()}…"
