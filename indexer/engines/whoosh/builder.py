"""One generation in the making: profiles in, files out."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import numpy as np

from indexer.engines.base import Generation, Plan
from indexer.engines.whoosh import files
from indexer.engines.whoosh.columns import Columns
from indexer.engines.whoosh.contents import COLUMNS, WHOOSH, generation_of
from indexer.engines.whoosh.generations import Draft
from indexer.engines.whoosh.manifest import JSON, read_manifest
from indexer.engines.whoosh.news import write_news
from indexer.engines.whoosh.searcher import ColumnSearcher, searcher_of
from indexer.engines.whoosh.store import Store, build_store
from indexer.engines.whoosh.tokens import Ints, TokenWriter, Translation
from indexer.engines.whoosh.whoosh_index import verify_whoosh_index, write_whoosh_index
from indexer.errors import IndexCorrupt
from indexer.profiles.changes import Change
from indexer.profiles.model import RenderedProfile
from indexer.query.lexicon import Vocabulary
from indexer.query.request import Filters
from indexer.query.tree import Form, Query, Word


class GenerationBuilder:
    """Collects profiles and writes them on `publish`. `current`: the columns of the generation before, if readable.

    `_profiles` holds each with the numbers of its sections in `_tokens`."""

    def __init__(self, draft: Draft, current: Columns | None) -> None:
        self._draft = draft
        self._current = current
        self._known = Translation(current.tokens) if current else None
        self._tokens = TokenWriter()
        self._profiles: dict[str, tuple[RenderedProfile, range]] = {}

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

    @cached_property
    def news(self) -> Sequence[Change]:
        """The news of the current generation."""
        return () if self._current is None else self._current.news.read()

    def before(self, slug: str) -> RenderedProfile | None:
        """A profile as the current generation has it, None where it has none."""
        company = self._places.get(slug)
        return None if self._current is None or company is None else self._current.store.profile_of(company)

    def keep(self, slug: str) -> None:
        """Take a profile over from the current generation."""
        if self._current is None or self._known is None:
            raise ValueError(f"there is no generation to take {slug} from")
        company, store = self._places[slug], self._current.store
        start = self._tokens.sections
        for section in range(int(store.first[company]), int(store.first[company + 1])):
            self._tokens.keep(self._current.tokens, section, self._known)
        self._collect(store.profile_of(company), start)

    def add(self, profile: RenderedProfile) -> None:
        """Add a profile; it must have a section. It is analysed at once: where others render, that is no wait."""
        if not profile.sections:
            raise ValueError(f"{profile.facts.slug} has no section")
        start = self._tokens.sections
        for part in profile.sections:
            self._tokens.add(profile.facts.company, part.heading, part.text)
        self._collect(profile, start)

    def _collect(self, profile: RenderedProfile, start: int) -> None:
        if profile.facts.slug in self._profiles:
            raise ValueError(f"{profile.facts.slug} is there already")
        self._profiles[profile.facts.slug] = profile, range(start, self._tokens.sections)

    def publish(self, corpus_digest: str, vocabulary: Vocabulary, news: Sequence[Change] = ()) -> Generation:
        """Write, verify and publish."""
        columns = self._columns(news)
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

    def _columns(self, news: Sequence[Change] = ()) -> Columns:
        store, names, order = self._stored()
        return Columns.build(self._tokens.finish(order), store, names, write_news(news))

    def _stored(self) -> tuple[Store, list[str], Ints]:
        """What is stored of the companies, their names, and their sections in order; the profiles are let go of."""
        collected = [self._profiles.pop(slug) for slug in sorted(self._profiles)]
        profiles = [profile for profile, _ in collected]
        order = np.array([section for _, sections in collected for section in sections], np.int32)
        return build_store(profiles), [profile.facts.company for profile in profiles], order


def _verify(folder: Path, written: Columns) -> None:
    """Open the files as a reader would: every column is what was written, and Whoosh finds what the columns hold."""
    for wrote in (written.tokens, written.postings, written.names, written.store, written.news):
        read = files.load(folder / COLUMNS, type(wrote))
        for column in fields(wrote):
            if not np.array_equal(getattr(read, column.name), getattr(wrote, column.name)):
                name = f"{type(wrote).__name__.lower()}.{column.name}"
                raise IndexCorrupt(f"the column {name} differs from what was written")
    verify_whoosh_index(folder / WHOOSH, written)
    _try_out(searcher_of(read_manifest(folder), folder), written)


def _try_out(searcher: ColumnSearcher, written: Columns) -> None:
    """The last profile comes back as it went in, and a search for the first word finds somebody."""
    last = written.store.profile_of(written.companies - 1)
    if searcher.profile(last.facts.slug) != last:
        raise IndexCorrupt(f"the profile {last.facts.slug} does not come back as written")
    for term in written.tokens.terms[:1]:
        plan = Plan(Query((Word(term, (Form(term),)),)), Filters(), "relevance", 0, 1, datetime.now(UTC).date())
        if not searcher.search(plan).hits:
            raise IndexCorrupt(f"a search for {term!r} finds nothing")
