"""Programs that write an index, and the faults that the operating system can do to them."""

import fcntl
import os
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from indexer.engines.whoosh.engine import EmbeddedEngine
from indexer.engines.whoosh.generations import Generations

OLD, NEW = "copper", "silver"
"""The versions of what is built: one word of one length."""

BUILD = """
import sys
from pathlib import Path
from indexer.engines.whoosh.generations import Generations
from indexer.errors import IndexCorrupt, ProfileSearchError

root, version = Path(sys.argv[1]), sys.argv[2]
contents = {"small": version, "large": version * 50_000, "part/inner": version * 1_000}

def verify(folder):
    for name, content in contents.items():
        if (folder / name).read_text() != content:
            raise IndexCorrupt(f"{name} is not what was written")

try:
    with Generations(root, "v1").begin() as draft:
        (draft.path / "part").mkdir()
        for name, content in contents.items():
            (draft.path / name).write_text(content)
        draft.publish("0123abcd" * 8, {"version": version}, verify)
except ProfileSearchError as error:
    sys.exit(str(error))
"""
"""The smallest program that publishes: three files that say which version they are of."""


@dataclass(frozen=True)
class Outcome:
    """How a program ended: `errors` is what it said but for progress, `injected` the number of faults it met."""

    code: int
    errors: str
    injected: int = 0


class SmallBuild:
    """`BUILD`, and the version that the index it writes answers with."""

    calls_tried = 1_000
    """Of each name, in the tests that let one call after another fail."""

    def command(self, root: Path, version: str) -> list[str]:
        return [sys.executable, "-c", BUILD, str(root), version]

    def answer(self, root: Path) -> str:
        """The one version that every file of the index is of."""

        def load(manifest: object, folder: Path) -> str:
            texts = [(folder / name).read_text() for name in ("small", "large", "part/inner")]
            version = texts[0]
            assert texts == [version, version * 50_000, version * 1_000]
            return version

        return Generations(root, "v1").open(load)


class RealCommand:
    """`profile-search rebuild`, and the version of the corpus that a search answers from."""

    calls_tried = 5

    def __init__(self, corpora: Path) -> None:
        self._corpora = corpora
        for version in (OLD, NEW):
            (corpora / version).mkdir(parents=True)
            for company in COMPANIES:
                text = PROFILE.format(company=company, version=version)
                (corpora / version / f"{company.lower()}.md").write_text(text)

    def command(self, root: Path, version: str) -> list[str]:
        corpus = str(self._corpora / version)
        return [sys.executable, "-m", "indexer", "rebuild", "--corpus", corpus, "--index", str(root)]

    def search(self, root: Path) -> subprocess.CompletedProcess[str]:
        """`profile-search search` for what every section holds."""
        command = [sys.executable, "-m", "indexer", "search", "metal", "--json", "--index", str(root)]
        return subprocess.run(command, capture_output=True, text=True, env=environment())

    def answer(self, root: Path) -> str:
        """The one version that every section of every company, and every posting, is of."""
        engine = EmbeddedEngine(root)
        searcher = engine.open()
        profiles = [searcher.profile(company.lower()) for company in COMPANIES]
        texts = [section.text for profile in profiles for section in profile.sections]
        assert len(texts) == 2 * len(COMPANIES)
        counts = {version: searcher.lexicon.frequency(version) for version in (OLD, NEW)}
        version = max(counts, key=counts.__getitem__)
        assert sorted(counts.values()) == [0, len(texts)]
        assert all(version in text for text in texts)
        engine.close()
        return version


Program = SmallBuild | RealCommand

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


def environment() -> dict[str, str]:
    """Repeatable runs: the same order of everything, and no system calls for caches of byte code."""
    return {**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}


def start(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment())


def run(command: list[str]) -> Outcome:
    with start(command) as process:
        return outcome_of(process)


def outcome_of(process: subprocess.Popen[str]) -> Outcome:
    """Wait for the end of a program."""
    lines = process.communicate()[1].splitlines(keepends=True)
    return Outcome(process.returncode, "".join(line for line in lines if not line.startswith("Indexing: ")))


# strace


@dataclass(frozen=True)
class Call:
    """The `number`-th call of `name` that a program makes."""

    name: str
    number: int


def need_strace(folder: Path) -> None:
    """Skip where strace is missing or may not trace."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    if subprocess.run(["strace", "-o", folder / "probe", "true"], capture_output=True).returncode:
        pytest.skip("strace may not trace here")


def calls_inside(program: Program, root: Path, names: tuple[str, ...], most: int) -> list[Call]:
    """At most `most` of the calls of each name that a program makes on paths inside `root`, evenly spread."""
    command, log = program.command(root, NEW), root.with_name("calls")
    trace = ["strace", "-f", "-qq", "-y", "-s", "0", "-o", str(log), "-e", f"trace={','.join(names)}"]
    assert run([*trace, *command]).code == 0
    calls: dict[str, list[Call]] = {name: [] for name in names}
    counts = dict.fromkeys(names, 0)
    for line in log.read_text().splitlines():
        if found := re.match(r"\d+ +(\w+)\(", line):
            counts[found[1]] += 1
            if str(root) in line:
                calls[found[1]].append(Call(found[1], counts[found[1]]))
    return [call for made in calls.values() for call in spread(made, most)]


def spread(calls: list[Call], most: int) -> list[Call]:
    """The first, the last, and so many in between."""
    if len(calls) <= most:
        return calls
    return [calls[round(place * (len(calls) - 1) / (most - 1))] for place in range(most)]


def run_with_fault(command: list[str], call: Call, fault: str, log: Path) -> Outcome:
    """Run a program with a fault at one call: `signal=KILL`, `error=EIO`, `retval=1` (a short write)."""
    inject = f"inject={call.name}:{fault}:when={call.number}"
    outcome = run(["strace", "-f", "-qq", "-o", str(log), "-e", f"trace={call.name}", "-e", inject, *command])
    text = log.read_text()
    return Outcome(outcome.code, outcome.errors, text.count("(INJECTED)") + text.count("killed by SIGKILL"))


# File systems


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[None]:
    """Mount something at `folder`; skip where this is not allowed."""
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("mounting needs root")
    folder.mkdir(exist_ok=True)
    done = subprocess.run(["mount", *options, str(folder)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"cannot mount: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def make_image(path: Path, kind: str) -> None:
    """A file that holds an empty file system; skip where the program that makes it is missing."""
    program = shutil.which(f"mkfs.{kind}", path=f"{os.environ['PATH']}:/sbin:/usr/sbin")
    if program is None:
        pytest.skip(f"mkfs.{kind} is not installed")
    with path.open("wb") as image:
        image.truncate(320 << 20)
    subprocess.run([program, "-q", str(path)], check=True)


def cut_power(folder: Path) -> None:
    """The file system of `folder` forgets what is not on its disk and fails everything from now on."""
    go_down, without_flushing_the_log = 0x8004587D, struct.pack("I", 2)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.ioctl(descriptor, go_down, without_flushing_the_log)
    finally:
        os.close(descriptor)
