"""`CURRENT`: which generation answers, and which one was before it."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from indexer.engines.whoosh.manifest import seal, unseal
from indexer.engines.whoosh.storage import reading, replace_file
from indexer.errors import IndexMissing, IndexOutdated

ID_PATTERN = re.compile(r"\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class Pointer:
    """The current generation and the one before it."""

    current: str
    previous: str | None = None

    @property
    def ids(self) -> tuple[str, ...]:
        """Every generation that is kept, the current one first."""
        return (self.current,) if self.previous is None else (self.current, self.previous)


def read_pointer(path: Path) -> Pointer:
    """What `CURRENT` says; raises IndexMissing, IndexCorrupt, or IndexOutdated where another version wrote it."""
    with reading(path.parent):
        try:
            content = unseal(path.read_bytes(), path)
        except FileNotFoundError:
            raise IndexMissing(f"there is no index in {path.parent}") from None
        except NotADirectoryError:
            raise IndexMissing(f"{path.parent} is not a folder; choose another with --index") from None
    current, previous = content.get("current"), content.get("previous")
    if not _is_id(current) or not (previous is None or _is_id(previous)):
        raise IndexOutdated(f"{path} was written by another version of this program")
    return Pointer(current, previous)


def write_pointer(path: Path, pointer: Pointer) -> None:
    """Make a generation the current one, in one step that outlives a power cut."""
    replace_file(path, seal({"current": pointer.current, "previous": pointer.previous}))


def _is_id(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and ID_PATTERN.fullmatch(value) is not None
