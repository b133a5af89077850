"""`check`: what an editor is told about profiles that can be read."""

from datetime import date
from pathlib import Path

import pytest

from indexer.profiles.lint import check_paths

TODAY = date(2026, 11, 25)
REPOSITORY = Path(__file__).parent.parent
SOURCE = "[Workers said so](https://a.example/x)"
FRONT = """---
company: Sama
service_type: Data annotation
specialties: [Image]
hiring_status: {hiring}
founded: {founded}
website: {website}
last_verified: {verified}
---
"""
SECTIONS = (
    "Overview",
    "Application process",
    "Assessments",
    "Job types",
    "Compensation",
    "Flexibility",
    "Concerns",
    "Legitimacy",
)
BODY = (
    "".join(f"\n## {heading}\n\n{SOURCE} about many things.\n" for heading in SECTIONS) + "\n## Conclusion\n\nGood.\n"
)


def profile(body: str = BODY, **facts: str) -> str:
    usual = {"hiring": "both", "founded": "2008", "website": "https://sama.com", "verified": "2026-05-08"}
    return FRONT.format(**(usual | facts)) + body


def check(folder: Path, text: str) -> list[str]:
    path = folder / "sama.md"
    path.write_text(text)
    return [str(problem).removeprefix(f"{path}:") for problem in check_paths([path], TODAY)]


def test_error_of_a_file_does_not_hide_what_else_is_wrong_with_it(tmp_path: Path) -> None:
    found = check(tmp_path, profile(BODY.replace("Good.", ""), website="ftp://sama.com", verified="2026-13"))
    assert [problem.partition(": ")[0] for problem in found] == ["7", "8", "43"]
    assert "is empty" in found[-1]


def test_profile_that_keeps_all_rules_has_no_problems(tmp_path: Path) -> None:
    assert check(tmp_path, profile()) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (profile(verified="2026-11-26"), "8: warning: last_verified: 2026-11-26 is in the future"),
        (profile(verified="2027"), "8: warning: last_verified: 2027 is in the future"),
        (profile(verified="2025-11-24"), "8: warning: last_verified: 2025-11-24 is more than a year ago: check the"),
        (profile(verified=""), "8: warning: last_verified is missing: write the day on which the facts were checked"),
        (profile(founded="2027"), "6: warning: founded: 2027 is in the future"),
        (profile(website="http://sama.com"), "7: warning: website: write https:// instead of http://"),
        (profile(BODY.replace("https://a", "http://a", 1)), "13: warning: a link to http://: write https:// if the"),
        (profile(BODY.replace("https://a", "javascript:a", 1)),
         "13: warning: a link to javascript: is left out: only http:, https:, mailto: are kept"),
        (profile(BODY.replace(SOURCE, "Workers said so much", 1)),
         "11: warning: section Overview names no source: link one, `[words](https://...)`"),
        (profile(BODY + "\n## Pay day\n\nSoon.\n"),
         '47: warning: heading "Pay day" is none of the template: ' + ", ".join([*SECTIONS, "Conclusion"])),
        (profile(BODY.replace("Good.", "")), "43: warning: section Conclusion is empty: write what is known, or lea"),
        (profile(BODY.replace("Good.", "<!-- later -->")),
         "43: warning: section Conclusion is empty: write what is known, or leave the heading out"),
        (profile(BODY.partition("\n## Conclusion")[0]), "1: warning: section Conclusion is missing"),
        (profile("\n## Overview\n\nShort.\n\n## Conclusion\n\nGood.\n"),
         "1: info: nothing is known on: " + ", ".join(SECTIONS[1:])),
        (profile("\n## Conclusion\n\nGood.\n" + BODY.partition("\n## Conclusion")[0]),
         "15: warning: section Overview belongs before Conclusion"),
        (profile(BODY.replace("Good.", "Good[^x].")), "43: warning: footnote [^x] is nowhere defined: add a line `["),
        (profile(BODY.replace("Good.", "Sama is hiring annotators in Kenya."), hiring="closed"),
         '43: warning: hiring_status is closed, but section Conclusion says "is hiring"'),
        (profile(BODY.replace("Good.", "Sama is not accepting applications."), hiring="workers"),
         '43: warning: hiring_status is workers, but section Conclusion says "is not accepting applications"'),
        (profile(BODY.replace("Good.", "[" * 30_000)),
         "43: error: section Conclusion cannot be rendered in bounded time: too many brackets, stars, tags or other"),
        (profile().replace("[Image]", "[Imge]"), '4: warning: unknown specialty "Imge", did you mean "Image"? (colu'),
    ],
)  # fmt: skip
def test_broken_rule_is_reported_in_place(tmp_path: Path, text: str, expected: str) -> None:
    found = check(tmp_path, text)
    assert any(line.startswith(expected) for line in found), found


@pytest.mark.parametrize(
    "sentence",
    [
        "Sama is not hiring.",
        "Sama was hiring in 2023.",
        "Sama hires nobody in 2026.",
        "Sama no longer accepts applications.",
    ],
)
def test_closed_company_may_speak_of_its_past(tmp_path: Path, sentence: str) -> None:
    assert check(tmp_path, profile(BODY.replace("Good.", sentence), hiring="closed")) == []


def test_headed_markdown_without_front_matter_gets_off_lightly(tmp_path: Path) -> None:
    found = check(tmp_path, "# Guide\n\n## Setup\n\nRun this and that and something else again.\n")
    assert [line.split(": ")[1] for line in found] == ["warning", "warning"]


def test_two_profiles_of_one_company_are_a_warning(tmp_path: Path) -> None:
    (tmp_path / "sama.md").write_text(profile())
    (tmp_path / "sama-2.md").write_text(profile().replace("company: Sama", "company: SAMA."))
    found = [str(p) for p in check_paths([tmp_path], TODAY) if p.code == "duplicate-company"]
    assert found == [
        f'{tmp_path}/sama.md:1: warning: company "Sama" has a profile already, {tmp_path}/sama-2.md: join them'
    ]


def test_folder_and_files_can_be_checked_together_each_problem_once(tmp_path: Path) -> None:
    (tmp_path / "sama.md").write_text(profile(verified="2027"))
    (tmp_path / "Bad.md").write_text("x")
    (tmp_path / "synonyms.toml").write_text("x")
    found = check_paths([tmp_path, tmp_path / "sama.md", tmp_path / "none.md", tmp_path / "x.txt"], TODAY)
    assert [(Path(p.path).name, p.code) for p in found] == [
        ("Bad.md", "file-name"),
        ("none.md", "no-such-file"),
        ("sama.md", "verified-future"),
        ("synonyms.toml", "toml"),
        ("x.txt", "no-such-file"),
    ]


def test_the_corpus_of_this_repository_has_no_errors() -> None:
    found = check_paths([REPOSITORY / "corpus"], date.today())
    assert [str(problem) for problem in found if problem.severity == "error"] == []
    assert {problem.code for problem in found if problem.severity == "warning"} <= {"stale", "http", "never-verified"}
