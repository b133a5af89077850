"""Both engines, asked the same: pages agree in everything but, now and then, the order of near equals."""

import os
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as given_settings
from hypothesis import strategies as st
from local_cluster import AnyCluster
from pairs import CORPUS, Pair, empty_pair
from test_engine_contract import FILTERS, QUERIES, corpora, publish

from indexer.engines.base import Searcher
from indexer.evaluate import evaluate_collection, evaluate_judgments
from indexer.page import Page, Result, SectionResult
from indexer.profiles.model import HIRING_STATUSES, RenderedProfile
from indexer.query.request import Filters, SearchRequest
from indexer.search import SearchService

pytestmark = pytest.mark.cluster

REQUESTS = 500
JUDGED_EACH = 5
"""Every fifth judged query is asked: asking is slow, and means change little."""
NO_REPEATS = (Phase.generate, Phase.shrink)
COLLECTION = os.environ.get("PROFILE_SEARCH_TEST_COLLECTION", "")
SAME_TOP = 0.95
"""Share of requests whose ten best are the same companies."""


@pytest.fixture(scope="module")
def empty(cluster: AnyCluster) -> Iterator[Pair]:
    """Both engines without a generation."""
    with empty_pair(cluster.hosts) as pair:
        yield pair


def differences(embedded: Page, cluster: Page) -> list[str]:
    """What two pages of one request differ in, the choice of the ten best aside."""
    pairs = [(name, getattr(embedded, name), getattr(cluster, name)) for name in ("total", "pages", "query", "facets")]
    found = [f"{name}: {ours} and {theirs}" for name, ours, theirs in pairs if ours != theirs]
    others = {result.facts.slug: result for result in cluster.results}
    for result in embedded.results:
        other = others.get(result.facts.slug)
        if other and (result.facts, shown(result)) != (other.facts, shown(other)):
            found.append(f"hit {result.facts.slug}: {result} and {other}")
        if other and abs(result.score - other.score) > 0.005:
            found.append(f"score of {result.facts.slug}: {result.score} and {other.score}")
    return found


def shown(result: Result) -> list[SectionResult]:
    """The sections of a hit; those of equal scores may change places."""
    return sorted(result.sections, key=lambda section: section.id)


def slugs(page: Page) -> list[str]:
    return [result.facts.slug for result in page.results]


def same_companies(embedded: Page, cluster: Page) -> bool:
    return set(slugs(embedded)) == set(slugs(cluster))


class Asking:
    """Random requests in the words of a corpus."""

    def __init__(self, searcher: Searcher, seed: int) -> None:
        self._random = random.Random(seed)
        profiles = [searcher.profile(facts.slug) for facts in searcher.facts()]
        self._texts = [section.text.split() for profile in profiles if profile for section in profile.sections]
        self._texts = [text for text in self._texts if len(text) > 8]
        self._names = [facts.company for facts in searcher.facts()]
        self._values = searcher.values()

    def request(self) -> SearchRequest:
        chance = self._random
        sort, page = chance.choice(["relevance"] * 8 + ["verified", "name"]), chance.choice([1] * 8 + [2, 3])
        return SearchRequest(self._typed(), self._filters(), sort=sort, page=page)

    def _typed(self) -> str:
        chance = self._random
        text = chance.choice(self._texts)
        start, length = chance.randrange(len(text) - 7), chance.choice([1, 1, 2, 2, 3, 4, 6, 7])
        words = text[start : start + length] if chance.random() < 0.6 else chance.sample(text, length)
        changed = {
            "prefix": lambda: [*words[:-1], f"{words[-1][:3]}*"],
            "typo": lambda: [*words[1:], words[0][:2] + words[0][3:]],
            "phrase": lambda: [f'"{" ".join(words[:3])}"', *words[3:]],
            "not": lambda: [*words, f"-{chance.choice(text)}"],
            "or": lambda: [*words, "OR", chance.choice(text)],
            "name": lambda: [chance.choice(self._names), *words[:2]],
            "comparison": lambda: [chance.choice(self._names), "vs", chance.choice(self._names), *words[:2]],
        }
        return " ".join(changed.get(chance.choice([*changed, *["plain"] * 6]), lambda: words)())

    def _filters(self) -> Filters:
        return Filters(
            sections=self._some("section"),
            specialties=self._some("specialty"),
            hiring=self._some("hiring"),
            services=self._some("service"),
            verified=tuple(self._random.sample(["30", "365", "unknown"], 1)) if self._random.random() < 0.1 else (),
        )

    def _some(self, facet: str) -> tuple[str, ...]:
        values = list(self._values[facet])
        return tuple(self._random.sample(values, min(2, len(values)))) if self._random.random() < 0.12 else ()


