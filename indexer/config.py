"""Settings, and the one reader of the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_CORPUS = "corpus"
DEFAULT_INDEX = ".index"


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are and who may see what.

    `index` is a folder (Whoosh, embedded) or `opensearch://host:port/name`, `opensearch+https://...`.
    """

    corpus: Path = Path(DEFAULT_CORPUS)
    index: str = DEFAULT_INDEX
    opensearch_user: str | None = None
    opensearch_password: str | None = None
    opensearch_ca: Path | None = None
    operator_token: str | None = None

    def __repr__(self) -> str:
        """Secrets never reach a log."""
        return f"Settings(corpus={str(self.corpus)!r}, index={self.index!r})"


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings that the environment variables `PROFILE_SEARCH_*` give; an empty one counts as unset."""

    def value(name: str) -> str | None:
        return environ.get(f"PROFILE_SEARCH_{name}") or None

    ca = value("OPENSEARCH_CA")
    return Settings(
        corpus=Path(value("CORPUS") or DEFAULT_CORPUS),
        index=value("INDEX") or DEFAULT_INDEX,
        opensearch_user=value("OPENSEARCH_USER"),
        opensearch_password=value("OPENSEARCH_PASSWORD"),
        opensearch_ca=Path(ca) if ca else None,
        operator_token=value("OPERATOR_TOKEN"),
    )
