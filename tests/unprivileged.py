"""Work of a user who may not read and write everything, also where the tests run as root."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from faults import Attempt, Outcome, Task

NOBODY = 65_534
IS_ROOT = os.geteuid() == 0


@contextmanager
def folder_of_nobody() -> Iterator[Path]:
    """An empty folder of the user that `run_unprivileged` works as."""
    with tempfile.TemporaryDirectory(prefix="profile-search-") as name:
        if IS_ROOT:
            os.chown(name, NOBODY, NOBODY)
        yield Path(name)


def run_unprivileged(work: Callable[..., object], *arguments: object) -> None:
    """Call a function of a module in another process, as this user or, instead of root, as nobody.

    What it raises is shown as what the process said.
    """
    outcome = Attempt(Task(_as_nobody, (work, *arguments))).begin().outcome()
    assert outcome == Outcome(0, ""), outcome.errors


def _as_nobody(work: Callable[..., object], *arguments: object) -> None:
    if IS_ROOT:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    assert os.geteuid() != 0
    work(*arguments)
