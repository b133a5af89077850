"""The state of an index, in one word and a sentence for the operator."""

import contextlib
from dataclasses import dataclass

from indexer.engines.whoosh.lock import lock_owner
from indexer.engines.whoosh.manifest import Manifest
from indexer.engines.whoosh.shelf import Shelf
from indexer.errors import IndexMissing, IndexOutdated, OperatorError


@dataclass(frozen=True, slots=True)
class Health:
    """State ("missing", "building", "ok", "outdated", "corrupt"), a sentence about it, and what is intact."""

    state: str
    reason: str
    current: Manifest | None = None
    previous: Manifest | None = None


def examine_health(shelf: Shelf) -> Health:
    """What state an index is in, after a check of every byte. Never raises for a bad index."""
    owner = lock_owner(shelf.lock_file)
    writer = f"; being rebuilt by {owner}" if owner else ""
    try:
        pointer = shelf.pointer()
        current = shelf.examine(pointer.current)
    except IndexMissing as fault:
        return Health("building" if owner else "missing", f"{fault.reason}{writer}")
    except IndexOutdated as fault:
        return Health("outdated", f"{fault.reason}{writer}")
    except OperatorError as fault:
        return _corrupt(shelf, fault, writer)
    return Health("ok", f"generation {current.id} is intact{writer}", current, _intact(shelf, pointer.previous))


def _corrupt(shelf: Shelf, fault: OperatorError, writer: str) -> Health:
    with contextlib.suppress(OperatorError):
        for name in shelf.pointer_or_newest().ids:
            if used := _intact(shelf, name):
                return Health("corrupt", f"{fault.reason}; answering from generation {name}{writer}", previous=used)
    return Health("corrupt", f"{fault.reason}; nothing to answer from{writer}")


def _intact(shelf: Shelf, name: str | None) -> Manifest | None:
    with contextlib.suppress(OperatorError):
        return shelf.examine(name) if name else None
    return None
