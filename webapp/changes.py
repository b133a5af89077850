"""What changed between the generation before and the one that answers: companies, hiring status, facts, sections."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock

from indexer.engines.base import Searcher
from indexer.labels import profile_url
from indexer.profiles.model import HIRING_STATUSES, SECTION_HEADINGS, RenderedProfile

MAX_CHANGES = 200
"""More of them are no news but another corpus."""
HIRING = "hiring"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one company. `topic` is a section's id, "hiring" or "profile"."""

    slug: str
    company: str
    topic: str
    title: str
    summary: str
    url: str


class Changes:
    """What the newest generation changed, found once: every profile of both generations is read for it."""

    def __init__(self) -> None:
        self._kept: tuple[str, str, tuple[Change, ...]] | None = None
        self._lock = Lock()

    def of(self, before: Searcher, now: Searcher, topic: str = "") -> tuple[Change, ...]:
        """What is different now, about one topic or all; at most MAX_CHANGES of each topic."""
        pair = before.generation.id, now.generation.id
        with self._lock:
            if self._kept is None or self._kept[:2] != pair:
                self._kept = (*pair, tuple(_no_more_than_news(_compare(before, now))))
            changes = self._kept[2]
        return tuple(change for change in changes if topic in ("", change.topic))[:MAX_CHANGES]


def _no_more_than_news(changes: Iterator[Change]) -> Iterator[Change]:
    told = Counter[str]()
    for change in changes:
        told[change.topic] += 1
        if told[change.topic] <= MAX_CHANGES:
            yield change


def _compare(before: Searcher, now: Searcher) -> Iterator[Change]:
    older = {facts.slug for facts in before.facts()}
    newer = {facts.slug for facts in now.facts()}
    for facts in now.facts():
        current = now.profile(facts.slug)
        previous = before.profile(facts.slug) if facts.slug in older else None
        if current is not None and previous is None:
            title = f"{facts.company}: new profile"
            yield Change(facts.slug, facts.company, "profile", title, "", profile_url(facts.slug))
        elif current is not None and previous is not None and current.digest != previous.digest:
            yield from _changes_of(previous, current)
    for facts in before.facts():
        if facts.slug not in newer:
            yield Change(facts.slug, facts.company, "profile", f"{facts.company}: profile removed", "", "/search")


def _changes_of(previous: RenderedProfile, current: RenderedProfile) -> Iterator[Change]:
    facts, slug, company = current.facts, current.facts.slug, current.facts.company
    if facts.hiring_status != previous.facts.hiring_status:
        was, now = (HIRING_STATUSES.get(s, s) for s in (previous.facts.hiring_status, facts.hiring_status))
        yield Change(slug, company, HIRING, f"{company}: hiring status changed", f"{was} → {now}", profile_url(slug))
    texts = {section.id: section.text for section in previous.sections}
    for section in current.sections:
        if texts.pop(section.id, None) != section.text:
            title = f"{company}: {section.heading.lower()} changed"
            yield Change(slug, company, section.id, title, section.text, profile_url(slug, section=section.id))
    for id_ in texts:
        heading = SECTION_HEADINGS.get(id_, id_).lower()
        yield Change(slug, company, id_, f"{company}: {heading} removed", "", profile_url(slug))
