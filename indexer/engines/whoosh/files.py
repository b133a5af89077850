"""Columns on disk: one `.npy` file each, no pickle; large ones are memory-mapped."""

from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from indexer.errors import IndexCorrupt

READ_BYTES = 1024 * 1024
"""Smaller files are read instead of mapped: what another program does to them then cannot change an answer, nor end
this process with a signal. Of 45 profiles the largest has 0.23 MB, so some two hundred have none that is mapped."""

Table = TypeVar("Table")


def save(folder: Path, table: Any) -> None:
    """Write every array of a dataclass to `<class>-<field>.npy` in `folder`."""
    for column in fields(table):
        np.save(_path(folder, type(table), column.name), getattr(table, column.name), allow_pickle=False)


def load(folder: Path, kind: type[Table]) -> Table:
    """The arrays that `save` wrote, read-only; what is mapped is read when needed and shared by all processes."""
    return kind(**{column.name: _open(_path(folder, kind, column.name)) for column in fields(kind)})  # type: ignore[arg-type]


def _path(folder: Path, kind: type, column: str) -> Path:
    return folder / f"{kind.__name__.lower()}-{column}.npy"


def _open(path: Path) -> Any:
    """A plain array, also over a mapped file: slices of np.memmap itself cost microseconds each."""
    try:
        mapped = path.stat().st_size > READ_BYTES
        array = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
    except (OSError, ValueError, EOFError) as problem:
        raise IndexCorrupt(f"column {path.name} cannot be read: {problem}") from problem
    array = np.asarray(array).view(np.ndarray)
    array.flags.writeable = False
    return array
