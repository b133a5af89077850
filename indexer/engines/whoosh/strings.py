"""A column of strings: one UTF-8 blob and its offsets, memory-mapped."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Strings(Sequence[str]):
    """`data` uint8 of all bytes, `offsets` int64 of n + 1 boundaries. Sorted ones are sorted by code point."""

    data: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]

    @classmethod
    def of(cls, strings: Iterable[str]) -> "Strings":
        """The column that holds these strings, in this order."""
        encoded = [string.encode("utf-8", "surrogatepass") for string in strings]
        offsets = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(item) for item in encoded], out=offsets[1:])
        return cls(np.frombuffer(b"".join(encoded), np.uint8), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return self.data[self.offsets[index] : self.offsets[index + 1]].tobytes().decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        return iter(self.part(range(len(self))))

    def part(self, places: range) -> list[str]:
        """The strings at consecutive places; much faster than one by one."""
        bounds = self.offsets[places.start : places.stop + 1].tolist()
        blob = self.data[bounds[0] : bounds[-1]].tobytes() if places else b""
        if blob.isascii():
            joined = blob.decode("ascii")
            return [joined[start - bounds[0] : end - bounds[0]] for start, end in zip(bounds, bounds[1:], strict=False)]
        return [
            blob[start - bounds[0] : end - bounds[0]].decode("utf-8", "surrogatepass")
            for start, end in zip(bounds, bounds[1:], strict=False)
        ]
