"""Whether a search asks for one quick fact of one company: its name, or the beginning of it, and the fact's word."""

from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from indexer import text
from indexer.engines.base import Searcher
from indexer.engines.company import naming_terms, telling_words
from indexer.page import AskedFact
from indexer.profiles.model import Facts
from indexer.query.factwords import BESIDE_FACTS, FACT_OF_WORD
from indexer.query.tree import Query


@dataclass(frozen=True, slots=True)
class _Named:
    """A company with the stems of its name: all, those that tell it from others, and the first of these."""

    facts: Facts
    terms: frozenset[str]
    telling: frozenset[str]
    first: str


_rosters: WeakKeyDictionary[Searcher, tuple[_Named, ...]] = WeakKeyDictionary()


def asked_fact(searcher: Searcher, words: Sequence[str], query: Query) -> AskedFact | None:
    """The fact that is asked for, when nothing else is. `words`: those of the query as text, repaired, one a node."""
    asked = {FACT_OF_WORD[word] for word in words if word in FACT_OF_WORD}
    if len(asked) != 1 or query.unwanted:
        return None
    nodes = [
        node
        for word, node in zip(words, query.wanted, strict=True)
        if word not in FACT_OF_WORD and word not in BESIDE_FACTS
    ]
    facts = _company(searcher, [naming_terms(Query((node,))) for node in nodes]) if nodes else None
    return AskedFact(facts, asked.pop()) if facts else None


def _company(searcher: Searcher, words: Sequence[set[str]]) -> Facts | None:
    """The one company that has all words in its name, among them those that tell it from others, or their first."""
    named = [company for company in _roster(searcher) if all(terms & company.terms for terms in words)]
    said = frozenset().union(*words)
    whole = [company.facts for company in named if company.telling <= said]
    begun = [company.facts for company in named if company.first in said]
    return next((found[0] for found in (whole, begun) if len(found) == 1), None)


def _roster(searcher: Searcher) -> tuple[_Named, ...]:
    """The names of a generation's companies, read once and gone with its searcher."""
    found = _rosters.get(searcher)
    if found is None:
        everybody = searcher.facts()
        telling = telling_words([facts.company for facts in everybody])
        found = _rosters[searcher] = tuple(map(_named, everybody, telling))
    return found


def _named(facts: Facts, telling: frozenset[str]) -> _Named:
    terms = [token.term for token in text.tokenize(facts.company)]
    return _Named(facts, frozenset(terms), telling, next((term for term in terms if term in telling), ""))
