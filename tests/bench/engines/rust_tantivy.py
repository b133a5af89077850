"""tantivy, through its own Python package."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import tantivy

from indexer.profiles.model import RenderedProfile

from ..queries import BenchQuery
from .base import Line, Run

FIELDS = ["body", "heading", "company"]
WRITER_BYTES = 256 << 20
FACETS = {name: {"terms": {"field": name, "size": 50}} for name in ("hiring", "specialty", "section", "service")}


class Tantivy:
    """Any of the words (its parser's default), or all of them; a prefix or a typo is a fuzzy query."""

    def build(self, folder: Path, profiles: Iterable[RenderedProfile]) -> None:
        """One thread, so that there is one segment."""
        writer = tantivy.Index(_schema(), path=str(folder)).writer(WRITER_BYTES, 1)
        for profile in profiles:
            facts = profile.facts
            for section in profile.sections:
                writer.add_document(
                    tantivy.Document(
                        company=facts.company,
                        heading=section.heading,
                        body=section.text,
                        hiring=facts.hiring_status,
                        service=facts.service_type or "unknown",
                        section=section.id,
                        specialty=list(facts.specialties),
                    )
                )
        writer.commit()
        writer.wait_merging_threads()

    def open(self, folder: Path) -> Mapping[str, Line]:
        """Four lines: the ten best, with the number of matches, all of the words, and the words of one field only."""
        index = tantivy.Index.open(str(folder))
        searcher = index.searcher()
        return {
            "tantivy": lambda query: _line(index, searcher, query, {}),
            "tantivy + count": lambda query: _line(index, searcher, query, {"count": True}),
            "tantivy AND": lambda query: _line(index, searcher, query, {"all": True}),
            "tantivy body": lambda query: _line(index, searcher, query, {"body": True}),
        }


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in FIELDS:
        builder.add_text_field(name, tokenizer_name="en_stem")
    for name in FACETS:
        builder.add_text_field(name, tokenizer_name="raw", fast=True, index_option="basic")
    return builder.build()


def _line(index: Any, searcher: Any, query: BenchQuery, how: Mapping[str, bool]) -> Run | None:
    fields = FIELDS[:1] if how.get("body") else FIELDS
    edits = {"prefix": (True, 0, True), "typo": (False, 1, True)}.get(query.form)
    fuzzy = dict.fromkeys(fields, edits) if edits else {}
    count, every = how.get("count", False), how.get("all", False)
    facets = json.loads(json.dumps(FACETS))

    def run() -> int:
        text = query.text.removesuffix("*")
        if query.hiring:
            text = f'+({text}) +hiring:{query.hiring} +specialty:"{query.specialty}"'
        parsed = index.parse_query(text, fields, fuzzy_fields=fuzzy, conjunction_by_default=every)
        found = searcher.search(parsed, 10, count=count)
        if query.facets:
            searcher.aggregate(parsed, facets)
        return int(found.count) if count else len(found.hits)

    return run
