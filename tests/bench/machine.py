"""The machine, without its name."""

import os
import platform
import re
import sqlite3
from importlib.metadata import version
from pathlib import Path

import psutil

LIBRARIES = ("numpy", "Whoosh", "bm25s", "tantivy", "rapidfuzz", "snowballstemmer")


def describe_machine() -> dict[str, str]:
    """Processor, memory, system, Python and the libraries that are compared."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "libraries": f"{libraries}, SQLite {sqlite3.sqlite_version}",
    }


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*: (.+)$", described.read_text(), re.MULTILINE) if described.is_file() else None
    return found[1] if found else platform.processor() or platform.machine()
