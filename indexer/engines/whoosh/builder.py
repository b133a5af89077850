"""One generation in the making: profiles in, files out."""

from collections.abc import Mapping
from dataclasses import fields
from functools import cached_property
from pathlib import Path

import numpy as np

from indexer import ranking, text
from indexer.engines.base import Generation
from indexer.engines.whoosh.columns import Columns
from indexer.engines.whoosh.generations import Draft
from indexer.engines.whoosh.manifest import JSON, Manifest
from indexer.engines.whoosh.searcher import ColumnSearcher
from indexer.engines.whoosh.store import build_store
from indexer.engines.whoosh.tokens import TokenWriter, Translation
from indexer.engines.whoosh.whoosh_index import verify_whoosh_index, write_whoosh_index
from indexer.errors import IndexCorrupt
from indexer.profiles.model import RenderedProfile
from indexer.query.lexicon import Vocabulary

COLUMNS, WHOOSH = "columns", "whoosh"
"""Folders of a generation."""

FINGERPRINT = f"columns-{Columns.layout()} ranking-{ranking.fingerprint()} whoosh-2.7.4 {text.fingerprint()}"
"""What a generation can be read by: layout, analysis and impacts. Another fingerprint means: rebuild."""


class GenerationBuilder:
    """Collects profiles and writes them on `publish`. `current`: the columns of the generation before, if readable."""

    def __init__(self, draft: Draft, current: Columns | None) -> None:
        self._draft = draft
        self._current = current
        self._added: dict[str, RenderedProfile] = {}
        self._kept: set[str] = set()

    @cached_property
    def _places(self) -> dict[str, int]:
        """Slug to company in the generation before."""
        if self._current is None:
            return {}
        return {slug: company for company, slug in enumerate(self._current.store.strings("slugs"))}

    @cached_property
    def reusable(self) -> Mapping[str, str]:
        """Slug to digest of every profile of the current generation."""
        if self._current is None:
            return {}
        return dict(zip(self._places, self._current.store.strings("digests"), strict=True))

    def keep(self, slug: str) -> None:
        """Take a profile over from the current generation."""
        self._kept.add(slug)

    def add(self, profile: RenderedProfile) -> None:
        """Add a profile; it must have a section."""
        if not profile.sections:
            raise ValueError(f"{profile.facts.slug} has no section")
        self._added[profile.facts.slug] = profile

    def publish(self, corpus_digest: str, vocabulary: Vocabulary) -> Generation:
        """Write, verify and publish."""
        columns = self._columns()
        for name in (COLUMNS, WHOOSH):
            (self._draft.path / name).mkdir(mode=0o755)
        columns.save(self._draft.path / COLUMNS)
        write_whoosh_index(self._draft.path / WHOOSH, columns)
        facts: dict[str, JSON] = {
            "profiles": len(columns.store.first) - 1,
            "sections": len(columns.store.company_of),
            "synonyms": vocabulary.synonyms,
            "intents": dict(vocabulary.intents),
        }
        return generation_of(self._draft.publish(corpus_digest, facts, lambda folder: _verify(folder, columns)))

    def _columns(self) -> Columns:
        profiles = []
        writer = TokenWriter()
        old = Translation(self._current.words) if self._current else None
        for slug in sorted({*self._added, *self._kept}):
            profile = self._added.get(slug)
            if profile is None and self._current is not None and old is not None:
                company = self._places[slug]
                profile = self._current.store.profile_of(company)
                first = self._current.store.first
                for section in range(int(first[company]), int(first[company + 1])):
                    writer.keep(self._current.tokens, section, old)
            elif profile is not None:
                for part in profile.sections:
                    writer.add(profile.facts.company, part.heading, part.text)
            if profile is not None:
                profiles.append(profile)
        names = [profile.facts.company for profile in profiles]
        return Columns.build(writer.finish(), build_store(profiles), names)


def _verify(folder: Path, written: Columns) -> None:
    """Open the files as a reader would: every column is what was written, and Whoosh finds what the columns hold."""
    columns = Columns.load(folder / COLUMNS)
    for table in ("tokens", "postings", "names", "store"):
        read, wrote = getattr(columns, table), getattr(written, table)
        for column in fields(wrote):
            if not np.array_equal(getattr(read, column.name), getattr(wrote, column.name)):
                raise IndexCorrupt(f"the column {table}.{column.name} differs from what was written")
    verify_whoosh_index(folder / WHOOSH, columns)


def generation_of(manifest: Manifest) -> Generation:
    """What readers know of a generation."""
    return Generation(
        id=manifest.id,
        created=manifest.created,
        corpus_digest=manifest.corpus_digest,
        profiles=int(str(manifest.facts["profiles"])),
        sections=int(str(manifest.facts["sections"])),
        size_bytes=manifest.size_bytes,
    )


def searcher_of(manifest: Manifest, folder: Path) -> ColumnSearcher:
    """A searcher over a generation's folder; raises IndexCorrupt."""
    synonyms, intents = manifest.facts["synonyms"], manifest.facts["intents"]
    if not isinstance(synonyms, list) or not isinstance(intents, dict):
        raise IndexCorrupt(f"the manifest of {manifest.id} has no vocabulary")
    vocabulary = Vocabulary(
        synonyms=tuple(tuple(map(str, group)) for group in synonyms),
        intents={section: tuple(map(str, words)) for section, words in intents.items()},
    )
    return ColumnSearcher(Columns.load(folder / COLUMNS), generation_of(manifest), vocabulary)
