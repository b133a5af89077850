"""Raw exports to profiles: every word kept, nothing overwritten, and back again without loss."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.profiles.export import import_export, to_export
from indexer.profiles.imports import company_slug, import_file
from indexer.profiles.model import HIRING_STATUSES, SECTION_HEADINGS, SPECIALTIES, Facts, Profile, Section
from indexer.profiles.reader import read_profile
from indexer.profiles.writer import profile_markdown

REPOSITORY = Path(__file__).parent.parent
EXPORT = """Humans in the Loop: Data annotation / AI training data
Broad / unclear

Quick facts
- Website
- humansintheloop.org
- HQ
- Sofia, Bulgaria
- Founded
- 2017
- Hiring status
- Hires refugees in Bulgaria
- Specialties
- image, Video; Text
- Last verified
- January 29, 2026
- Mascot
- A bear

Application process overview
Recruitment is local.

Apply through partners.

Key findings
Assessments: Courses first.<br><br>Pay: Above minimum wage.<br><br>Challenges / Concerns: Limited places.<br>Few tasks.\
<br><br>Community: A Slack.<br><br>Legitimacy: It is real.<br><br>And registered.

Conclusion
Good for refugees.
"""
MARKDOWN = """---
company: Humans in the Loop
service_type: Data annotation / AI training data
specialization: Broad / unclear
specialties: [Image, Video, Text]
headquarters: Sofia, Bulgaria
founded: 2017
website: https://humansintheloop.org
last_verified: 2026-01-29
---

## Application process overview

Recruitment is local.

Apply through partners.

## Assessments

Courses first.

## Pay

Above minimum wage.

## Challenges / Concerns

Limited places.

Few tasks.

## Legitimacy

It is real.

And registered.

## Notes

Hiring status: Hires refugees in Bulgaria

Mascot: A bear

Community: A Slack.

## Conclusion

