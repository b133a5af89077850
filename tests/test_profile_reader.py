"""A file to a profile: every fault of it at once, each with its place, and never a traceback."""

from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from indexer.profiles.model import MAX_PROFILE_BYTES, Profile
from indexer.profiles.problems import problem_json
from indexer.profiles.reader import read_profile

GOOD = """---
company: Humans in the Loop
service_type: Data annotation / AI training data
specialties: [Image, Video, Text]
hiring_status: both
headquarters: Sofia, Bulgaria
founded: 2017
website: https://humansintheloop.org
last_verified: 2026-01-29
---

## Overview

Annotators are refugees.

## Compensation

They are paid above minimum wage.
"""


def lines(data: bytes | str, slug: str = "sama") -> list[str]:
    """The problems as `line: severity: message`."""
    reading = read_profile(data.encode() if isinstance(data, str) else data, slug, "x.md")
    return [str(problem).removeprefix("x.md:") for problem in reading.problems]


def profile(data: bytes | str) -> Profile:
    reading = read_profile(data.encode() if isinstance(data, str) else data, "humans-in-the-loop", "x.md")
    assert reading.profile is not None, reading.problems
    return reading.profile


def front(*entries: str) -> str:
    return "\n".join(["---", *entries, "---", "## Overview", "x", ""])


def test_good_file_gives_facts_and_sections_without_problems() -> None:
    found = profile(GOOD)
    assert lines(GOOD) == []
    assert found.facts.company == "Humans in the Loop"
    assert found.facts.specialties == ("Image", "Video", "Text")
    assert found.facts.founded == 2017
    assert found.facts.verified_on == date(2026, 1, 29)
    assert [(s.id, s.line, s.markdown) for s in found.sections] == [
        ("overview", 12, "Annotators are refugees."),
        ("compensation", 16, "They are paid above minimum wage."),
    ]
    assert len(found.digest) == 64


@pytest.mark.parametrize("data", [b"\xef\xbb\xbf" + GOOD.encode(), GOOD.replace("\n", "\r\n").encode()])
def test_byte_order_mark_and_windows_line_ends_change_nothing(data: bytes) -> None:
    assert lines(data) == []
    assert profile(data).sections == profile(GOOD).sections


