"""One Markdown file to a profile, with everything that is wrong with it."""

import re
from dataclasses import dataclass, replace
from hashlib import sha256

from indexer.profiles.characters import clean_value, decode
from indexer.profiles.facts import MAX_VALUE_CHARACTERS, FactLines, read_facts
from indexer.profiles.frontmatter import read_entries, split_front_matter
from indexer.profiles.model import Profile
from indexer.profiles.problems import Problem, Report, has_errors, shown
from indexer.profiles.sections import read_body


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file holds. `draft` is what could be read of it whatever is wrong, None when it is no text at all.

    `lines` has the line of each key of the front matter, `starts` that on which each section's Markdown begins.
    `is_template` says whether the file has front matter; other headed Markdown can be searched all the same.
    """

    draft: Profile | None
    problems: tuple[Problem, ...]
    lines: FactLines
    starts: tuple[int, ...] = ()
    is_template: bool = True

    @property
    def profile(self) -> Profile | None:
        """The profile, None exactly when one of the problems is an error."""
        return None if has_errors(self.problems) else self.draft


def read_profile(data: bytes, slug: str, path: str) -> Reading:
    """Read the bytes of a file; `path` is how problems name it. Never raises, whatever the bytes are."""
    report = Report(path)
    text = decode(data, report)
    if not text:
        return Reading(None, report.sorted(), FactLines({}), is_template=False)
    split = split_front_matter(text, report)
    is_template = split.front is not None
    entries = read_entries(split.front, report) if split.front is not None else []
    facts, lines = read_facts(entries, slug, report)
    body = read_body(split.body, split.body_line, is_template, report)
    if not lines.states("company"):
        title = body.title if body.title and re.search(r"\w", body.title) else None
        name = clean_value(title or slug.replace("-", " ").title())[:MAX_VALUE_CHARACTERS]
        facts = replace(facts, company=name)
        if is_template:
            _report_no_company(lines, title and name, report)
        else:
            fix = "begin with a line `---`, then `company: ...`, and close it with `---`"
            report.warning("front-matter-missing", f"no front matter: {fix}; until then the company is {shown(name)}")
    draft = Profile(facts, body.sections, sha256(data).hexdigest())
    return Reading(draft, report.sorted(), lines, body.starts, is_template)


def _report_no_company(lines: FactLines, title: str | None, report: Report) -> None:
    """Say that the front matter names no company, where, and what to write; the title stands in where there is one."""
    blank = "company" in lines.blank
    fault = "company is empty" if blank else "company is missing"
    if title:
        report.warning("company-missing", f"{fault}: taken from the title, {shown(title)}", lines["company"])
    else:
        fix = "write the name after `company:`" if blank else "add a line `company: ...` to the front matter"
        report.error("company-missing", f"{fault}: {fix}", lines["company"])
