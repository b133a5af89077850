"""Columns on disk: one `.npy` file each, memory-mapped, no pickle."""

from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from indexer.errors import IndexCorrupt

Table = TypeVar("Table")


def save(folder: Path, table: Any) -> None:
    """Write every array of a dataclass to `<class>-<field>.npy` in `folder`."""
    for column in fields(table):
        np.save(_path(folder, type(table), column.name), getattr(table, column.name), allow_pickle=False)


def load(folder: Path, kind: type[Table]) -> Table:
    """Map the arrays that `save` wrote; pages are read when needed and shared by all processes."""
    return kind(**{column.name: _map(_path(folder, kind, column.name)) for column in fields(kind)})  # type: ignore[arg-type]


def _path(folder: Path, kind: type, column: str) -> Path:
    return folder / f"{kind.__name__.lower()}-{column}.npy"


def _map(path: Path) -> Any:
    """A plain array over the mapped file: slices of np.memmap itself cost microseconds each."""
    try:
        return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False)).view(np.ndarray)
    except (OSError, ValueError, EOFError) as problem:
        raise IndexCorrupt(f"column {path.name} cannot be read: {problem}") from problem
