"""Two versions of one corpus that differ in every total, count and text, and what the pages of either are."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from test_engine_contract import company, publish

from indexer.config import Settings
from indexer.engines import open_engine
from indexer.page import Page
from indexer.profiles.model import RenderedProfile
from indexer.query.request import Filters, SearchRequest
from indexer.search import SearchService
from webapp import create_app

COMPANIES = {"copper": 400, "silver": 414}
HIRING = {"copper": "workers", "silver": "unknown"}

QUESTIONS = (
    SearchRequest("metal", size=50),
    SearchRequest("metal", Filters(sections=("compensation",)), size=50),  # counts its sections in a second question
    SearchRequest("n1 n2", size=50),  # no company has both, so how many one has is asked, then for one of them
    SearchRequest("metal sound shines paid weekly n3", size=50),  # asked again with the words of the best answers
    SearchRequest("metl paid", size=50),  # misspelled
)
ADDRESSES = ("/", "/search?q=metal", "/profiles/company-1?q=metal")

Signature = tuple[bool, tuple[str, ...], int, int, Mapping[str, Mapping[str, int]]]


def corpus(metal: str) -> list[RenderedProfile]:
    """Companies in whose every section the metal is the same."""
    return [
        company(
            f"Company {n}",
            ("overview", f"the metal {metal} is sound and shines like n{n % 7}"),
            ("compensation", f"paid weekly in the metal {metal}"),
            hiring_status=HIRING[metal],
        )
        for n in range(COMPANIES[metal])
    ]


def metals(page: Page) -> tuple[str, ...]:
    """The metals that the texts of a page are about."""
    texts = ["".join(piece.text for piece in section.snippet) for result in page.results for section in result.sections]
    return tuple(metal for metal in COMPANIES if any(metal in text for text in texts))


def signature(page: Page) -> Signature:
    """What tells a page of one version from one of the other, and both from half a page or a mixed one."""
    facets = {name: {value.value: value.count for value in values} for name, values in page.facets.items()}
    return page.partial, metals(page), page.total, len(page.results), facets


@dataclass(frozen=True, slots=True)
class Expected:
    """What a question, or an address, may be answered with: once for either version."""

    pages: Mapping[SearchRequest, list[Signature]]
    texts: Mapping[str, list[str]]


def expected(folder: Path) -> Expected:
    """What the embedded engine answers."""
    pages: dict[SearchRequest, list[Signature]] = {question: [] for question in QUESTIONS}
    texts: dict[str, list[str]] = {address: [] for address in ADDRESSES}
    for metal in COMPANIES:
        settings = Settings(index=str(folder / metal))
        with closing(open_engine(settings)) as engine:
            publish(engine, corpus(metal))
            for question, found in pages.items():
                found.append(signature(SearchService(engine).search(question)))
        web = create_app(settings).test_client()
        for address, shown in texts.items():
            shown.append(web.get(address).text)
    return Expected(pages, texts)
