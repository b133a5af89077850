"""Export files to profile files; what an editor has changed is never overwritten in silence."""

import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from indexer.profiles.characters import decode
from indexer.profiles.corpus import shown_path
from indexer.profiles.export import import_export
from indexer.profiles.model import MAX_PROFILE_BYTES
from indexer.profiles.problems import Problem, Report, has_errors
from indexer.profiles.reader import read_profile


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of an export: `outcome` is "written", "unchanged" (it was there already) or "refused".

    `target` is None when there was nothing to write. Problems name the lines of the export.
    """

    source: Path
    target: Path | None
    outcome: str
    problems: tuple[Problem, ...]


def import_file(path: Path, to: Path, *, force: bool = False) -> ImportReport:
    """Turn an export into `<to>/<slug>.md`. A file there that says something else stays, unless `force`."""
    report = Report(shown_path(path))
    try:
        with path.open("rb") as file:
            data = file.read(MAX_PROFILE_BYTES + 1)
    except OSError as error:
        report.error("unreadable", f"the file cannot be read: {error.strerror}")
        return ImportReport(path, None, "refused", report.sorted())
    if decode(data[:1024], Report("")).startswith("---\n"):
        report.info("profile-already", "this has front matter: it is a profile already, nothing to import")
        return ImportReport(path, path, "unchanged", report.sorted())
    imported = import_export(data, report.path)
    target = to / f"{company_slug(imported.company) or 'company'}.md"
    report.problems += imported.problems
    markdown = imported.markdown.encode()
    if markdown:
        reading = read_profile(markdown, target.stem, shown_path(target))
        report.problems += [problem for problem in reading.problems if problem.severity == "error"]
    if has_errors(report.problems):
        return ImportReport(path, None, "refused", report.sorted())
    return _write(report, path, target, (markdown, force))


def company_slug(company: str) -> str:
    """The file name of a company's profile, without its end; empty when the name has no letter that fits."""
    folded = unicodedata.normalize("NFKD", company.lower())
    letters = "".join(c for c in folded if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "-", letters.replace("'", "").replace("’", "")).strip("-")[:100].strip("-")


def _write(report: Report, path: Path, target: Path, content: tuple[bytes, bool]) -> ImportReport:
    markdown, force = content
    try:
        if target.exists() and target.read_bytes() == markdown:
            return ImportReport(path, target, "unchanged", report.sorted())
        if target.exists() and not force:
            message = f"{shown_path(target)} exists and says something else: compare, then use --force to replace it"
            report.error("exists", message)
            return ImportReport(path, target, "refused", report.sorted())
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(f".{target.name}.new")
        beside.write_bytes(markdown)
        os.replace(beside, target)  # noqa: PTH105
    except OSError as error:
        report.error("unwritable", f"{shown_path(target)} cannot be written: {error.strerror}")
        return ImportReport(path, target, "refused", report.sorted())
    return ImportReport(path, target, "written", report.sorted())
