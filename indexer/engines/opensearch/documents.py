"""Documents as they are sent: companies, and beside them the pages of the word list and of all quick facts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from indexer import text
from indexer.engines.company import facet_values
from indexer.engines.opensearch.mapping import EVERY_SECTION, FACTS_PER_PAGE, FREQUENCY_SCALE, FREQUENCY_SEPARATOR
from indexer.engines.opensearch.statistics import Identities, Statistics
from indexer.engines.opensearch.stored import Company, Passage
from indexer.ranking import NAME

WORDS_PER_PAGE = 20_000
"""Words in one document of the word list: about half a megabyte."""
BESIDE = "#"
"""How the id of a document begins that is no company: no slug does."""
VALUES_ID = f"{BESIDE}values"
NEWS_ID = f"{BESIDE}news"


def words_id(page: int) -> str:
    """The id of a page of the word list."""
    return f"{BESIDE}words-{page}"


def facts_ids(companies: int) -> list[str]:
    """The ids of the pages of quick facts of so many companies."""
    return [f"{BESIDE}facts-{page}" for page in range(-(-companies // FACTS_PER_PAGE))]


def beside_ids(companies: int, pages: int) -> list[str]:
    """The ids of all documents beside so many companies, whose word list has so many pages."""
    return [NEWS_ID, VALUES_ID, *map(words_id, range(pages)), *facts_ids(companies)]


@dataclass(frozen=True, slots=True)
class DocumentWriter:
    """Makes documents by the statistics of the whole corpus."""

    averages: Sequence[float]
    identities: Identities

    def company(self, company: Company) -> dict[str, object]:
        """The document of a company."""
        facts, day = company.facts, company.facts.verified_on
        telling = self.identities.telling[facts.slug]
        return {
            "slug": facts.slug,
            "name_words": sorted(set(company.passages[0].fields[NAME])),
            "telling": sorted(telling),
            "telling_count": len(telling),
            "name_rank": self.identities.rank[facts.slug],
            "verified": day.toordinal() if day else 0,
            **facet_values(facts),
            "stored": company.dump(),
            "sections": [self._section(passage) for passage in company.passages],
        }

    def _section(self, passage: Passage) -> dict[str, object]:
        impact = [
            f"{term}{FREQUENCY_SEPARATOR}{scaled(frequency)}"
            for term, frequency in passage.frequencies(self.averages).items()
        ]
        return {
            "kind": passage.id,
            "impact": " ".join([*impact, f"{EVERY_SECTION}{FREQUENCY_SEPARATOR}1"]),
            "stems": [" ".join(map(text.term_of, words)) for words in passage.fields],
            "words": [" ".join(words) for words in passage.fields],
        }


def scaled(frequency: float) -> int:
    """A frequency as the cluster keeps it."""
    return max(1, round(frequency * FREQUENCY_SCALE))


def word_pages(statistics: Statistics, identities: Identities) -> Iterator[dict[str, object]]:
    """The word list in pages: sorted surface forms with their stems, counts, and in how many sections the stem is."""
    words = sorted(statistics.words)
    naming = set(identities.terms())
    for start in range(0, len(words), WORDS_PER_PAGE):
        page = words[start : start + WORDS_PER_PAGE]
        terms = [text.term_of(word) for word in page]
        yield {
            "words": " ".join(page),
            "terms": " ".join(terms),
            "counts": [statistics.words[word] for word in page],
            "frequencies": [statistics.frequency[term] for term in terms],
            "naming": sorted(naming.intersection(terms)),
        }


def fact_pages(everybody: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, object]]:
    """The quick facts of all companies in pages, in the order in which they come; one page is held at a time."""
    left = iter(everybody)
    while page := list(islice(left, FACTS_PER_PAGE)):
        yield {"facts": page}
