"""What the HTML and the texts in an index depend on beside the profiles themselves."""

from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

LIBRARIES = ("markdown", "nh3")
"""What renders and what sanitises: with a newer one, profiles that have not changed are rendered anew too."""


def fingerprint() -> str:
    """Changes with every file of this package and with the libraries; another fingerprint means: rebuild."""
    digest = sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return " ".join((f"profiles-{digest.hexdigest()[:12]}", *(f"{name}-{version(name)}" for name in LIBRARIES)))
