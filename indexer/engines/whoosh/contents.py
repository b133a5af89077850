"""What is in a generation, whoever writes or reads it."""

from indexer import ranking, text
from indexer.engines.base import Generation
from indexer.engines.whoosh.columns import Columns
from indexer.engines.whoosh.manifest import Manifest
from indexer.profiles import fingerprint

COLUMNS, WHOOSH = "columns", "whoosh"
"""Folders of a generation."""

FINGERPRINT = " ".join(
    (
        f"columns-{Columns.layout()} ranking-{ranking.fingerprint()} whoosh-2.7.4",
        text.fingerprint(),
        fingerprint.fingerprint(),
    )
)
"""What a generation can be read by: layout, analysis, impacts and rendering. Another fingerprint means: rebuild."""


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