Good for refugees.
"""


def imported(text: str) -> Profile:
    found = import_export(text.encode(), "x.txt")
    assert found.markdown, found.problems
    reading = read_profile(found.markdown.encode(), "x", "x.md")
    assert reading.profile is not None, (reading.problems, found.markdown)
    return reading.profile


def test_export_becomes_a_profile_and_what_has_no_place_is_reported_and_kept() -> None:
    found = import_export(EXPORT.encode(), "x.txt")
    assert found.markdown == MARKDOWN
    assert [str(problem) for problem in found.problems] == [
        'x.txt:11: warning: no value for hiring_status: "Hiring status: Hires refugees in Bulgaria" '
        "was put under Notes",
        'x.txt:17: warning: an unknown label: "Mascot: A bear" was put under Notes',
        'x.txt:26: warning: the label "Community" names no section: "Community: A Slack." was put under Notes',
    ]
    assert [section.id for section in imported(EXPORT).sections] == [
        "application_process", "assessments", "compensation", "concerns", "legitimacy", "notes", "conclusion",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("label", "value", "key", "expected"),
    [
        ("Hiring", "Hires workers", "hiring_status", "workers"),
        ("Hiring status", "Both", "hiring_status", "both"),
        ("Careers page", "example.org/jobs", "careers", "https://example.org/jobs"),
        ("URL", "http://example.org", "website", "http://example.org"),
        ("Year founded", "1996", "founded", 1996),
        ("Services", "Annotation", "service_type", "Annotation"),
        ("Based in", "Kenya", "headquarters", "Kenya"),
        ("Last checked", "Mar 2026", "last_verified", "2026-03"),
        ("**Verified**", "2026", "last_verified", "2026"),
        ("Focus", "Broad", "specialization", "Broad"),
        ("Data types", "LiDAR / 3D, Smell", "specialties", ("LiDAR / 3D", "Smell")),
    ],
)
def test_label_in_another_spelling_is_understood(label: str, value: str, key: str, expected: object) -> None:
    for lines in (f"- {label}\n- {value}", f"{label}: {value}"):
        facts = imported(f"Sama\nQuick facts\n{lines}\nConclusion\nGood.\n").facts
        assert getattr(facts, key) == expected


def test_title_may_be_the_company_alone() -> None:
    facts = imported("Sama\n\nQuick facts\n- Service type\n- Annotation\nConclusion\nGood.").facts
    assert (facts.company, facts.service_type, facts.specialization) == ("Sama", "Annotation", None)


@pytest.mark.parametrize(
    "text",
    [
        "Sama\nQuick facts\n- Website\n- Founded\n- 2008\nConclusion\nGood.",
        "Sama: A\nBroad\nMore\nQuick facts\n- Service type\n- B\n- Founded\n- 2008 or 9\n- Odd one\nConclusion\nx",
        "Sama\nKey findings\nNo label at all.<br><br>Pay: a<br><br>Compensation: b<br/><br />Pay: c\nPay: d",
        "# Sama\n## Quick facts\nNo list here\n## Conclusion:\nx\n## Conclusion\ny",
        "Sama\nQuick facts\n- Founded\n- Unknown\n- Last verified\n- never\n- Website\n- none\nConclusion\nx",
        "Sama\n\nFree text without any heading.\n\nAnd more.",
    ],
)  # fmt: skip
def test_no_word_of_an_odd_export_is_lost(text: str) -> None:
    found = import_export(text.encode(), "x.txt")
    structure = {"quick", "facts", "key", "findings", "br", "service", "type"}
    missing = set(re.findall(r"\w+", text.lower())) - set(re.findall(r"\w+", found.markdown.lower()))
    assert missing <= structure


def test_export_without_a_title_is_refused() -> None:
    assert [
        p.code
        for p in import_export(b"***\nQuick facts\n- Website\n- a.example\n", "x.txt").problems
        if p.severity == "error"
    ]
    assert [p.code for p in import_export(b"", "x.txt").problems] == ["empty"]


def test_import_writes_once_and_twice_changes_nothing(tmp_path: Path) -> None:
    source = tmp_path / "export.txt"
    source.write_text(EXPORT)
    first = import_file(source, tmp_path / "corpus")
    assert (first.outcome, first.target) == ("written", tmp_path / "corpus" / "humans-in-the-loop.md")
    assert first.target is not None
    assert first.target.read_text() == MARKDOWN
    assert import_file(source, tmp_path / "corpus").outcome == "unchanged"
    assert import_file(first.target, tmp_path / "corpus").outcome == "unchanged"
    assert [path.name for path in (tmp_path / "corpus").iterdir()] == ["humans-in-the-loop.md"]


def test_edited_profile_stays_unless_forced(tmp_path: Path) -> None:
    source = tmp_path / "export.txt"
    source.write_text(EXPORT)
    target = import_file(source, tmp_path).target
    assert target is not None
    target.write_text(MARKDOWN.replace("Good for", "Very good for"))
    refused = import_file(source, tmp_path)
    assert refused.outcome == "refused"
    assert f"{target} exists and says something else" in str(refused.problems[0])
    assert "Very good" in target.read_text()
    assert import_file(source, tmp_path, force=True).outcome == "written"
    assert target.read_text() == MARKDOWN


def test_file_that_cannot_be_read_or_written_is_refused(tmp_path: Path) -> None:
    assert import_file(tmp_path / "none.txt", tmp_path).problems[0].code == "unreadable"
    source = tmp_path / "export.txt"
    source.write_text(EXPORT)
    assert "unwritable" in [problem.code for problem in import_file(source, source / "corpus").problems]


@pytest.mark.parametrize(
    ("company", "slug"),
    [
        ("Humans in the Loop", "humans-in-the-loop"),
        ("Défined.ai", "defined-ai"),
        ("L'Oréal & Co.", "loreal-co"),
        ("公司", ""),
    ],
)
def test_company_gives_the_name_of_its_file(company: str, slug: str) -> None:
    assert company_slug(company) == slug


@pytest.mark.parametrize("path", sorted((REPOSITORY / "corpus").glob("*.md")), ids=lambda path: path.stem)
def test_profile_of_the_corpus_survives_the_way_to_an_export_and_back(path: Path) -> None:
    profile = read_profile(path.read_bytes(), "x", "x.md").profile
    assert profile is not None
    back = imported(to_export(profile))
    assert back.facts == profile.facts
    assert [(s.heading, s.markdown) for s in back.sections] == [(s.heading, s.markdown) for s in profile.sections]


TOKENS = [
    "pay",
    "test",
    "Conclusion",
    "Quick facts:",
    "Key findings",
    "Founded",
    "Website",
    "a:",
    "2017",
    "no",
    "010",
    "é",
]
TOKENS += ["工", "&", "#", "'", '"', "-", "~", "~~~", "<br>", "\\", "*", "|", "[a](https://a.b)", "```"]
WORDS = st.lists(st.sampled_from(TOKENS), min_size=1, max_size=6).map(" ".join)
NAMES = WORDS.filter(lambda text: re.search(r"\w", text) and not re.search(r"[#*~`|<\\\[-]", text))
LINES = ["", "", "Conclusion", "\\Conclusion", "- Website", "Quick facts", "Pay: x", "```", "    code", "### h"]
MARKDOWNS = st.lists(st.one_of(WORDS, st.sampled_from(LINES)), max_size=8).map(lambda ls: "\n".join(ls).strip("\n"))
STRUCTURE = ["Quick facts", "Key findings", "- Website", "- Founded", "Conclusion", "", "## a"]


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    facts = Facts(
        slug="x",
        company=draw(NAMES),
        service_type=draw(st.none() | NAMES),
        specialization=draw(st.none() | NAMES),
        specialties=tuple(draw(st.lists(st.sampled_from(SPECIALTIES), unique=True, max_size=3))),
        hiring_status=draw(st.sampled_from(list(HIRING_STATUSES))),
        headquarters=draw(st.none() | NAMES),
        founded=draw(st.none() | st.integers(1000, 2099)),
        website=draw(st.none() | st.just("https://a.example/#x")),
        last_verified=draw(st.none() | st.sampled_from(["2026", "2026-01", "2026-01-29"])),
    )
    chosen = draw(st.lists(st.sampled_from(list(SECTION_HEADINGS)), unique=True, min_size=1))
    sections = [Section(id_, SECTION_HEADINGS[id_], draw(MARKDOWNS), 1) for id_ in SECTION_HEADINGS if id_ in chosen]
    return Profile(facts, tuple(sections), "")


@given(profiles())
@settings(deadline=None, max_examples=200)
def test_any_profile_survives_the_way_to_an_export_and_back(drawn: Profile) -> None:
    written = profile_markdown(drawn.facts, drawn.sections)
    profile = read_profile(written.encode(), "x", "x.md").profile
    if profile is None or [s.heading for s in profile.sections] != [s.heading for s in drawn.sections]:
        return  # the text held a heading of its own
    assert profile.facts == drawn.facts
    back = imported(to_export(profile))
    assert back.facts == Facts(**{name: getattr(profile.facts, name) for name in Facts.__slots__} | {"slug": "x"})
    found = [(s.heading, s.markdown) for s in back.sections]
    assert found == [(s.heading, s.markdown) for s in profile.sections]


@given(
    st.lists(
        st.one_of(
            WORDS, st.sampled_from(["Quick facts", "Key findings", "- Website", "- Founded", "Conclusion", "", "## a"])
        ),
        max_size=12,
    ).map("\n".join)
)
@settings(deadline=None, max_examples=200)
def test_any_text_imports_or_is_refused_and_twice_gives_the_same(text: str) -> None:
    first = import_export(text.encode(), "x.txt")
    assert first == import_export(text.encode(), "x.txt")
    assert bool(first.markdown) != any(problem.severity == "error" for problem in first.problems)
