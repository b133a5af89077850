"""Generations in a cluster: one dated index each, two aliases that name the current one and the one before."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from indexer.engines.base import Generation
from indexer.engines.opensearch import mapping
from indexer.engines.opensearch.cluster import Cluster, Refused, is_blocked
from indexer.engines.opensearch.patience import OPENING, READING, WRITING, Patience
from indexer.errors import EngineUnavailable, IndexCorrupt, IndexMissing, IndexOutdated
from indexer.query.lexicon import Vocabulary


@dataclass(frozen=True, slots=True)
class Shelf:
    """The generations there are: ids.

    `unfinished` are being made, or were when their writer died; `leftovers` were published and are no longer kept.
    """

    current: str | None = None
    previous: str | None = None
    unfinished: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """What a generation says about itself, kept in its index. `averages`: mean length of each field.

    `unit` is what the cluster's BM25 gives where ours gives 1. `pages` is the number of pages of its word list.
    """

    generation: Generation
    vocabulary: Vocabulary
    averages: tuple[float, ...]
    shards: int
    pages: int
    unit: float = 1.0
    fingerprint: str = field(default=mapping.FINGERPRINT)


class Generations:
    """The generations published under `cluster.address.name`."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.name = cluster.address.name
        self._pattern = re.compile(re.escape(self.name) + r"-(\d{8}t\d{6}\.\d{3}z-[0-9a-f]{8})")

    def index(self, generation: str) -> str:
        """The index of a generation."""
        return f"{self.name}-{generation}"

    def mark(self, generation: str) -> str:
        """The alias that an index has until it is published or discarded: whichever comes first ends it."""
        return f"{self.index(generation)}-unfinished"

    def shelf(self, patience: Patience = OPENING) -> Shelf:
        """What is there now, in one question. Readers ask any node, which may lag behind; writers ask the manager."""
        local = "true" if patience is OPENING else "false"
        found = self._cluster.ask("GET", f"/{self.name}-*/_alias", patience=patience, local=local)
        current = previous = None
        unfinished, leftovers = [], []
        for index, about in found.items():
            match = self._pattern.fullmatch(index)
            if match is None:
                continue
            if self.name in about["aliases"]:
                current = match[1]
            elif f"{self.name}-previous" in about["aliases"]:
                previous = match[1]
            elif self.mark(match[1]) in about["aliases"]:
                unfinished.append(match[1])
            else:
                leftovers.append(match[1])
        return Shelf(current, previous, tuple(sorted(unfinished)), tuple(sorted(leftovers)))

    def new_id(self, corpus_digest: str) -> str:
        """An id for a generation that begins now; ids sort in time."""
        now = datetime.now(UTC)
        return f"{now:%Y%m%dt%H%M%S}.{now.microsecond // 1000:03}z-{corpus_digest[:8].lower()}"

    def create(self, generation: str, shards: int) -> str:
        """Create the index of a generation, marked as unfinished; its UUID."""
        aliases: dict[str, object] = {self.mark(generation): {}}
        body = {"settings": mapping.settings(shards), "mappings": mapping.MAPPINGS, "aliases": aliases}
        index = self.index(generation)
        try:
            self._cluster.ask("PUT", f"/{index}", body, patience=WRITING)
        except Refused as refused:  # a repeated request meets what its first attempt made
            if refused.kind != "resource_already_exists_exception":
                raise
        return self.uuid(generation)

    def uuid(self, generation: str) -> str:
        """What tells the index from another one of the same name."""
        index = self.index(generation)
        about = self._cluster.ask("GET", f"/{index}/_settings", patience=WRITING)
        return str(about[index]["settings"]["index"]["uuid"])

    def write(self, record: Record) -> None:
        """Keep a generation's record in its index: from now on it is complete."""
        body = {"_meta": _dump(record)}
        self._cluster.ask("PUT", f"/{self.index(record.generation.id)}/_mapping", body, patience=WRITING)

    def read(self, generation: str, patience: Patience = READING) -> Record:
        """The record of a generation; raises IndexMissing, IndexOutdated or IndexCorrupt."""
        index = self.index(generation)
        try:
            local = "true" if patience is READING else "false"  # readers do not depend on the manager
            answer = self._cluster.ask("GET", f"/{index}/_mapping", patience=patience, local=local)
        except Refused as refused:
            if refused.status == 404:
                raise IndexMissing(f"the generation {generation} is gone") from refused
            raise
        about = answer[index]["mappings"].get("_meta")
        if not about:
            raise IndexCorrupt(f"{index} is not a complete generation")
        if about.get("fingerprint") != mapping.FINGERPRINT:
            raise IndexOutdated(f"{index} was made by another version of the program")
        return _load(about)

    def publish(self, generation: str, shelf: Shelf) -> None:
        """Make a generation the current one in one step, provided that `shelf` is still what is there."""
        actions: list[dict[str, dict[str, Any]]] = [_alias("add", self.index(generation), self.name)]
        if generation != shelf.previous:
            actions.append(_alias("remove", self.index(generation), self.mark(generation)))
        if shelf.current:
            actions.append(_alias("remove", self.index(shelf.current), self.name))
            actions.append(_alias("add", self.index(shelf.current), f"{self.name}-previous"))
        if shelf.previous:
            actions.append(_alias("remove", self.index(shelf.previous), f"{self.name}-previous"))
        try:
            answer = self._cluster.ask("POST", "/_aliases", {"actions": actions}, patience=WRITING)
        except Refused:
            if self.shelf(WRITING).current != generation:  # otherwise a first attempt did it, and its answer was lost
                raise
        else:
            if not answer.get("acknowledged") and self.shelf(WRITING).current != generation:
                raise EngineUnavailable(f"{self.name}: the cluster does not confirm that {generation} is published")

    def health(self, generation: str) -> str:
        """ "green" with every copy, "yellow" with one of each shard, "red" when a shard is lost.

        While a node takes over from another one, a shard may be without its first copy: that is waited for.
        """
        path = f"/_cluster/health/{self.index(generation)}"
        try:
            answer = self._cluster.ask("GET", path, local="true", wait_for_status="yellow", timeout="1s")
        except Refused as refused:
            if refused.status != 408:
                raise
            return "red"
        return str(answer["status"])

    def discard(self, generation: str) -> None:
        """Remove a generation unless it is published: the cluster lets only one of both happen."""
        actions = [_alias("remove", self.index(generation), self.mark(generation))]
        try:
            self._cluster.ask("POST", "/_aliases", {"actions": actions}, patience=WRITING)
        except Refused as refused:
            if refused.status != 404 and not is_blocked(refused.status, refused.kind):
                raise
            # The mark is gone: by a first attempt, or as it is published. While it is blocked, nobody can publish it.
            shelf = self.shelf(WRITING)
            if generation not in (*shelf.unfinished, *shelf.leftovers):
                return
        self.remove(generation)

    def sweep(self, shelf: Shelf) -> int:
        """Remove what nobody needs of a shelf: what killed writers left, what is no longer kept; how many it was."""
        for generation in shelf.unfinished:
            self.discard(generation)
        self.remove(*shelf.leftovers)
        return len(shelf.unfinished) + len(shelf.leftovers)

    def remove(self, *generations: str) -> None:
        """Remove generations, as far as they are still there."""
        for generation in generations:
            self._cluster.delete(self.index(generation))


