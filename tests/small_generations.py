"""The smallest generations: one file of words, one empty file."""

from pathlib import Path

from indexer.engines.whoosh.generations import Generations
from indexer.engines.whoosh.manifest import Manifest

DIGEST = "0123abcd" * 8


def accept(folder: Path) -> None:
    """What a builder checks is not the subject here."""
    assert folder.is_dir()


def publish(generations: Generations, text: str) -> Manifest:
    with generations.begin() as draft:
        (draft.path / "part").mkdir()
        (draft.path / "words").write_text(text)
        (draft.path / "part" / "empty").touch()
        return draft.publish(DIGEST, {"profiles": 3}, accept)


def read_words(manifest: Manifest, folder: Path) -> str:
    return (folder / "words").read_text()


def words(generations: Generations) -> str:
    return generations.open(read_words)


def kept_words(generations: Generations, name: str) -> str | None:
    return generations.open_kept(name, read_words)


def inside(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "generations").iterdir())


def state(generations: Generations) -> tuple[str, str]:
    health = generations.status()
    return health.state, health.reason


def overwrite(path: Path, content: bytes) -> None:
    """What another program of the same user can do to a published file in its place, read-only as it is."""
    path.chmod(0o644)
    path.write_bytes(content)


def damage_changed(folder: Path) -> None:
    overwrite(folder / "words", b"owt")
