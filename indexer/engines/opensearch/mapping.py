"""How a generation lies in OpenSearch: one document a company, its sections nested in it.

The cluster's BM25 is made to be our BM25F. It weighs a word by tf / (tf + k1), and takes tf as we send it: the
`delimited_term_freq` filter reads "wage|13514" as 13,514 occurrences of "wage". We send the field-weighted,
length-damped frequency of indexer.ranking times FREQUENCY_SCALE, with k1 scaled alike and no norms of its own, so a
section scores what it scores in the embedded engine.
"""

from indexer import ranking, text
from indexer.profiles import fingerprint
from indexer.ranking import SATURATION

FACTS_PER_PAGE = 1_000
"""Companies in one document of quick facts: about half a megabyte. Part of the layout: it tells how many there are."""

FINGERPRINT = " ".join(
    (
        "opensearch-4",
        f"facts-{FACTS_PER_PAGE}",
        f"ranking-{ranking.fingerprint()}",
        text.fingerprint(),
        fingerprint.fingerprint(),
    )
)
"""What a generation can be read by: layout, analysis, weights, rendering. Another fingerprint means: rebuild."""

FREQUENCY_SCALE = 10_000
"""Frequencies are whole numbers there; this keeps an error of one in ten thousand."""
FREQUENCY_SEPARATOR = "|"
EVERY_SECTION = "*"
"""A term that is in every section and in no query: so the cluster counts sections without words, too."""
FIELD_GAP = 100
"""Positions between the parts of a section: no phrase reaches from a heading into the text."""


def settings(shards: int) -> dict[str, object]:
    """The settings of a generation's index. A copy of each shard from the start, where there is a second node."""
    return {
        "number_of_shards": shards,
        "auto_expand_replicas": "0-1",
        "refresh_interval": "-1",
        "analysis": {
            "analyzer": {"weighed": {"tokenizer": "whitespace", "filter": ["frequency"]}},
            "filter": {"frequency": {"type": "delimited_term_freq", "delimiter": FREQUENCY_SEPARATOR}},
        },
        "similarity": {"bm25f": {"type": "BM25", "k1": SATURATION * FREQUENCY_SCALE, "b": 0.0}},
    }


KEYWORD = {"type": "keyword"}
NUMBER = {"type": "integer"}

MAPPINGS = {
    "dynamic": "strict",
    # Postings are rebuilt from `stored`; keeping what was sent as well would double the index.
    "_source": {"excludes": ["sections"]},
    "properties": {
        "slug": KEYWORD,
        "name_words": KEYWORD,
        "telling": KEYWORD,
        "telling_count": NUMBER,
        "name_rank": NUMBER,
        "verified": NUMBER,
        "specialty": KEYWORD,
        "hiring": KEYWORD,
        "service": KEYWORD,
        "stored": {"type": "object", "enabled": False},
        "sections": {
            "type": "nested",
            "properties": {
                "kind": KEYWORD,
                "impact": {
                    "type": "text",
                    "analyzer": "weighed",
                    "search_analyzer": "whitespace",
                    "similarity": "bm25f",
                    "index_options": "freqs",
                    "norms": False,
                },
                "stems": {
                    "type": "text",
                    "analyzer": "whitespace",
                    "index_options": "positions",
                    "position_increment_gap": FIELD_GAP,
                    "norms": False,
                },
                "words": {"type": "text", "analyzer": "whitespace", "index_options": "docs", "norms": False},
            },
        },
    },
}
