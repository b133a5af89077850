"""Load on a real server: a corpus whose every word tells its version, wrk, and what it measures."""

import re
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from indexer.build import rebuild
from indexer.config import Settings
from indexer.engines import open_engine

COMPANIES = 60
PROFILE = """---
company: Company {number}
specialties: [Text]
last_verified: 2026-01-29
---
## Overview
The metal of this company is metal{version}, as everybody knows.

## Compensation
It pays in metal{version} each week.

## Concerns
Some say that metal{version} is heavy.
"""
PATHS = ["/search?q=pays", "/search?q=metal+company&page=2", "/profiles/c7?q=pays", "/profiles/c41"]


def write(corpus: Path, version: int) -> None:
    """The whole corpus in another version, every file of it changed."""
    for number in range(COMPANIES):
        text = PROFILE.format(number=number, version=version)
        (corpus / f"c{number}.md").write_text(text, encoding="utf-8")


def metals_in(folder: Path) -> Settings:
    """Sixty companies in version 0, built."""
    settings = Settings(corpus=folder / "corpus", index=str(folder / "index"))
    settings.corpus.mkdir()
    write(settings.corpus, 0)
    with closing(open_engine(settings)) as engine:
        rebuild(engine, settings.corpus)
    return settings


@dataclass(frozen=True)
class Load:
    """What wrk measured."""

    requests: int
    failed: int
    p50_ms: float
    p99_ms: float


def started_load(wrk: str, port: int, script: Path, seconds: int) -> "subprocess.Popen[str]":
    """wrk asking for every path in turn over eight connections."""
    paths = ", ".join(f'"{path}"' for path in PATHS)
    script.write_text(
        f"local paths = {{{paths}}}\nlocal n = 0\n"
        'request = function() n = n + 1; return wrk.format("GET", paths[n % #paths + 1]) end\n'
    )
    command = [wrk, "-t1", "-c8", f"-d{seconds}s", "--timeout", "10s", "--latency", "-s", str(script)]
    return subprocess.Popen([*command, f"http://127.0.0.1:{port}"], stdout=subprocess.PIPE, text=True)


def measured(load: "subprocess.Popen[str]") -> Load:
    """What wrk says at its end."""
    text = load.communicate(timeout=300)[0]
    found = re.search(r"(\d+) requests in", text)
    assert found, text
    failed = sum(map(int, re.findall(r"Non-2xx or 3xx responses: (\d+)", text)))
    failed += sum(sum(map(int, re.findall(r"\d+", line))) for line in text.splitlines() if "Socket errors" in line)
    return Load(int(found[1]), failed, _milliseconds(text, "50%"), _milliseconds(text, "99%"))


def _milliseconds(text: str, name: str) -> float:
    value, unit = re.findall(rf"{name}\s+([\d.]+)(us|ms|s)\b", text)[0]
    return float(value) * {"us": 0.001, "ms": 1.0, "s": 1_000.0}[unit]