def test_every_fault_of_a_file_is_reported_at_once_with_line_and_column() -> None:
    data = front(
        "company: no", "headquarters: a: b", "founded: 010", "specialties: [Imge, 1.10]", "hiring_status: boht",
        "website: sama.com", "last_verified: 2026-13-01", "founded: 2017", "wages: 5",
    ).encode() + b"## Overview\n\xff\n## Pay day\n"  # fmt: skip
    assert lines(data) == [
        "2: error: company: YAML reads no as true or false: put it in quotes (column 10)",
        "3: error: the front matter is not valid YAML: a colon inside the value: put the value in quotes (column 16)",
        '4: error: founded: "010" is no year: write four digits, 2017 (column 10)',
        '5: warning: unknown specialty "Imge", did you mean "Image"? (column 15)',
        "5: error: specialties: YAML reads 1.10 as a number: put it in quotes (column 21)",
        '6: error: hiring_status: "boht" is none of workers, vendor, both, closed, unknown, '
        'did you mean "both"? (column 16)',
        '7: error: website: "sama.com" does not start with https:// (column 10)',
        '8: error: last_verified: "2026-13-01" is no date of the calendar: month must be in 1..12 (column 16)',
        '9: error: "founded" stands twice, first on line 4: keep one',
        '10: warning: unknown key "wages": known keys are company, service_type, specialization, specialties, '
        "hiring_status, headquarters, founded, website, careers, last_verified",
        '14: error: section "Overview" stands twice, first on line 12: join them',
        "15: error: 0xFF is not UTF-8: save the file as UTF-8",
        '16: warning: heading "Pay day" is none of the template: Overview, Application process, Assessments, '
        "Job types, Compensation, Flexibility, Concerns, Legitimacy, Conclusion",
    ]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "1: error: the file is empty: write the front matter and the sections, or remove the file"),
        (b" \n\n", "1: error: the file is empty: write the front matter and the sections, or remove the file"),
        (b"x" * (MAX_PROFILE_BYTES + 1), "1: error: the file has more than 1,048,576 bytes: split it, no profile ne"),
        ("---\n".encode("utf-16"), "1: error: the file is UTF-16: save it as UTF-8"),
        (front("company: A") + "a\0b", "6: error: a NUL character: remove it (column 2)"),
        (front("company: A") + "a\x08b", "6: warning: the invisible control character U+0008: remove it (column 2)"),
        ("---\ncompany: A\n\n## Overview\nx", "1: error: the front matter is not closed: end it with a line `---`"),
        ("\n---\ncompany: A\n---\n## Overview\nx", "2: warning: blank lines before the front matter: `---` belongs"),
        (front("\tcompany: A"), "2: error: the front matter is not valid YAML: a tab: YAML indents with spaces only"),
        (front("- a"), "2: error: the front matter must be lines of the form `key: value`"),
        (front("company: A", "Founded: 2017"), '3: warning: write "founded" instead of "Founded"'),
        (front("company: A", "webiste: https://a.example"), '3: warning: unknown key "webiste", did you mean "websi'),
        (front("company: &a A"), "2: error: an anchor (&name): write the value plainly (column 10)"),
        (front("company: A", "headquarters: *a"), "3: error: an alias (*name): write the value out (column 15)"),
        (front("company: !!python/object:os.system A"), "2: error: a YAML tag (!name): write the value plainly (col"),
        (front("company: {a: b}"), '2: error: "company" must be a value or a list of values, nothing deeper (column'),
        (front("company: [A, B]"), "2: error: company: one value is wanted, not a list"),
        (front("company: 2026-01-29"), "2: error: company: YAML reads 2026-01-29 as a date: put it in quotes (colum"),
        (front("company: '!!!'"), '2: error: company: "!!!" holds no letter or digit (column 10)'),
        (front("company: " + "a" * 301), "2: error: company: at most 300 characters, this has 301 (column 10)"),
        (front("company: A", "x: " + "a" * 17_000), "1: error: the front matter has more than 16,384 characters: wr"),
        (front("company: A", "founded: 17"), '3: error: founded: "17" is no year: write four digits, 2017 (column 10)'),
        (front("company: A", "careers: http://[x"), '3: error: careers: "http://[x" is no web address (Invalid IPv6'),
        (front("company: A", "careers: javascript:alert(1)"), '3: error: careers: "javascript:alert(1)" does not st'),
        (front("company: A", "last_verified: 29.1.2026"), '3: error: last_verified: "29.1.2026" is no date: write Y'),
        (front("company: A", "last_verified: 2026-02-30"), '3: error: last_verified: "2026-02-30" is no date of the'),
        (front("company: A", "specialties: Image"), "3: warning: specialties: write a list, [Image, Video]"),
        (front("company: A", "specialties: [image]"), '3: warning: write "Image" instead of "image" (column 15)'),
        (front("company: A", "specialties: [Image, Image]"), '3: warning: specialties: "Image" stands twice (column'),
        (front("founded: 2017"), "1: error: company is missing: add a line `company: ...` to the front matter"),
        (front("service_type: x", "company:"), "3: error: company is empty: write the name after `company:`"),
        (front("company: null"), "2: error: company is empty: write the name after `company:`"),
        (front('company: " "'), "2: error: company is empty: write the name after `company:`"),
        (front("company: '\u200b'"), "2: error: company is empty: write the name after `company:`"),
        (front("company: []"), "2: error: company: one value is wanted, not a list"),
        (front("founded: 2017").replace("## ", "# !\n## "), "1: error: company is missing: add a line `company: ..."),
        (front("company:").replace("## ", "# A\n## "), '2: warning: company is empty: taken from the title, "A"'),
        (front("company: A", "hiring_status: [both]"), "3: error: hiring_status: one value is wanted, not a list"),
        (front("company: A", "hiring_status: 5"), '3: error: hiring_status: "5" is none of workers, vendor, both, '),
        (front("company: A", "website: 5"), '3: error: website: "5" does not start with https:// (column 10)'),
        ("---\ncompany: A\n---\n", "4: error: no section: write at least `## Overview` with a paragraph"),
        (front("company: A") + "## \n", "6: error: a heading without words: name the section"),
        (front("company: A") + "## Pay\n## Compensation\n",
         '7: error: section "Compensation" (the same section as "Pay") stands twice, first on line 6: join them'),
        (front("company: A") + "```\n## Pay\n", "6: warning: no ``` ends what begins here: add it"),
        (front("company: A") + "# Pay\n", "6: warning: a second title: write `## ` for a section"),
        (front("company: A") + "## a\n" * 201, "4: error: more than 200 sections: split the file"),
        ("---\ncompany: A\n---\nHello\n## Overview\nx", "4: warning: text before the first section: put `## ` and a"),
    ],
)  # fmt: skip
def test_fault_is_reported_in_place(data: bytes | str, expected: str) -> None:
    assert any(line.startswith(expected) for line in lines(data)), lines(data)


@pytest.mark.parametrize("blank", ["", "null", "~", '""', "'  '", '"\u200b"'])
def test_a_fact_that_says_nothing_is_as_one_that_is_left_out(blank: str) -> None:
    keys = [
        *("service_type", "specialization", "specialties", "hiring_status"),
        *("headquarters", "founded", "website", "careers", "last_verified"),
    ]
    data = front("company: A", *(f"{key}: {blank}" for key in keys))
    assert lines(data) == []
    assert profile(data).facts == profile(front("company: A")).facts


def test_a_company_that_cannot_be_read_is_said_once() -> None:
    expected = '2: error: "company" must be a value or a list of values, nothing deeper (column 10)'
    assert lines(front("company: {a: b}")) == [expected]


@pytest.mark.parametrize("text", ["2026", "'2026'", "2026-01", '"2026-01-29"', "2026-01-29"])
def test_dates_may_be_a_year_a_month_or_a_day_quoted_or_not(text: str) -> None:
    assert profile(front("company: A", f"last_verified: {text}")).facts.last_verified == text.strip("'\"")


