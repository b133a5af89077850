"""The corpus folder: which files are profiles, what is wrong with the others, when something has changed."""

import os
import pickle
from pathlib import Path

import pytest
from click.testing import CliRunner
from unprivileged import folder_of_nobody, run_unprivileged

from indexer.cli import main
from indexer.profiles.corpus import read_corpus, read_source, render_source, scan_corpus
from indexer.profiles.vocabulary import read_vocabulary

PROFILE = "---\ncompany: {}\n---\n\n## Overview\n\nWords.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "sama.md").write_text(PROFILE.format("Sama"))
    (corpus / "appen.md").write_text(PROFILE.format("Appen"))
    return corpus


def problems(folder: Path) -> list[str]:
    return [str(problem).removeprefix(f"{folder}/") for problem in scan_corpus(folder).problems]


def test_profiles_come_by_slug_and_nothing_else_does(folder: Path) -> None:
    (folder / "notes.txt").write_text("x")
    (folder / "judgments.tsv").write_text("x")
    (folder / ".hidden.md").write_text("x")
    (folder / "sub").mkdir()
    (folder / "sub" / "other.md").write_text(PROFILE.format("Other"))
    assert [source.slug for source in scan_corpus(folder).sources] == ["appen", "sama"]
    assert problems(folder) == []
    assert [rendering.profile and rendering.profile.facts.company for _, rendering in read_corpus(folder)] == [
        "Appen",
        "Sama",
    ]


def test_digest_of_a_source_is_that_of_its_profile(folder: Path) -> None:
    for source in scan_corpus(folder).sources:
        rendering = pickle.loads(pickle.dumps(render_source(pickle.loads(pickle.dumps(source)))))
        assert rendering.profile is not None
        assert rendering.profile.digest == source.digest


def test_digest_of_the_corpus_changes_with_content_name_and_vocabulary_only(folder: Path) -> None:
    digests = [scan_corpus(folder).digest]
    (folder / "notes.txt").write_text("x")
    (folder / "sama.md").touch()
    assert scan_corpus(folder).digest == digests[0]
    (folder / "sama.md").write_text(PROFILE.format("Sama!"))
    digests.append(scan_corpus(folder).digest)
    (folder / "sama.md").rename(folder / "samasource.md")
    digests.append(scan_corpus(folder).digest)
    (folder / "synonyms.toml").write_text('[[group]]\nwords = ["pay", "wage"]\n')
    digests.append(scan_corpus(folder).digest)
    assert len(set(digests)) == 4


def test_folder_named_like_a_profile_is_reported(folder: Path) -> None:
    (folder / "x.md").mkdir()
    assert problems(folder) == [
        "x.md:1: error: this is a folder: a profile is a file, rename or move this",
    ]


def test_pipe_named_like_a_profile_is_not_opened(folder: Path) -> None:
    os.mkfifo(folder / "x.md")
    assert problems(folder) == ["x.md:1: error: this is no ordinary file: a profile is a file, rename or move this"]


def test_link_out_of_the_corpus_is_reported_and_one_inside_is_read(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("secret")
    (folder / "out.md").symlink_to(tmp_path / "secret.md")
    (folder / "inside.md").symlink_to("sama.md")
    assert problems(folder) == ["out.md:1: error: the link leads out of the corpus folder: copy the file here"]
    assert [source.slug for source in scan_corpus(folder).sources] == ["appen", "inside", "sama"]


def test_link_to_nothing_and_link_to_itself_are_reported(folder: Path) -> None:
    (folder / "gone.md").symlink_to("nowhere.md")
    (folder / "loop.md").symlink_to("loop.md")
    found = problems(folder)
    assert [line.partition(": ")[0] for line in found] == ["gone.md:1", "loop.md:1"]
    assert all("cannot be read" in line for line in found)


def report_unreadable(folder: Path) -> None:
    """Of a user who may not read everything."""
    (folder / "sama.md").write_text(PROFILE.format("Sama"))
    (folder / "sama.md").chmod(0)
    assert problems(folder) == ["sama.md:1: error: the file cannot be read: Permission denied"]
    result = CliRunner().invoke(main, ["rebuild", "--corpus", str(folder), "--index", str(folder / "index")])
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 2)
    assert "sama.md:1: error: the file cannot be read: Permission denied" in result.stderr


def test_file_without_permission_is_reported() -> None:
    with folder_of_nobody() as folder:
        run_unprivileged(report_unreadable, folder)


