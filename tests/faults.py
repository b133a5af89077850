"""Programs that write an index, each run in a process of its own that a test may kill or let fail.

The processes are forked from one that has everything loaded: several a second, where a fresh Python takes half of one.
"""

import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from indexer.cli import main
from indexer.engines.whoosh.engine import EmbeddedEngine
from indexer.engines.whoosh.generations import Generations
from indexer.engines.whoosh.manifest import Manifest
from indexer.errors import IndexCorrupt, ProfileSearchError

OLD, NEW = "copper", "silver"
"""The versions of what is built: one word of one length."""
COMPANIES = ("Ada", "Bob", "Cid")
PROFILE = """---
company: {company}
service_type: Data annotation
specialties: [Text]
hiring_status: workers
website: https://example.org
last_verified: 2026-01-29
---
## Overview
{company} describes itself in the metal {version}.

## Compensation
{company} pays in the metal {version}.
"""

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    ["__main__", "pytest", "indexer.cli", "indexer.build", "indexer.engines.whoosh.builder", "whoosh.codec.whoosh3"]
)
REPEATABLE = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
"""The same order of everything in each process, and no system calls for caches of byte code."""


@dataclass(frozen=True)
class Outcome:
    """How a program ended: `errors` is what it said but for progress, `injected` the number of faults it met."""

    code: int
    errors: str
    injected: int = 0


@dataclass(frozen=True)
class Task:
    """What a process is to do: a function of a module, and what it is given."""

    work: Callable[..., object]
    arguments: tuple[object, ...]


class Attempt:
    """A process that waits to be told to begin, so that it can be traced from its first step on."""

    def __init__(self, task: Task) -> None:
        its_gate, self._gate = FORKS.Pipe(duplex=False)
        self._errors, its_errors = FORKS.Pipe(duplex=False)
        self._process = FORKS.Process(target=_attempt, args=(its_gate, its_errors, task))
        self._process.start()
        its_gate.close()
        its_errors.close()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def ended(self) -> bool:
        return self._process.exitcode is not None

    def begin(self) -> "Attempt":
        self._gate.send(None)
        return self

    def wait(self, seconds: float) -> None:
        """Return after so long, or when it has ended."""
        self._process.join(seconds)

    def kill(self) -> Outcome:
        """SIGKILL, and what became of it."""
        self._process.kill()
        return self.outcome()

    def outcome(self) -> Outcome:
        """Wait for the end."""
        with self._gate, self._errors, open(self._errors.fileno(), closefd=False, encoding="utf-8") as errors:
            said = errors.readlines()
        self._process.join()
        code = self._process.exitcode
        assert code is not None
        self._process.close()
        return Outcome(code, "".join(line for line in said if not line.startswith("Indexing: ")))