def test_aliases_that_would_grow_to_gigabytes_are_refused_at_once() -> None:
    bomb = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    bomb += [f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 9)}]" for i in range(20)]
    assert any("an alias" in line for line in lines(front("company: A", *bomb)))


def test_invisible_characters_in_a_name_are_left_out() -> None:
    found = profile(front('company: "Sa\u200bma\u202e  Cafe\u0301"'))
    assert found.facts.company == "Sama Café"


def test_joiners_that_belong_to_a_script_stay() -> None:
    assert profile(front("company: می\u200cخواهم")).facts.company == "می\u200cخواهم"


@pytest.mark.parametrize(
    ("heading", "id_"),
    [
        ("Challenges / Concerns", "concerns"), ("Job Types / Expertise", "job_types"), ("Key findings", "overview"),
        ("Application process overview", "application_process"), ("**Pay & benefits**", "compensation"),
        ("Conclusion:", "conclusion"),
        ("Day to day", "day_to_day"), ("Pay / Culture", "pay_culture"), ("C#", "c"), ("Café", "cafe"),
        ("Overview ##", "overview"), ("[Pay](https://a.example) {#pay}", "compensation"),
    ],
)  # fmt: skip
def test_heading_names_a_section(heading: str, id_: str) -> None:
    assert [section.id for section in profile(f"---\ncompany: A\n---\n## {heading}\nx\n").sections] == [id_]


def test_headings_in_other_scripts_get_ids_of_their_own() -> None:
    ids = [section.id for section in profile("---\ncompany: A\n---\n## 工资\na\n## 测试\nb\n## 工资 pay\nc\n").sections]
    assert len(set(ids)) == 3
    assert all(set(id_) <= set("abcdefghijklmnopqrstuvwxyz0123456789_") for id_ in ids)


def test_marks_in_code_comments_and_deeper_levels_are_no_headings() -> None:
    code = "```\n## no\n```\n~~~~\n## no\n~~~\n~~~~\n    ## no\n"
    body = f"## Overview\n{code}<!--\n## no\n-->\n### deeper\n- a\n---\n## Pay\nx"
    assert [section.id for section in profile(f"---\ncompany: A\n---\n{body}").sections] == ["overview", "compensation"]


def test_underlined_heading_begins_a_section() -> None:
    found = profile("---\ncompany: A\n---\nOverview\n--------\nx\n\nPay\n---\ny\n")
    assert [(s.id, s.line, s.markdown) for s in found.sections] == [("overview", 4, "x"), ("compensation", 8, "y")]


def test_file_without_front_matter_is_named_after_its_title() -> None:
    found = profile("# The Guide\n\nHello.\n\n## Setup\n\nRun it.\n\n## Setup\n\nAgain.\n")
    assert found.facts.company == "The Guide"
    assert [section.id for section in found.sections] == ["overview", "setup", "setup_2"]
    assert [line.partition(": ")[2].partition(":")[0] for line in lines("# A\n## Setup\nx")] == ["warning", "warning"]


def test_file_without_title_is_named_after_the_file() -> None:
    assert profile("Just words.").facts.company == "Humans In The Loop"


def test_problem_as_json_has_every_field() -> None:
    problem = read_profile(b"", "a", "a.md").problems[0]
    assert problem_json(problem) == {
        "path": "a.md", "line": 1, "column": 1, "severity": "error", "code": "empty", "message": problem.message,
    }  # fmt: skip


PIECES = st.lists(st.sampled_from(
    ["---\n", "## ", "# ", "company: ", "founded: ", "specialties: [", "]", "\n", "\r\n", "\r", "\0", "\xff",
     "a", ": ", "- ", "&a ", "*a", "!!x ", "'", '"', "|", ">", "{", "}", "```\n", "~~~\n", "<!--", "-->",
     "===\n", "\t", "\u2028", "\x85", "2026-01-29", "Overview\n", "%YAML 1.1\n", "? ", "...\n", "\ufeff", "<<: ", "é"]
), max_size=30).map("".join)  # fmt: skip
FILES = (
    st.binary(max_size=200)
    | PIECES.map(lambda text: text.encode("latin-1", "replace"))
    | PIECES.map(lambda text: f"---\n{text}".encode())
)


@given(FILES)
@example(b"---\ncompany:\n---\n!")
@settings(deadline=None, max_examples=400)
def test_any_bytes_give_a_profile_or_an_error_and_never_raise(data: bytes) -> None:
    reading = read_profile(data, "any", "any.md")
    errors = [problem for problem in reading.problems if problem.severity == "error"]
    assert (reading.profile is None) == bool(errors)
    last = data.count(b"\n") + data.count(b"\r") + 1
    assert all(1 <= problem.line <= last and problem.column >= 1 for problem in reading.problems)
    assert all("\n" not in str(problem) for problem in reading.problems)
    if reading.profile is not None:
        ids = [section.id for section in reading.profile.sections]
        assert len(ids) == len(set(ids)) > 0
        assert all(id_ and id_.strip("abcdefghijklmnopqrstuvwxyz0123456789_") == "" for id_ in ids)
        assert reading.profile.facts.company
