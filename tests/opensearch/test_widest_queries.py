"""The longest queries that may be sent: none asks a cluster for more clauses than it takes."""

import random
import tomllib
from collections.abc import Callable, Sequence
from itertools import islice

import pytest
from local_cluster import AnyCluster
from pairs import CORPUS, Pair, whole
from test_engine_contract import company, publish

from indexer.config import Settings
from indexer.engines import temporary_engine
from indexer.query.lexicon import Vocabulary
from indexer.query.request import MAX_QUERY_CHARACTERS, Filters, SearchRequest
from indexer.text import is_stop_word, words_of

pytestmark = pytest.mark.cluster

SYNONYMS = [
    phrase for group in tomllib.loads((CORPUS / "synonyms.toml").read_text())["group"] for phrase in group["words"]
]


def joined(words: Sequence[str], by: str = " ") -> str:
    """As many of the words as one query may hold."""
    text = ""
    for word in words:
        if len(text) + len(by) + len(word) > MAX_QUERY_CHARACTERS:
            break
        text += (by if text else "") + word
    return text


def words_of_corpus(least: int) -> list[str]:
    """Words of the corpus in some order, each once."""
    found = {word for path in CORPUS.glob("*.md") for word in words_of(path.read_text())}
    kept = sorted(word for word in found if len(word) >= least and word.isascii() and word.isalpha())
    return random.Random(1).sample([word for word in kept if not is_stop_word(word)], 400)


def pairs(words: Sequence[str]) -> list[str]:
    return [left + right for left, right in zip(words[::2], words[1::2], strict=True)]


WIDE: dict[str, Callable[[], str]] = {
    "prefixes of one letter": lambda: joined([f"{letter}*" for letter in "etaoinsrhldcumfpgwybvk"] * 8),
    "prefixes of two letters": lambda: joined([f"{word[:2]}*" for word in words_of_corpus(2)]),
    "prefixes or prefixes": lambda: joined([f"{word[:2]}*" for word in words_of_corpus(2)], " OR "),
    "60 words": lambda: joined(words_of_corpus(3)[:60]),
    "synonyms": lambda: joined(SYNONYMS[:60]),
    "one-word synonyms": lambda: joined([phrase for phrase in SYNONYMS if " " not in phrase][:60]),
    "a synonym, again and again": lambda: joined(["pay", "salary", "wage", "compensation", "id"] * 20),
    "synonyms or synonyms": lambda: joined([phrase for phrase in SYNONYMS if " " not in phrase], " OR "),
    "pairs of alternatives": lambda: joined(pairs([f"{word} OR " for word in SYNONYMS if " " not in word])),
    "phrases": lambda: joined([f'"{phrase}"' for phrase in SYNONYMS if " " in phrase]),
    "words written together": lambda: joined(pairs(words_of_corpus(3))),
    "misspelt words": lambda: joined([word[:3] + word[4:] for word in words_of_corpus(9)]),
    "words left out": lambda: joined(["pay", *(f"-{word}" for word in SYNONYMS if " " not in word)]),
    "prefixes left out": lambda: joined(["pay", *(f"-{word[:2]}*" for word in words_of_corpus(2))]),
}
CHOICES = (
    SearchRequest(""),
    SearchRequest("", Filters(sections=("compensation", "concerns"), hiring=("workers", "both")), sort="verified"),
)


@pytest.mark.parametrize("kind", WIDE)
def test_widest_query_finds_what_the_embedded_engine_finds(over_corpus: Pair, kind: str) -> None:
    for chosen in CHOICES:
        request = SearchRequest(WIDE[kind](), chosen.filters, sort=chosen.sort)
        embedded, cluster = over_corpus.pages(request)
        assert (cluster.total, cluster.facets) == (embedded.total, embedded.facets)
        assert (cluster.query, cluster.partial) == (embedded.query, False)


def test_vocabulary_of_hundreds_of_phrases_is_no_refusal(cluster: AnyCluster) -> None:
    numbers = islice(words_of_corpus(4), 20)
    groups = tuple((word, *(f"pay {word} n{n}" for n in range(20))) for word in numbers)
    said = " ".join(phrase for group in groups for phrase in group)
    with temporary_engine(Settings(index=f"opensearch://{','.join(cluster.hosts)}/vocabulary")) as engine:
        publish(engine, [company("Alpha", ("overview", said))], Vocabulary(synonyms=groups))
        for by in (" ", " OR "):
            page = whole(engine, SearchRequest(joined([group[0] for group in groups], by)))
            assert [result.facts.slug for result in page.results] == ["alpha"]