@pytest.mark.parametrize(
    ("name", "better"),
    [
        ("Sama.md", "sama.md"), ("my company.md", "my-company.md"), ("a_b.md", "a-b.md"), ("-a.md", "a.md"),
        ("sama.MD", "sama.md"), ("sama.markdown", "sama.md"), ("公司.md", "company.md"), ("a\nb.md", "a-b.md"),
    ],
)  # fmt: skip
def test_name_that_cannot_stand_in_an_address_is_reported_with_a_better_one(
    folder: Path, name: str, better: str
) -> None:
    (folder / name).write_text(PROFILE.format("A"))
    assert len(problems(folder)) == 1
    assert f"error: rename the file to {better}: only a-z, 0-9 and - can stand in an address" in problems(folder)[0]


def test_name_with_bytes_of_no_text_can_be_printed(folder: Path) -> None:
    (Path(os.fsdecode(os.fsencode(folder) + b"/\xff.md"))).write_text("x")
    (problem,) = problems(folder)
    assert problem.startswith("\\xff.md:1: error: rename the file to ")
    assert problem.encode().decode() == problem


def test_missing_and_empty_folders_are_reported(tmp_path: Path) -> None:
    assert [str(p) for p in scan_corpus(tmp_path / "none").problems] == [
        f"{tmp_path}/none:1: error: there is no such folder: create it or name another one with --corpus"
    ]
    assert [p.code for p in scan_corpus(tmp_path).problems] == ["corpus-empty"]
    (tmp_path / "file").write_text("x")
    assert [p.code for p in scan_corpus(tmp_path / "file").problems] == ["corpus-unreadable"]


def test_file_that_went_away_after_the_scan_is_a_problem_of_its_own(folder: Path) -> None:
    source = scan_corpus(folder).sources[0]
    source.path.unlink()
    assert read_source(source).profile is None
    assert [p.code for p in render_source(source).problems] == ["unreadable"]


def test_profile_that_cannot_be_rendered_is_an_error_on_the_line_of_its_section(folder: Path) -> None:
    (folder / "sama.md").write_text(PROFILE.format("Sama") + "\n## Concerns\n\n" + "[" * 30_000)
    rendering = render_source(scan_corpus(folder).sources[1])
    assert rendering.profile is None
    assert [(p.severity, p.line, p.code) for p in rendering.problems] == [("error", 9, "too-slow")]


def test_vocabulary_is_read_from_both_files(folder: Path) -> None:
    (folder / "synonyms.toml").write_text('[[group]]\nwords = ["Pay", "hourly  rate"]\nnote = "money"\n')
    (folder / "intents.toml").write_text('[compensation]\nwords = ["pay", "paid"]\n')
    found = read_vocabulary(folder)
    assert found.synonyms == (("pay", "hourly rate"),)
    assert found.intents == {"compensation": ("pay", "paid")}
    assert found.problems == ()


def test_absent_vocabulary_is_empty(folder: Path) -> None:
    assert read_vocabulary(folder) == type(read_vocabulary(folder))((), {}, ())


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("synonyms.toml", "[[group]]\nwords = [\n", "2: error: not valid TOML"),
        ("synonyms.toml", '[[group]]\nwords = ["a", "b"]\n[[group]]\nwords = ["c"]\n', "3: error: a group needs two"),
        ("synonyms.toml", '[[group]]\nword = ["pay"]\n', '1: error: wanted is a table with words = ["pay", "salary"]'),
        ("synonyms.toml", '[[group]]\nwords = ["pay", 3]\n', "1: error: wanted is a table"),
        ("synonyms.toml", '[[group]]\nwords = ["a", "1 2 3 4 5 6"]\n', '1: error: "1 2 3 4 5 6" is no word'),
        ("synonyms.toml", 'x = 1\n', '1: error: "x": only tables [[group]] belong here'),
        ("synonyms.toml", "group = 1\n", "1: error: wanted is a table"),
        ("intents.toml", '\n[compensatio]\nwords = ["pay"]\n', '2: warning: "compensatio" is no section of the temp'),
        ("intents.toml", '[legitimacy]\nwords = ["scam", "Scam"]\nweight = 2\n', '1: warning: "scam" stands twice i'),
    ],
)  # fmt: skip
def test_fault_of_a_vocabulary_file_is_reported_in_place(folder: Path, name: str, text: str, expected: str) -> None:
    (folder / name).write_text(text)
    found = [str(problem).removeprefix(f"{folder}/{name}:") for problem in read_vocabulary(folder).problems]
    assert any(line.startswith(expected) for line in found), found


def test_vocabulary_that_is_not_utf_8_is_reported(folder: Path) -> None:
    (folder / "intents.toml").write_bytes(b"[a]\nwords = ['\xff']")
    assert [(p.line, p.code) for p in read_vocabulary(folder).problems] == [(2, "encoding")]
