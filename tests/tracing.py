"""strace: which calls a program makes, and faults injected into one of them."""

import re
import shutil
import subprocess
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from faults import NEW, Attempt, Outcome, Program, Task


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


def calls_inside(program: Program, root: Path, names: tuple[str, ...]) -> list[Call]:
    """Every call of these names that a program makes on paths inside `root`, name by name."""
    log = root.with_name("calls")
    options = ["-y", "-s", "0", "-e", f"trace={','.join(names)}"]
    assert _traced(program.task(root, NEW), options, log).code == 0
    calls: dict[str, list[Call]] = {name: [] for name in names}
    counts = dict.fromkeys(names, 0)
    for line in log.read_text().splitlines():
        if found := re.match(r"\d+ +(\w+)\(", line):
            counts[found[1]] += 1
            if str(root) in line:
                calls[found[1]].append(Call(found[1], counts[found[1]]))
    return [call for made in calls.values() for call in made]


def sample(calls: list[Call], names: Collection[str], most: int) -> list[Call]:
    """At most `most` of the calls of each of these names: the first, the last, and so many in between."""
    return [call for name in names for call in spread([call for call in calls if call.name == name], most)]


def spread(calls: list[Call], most: int) -> list[Call]:
    """The first, the last, and so many in between."""
    if len(calls) <= most:
        return calls
    return [calls[round(place * (len(calls) - 1) / (most - 1))] for place in range(most)]


def run_with_fault(program: Program, root: Path, call: Call, fault: str) -> Outcome:
    """Run a program with a fault at one call: `signal=KILL`, `error=EIO`, `retval=1` (a short write)."""
    log = root.with_name("fault")
    options = ["-e", f"trace={call.name}", "-e", f"inject={call.name}:{fault}:when={call.number}"]
    outcome = _traced(program.task(root, NEW), options, log)
    text = log.read_text()
    return replace(outcome, injected=text.count("(INJECTED)") + text.count("killed by SIGKILL"))


def _traced(task: Task, options: list[str], log: Path) -> Outcome:
    """Run a task under strace from its first step to its end."""
    attempt = Attempt(task)
    with subprocess.Popen(["strace", "-f", "-qq", "-o", str(log), *options, "-p", str(attempt.pid)]) as tracer:
        while not re.search(r"^TracerPid:\t[1-9]", Path(f"/proc/{attempt.pid}/status").read_text(), re.MULTILINE):
            assert tracer.poll() is None, "strace cannot attach"
            time.sleep(0.001)
        return attempt.begin().outcome()
