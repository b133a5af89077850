"""Settings, and the one reader of the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from indexer.errors import UsageError

DEFAULT_CORPUS = "corpus"
DEFAULT_INDEX = ".index"
DEFAULT_QUERY_LOG_DAYS = 90


@dataclass(frozen=True, slots=True)
class WebSettings:
    """How the web application meets the world.

    `hosts`: names that this site answers to (`.example.org` means every name below it too); none: any name.
    `proxies`: how many reverse proxies stand in front and may say who asks. `rate`: requests a minute for one address;
    0: no limit. `query_log`: the file that queries are kept in for `query_log_days` days; none is kept without it.
    `alone`: nobody but this machine reaches the server, so that whoever asks is the operator.
    """

    hosts: tuple[str, ...] = ()
    proxies: int = 0
    rate: int = 0
    json_log: bool = False
    query_log: Path | None = None
    query_log_days: int = DEFAULT_QUERY_LOG_DAYS
    alone: bool = False


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
    web: WebSettings = WebSettings()

    def __repr__(self) -> str:
        """Secrets never reach a log."""
        return f"Settings(corpus={str(self.corpus)!r}, index={self.index!r})"


class _Variables:
    """The variables `PROFILE_SEARCH_*`; an empty one counts as unset."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str) -> str | None:
        return self._environ.get(f"PROFILE_SEARCH_{name}", "").strip() or None

    def path(self, name: str) -> Path | None:
        found = self.text(name)
        return Path(found) if found else None

    def number(self, name: str, default: int, most: int) -> int:
        found = self.text(name)
        if found is None:
            return default
        if not (found.isascii() and found.isdigit() and int(found) <= most):
            raise UsageError(f"PROFILE_SEARCH_{name} is {found!r}: give a whole number from 0 to {most:,}")
        return int(found)


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings that the environment variables `PROFILE_SEARCH_*` give; raises UsageError for a bad one."""
    variables = _Variables(environ)
    return Settings(
        corpus=Path(variables.text("CORPUS") or DEFAULT_CORPUS),
        index=variables.text("INDEX") or DEFAULT_INDEX,
        opensearch_user=variables.text("OPENSEARCH_USER"),
        opensearch_password=variables.text("OPENSEARCH_PASSWORD"),
        opensearch_ca=variables.path("OPENSEARCH_CA"),
        operator_token=variables.text("OPERATOR_TOKEN"),
        web=_read_web_settings(variables),
    )


def _read_web_settings(variables: _Variables) -> WebSettings:
    log = (variables.text("LOG") or "text").lower()
    if log not in ("text", "json"):
        raise UsageError(f"PROFILE_SEARCH_LOG is {log!r}: give text or json")
    return WebSettings(
        hosts=tuple((variables.text("HOSTS") or "").replace(",", " ").split()),
        proxies=variables.number("PROXIES", 0, 10),
        rate=variables.number("RATE", 0, 1_000_000),
        json_log=log == "json",
        query_log=variables.path("QUERY_LOG"),
        query_log_days=variables.number("QUERY_LOG_DAYS", DEFAULT_QUERY_LOG_DAYS, 3_650),
    )
