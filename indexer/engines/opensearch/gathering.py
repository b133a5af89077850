"""What lies in many documents and is needed whole: read piece by piece, over several requests if it must be."""

from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any, Generic, TypeVar

from indexer.deadline import in_time, in_turn

Whole = TypeVar("Whole")
Piece = Mapping[str, Any]


class Gathered(Generic[Whole]):
    """Made of these documents, in this order, when it is first wanted, and kept. Safe to share between threads.

    A request that runs out of time leaves what it has read to the next one; who comes meanwhile waits for it.
    """

    def __init__(self, identities: Sequence[str], make: Callable[[Sequence[Piece]], Whole]) -> None:
        self._identities = identities
        self._make = make
        self._pieces: list[Piece] = []
        self._whole: Whole | None = None
        self._turn = Lock()

    def whole(self, read: Callable[[str], Piece]) -> Whole:
        """All of it; raises EngineUnavailable when the request in hand has no time for what is still to be read."""
        if self._whole is None:
            with in_turn(self._turn):
                if self._whole is None:
                    self._whole = self._gather(read)
        return self._whole

    def _gather(self, read: Callable[[str], Piece]) -> Whole:
        for identity in self._identities[len(self._pieces) :]:
            in_time()
            self._pieces.append(read(identity))
        pieces, self._pieces = self._pieces, []
        return self._make(pieces)