def _attempt(gate: Connection, errors: Connection, task: Task) -> None:
    """What the process does."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(errors.fileno(), 2)
    gate.recv()
    task.work(*task.arguments)


class SmallBuild:
    """The smallest program that publishes: three files that say which version they are of."""

    calls_tried = 1_000
    """Of each name, in the tests that let one call after another fail: every one."""

    def task(self, root: Path, version: str) -> Task:
        return Task(publish_small, (root, version))

    def state(self, root: Path) -> str:
        """What state the index says it is in."""
        return Generations(root, "v1").status().state

    def answer(self, root: Path) -> str:
        """The one version that every file of the index is of."""

        def load(_: Manifest, folder: Path) -> str:
            version = (folder / "small").read_text()
            for name, content in contents_of(version).items():
                assert (folder / name).read_text() == content
            return version

        return Generations(root, "v1").open(load)


def contents_of(version: str) -> dict[str, str]:
    """The files of a small generation."""
    return {"small": version, "large": version * 50_000, "part/inner": version * 1_000}


def publish_small(root: Path, version: str) -> None:
    """Write, verify and publish a small generation; the end of the process where that fails."""

    def verify(folder: Path) -> None:
        for name, content in contents_of(version).items():
            if (folder / name).read_text() != content:
                raise IndexCorrupt(f"{name} is not what was written")

    try:
        with Generations(root, "v1").begin() as draft:
            (draft.path / "part").mkdir()
            for name, content in contents_of(version).items():
                (draft.path / name).write_text(content)
            draft.publish("0123abcd" * 8, {"version": version}, verify)
    except ProfileSearchError as error:
        sys.exit(str(error))


class RealCommand:
    """`profile-search rebuild`, and the version of the corpus that a search answers from."""

    calls_tried = 6
    """Of each name, where a test does not say that it tries every one: some hundred files make as many calls."""

    def __init__(self, corpora: Path) -> None:
        self._corpora = corpora
        for version in (OLD, NEW):
            (corpora / version).mkdir(parents=True)
            for company in COMPANIES:
                text = PROFILE.format(company=company, version=version)
                (corpora / version / f"{company.lower()}.md").write_text(text)

    def arguments(self, root: Path, version: str) -> list[str]:
        """Of the command."""
        return ["rebuild", "--corpus", str(self._corpora / version), "--index", str(root)]

    def task(self, root: Path, version: str) -> Task:
        return Task(run_command, tuple(self.arguments(root, version)))

    def state(self, root: Path) -> str:
        """What state the index says it is in."""
        return EmbeddedEngine(root).status().state

    def answer(self, root: Path) -> str:
        """The one version that every section of every company, and every posting, is of."""
        engine = EmbeddedEngine(root)
        searcher = engine.open()
        profiles = [searcher.profile(company.lower()) for company in COMPANIES]
        texts = [section.text for profile in profiles for section in profile.sections]  # type: ignore[union-attr]
        assert len(texts) == 2 * len(COMPANIES)
        counts = {version: searcher.lexicon.frequency(version) for version in (OLD, NEW)}
        version = max(counts, key=counts.__getitem__)
        assert sorted(counts.values()) == [0, len(texts)]
        assert all(version in text for text in texts)
        engine.close()
        return version


def run_command(*arguments: str) -> None:
    """The command line, in this process; ends it."""
    main(arguments)


Program = SmallBuild | RealCommand


def sound_answer(program: Program, root: Path) -> str:
    """The version that answers from an index with which nothing is wrong: none that a fallback has hidden."""
    state = program.state(root)
    assert state == "ok", state
    return program.answer(root)


def started(program: Program, root: Path, version: str) -> Attempt:
    """The program at work on the index folder `root`."""
    return Attempt(program.task(root, version)).begin()


def run(program: Program, root: Path, version: str) -> Outcome:
    """The program from its begin to its end."""
    return started(program, root, version).outcome()


def wait_for_lock(root: Path, attempt: Attempt) -> None:
    """Return when the program has begun to write, or has ended."""
    while not attempt.ended and (root / "LOCK").stat().st_size == 0:
        time.sleep(0.0005)


def seconds_of_writing(program: Program, root: Path) -> float:
    """From the moment that the lock is taken to the end of the process: the shortest of five, on a busy machine too."""
    seconds = []
    for _ in range(5):
        (root / "LOCK").write_bytes(b"")
        attempt = started(program, root, OLD)
        wait_for_lock(root, attempt)
        begun = time.monotonic()
        assert attempt.outcome().code == 0
        seconds.append(time.monotonic() - begun)
    return min(seconds)


def require_next_rebuild_works(program: Program, root: Path) -> None:
    """Whatever happened, the next rebuild publishes and leaves nothing over."""
    assert run(program, root, NEW) == Outcome(0, "")
    assert sound_answer(program, root) == NEW
    require_swept(root)


def require_swept(root: Path) -> None:
    """No draft is left, and at most one generation beside the current one."""
    names = sorted(path.name for path in (root / "generations").iterdir())
    assert not [name for name in names if name.startswith(".")]
    assert len(names) <= 2
    assert sorted(path.name for path in root.iterdir()) == ["CURRENT", "CURRENT.copy", "LOCK", "generations"]


def require_one_line_and_old_index(program: Program, root: Path, outcome: Outcome) -> None:
    """The rebuild failed as it should, and changed nothing."""
    assert outcome.code == 1, outcome.errors
    assert outcome.errors.count("\n") == 1
    assert "Traceback" not in outcome.errors
    assert "(run: profile-search rebuild)" in outcome.errors
    assert sound_answer(program, root) == OLD
    require_swept(root)