def check(requests: Sequence[SearchRequest], pages: Sequence[tuple[Page, Page]]) -> None:
    """All pages are the same, sorted ones in their order, and nearly all have the same ten best."""
    same, faults = 0, []
    for request, (embedded, cluster) in zip(requests, pages, strict=True):
        faults += [f"{request}: {fault}" for fault in differences(embedded, cluster)]
        same += same_companies(embedded, cluster)
        if request.sort != "relevance" and slugs(embedded) != slugs(cluster):
            faults.append(f"{request}: {slugs(embedded)} and {slugs(cluster)}")
    assert not faults, "\n".join(faults[:5])
    assert same >= SAME_TOP * len(requests)


def test_500_random_requests_over_the_corpus_give_the_same_pages(over_corpus: Pair) -> None:
    asking = Asking(over_corpus.embedded.open(), seed=8)
    requests = [asking.request() for _ in range(REQUESTS)]
    assert {request.sort for request in requests} == {"relevance", "verified", "name"}
    pages = over_corpus.all_pages(requests)
    assert any(page.request.page > 1 and page.results for page, _ in pages)
    check(requests, pages)


ANY_ORDER = st.sampled_from(["relevance", "relevance", "verified", "name"])


def test_500_random_requests_over_random_corpora_give_the_same_pages(empty: Pair) -> None:
    asked: list[SearchRequest] = []

    @given(corpora(), st.lists(st.builds(SearchRequest, QUERIES, FILTERS, ANY_ORDER), min_size=56, max_size=60))
    @given_settings(deadline=None, max_examples=9, phases=NO_REPEATS, suppress_health_check=list(HealthCheck))
    def agree(profiles: list[RenderedProfile], requests: list[SearchRequest]) -> None:
        for engine in empty.engines:
            publish(engine, profiles)
        check(requests, empty.all_pages(requests))
        asked.extend(requests)

    agree()
    assert len(asked) >= REQUESTS
    assert {request.sort for request in asked} == {"relevance", "verified", "name"}


def test_suggestions_and_statuses_are_the_same(over_corpus: Pair) -> None:
    assert set(HIRING_STATUSES) >= set(over_corpus.cluster.open().values()["hiring"])
    for typed in ("a", "pay", "scal", "sacle", "legit", "refuge", "how does sam"):
        suggested = [SearchService(engine).suggest(typed) for engine in over_corpus.engines]
        assert suggested[0] == suggested[1]
    assert over_corpus.embedded.open().facts() == over_corpus.cluster.open().facts()


def test_judgments_of_the_corpus_give_the_same_figures(over_corpus: Pair, tmp_path: Path) -> None:
    lines = (CORPUS / "judgments.tsv").read_text(encoding="utf-8").splitlines()[1:]
    queries = list(dict.fromkeys(line.partition("\t")[0] for line in lines))[::JUDGED_EACH]
    judgments = tmp_path / "judgments.tsv"
    judgments.write_text("\n".join(line for line in lines if line.partition("\t")[0] in queries), encoding="utf-8")
    embedded, cluster = (evaluate_judgments(engine.open(), judgments).figures for engine in over_corpus.engines)
    assert cluster == pytest.approx(embedded, abs=0.02)


def test_collection_gives_the_same_figures(empty: Pair, tmp_path: Path) -> None:
    write_collection(tmp_path)
    figures = [evaluate_collection(engine, tmp_path).figures for engine in empty.engines]
    assert figures[1] == pytest.approx(figures[0], abs=0.02)


@pytest.mark.skipif(not COLLECTION, reason="PROFILE_SEARCH_TEST_COLLECTION names no collection in BEIR layout")
def test_collection_of_others_gives_the_same_figures(empty: Pair, tmp_path: Path) -> None:
    for part in Path(COLLECTION).rglob("*"):
        if part.is_file():
            lines = part.read_text(encoding="utf-8").splitlines()
            left = lines[::JUDGED_EACH] if part.name == "queries.jsonl" else lines
            (tmp_path / part.name).write_text("\n".join(left), encoding="utf-8")
    embedded, cluster = (evaluate_collection(engine, tmp_path).figures for engine in empty.engines)
    print(embedded, cluster)
    assert cluster == pytest.approx(embedded, abs=0.02)


def write_collection(folder: Path) -> None:
    """A collection in BEIR layout, made of the corpus: a question is the first words of a section."""
    import json

    documents, queries, qrels = [], [], ["query-id\tcorpus-id\tscore"]
    for path in sorted(CORPUS.glob("*.md")):
        for number, part in enumerate(path.read_text(encoding="utf-8").split("\n## ")[1:]):
            heading, _, body = part.partition("\n")
            name = f"{path.stem}-{number}"
            documents.append(json.dumps({"_id": name, "title": f"{path.stem} {heading}", "text": body}))
            queries.append(json.dumps({"_id": name, "text": " ".join(body.split()[4:12])}))
            qrels.append(f"{name}\t{name}\t1")
    (folder / "corpus.jsonl").write_text("\n".join(documents), encoding="utf-8")
    (folder / "queries.jsonl").write_text("\n".join(queries[:: 3 * JUDGED_EACH]), encoding="utf-8")
    (folder / "qrels.tsv").write_text("\n".join(qrels), encoding="utf-8")
