"""Who may write the index. Whoosh reads pickles from it, so an index folder is code."""

import os
import shlex
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

from indexer.engines.whoosh.storage import OTHERS_MAY_WRITE, walk
from indexer.errors import IndexUnsafe


def require_own_entries(root: Path, entries: Iterable[Path]) -> None:
    """Raise IndexUnsafe unless only this user or root may write the index folder itself and these entries of it.

    The index folder may be a link if it is theirs; an entry may be missing.
    """
    _require_own(root, root.lstat(), root)
    _require_own(root, root.stat(), root)
    for entry in entries:
        if entry.is_symlink() or entry.exists():
            _require_own_entry(entry, entry.lstat(), root)


def require_own_content(folder: Path, root: Path) -> None:
    """Raise IndexUnsafe unless only this user or root may write a folder in `root` and everything in it."""
    for path, state in ((folder, folder.lstat()), *walk(folder)):
        _require_own_entry(path, state, root)


def _require_own_entry(path: Path, state: os.stat_result, root: Path) -> None:
    if stat.S_ISLNK(state.st_mode):
        raise IndexUnsafe(f"{path} is a symbolic link, and an index holds none", f"rm {shlex.quote(str(path))}")
    _require_own(path, state, root)


def _require_own(path: Path, state: os.stat_result, root: Path) -> None:
    if sys.platform == "win32":
        return  # access control lists instead of mode bits; a new folder there belongs to its user
    folder, user = shlex.quote(str(root)), os.geteuid()
    if state.st_uid not in (0, user):
        raise IndexUnsafe(
            f"{path} belongs to another user (number {state.st_uid}), who could plant code in it",
            f"chown -R {user} {folder} && chmod -R go-w {folder}",
        )
    if state.st_mode & OTHERS_MAY_WRITE and not stat.S_ISLNK(state.st_mode):
        raise IndexUnsafe(f"{path} can be written by others, who could plant code in it", f"chmod -R go-w {folder}")
