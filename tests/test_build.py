"""The use case "rebuild": a corpus folder to a published generation."""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import cast

import pytest
from corpora import TODAY
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from indexer.build import BuildReport, rebuild
from indexer.documents import SearchDocument, search_document
from indexer.engines.base import Engine
from indexer.engines.whoosh.builder import GenerationBuilder
from indexer.engines.whoosh.contents import FINGERPRINT
from indexer.engines.whoosh.engine import EmbeddedEngine
from indexer.errors import CorpusInvalid, IndexMissing
from indexer.profiles.changes import MAX_NEWS
from indexer.profiles.fingerprint import LIBRARIES, fingerprint
from indexer.profiles.model import RenderedProfile
from indexer.query.request import SearchRequest
from indexer.search import SearchService

BROKEN = "---\ncompany: Broken\nlast_verified: tomorrow\n---\n## Overview\nText.\n"


def written(name: str, overview: str = "pay", **sections: str) -> str:
    rest = "".join(f"\n## {heading.capitalize()}\n{text}\n" for heading, text in sections.items())
    return f"---\ncompany: {name}\nspecialties: [Image]\n---\n## Overview\n{overview}\n{rest}"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name in ("alpha", "beta", "gamma"):
        (folder / f"{name}.md").write_text(written(name.capitalize(), f"{name} pays"), encoding="utf-8")
    return folder


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EmbeddedEngine]:
    with closing(EmbeddedEngine(tmp_path / "index")) as opened:
        yield opened


def figures(report: BuildReport) -> tuple[int, int, int, int, int]:
    return report.generation.profiles, report.analysed, report.kept, report.removed, report.skipped


def companies(engine: Engine) -> list[str]:
    return [facts.slug for facts in engine.open().facts()]


def test_first_rebuild_analyses_everything_and_publishes(corpus: Path, engine: Engine) -> None:
    report = rebuild(engine, corpus)
    assert figures(report) == (3, 3, 0, 0, 0)
    assert report.published
    assert report.problems == ()
    assert companies(engine) == ["alpha", "beta", "gamma"]


def test_rebuild_of_one_changed_profile_analyses_only_that(corpus: Path, engine: Engine) -> None:
    rebuild(engine, corpus)
    (corpus / "beta.md").write_text(written("Beta", "tests"), encoding="utf-8")
    assert figures(rebuild(engine, corpus)) == (3, 1, 2, 0, 0)


def test_removed_and_added_profiles_are_counted_and_gone_and_there(corpus: Path, engine: Engine) -> None:
    rebuild(engine, corpus)
    (corpus / "beta.md").unlink()
    (corpus / "delta.md").write_text(written("Delta"), encoding="utf-8")
    assert figures(rebuild(engine, corpus)) == (3, 1, 2, 1, 0)
    assert companies(engine) == ["alpha", "delta", "gamma"]
    assert SearchService(engine).search(SearchRequest("beta", exact=True), TODAY).total == 0


def test_rebuild_if_needed_does_nothing_when_nothing_changed(corpus: Path, engine: Engine) -> None:
    first = rebuild(engine, corpus, if_needed=True)
    again = rebuild(engine, corpus, if_needed=True)
    assert (first.published, again.published) == (True, False)
    assert again.generation.id == first.generation.id
    (corpus / "synonyms.toml").write_text('[[group]]\nwords = ["pay", "wage"]\n', encoding="utf-8")
    assert rebuild(engine, corpus, if_needed=True).published


def news_of(engine: Engine) -> list[str]:
    return [change.title for change in engine.open().news()]


def test_news_outlive_rebuilds_that_change_nothing_or_something_else(corpus: Path, engine: Engine) -> None:
    rebuild(engine, corpus)
    assert news_of(engine) == []
    (corpus / "beta.md").write_text(written("Beta", "tests"), encoding="utf-8")
    rebuild(engine, corpus)
    rebuild(engine, corpus)
    assert news_of(engine) == ["Beta: overview changed"]
    (corpus / "alpha.md").unlink()
    (corpus / "delta.md").write_text(written("Delta", compensation="wage"), encoding="utf-8")
    rebuild(engine, corpus)
    assert news_of(engine) == ["Delta: new profile", "Alpha: profile removed", "Beta: overview changed"]
    engine.rollback()
    assert news_of(engine) == ["Beta: overview changed"]


