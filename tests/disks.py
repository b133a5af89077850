"""File systems of a test's own: small ones, read-only ones, and ones that lose their power."""

import fcntl
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


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


@dataclass(frozen=True)
class Disk:
    """A file system in a file, to be mounted at `folder`."""

    image: Path
    folder: Path

    @classmethod
    def make(cls, place: Path, kind: str) -> "Disk":
        """An empty disk; skips where the program that makes it is missing."""
        program = shutil.which(f"mkfs.{kind}", path=f"{os.environ['PATH']}:/sbin:/usr/sbin")
        if program is None:
            pytest.skip(f"mkfs.{kind} is not installed")
        disk = cls(place / "image", place / "disk")
        with disk.image.open("wb") as image:
            image.truncate(320 << 20)
        subprocess.run([program, "-q", str(disk.image)], check=True)
        return disk

    @contextmanager
    def plugged(self) -> Iterator[None]:
        """Mounted."""
        with mounted(self.folder, "-o", "loop", str(self.image)):
            yield

    def cut_power(self) -> None:
        """The disk forgets what is not on it, and fails everything from now on."""
        go_down, without_flushing_the_log = 0x8004587D, struct.pack("I", 2)
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, go_down, without_flushing_the_log)
        finally:
            os.close(descriptor)
