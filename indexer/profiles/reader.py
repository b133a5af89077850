"""One Markdown file to a profile, with everything that is wrong with it."""

from dataclasses import dataclass, replace
from hashlib import sha256

from indexer.profiles.characters import clean_value, decode
from indexer.profiles.facts import MAX_VALUE_CHARACTERS, FactLines, read_facts
from indexer.profiles.frontmatter import Split, read_entries, split_front_matter
from indexer.profiles.model import Facts, Profile
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
    if not facts.company and "company" not in lines.lines:
        facts = _named(facts, body.title, split, report)
    draft = Profile(facts, body.sections, sha256(data).hexdigest())
    return Reading(draft, report.sorted(), lines, body.starts, is_template)


def _named(facts: Facts, title: str | None, split: Split, report: Report) -> Facts:
    """The company of a file that does not state it: its title, or else the name of the file."""
    name = clean_value(title or facts.slug.replace("-", " ").title())[:MAX_VALUE_CHARACTERS]
    if split.front is None:
        fix = "begin with a line `---`, then `company: ...`, and close it with `---`"
        report.warning("front-matter-missing", f"no front matter: {fix}; until then the company is {shown(name)}")
    elif title:
        report.warning("company-missing", f"company is missing: taken from the title, {shown(name)}")
    else:
        report.error("company-missing", "company is missing: add a line `company: ...` to the front matter")
    return replace(facts, company=name)
