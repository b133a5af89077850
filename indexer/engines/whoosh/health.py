"""The state of an index, in one word and a sentence for the operator."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from indexer.engines.whoosh.lock import lock_owner
from indexer.engines.whoosh.manifest import Manifest
from indexer.engines.whoosh.shelf import Shelf
from indexer.errors import IndexMissing, IndexOutdated, OperatorError

_PARTED = (
    "; CURRENT and CURRENT.copy name different generations, as when a publication was cut off: "
    "run profile-search rebuild, which writes both"
)


@dataclass(frozen=True, slots=True)
class Health:
    """State ("missing", "building", "ok", "outdated", "corrupt") and a sentence about it.

    `answering` is what a reader who comes now gets, `previous` the other generation that is kept, where it is intact.
    """

    state: str
    reason: str
    answering: Manifest | None = None
    previous: Manifest | None = None


def examine_health(shelf: Shelf, choose: Callable[[], tuple[Manifest, str]]) -> Health:
    """What state an index is in, after a check of every byte. Never raises for a bad index.

    `choose`: the generation that a reader gets, and what a reader sees to be wrong.
    """
    owner = lock_owner(shelf.lock_file)
    writer = f"; being rebuilt by {owner}" if owner else ""
    try:
        pointer = shelf.pointer()
        current = shelf.examine(pointer.current)
        copied = shelf.copied_pointer()
    except IndexMissing as fault:
        return Health("building" if owner else "missing", f"{fault.reason}{writer}")
    except IndexOutdated as fault:
        return Health("outdated", f"{fault.reason}{writer}")
    except OperatorError as fault:
        return _corrupt(shelf, choose, fault, writer)
    parted = _PARTED if not owner and copied not in (None, pointer) else ""  # a writer writes one after the other
    return Health("ok", f"generation {current.id} is intact{parted}{writer}", current, _other(shelf, current))


def _corrupt(shelf: Shelf, choose: Callable[[], tuple[Manifest, str]], fault: OperatorError, writer: str) -> Health:
    try:
        answering, trouble = choose()
    except OperatorError:
        return Health("corrupt", f"{fault.reason}; nothing to answer from{writer}")
    unread = f"{fault.reason}, which no search reads; answering from generation {answering.id}"
    return Health("corrupt", f"{trouble or unread}{writer}", answering, _other(shelf, answering))


def _other(shelf: Shelf, answering: Manifest) -> Manifest | None:
    """The kept generation beside the one that answers, where it is intact."""
    with contextlib.suppress(OperatorError):
        for name in shelf.likely_pointer()[0].ids:
            if name != answering.id:
                return shelf.examine(name)
    return None