def test_profile_that_is_left_out_for_its_errors_is_told_as_removed(corpus: Path, engine: Engine) -> None:
    rebuild(engine, corpus)
    (corpus / "beta.md").write_text(BROKEN, encoding="utf-8")
    rebuild(engine, corpus, skip_invalid=True)
    assert news_of(engine) == ["Beta: profile removed"]


class Recorder:
    """A builder that notes which profiles of the generation before are read."""

    def __init__(self, builder: GenerationBuilder, read: list[str]) -> None:
        self._builder = builder
        self._read = read

    def before(self, slug: str) -> RenderedProfile | None:
        self._read.append(slug)
        return self._builder.before(slug)

    def __getattr__(self, name: str) -> object:
        return getattr(self._builder, name)


class Recording(EmbeddedEngine):
    """An engine whose builders note what they read."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.read: list[str] = []

    @contextmanager
    def begin(self) -> Iterator[GenerationBuilder]:
        with super().begin() as builder:
            yield cast("GenerationBuilder", Recorder(builder, self.read))


def test_only_profiles_that_changed_are_compared_and_none_beyond_what_is_kept(corpus: Path, tmp_path: Path) -> None:
    def write(text: str, *names: str) -> None:
        for name in names:
            own = {f"own {number}": text for number in range(MAX_NEWS // 3)}
            (corpus / f"{name}.md").write_text(written(name.capitalize(), text, **own), encoding="utf-8")

    write("old", "alpha", "beta", "delta", "gamma")
    with closing(Recording(tmp_path / "index")) as engine:
        rebuild(engine, corpus)
        write("new", "beta")
        rebuild(engine, corpus)
        assert engine.read == ["beta"]
        write("newest", "alpha", "beta", "delta", "gamma")
        rebuild(engine, corpus)
        assert engine.read == ["beta", "alpha", "beta", "delta"]
        news = engine.open().news()
        assert len(news) == MAX_NEWS
        assert len({change.when for change in news}) == 1


def test_rebuild_without_if_needed_publishes_anew(corpus: Path, engine: Engine) -> None:
    assert rebuild(engine, corpus).generation.id != rebuild(engine, corpus).generation.id


def test_profile_with_an_error_stops_the_rebuild_and_the_index_is_as_it_was(corpus: Path, engine: Engine) -> None:
    before = rebuild(engine, corpus).generation.id
    (corpus / "alpha.md").unlink()
    (corpus / "broken.md").write_text(BROKEN, encoding="utf-8")
    with pytest.raises(CorpusInvalid, match="1 file has errors; the index is as it was") as caught:
        rebuild(engine, corpus)
    assert "\n" not in str(caught.value)
    assert [line.partition(": ")[0].endswith("broken.md:3") for line in caught.value.problems] == [True]
    assert engine.open().generation.id == before
    assert companies(engine) == ["alpha", "beta", "gamma"]


class Overtaken(EmbeddedEngine):
    """An engine that somebody adds a profile beside while it waits for its lock."""

    def __init__(self, root: Path, corpus: Path) -> None:
        super().__init__(root)
        self._corpus = corpus

    @contextmanager
    def begin(self) -> Iterator[GenerationBuilder]:
        with super().begin() as builder:
            (self._corpus / "zeta.md").write_text(written("Zeta"), encoding="utf-8")
            yield builder


def test_rebuild_that_waited_publishes_what_the_folder_holds_then(corpus: Path, tmp_path: Path) -> None:
    with closing(Overtaken(tmp_path / "index", corpus)) as engine:
        assert figures(rebuild(engine, corpus)) == (4, 4, 0, 0, 0)
        assert companies(engine) == ["alpha", "beta", "gamma", "zeta"]
        assert not rebuild(engine, corpus, if_needed=True).published


@pytest.mark.parametrize("skip_invalid", [False, True])
def test_file_that_changes_while_it_is_read_stops_the_rebuild(corpus: Path, engine: Engine, skip_invalid: bool) -> None:
    before = rebuild(engine, corpus).generation.id
    for name in ("alpha", "gamma"):
        (corpus / f"{name}.md").write_text(written(name, "one"), encoding="utf-8")

    def change_the_next(done: int, _: int) -> None:
        if done == 2:
            (corpus / "gamma.md").write_text(written("gamma", "two"), encoding="utf-8")

    with pytest.raises(CorpusInvalid) as caught:
        rebuild(engine, corpus, skip_invalid=skip_invalid, progress=change_the_next)
    assert [line.partition("error: ")[2] for line in caught.value.problems] == [
        "the file was changed while it was read: run the command again"
    ]
    assert engine.open().generation.id == before


def test_profile_with_an_error_is_left_out_when_asked(corpus: Path, engine: Engine) -> None:
    (corpus / "broken.md").write_text(BROKEN, encoding="utf-8")
    report = rebuild(engine, corpus, skip_invalid=True)
    assert figures(report) == (3, 3, 0, 0, 1)
    assert [problem.severity for problem in report.problems] == ["error"]


def test_corpus_of_broken_profiles_only_is_never_published(corpus: Path, engine: Engine) -> None:
    for path in corpus.glob("*.md"):
        path.write_text(BROKEN, encoding="utf-8")
    with pytest.raises(CorpusInvalid, match="no profile to index in"):
        rebuild(engine, corpus, skip_invalid=True)
    with pytest.raises(IndexMissing):
        engine.open()


@pytest.mark.parametrize("name", ["missing", "empty", "file"])
def test_folder_without_profiles_is_refused_and_the_index_is_as_it_was(
    corpus: Path, engine: Engine, tmp_path: Path, name: str
) -> None:
    rebuild(engine, corpus)
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(CorpusInvalid, match="no profile to index in"):
        rebuild(engine, tmp_path / name)
    assert companies(engine) == ["alpha", "beta", "gamma"]


def test_broken_vocabulary_stops_the_rebuild(corpus: Path, engine: Engine) -> None:
    (corpus / "synonyms.toml").write_text("[[group]\n", encoding="utf-8")
    with pytest.raises(CorpusInvalid) as caught:
        rebuild(engine, corpus)
    assert any("synonyms.toml:1" in line for line in caught.value.problems)


def test_progress_counts_to_the_number_of_profiles(corpus: Path, engine: Engine) -> None:
    steps: list[tuple[int, int]] = []
    rebuild(engine, corpus, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(1, 3), (2, 3), (3, 3)]


# Incremental equals from scratch

TEXTS = st.lists(
    st.sampled_from(["pay", "weekly", "wages", "tests", "Kenya", "C++", "naïve", "工作", "the"]), min_size=1, max_size=8
)
FILES = st.dictionaries(
    st.sampled_from(["alpha", "beta", "gamma", "delta"]),
    st.builds(
        lambda company, words, more: written(
            company, " ".join(words), **({"compensation": " ".join(more)} if more else {})
        ),
        st.sampled_from(["Alpha", "Beta Works", "Gamma"]),
        TEXTS,
        st.one_of(st.none(), TEXTS),
    ),
    min_size=1,
)
ASKED = (
    "",
    "pay",
    "wages weekly",
    '"pay weekly"',
    "test*",
    "-pay",
    "naive",
    "工作",
    "in:compensation pay",
    "payy tests",
    "alpha",
)


def answers(engine: Engine) -> list[SearchDocument]:
    """What the index answers, without what differs from one generation to another."""
    service = SearchService(engine)
    documents = [search_document(service.search(SearchRequest(typed, explain=True), TODAY)) for typed in ASKED]
    return [{**document, "took_ms": 0.0, "generation": ""} for document in documents]


def lay_out(folder: Path, files: dict[str, str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")


@given(st.lists(FILES, min_size=2, max_size=4))
@examples(6)
def test_incremental_rebuilds_answer_as_a_rebuild_from_scratch(
    tmp_path_factory: pytest.TempPathFactory, states: list[dict[str, str]]
) -> None:
    root = tmp_path_factory.mktemp("edits")
    with closing(EmbeddedEngine(root / "kept")) as kept, closing(EmbeddedEngine(root / "fresh")) as fresh:
        for files in states:
            lay_out(root / "corpus", files)
            rebuild(kept, root / "corpus")
        rebuild(fresh, root / "corpus")
        assert answers(kept) == answers(fresh)
        assert [kept.open().profile(slug) for slug in files] == [fresh.open().profile(slug) for slug in files]


def test_other_rendering_or_sanitising_means_another_index() -> None:
    for name in LIBRARIES:
        assert f"{name}-{version(name)}" in FINGERPRINT
    assert f" {fingerprint()}" in FINGERPRINT
