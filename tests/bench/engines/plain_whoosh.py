"""Whoosh 2.7.4 as it is: its writer, its parser, its matchers."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from whoosh.collectors import TopCollector
from whoosh.index import create_in, open_dir
from whoosh.qparser import FuzzyTermPlugin, MultifieldParser, OrGroup

from indexer.engines.whoosh.schema import section_schema
from indexer.profiles.model import RenderedProfile
from indexer.ranking import TYPO_ONE_EDIT_FROM

from ..queries import BenchQuery
from .base import Line, Run

FIELDS = ["body", "heading", "company"]
WRITER_MB = 256


class PlainWhoosh:
    """Any of the words; the collector that does not lose the best hits, for Whoosh's default one does."""

    def build(self, folder: Path, profiles: Iterable[RenderedProfile]) -> None:
        """Write with `add_document`, in one process."""
        writer = create_in(str(folder), section_schema()).writer(limitmb=WRITER_MB)
        for profile in profiles:
            for section in profile.sections:
                writer.add_document(
                    key=f"{profile.facts.slug}#{section.id}",
                    slug=profile.facts.slug,
                    section=section.id,
                    company=profile.facts.company,
                    heading=section.heading,
                    body=section.text,
                )
        writer.commit()

    def open(self, folder: Path) -> Mapping[str, Line]:
        """One line."""
        index = open_dir(str(folder))
        searcher = index.searcher()
        parser = MultifieldParser(FIELDS, index.schema, group=OrGroup)
        parser.add_plugin(FuzzyTermPlugin())
        return {"Whoosh": lambda query: _line(searcher, parser, query)}


def _line(searcher: Any, parser: Any, query: BenchQuery) -> Run | None:
    if query.hiring or query.facets:
        return None
    text = " ".join(map(_fuzzy, query.words)) if query.form == "typo" else query.text

    def run() -> int:
        collector = TopCollector(limit=10, usequality=False, replace=0)
        searcher.search_with_collector(parser.parse(text), collector)
        return int(collector.results().scored_length())

    return run


def _fuzzy(word: str) -> str:
    """The word with one edit, after its first letter, from the length at which we repair words too."""
    return f"{word}~1/1" if len(word) >= TYPO_ONE_EDIT_FROM else word
