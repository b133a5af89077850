"""`check`: everything that is wrong with profiles, one by one and among each other."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from indexer.profiles.corpus import Source, find_source, is_profile_name, read_source, scan_corpus, shown_path
from indexer.profiles.model import Profile
from indexer.profiles.problems import Problem, Report, shown
from indexer.profiles.reader import Reading
from indexer.profiles.render import RenderRefused, render_profile
from indexer.profiles.rules import check_rules
from indexer.profiles.vocabulary import INTENTS_FILE, SYNONYMS_FILE, read_vocabulary


def check_paths(paths: Sequence[Path], today: date) -> list[Problem]:
    """Every problem of the profiles that the paths name (files, or folders of profiles), by file and line."""
    problems: list[Problem] = []
    readings: list[tuple[Source, Reading]] = []
    for path in dict.fromkeys(paths):
        found, sources = _sources(path)
        problems += found
        readings += [(source, read_source(source)) for source in sources]
    for source, reading in readings:
        problems += check_reading(reading, shown_path(source.path), today)
    problems += _duplicates([(source, reading.profile) for source, reading in readings if reading.profile])
    return sorted(set(problems))


def check_reading(reading: Reading, path: str, today: date) -> tuple[Problem, ...]:
    """Every problem of one file that has been read, those of reading it included."""
    report = Report(path)
    report.problems += reading.problems
    if reading.draft is None:
        return report.sorted()
    try:
        rendered = render_profile(reading.draft)
    except RenderRefused as refusal:
        report.error("too-slow", str(refusal), refusal.section.line)
    else:
        check_rules(reading, rendered, today, report)
    return report.sorted()


def _sources(path: Path) -> tuple[Sequence[Problem], Sequence[Source]]:
    if path.name in (SYNONYMS_FILE, INTENTS_FILE):
        problems = read_vocabulary(path.parent).problems
        return [problem for problem in problems if problem.path == str(path)], ()
    if path.is_dir() and not (path.name.endswith(".md") and not any(path.glob("*.md"))):
        corpus = scan_corpus(path)
        return (*corpus.problems, *read_vocabulary(path).problems), corpus.sources
    report = Report(shown_path(path))
    if not path.exists() and not path.is_symlink():
        report.error("no-such-file", "there is no such file")
    elif not is_profile_name(path.name):
        report.error("file-name", "this is no profile: those end in .md")
    else:
        found = find_source(path, path.parent)
        return found.problems, (found.source,) if found.source else ()
    return report.sorted(), ()


def _duplicates(profiles: Sequence[tuple[Source, Profile]]) -> Iterator[Problem]:
    """A company that has two files."""
    first: dict[str, Source] = {}
    for source, profile in sorted(profiles, key=lambda item: item[0].path):
        name = _folded(profile.facts.company)
        other = first.setdefault(name, source)
        if other.path != source.path:
            report = Report(shown_path(source.path))
            message = f"company {shown(profile.facts.company)} has a profile already, {shown_path(other.path)}"
            report.warning("duplicate-company", message + ": join them")
            yield from report.problems


def _folded(name: str) -> str:
    """A name without case, accents, spaces and punctuation."""
    folded = unicodedata.normalize("NFKD", name.casefold())
    return re.sub(r"[\W_]+", "", folded) or folded
