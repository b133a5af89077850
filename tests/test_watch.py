"""`watch`: every change of the corpus is published, also one that came at a bad moment."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from click.testing import CliRunner
from faults import COMPANIES, FORKS, NEW, OLD, PROFILE, RealCommand, run

from indexer.build import watch
from indexer.cli import main
from indexer.engines.whoosh.contents import FINGERPRINT
from indexer.engines.whoosh.engine import EmbeddedEngine
from indexer.engines.whoosh.generations import Generations

SECONDS = 40
"""For what a watcher has to say; it takes one or two."""
BROKEN = "---\ncompany: Ada\nlast_verified: soon\n---\n## Overview\nText.\n"


@pytest.fixture
def program(tmp_path: Path) -> RealCommand:
    return RealCommand(tmp_path / "corpora")


@pytest.fixture
def corpus(program: RealCommand, tmp_path: Path) -> Path:
    """What is watched; in the old version."""
    return tmp_path / "corpora" / OLD


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The index folder; nothing is there yet."""
    return tmp_path / "index"


def write(corpus: Path, version: str) -> None:
    for company in COMPANIES:
        (corpus / f"{company.lower()}.md").write_text(PROFILE.format(company=company, version=version))


# The command


class Command:
    """`profile-search watch`, and the lines that it says."""

    def __init__(self, corpus: Path, root: Path) -> None:
        where = ["--corpus", str(corpus), "--index", str(root)]
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "indexer", "watch", *where],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def read_until(self, expected: str) -> None:
        """Read what it says, to the line that has this."""
        assert self.process.stdout is not None
        assert any(expected in line for line in self.process.stdout), f"the watcher never said {expected!r}"


@pytest.fixture
def command(corpus: Path, root: Path) -> Iterator[Command]:
    """The command, which has published the corpus once."""
    made = Command(corpus, root)
    with made.process:
        try:
            made.read_until("3 profiles")
            yield made
        finally:
            made.process.kill()


@pytest.fixture(autouse=True)
def deadline() -> Iterator[None]:
    """What never comes fails the test instead of keeping it."""

    def late(*_: object) -> None:
        pytest.fail("nothing came in time")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def test_change_is_published_and_an_error_ends_nothing(command: Command, corpus: Path) -> None:
    sound = (corpus / "ada.md").read_text()
    for text, expected in (
        (sound.replace(OLD, NEW), "1 analysed"),
        (BROKEN, "the index is as it was"),
        (sound, "1 analysed"),
    ):
        (corpus / "ada.md").write_text(text)
        command.read_until(expected)
    command.process.send_signal(signal.SIGINT)
    assert command.process.wait() in (0, 1, 130, -signal.SIGINT)


def test_rebuilds_beside_a_watcher_all_publish_and_no_change_is_lost(
    command: Command, program: RealCommand, corpus: Path, root: Path
) -> None:
    for version in (NEW, OLD) * 2:
        write(corpus, version)
        assert run(program, root, OLD).code == 0  # from the folder that is watched, whatever version that holds
        assert program.answer(root) == version
    (corpus / "ada.md").write_text(BROKEN)
    command.read_until("the index is as it was")
    write(corpus, NEW)
    command.read_until("Published")
    assert program.answer(root) == NEW


def test_folder_that_another_one_replaces_is_followed(command: Command, corpus: Path, root: Path) -> None:
    corpus.rename(corpus.with_name("before"))
    corpus.with_name(NEW).rename(corpus)
    command.read_until("3 analysed")
    write(corpus, OLD)
    command.read_until("3 analysed")


def test_folder_that_goes_away_ends_the_watch_with_one_line(command: Command, corpus: Path) -> None:
    corpus.rename(corpus.with_name("gone"))
    command.read_until("no profile to index in")
    assert command.process.wait() == 1
    assert command.process.stdout is not None
    assert command.process.stdout.read() == ""


def test_folder_that_is_not_there_is_one_line_and_the_end(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["watch", "--corpus", str(tmp_path / "no"), "--index", str(tmp_path / "index")])
    assert isinstance(result.exception, SystemExit)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"{tmp_path / 'no'}:1: error: there is no such folder: create it or name another one with --corpus",
        f"profile-search: no profile to index in {tmp_path / 'no'}; the index is as it was",
    ]


# An index that cannot be written for a while


@contextmanager
def written_by_another(root: Path) -> Iterator[None]:
    with Generations(root, FINGERPRINT).begin():
        yield


@contextmanager
def writable_by_all(root: Path) -> Iterator[None]:
    root.chmod(0o777)
    yield
    root.chmod(0o755)


def tell(outcomes: Connection, root: Path, corpus: Path) -> None:
    """What a process does that watches, patient for a tenth of a second, and sends each outcome."""
    with closing(EmbeddedEngine(root, wait=0.1)) as engine:
        for outcome in watch(engine, corpus):
            outcomes.send(str(outcome) if isinstance(outcome, Exception) else outcome.published)


@pytest.fixture
def outcomes(corpus: Path, root: Path) -> Iterator[Connection]:
    """Of a process that watches: True for published, what was wrong otherwise."""
    received, sent = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=tell, args=(sent, root, corpus))
    process.start()
    sent.close()
    with received:
        assert received.recv() is True
        yield received
    process.kill()
    process.join()


@pytest.mark.parametrize(
    ("hindrance", "said"), [(written_by_another, "is being written by process"), (writable_by_all, "written by others")]
)
def test_change_that_met_a_hindrance_is_published_once_that_is_gone(
    outcomes: Connection,
    program: RealCommand,
    corpus: Path,
    root: Path,
    hindrance: Callable[[Path], AbstractContextManager[None]],
    said: str,
) -> None:
    with hindrance(root):
        write(corpus, NEW)
        assert said in outcomes.recv()
    assert outcomes.recv() is True
    assert program.answer(root) == NEW
