"""The rules that know the template. Each looks at one file and reports what an editor should mend."""

import re
from datetime import date
from itertools import pairwise

from indexer.profiles.definitions import undefined_notes
from indexer.profiles.model import SECTION_HEADINGS, Facts, Profile, RenderedProfile
from indexer.profiles.problems import Report, shown
from indexer.profiles.reader import Reading
from indexer.profiles.sanitise import LINK_SCHEMES

STALE_DAYS = 365
MIN_CLAIM_WORDS = 6
"""A shorter section makes no claim that needs a source."""

_LINK = re.compile(r"\]\(\s*<?[a-z]+:|\]\[|\[\^|<https?://|<a\s[^>]*href", re.IGNORECASE)
_SCHEME = re.compile(r"(?:\]\(\s*<?|\]:\s*<?)([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_ALWAYS_THERE = ("overview", "conclusion")
_HIRES = re.compile(
    r"\b(?:(?:is|are) (?:now |currently |still |actively |always )?(?:hiring|recruiting|accepting|taking on|looking for"
    r" (?:new )?(?:workers|annotators|applicants|contributors))|(?:still |currently |now )?(?:hires|recruits|accepts"
    r" (?:new )?applications)|applications are (?:now |still )?(?:open|welcome)|apply now)\b",
    re.IGNORECASE,
)
_CLOSED = re.compile(
    r"\b(?:no longer (?:hires|recruits|accepts (?:new )?(?:applications|applicants|workers))|has (?:stopped hiring"
    r"|ceased operations)|is (?:not accepting (?:new )?applications|closed to new (?:workers|applicants))"
    r"|hiring is closed)\b",
    re.IGNORECASE,
)
# What makes a sentence speak of another time, or of somebody's words.
_NOT_NOW = re.compile(
    r"\b(?:not?|never|longer|stopped|ceased|until|before|was|were|had|used to|formerly|once|would|in (?:19|20)\d\d)\b"
    r"|n['’]t\b",
    re.IGNORECASE,
)


def check_rules(reading: Reading, rendered: RenderedProfile, today: date, report: Report) -> None:
    """Report whatever breaks a rule; files without front matter are no profiles of the template and get off lightly."""
    profile = reading.draft
    if profile is None:
        return
    _check_empty_sections(profile, rendered, report)
    _check_addresses(reading, profile, report)
    _check_notes(profile, report)
    if reading.is_template:
        _check_template_facts(reading, profile.facts, today, report)
        _check_template_sections(profile, report)
        _check_sources(profile, rendered, report)
        _check_hiring(reading, rendered, report)


def _check_empty_sections(profile: Profile, rendered: RenderedProfile, report: Report) -> None:
    for section, shown_section in zip(profile.sections, rendered.sections, strict=True):
        if not shown_section.text:
            message = f"section {section.heading} is empty: write what is known, or leave the heading out"
            report.warning("empty-section", message, section.line)


def _check_addresses(reading: Reading, profile: Profile, report: Report) -> None:
    for section, start in zip(profile.sections, reading.starts, strict=True):
        for line, text in enumerate(section.markdown.split("\n"), start):
            if found := re.search(r"(?:\]\(\s*|<|\]:\s*|\")http://\S", text):
                message = "a link to http://: write https:// if the site has it"
                report.warning("http", message, line, found.end() - len("http://"))
            for link in _SCHEME.finditer(text):
                if link[1].lower() not in LINK_SCHEMES:
                    kept = ", ".join(f"{scheme}:" for scheme in sorted(LINK_SCHEMES))
                    message = f"a link to {link[1]}: is left out: only {kept} are kept"
                    report.warning("link-scheme", message, line, link.start(1) + 1)


def _check_notes(profile: Profile, report: Report) -> None:
    for i, name in undefined_notes([section.markdown for section in profile.sections]):
        line = profile.sections[i].line
        report.warning("footnote", f"footnote [^{name}] is nowhere defined: add a line `[^{name}]: ...`", line)


def _check_template_facts(reading: Reading, facts: Facts, today: date, report: Report) -> None:
    for key, url in (("website", facts.website), ("careers", facts.careers)):
        if url and url.lower().startswith("http://"):
            report.warning("http", f"{key}: write https:// instead of http://", reading.lines[key])
    if facts.founded and facts.founded > today.year:
        report.warning("founded", f"founded: {facts.founded} is in the future", reading.lines["founded"])
    verified = facts.verified_on
    line = reading.lines["last_verified"]
    if any(problem.line == line > 1 for problem in reading.problems):
        pass  # what is wrong with the date has been said
    elif verified is None:
        report.warning(
            "never-verified", "last_verified is missing: write the day on which the facts were checked", line
        )
    elif verified > today:
        report.warning("verified-future", f"last_verified: {facts.last_verified} is in the future", line)
    elif (today - verified).days > STALE_DAYS:
        message = f"last_verified: {facts.last_verified} is more than a year ago: check the facts again"
        report.warning("stale", message, line)
    missing = [key for key in ("service_type", "specialties", "hiring_status") if not reading.lines.states(key)]
    if missing:
        report.info("facts-missing", f"not stated: {', '.join(missing)}")


def _check_template_sections(profile: Profile, report: Report) -> None:
    present = {section.id: section for section in profile.sections}
    for id_ in _ALWAYS_THERE:
        if id_ not in present:
            report.warning("missing-section", f"section {SECTION_HEADINGS[id_]} is missing")
    left_out = [name for id_, name in SECTION_HEADINGS.items() if id_ not in present and id_ not in _ALWAYS_THERE]
    if left_out:
        report.info("section-left-out", f"nothing is known on: {', '.join(left_out)}")
    order = list(SECTION_HEADINGS)
    known = [section for section in profile.sections if section.id in SECTION_HEADINGS]
    for before, section in pairwise(known):
        if order.index(section.id) < order.index(before.id):
            message = f"section {section.heading} belongs before {before.heading}"
            report.warning("section-order", message, section.line)


def _check_sources(profile: Profile, rendered: RenderedProfile, report: Report) -> None:
    for section, shown_section in zip(profile.sections, rendered.sections, strict=True):
        claims = section.id in SECTION_HEADINGS and section.id != "conclusion"
        if claims and len(shown_section.text.split()) >= MIN_CLAIM_WORDS and not _LINK.search(section.markdown):
            message = f"section {section.heading} names no source: link one, `[words](https://...)`"
            report.warning("source-missing", message, section.line)


def _check_hiring(reading: Reading, rendered: RenderedProfile, report: Report) -> None:
    """The status against what the text says of today; sentences about other times are left alone."""
    status = rendered.facts.hiring_status
    contrary = {"closed": _HIRES, "workers": _CLOSED, "both": _CLOSED}.get(status)
    profile = reading.draft
    if contrary is None or profile is None:
        return
    for section, shown_section in zip(profile.sections, rendered.sections, strict=True):
        for sentence in re.split(r"(?<=[.!?])\s+|\n", shown_section.text):
            found = contrary.search(sentence)
            if found and (status != "closed" or not _NOT_NOW.search(sentence)):
                message = f"hiring_status is {status}, but section {section.heading} says {shown(found[0])}"
                report.warning("contradiction", message, section.line)
                break
