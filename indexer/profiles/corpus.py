"""The corpus folder: which profiles there are, and what is in them."""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from indexer.profiles.model import MAX_PROFILE_BYTES, SLUG_PATTERN, RenderedProfile
from indexer.profiles.problems import Problem, Report
from indexer.profiles.reader import Reading, read_profile
from indexer.profiles.render import RenderRefused, render_profile
from indexer.profiles.vocabulary import INTENTS_FILE, SYNONYMS_FILE

CHANGED = "changed"
"""Code of the problem that a file is not what the scan saw: leaving it out would pass for its newest state."""


@dataclass(frozen=True, slots=True)
class Source:
    """One profile file that can be read; `digest` is the hexadecimal SHA-256 of its bytes."""

    path: Path
    slug: str
    digest: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """What a folder holds: sources by slug, and what is wrong with the folder's entries.

    `digest` changes when a profile, its name or a vocabulary file changes, and only then.
    """

    folder: Path
    sources: tuple[Source, ...]
    problems: tuple[Problem, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Rendering:
    """A source ready for the index; `profile` is None exactly when one of the problems is an error."""

    profile: RenderedProfile | None
    problems: tuple[Problem, ...]


def scan_corpus(folder: Path) -> Corpus:
    """Names and digests of every profile directly in the folder; nothing is parsed. Never raises for a bad folder."""
    report = Report(shown_path(folder))
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        report.error("corpus-missing", "there is no such folder: create it or name another one with --corpus")
        return Corpus(folder, (), report.sorted(), "")
    except OSError as error:
        report.error("corpus-unreadable", f"the folder cannot be read: {error.strerror}")
        return Corpus(folder, (), report.sorted(), "")
    sources: list[Source] = []
    problems: list[Problem] = []
    for entry in entries:
        if is_profile_name(entry.name):
            found = find_source(folder / entry.name, folder)
            problems += found.problems
            sources += [found.source] if found.source else []
    if not sources and not problems:
        report.error("corpus-empty", "no profile in this folder: write one, <company>.md")
    return Corpus(folder, tuple(sources), (*report.sorted(), *problems), _corpus_digest(folder, sources))


def is_profile_name(name: str) -> bool:
    """Whether a file of this name is meant to be a profile; hidden files are those of editors and tools."""
    return name.lower().endswith((".md", ".markdown")) and not name.startswith(".")


@dataclass(frozen=True, slots=True)
class Found:
    """A source, or why there is none."""

    source: Source | None
    problems: tuple[Problem, ...]


def find_source(path: Path, folder: Path) -> Found:
    """The source that a path names, if it is one; only what lies inside `folder` is read."""
    report = Report(shown_path(path))
    slug = path.name.rpartition(".")[0]
    if not re.fullmatch(SLUG_PATTERN, slug) or not path.name.endswith(".md"):
        better = re.sub(r"[^a-z0-9]+", "-", slug.lower()).strip("-")[:100] or "company"
        message = f"rename the file to {better}.md: only a-z, 0-9 and - can stand in an address"
        report.error("file-name", message)
        return Found(None, report.sorted())
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            real = path.resolve(strict=True)
            mode = real.stat().st_mode if real.is_relative_to(folder.resolve()) else 0
        if not mode:
            report.error("outside", "the link leads out of the corpus folder: copy the file here")
        elif not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "no ordinary file"
            report.error("not-a-file", f"this is {kind}: a profile is a file, rename or move this")
        else:
            return Found(Source(path, slug, _file_digest(path)), ())
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, before Python 3.13
        report.error("unreadable", f"the file cannot be read: {getattr(error, 'strerror', None) or error}")
    return Found(None, report.sorted())


def read_source(source: Source) -> Reading:
    """Read and parse a source; a file that went away or cannot be read is a problem like others."""
    path = shown_path(source.path)
    try:
        with source.path.open("rb") as file:
            data = file.read(MAX_PROFILE_BYTES + 1)
    except OSError as error:
        report = Report(path)
        report.error("unreadable", f"the file cannot be read: {error.strerror}")
        return replace(read_profile(b"", source.slug, path), problems=report.sorted())
    return read_profile(data, source.slug, path)


def render_source(source: Source) -> Rendering:
    """Read, parse and render a source. Fit for worker processes: arguments and answers can be pickled."""
    reading = read_source(source)
    if reading.draft is not None and reading.draft.digest != source.digest and reading.profile is not None:
        report = Report(shown_path(source.path))
        report.error(CHANGED, "the file was changed while it was read: run the command again")
        return Rendering(None, report.sorted())
    if reading.profile is None:
        return Rendering(None, reading.problems)
    try:
        return Rendering(render_profile(reading.profile), reading.problems)
    except RenderRefused as refusal:
        report = Report(shown_path(source.path))
        report.error("too-slow", str(refusal), refusal.section.line)
        return Rendering(None, tuple(sorted((*reading.problems, *report.problems))))


def read_corpus(folder: Path) -> Iterator[tuple[Source, Rendering]]:
    """Every readable source of a folder with its profile, by slug."""
    for source in scan_corpus(folder).sources:
        yield source, render_source(source)


def shown_path(path: Path) -> str:
    """A path that can be printed whatever bytes its name has."""
    return os.fsencode(path).decode("utf-8", "backslashreplace").replace("\n", "\\n")


def _file_digest(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


def _corpus_digest(folder: Path, sources: list[Source]) -> str:
    digest = sha256()
    for source in sources:
        digest.update(f"{source.slug} {source.digest}\n".encode())
    for name in (SYNONYMS_FILE, INTENTS_FILE):
        path = folder / name
        if path.is_file():
            digest.update(f"{name} {_file_digest(path)}\n".encode())
    return digest.hexdigest()
