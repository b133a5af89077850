"""A question is answered twice: words that its best answers share move the second ranking.

Only questions (more than a few words) gain from it; for a word or two people expect the words themselves. The
added words move hits among each other and never add one.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from indexer import text
from indexer.engines.base import CompanyHit
from indexer.query.lexicon import Lexicon
from indexer.query.tree import Form, Phrase, Query, Word
from indexer.ranking import FEEDBACK_AGREEMENT, FEEDBACK_WEIGHT, FEEDBACK_WORDS, SATURATION


def with_feedback(query: Query, best: Sequence[CompanyHit], lexicon: Lexicon, sections: int) -> Query:
    """The query with the words that at least some of the best hits share, weighted by how telling they are."""
    documents = [Counter(_meant(hit.sections[0].text)) for hit in best if hit.sections]
    agreement = Counter(term for document in documents for term in document)
    typed = {form.term for leaf in query.leaves() if not isinstance(leaf, Phrase) for form in leaf.forms}
    length = sum(document.total() for document in documents) / max(1, len(documents))
    value: dict[str, float] = {}
    for term, count in agreement.items():
        if count >= min(FEEDBACK_AGREEMENT, len(documents)) and term not in typed:
            idf = _rarity(lexicon.frequency(term), sections)
            value[term] = idf * sum(_saturated(document, term, length) for document in documents)
    chosen = sorted(value, key=lambda term: (-value[term], term))[:FEEDBACK_WORDS]
    total = sum(value[term] for term in chosen)
    share = FEEDBACK_WEIGHT * len(query.wanted)
    words = (Word(term, (Form(term, share * value[term] / total, "feedback"),)) for term in chosen)
    return replace(query, optional=tuple(words))


def _meant(content: str) -> list[str]:
    tokens = text.tokenize(content)
    return [token.term for token in tokens if len(token.word) > 1 and not text.is_stop_word(token.word)]


def _rarity(frequency: int, sections: int) -> float:
    return math.log1p((sections - frequency + 0.5) / (frequency + 0.5))


def _saturated(document: Counter[str], term: str, length: float) -> float:
    count = document[term] / (0.4 + 0.6 * document.total() / max(1.0, length))
    return count * (SATURATION + 1) / (count + SATURATION)