def _alias(action: str, index: str, alias: str) -> dict[str, dict[str, Any]]:
    condition = {"must_exist": True} if action == "remove" else {}
    return {action: {"index": index, "alias": alias, **condition}}


def _dump(record: Record) -> dict[str, Any]:
    made = record.generation
    return {
        "fingerprint": record.fingerprint,
        "id": made.id,
        "created": made.created.isoformat(),
        "corpus_digest": made.corpus_digest,
        "profiles": made.profiles,
        "sections": made.sections,
        "size_bytes": made.size_bytes,
        "synonyms": record.vocabulary.synonyms,
        "intents": dict(record.vocabulary.intents),
        "averages": record.averages,
        "shards": record.shards,
        "pages": record.pages,
        "unit": record.unit,
    }


def _load(about: dict[str, Any]) -> Record:
    generation = Generation(
        id=about["id"],
        created=datetime.fromisoformat(about["created"]),
        corpus_digest=about["corpus_digest"],
        profiles=about["profiles"],
        sections=about["sections"],
        size_bytes=about["size_bytes"],
    )
    vocabulary = Vocabulary(
        synonyms=tuple(tuple(group) for group in about["synonyms"]),
        intents={section: tuple(words) for section, words in about["intents"].items()},
    )
    return Record(generation, vocabulary, tuple(about["averages"]), about["shards"], about["pages"], about["unit"])
