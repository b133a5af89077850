"""One generation in the making: profiles are analysed and set aside, then sent when the whole corpus is known."""

import json
import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from types import TracebackType
from typing import IO, Any

from indexer.engines.base import Generation
from indexer.engines.opensearch import stored
from indexer.engines.opensearch.cluster import Cluster
from indexer.engines.opensearch.documents import (
    NEWS_ID,
    VALUES_ID,
    DocumentWriter,
    fact_pages,
    facts_ids,
    word_pages,
    words_id,
)
from indexer.engines.opensearch.generations import Generations, Record, Shelf
from indexer.engines.opensearch.loading import Document, document, load
from indexer.engines.opensearch.lock import WriterLock
from indexer.engines.opensearch.patience import WRITING
from indexer.engines.opensearch.reading import read_companies, read_digests, read_news
from indexer.engines.opensearch.statistics import Statistics
from indexer.engines.opensearch.verify import measure_unit, verify
from indexer.errors import IndexCorrupt, IndexMissing, IndexOutdated, OperatorError, StorageFailed
from indexer.profiles.changes import Change
from indexer.profiles.model import RenderedProfile
from indexer.query.lexicon import Vocabulary

SECTIONS_PER_SHARD = 250_000
"""A shard answers on one core; at this size in some tens of milliseconds."""
KEPT_AT_ONCE = 100
"""Profiles taken over by one request."""

logger = logging.getLogger(__name__)


class GenerationBuilder(AbstractContextManager["GenerationBuilder"]):
    """Collects profiles on disk, so memory holds words and names only; `publish` sends them."""

    def __init__(self, cluster: Cluster, generations: Generations, lock: WriterLock) -> None:
        self._cluster = cluster
        self._generations = generations
        self._lock = lock
        self._shelf = generations.shelf(WRITING)
        self._unpublished: str | None = None
        self._statistics = Statistics()
        with _room():
            self._aside: IO[bytes] = tempfile.TemporaryFile(prefix="profile-search-")  # noqa: SIM115  # closed on exit
        self._kept: list[str] = []

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._unpublished is not None:  # nobody else's; with the lock or, as on a disk that is full, without it
            with suppress(OperatorError):
                self._generations.discard(self._unpublished)
        with suppress(OSError):  # what is not written yet finds no room
            self._aside.close()

    @cached_property
    def _current(self) -> Record | None:
        """The generation before, None when there is nothing to take over from."""
        try:
            return self._generations.read(self._shelf.current, WRITING) if self._shelf.current else None
        except (IndexCorrupt, IndexMissing, IndexOutdated):
            return None

    @cached_property
    def reusable(self) -> Mapping[str, str]:
        """Slug to digest of every profile of the current generation."""
        if self._current is None:
            return {}
        return read_digests(self._cluster, self._generations.index(self._current.generation.id))

    @cached_property
    def news(self) -> Sequence[Change]:
        """The news of the current generation."""
        if self._current is None:
            return ()
        try:
            return read_news(self._cluster, self._generations.index(self._current.generation.id), WRITING)
        except IndexCorrupt as lost:  # what is rebuilt is whole without it
            logger.warning("%s; what had changed before is forgotten", lost)
            return ()

    def before(self, slug: str) -> RenderedProfile | None:
        """A profile as the current generation has it, None where it has none."""
        if slug not in self.reusable or self._current is None:
            return None
        index = self._generations.index(self._current.generation.id)
        return next(read_companies(self._cluster, index, [slug])).profile()

    def keep(self, slug: str) -> None:
        """Take a profile over from the current generation."""
        self._kept.append(slug)
        if len(self._kept) >= KEPT_AT_ONCE:
            self._take_over()

    def add(self, profile: RenderedProfile) -> None:
        """Analyse and add a profile; it must have a section."""
        if not profile.sections:
            raise ValueError(f"{profile.facts.slug} has no section")
        self._put_aside(stored.analyse(profile))

    def publish(self, corpus_digest: str, vocabulary: Vocabulary, news: Sequence[Change] = ()) -> Generation:
        """Load, verify and publish."""
        self._take_over()
        with _room():
            self._aside.flush()
        self._lock.check()
        generation = self._generations.new_id(corpus_digest)
        shards = self._cluster.address.shards or 1 + self._statistics.sections // SECTIONS_PER_SHARD
        self._unpublished = generation
        uuid = self._generations.create(generation, shards)
        record = Record(
            generation=Generation(
                generation, datetime.now(UTC), corpus_digest, self._statistics.profiles, self._statistics.sections, 0
            ),
            vocabulary=vocabulary,
            averages=tuple(self._statistics.averages()),
            shards=shards,
            pages=0,
        )
        record = self._load(record, news)
        if self._generations.uuid(generation) != uuid:
            raise IndexCorrupt(f"{self._generations.index(generation)} was removed by somebody else while it was made")
        self._generations.write(record)
        self._lock.check()
        self._generations.publish(generation, self._shelf)
        self._unpublished = None
        self._shelf = Shelf(generation, self._shelf.current)
        return record.generation

    def _load(self, record: Record, news: Sequence[Change]) -> Record:
        """Send everything; the record with what was learnt by that."""
        index, mark = self._generations.index(record.generation.id), self._generations.mark(record.generation.id)
        identities = self._statistics.identities()
        writer = DocumentWriter(record.averages, identities)
        load(self._cluster, mark, (document(c.facts.slug, writer.company(c)) for c in self._set_aside()))
        pages = list(word_pages(self._statistics, identities))
        load(self._cluster, mark, self._beside(pages, news))
        record = verify(self._cluster, replace(record, pages=len(pages)), index)
        sample = next(self._set_aside(), None)
        if sample is None:
            return record
        return replace(record, unit=measure_unit(self._cluster, record, index, (sample, self._statistics)))

    def _beside(self, pages: Sequence[Mapping[str, Any]], news: Sequence[Change]) -> Iterator[Document]:
        """The documents that are no companies."""
        yield document(NEWS_ID, {"stored": {"changes": [change.dump() for change in news]}})
        yield document(VALUES_ID, {"stored": self._statistics.values()})
        for number, page in enumerate(pages):
            yield document(words_id(number), {"stored": page})
        everybody = (data["facts"] for data in self._lines())
        for identity, facts in zip(facts_ids(self._statistics.profiles), fact_pages(everybody), strict=True):
            yield document(identity, {"stored": facts})

    def _take_over(self) -> None:
        """Fetch the profiles to keep, with the words that were found in them before."""
        if self._kept and self._current is not None:
            index = self._generations.index(self._current.generation.id)
            for company in read_companies(self._cluster, index, self._kept):
                self._put_aside(company)
        self._kept = []

    def _put_aside(self, company: stored.Company) -> None:
        self._statistics.take_in(company)
        with _room():
            self._aside.write(stored.json_line(company))

    def _set_aside(self) -> Iterator[stored.Company]:
        return map(stored.load, self._lines())

    def _lines(self) -> Iterator[dict[str, Any]]:
        """The profiles as plain data, one at a time."""
        self._aside.seek(0)
        return map(json.loads, self._aside)


@contextmanager
def _room() -> Iterator[None]:
    """Say where there is no room for the profiles that are to be sent."""
    try:
        yield
    except OSError as fault:
        raise StorageFailed(
            f"no room for the profiles to be sent in {tempfile.tempdir or 'any temporary folder'}: {fault.strerror};"
            " free some, or name another folder in TMPDIR",
            "profile-search rebuild",
        ) from fault
