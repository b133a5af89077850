"""The command `rebuild` in processes of its own that begin at once, their modules imported before."""

import multiprocessing
import os
import sys
from multiprocessing.context import ForkServerProcess
from pathlib import Path

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["indexer.cli", "indexer.build", "indexer.engines.opensearch.engine"])


def begin_rebuild(folder: Path, index: str) -> ForkServerProcess:
    """Begin `profile-search rebuild`."""
    process = _context.Process(target=_rebuild, args=(str(folder), index))
    process.start()
    return process


def _rebuild(folder: str, index: str) -> None:
    from indexer.cli import main

    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        sys.stdout = nowhere
        main(["rebuild", "--corpus", folder, "--index", index], prog_name="profile-search")
