"""What a generation says about itself: plain data under a checksum, and the checksum of every file."""

import json
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import xxhash

from indexer.engines.whoosh.storage import walk
from indexer.errors import IndexCorrupt, IndexOutdated

FORMAT = 1
"""Version of the layout of a generation. The seal around it never changes, so every version can tell another's."""

MANIFEST = "manifest.json"
BLOCK_BYTES = 256 * 1024
"""Files are read in blocks, not mapped: a bad sector is then an error to report instead of a signal that kills."""

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"


@dataclass(frozen=True, slots=True)
class FileRecord:
    """Size in bytes and hexadecimal XXH3-128 of one file."""

    size: int
    checksum: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """One generation. `facts` is what its builder wants to know again; `files` maps paths inside the folder."""

    id: str
    created: datetime
    corpus_digest: str
    fingerprint: str
    facts: Mapping[str, JSON]
    files: Mapping[str, FileRecord]

    @property
    def size_bytes(self) -> int:
        """Sum of the sizes of all files, the manifest aside."""
        return sum(record.size for record in self.files.values())

    def sealed(self) -> bytes:
        """The manifest as it is stored."""
        return seal(
            {
                "format": FORMAT,
                "id": self.id,
                "created": self.created.isoformat(),
                "corpus_digest": self.corpus_digest,
                "fingerprint": self.fingerprint,
                "facts": self.facts,
                "files": {name: [record.size, record.checksum] for name, record in self.files.items()},
            }
        )


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a generation; raises IndexCorrupt, or IndexOutdated for another format."""
    content = unseal((folder / MANIFEST).read_bytes(), folder / MANIFEST)
    if content.get("format") != FORMAT:
        raise IndexOutdated(f"{folder} has index format {content.get('format')}, this program reads {FORMAT}")
    return Manifest(
        id=content["id"],
        created=datetime.fromisoformat(content["created"]).astimezone(UTC),
        corpus_digest=content["corpus_digest"],
        fingerprint=content["fingerprint"],
        facts=content["facts"],
        files={name: FileRecord(*record) for name, record in content["files"].items()},
    )


def record_files(folder: Path) -> dict[str, FileRecord]:
    """Size and checksum of every file in a folder but its manifest, by path inside the folder."""
    return {name: FileRecord(size, checksum(folder / name)) for name, size in sizes(folder).items() if name != MANIFEST}


def require_intact(folder: Path, manifest: Manifest, below: str = "") -> None:
    """Raise IndexCorrupt unless the folder holds exactly the files of the manifest, each as it was written.

    The size of every file is compared, and the content of those whose path begins with `below`.
    """
    expected = {name: record.size for name, record in manifest.files.items()}
    found = {name: size for name, size in sizes(folder).items() if name != MANIFEST}
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            raise IndexCorrupt(f"{folder / name} has {found.get(name, 'no')} bytes, not {expected.get(name, 'none')}")
    for name, record in manifest.files.items():
        if name.startswith(below) and checksum(folder / name) != record.checksum:
            raise IndexCorrupt(f"{folder / name} does not hold what was written")


def sizes(folder: Path) -> dict[str, int]:
    """Size of every file in a folder, by path inside the folder."""
    return {
        path.relative_to(folder).as_posix(): state.st_size
        for path, state in walk(folder)
        if not stat.S_ISDIR(state.st_mode)
    }


def checksum(path: Path) -> str:
    """Hexadecimal XXH3-128 of a file, at the speed of memory."""
    digest, block = xxhash.xxh3_128(), bytearray(BLOCK_BYTES)
    view = memoryview(block)
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(block):
            digest.update(view[:count])
    return digest.hexdigest()


def seal(content: Mapping[str, JSON]) -> bytes:
    """JSON with a checksum of itself."""
    return json.dumps({"checksum": _digest(content), "content": content}, indent=1, sort_keys=True).encode() + b"\n"


def unseal(data: bytes, path: Path) -> dict[str, Any]:
    """The content of sealed JSON; raises IndexCorrupt for anything else."""
    try:
        envelope = json.loads(data)
        content = envelope["content"]
        if isinstance(content, dict) and envelope["checksum"] == _digest(content):
            return content
    except (ValueError, TypeError, KeyError, RecursionError):
        pass  # as damaged as a wrong checksum
    raise IndexCorrupt(f"{path} does not hold what was written")


def _digest(content: Mapping[str, JSON]) -> str:
    return xxhash.xxh3_128_hexdigest(json.dumps(content, sort_keys=True, separators=(",", ":")).encode())
