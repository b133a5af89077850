"""Where a cluster is: `opensearch://host1:9200,host2:9200/name`, or `opensearch+https://...`."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from indexer.errors import UsageError

DEFAULT_PORT = 9200
MAX_SHARDS = 1_000
_ADDRESS = re.compile(
    r"opensearch(?P<secure>\+https)?://(?P<hosts>[^/?#@]+)/(?P<name>[^/?#]+)(?:\?shards=(?P<shards>\d+))?"
)
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,150}")


@dataclass(frozen=True, slots=True)
class Address:
    """Hosts of one cluster, and the name under which the index is published there.

    `shards` is the number of shards of each new generation, None to choose it by size.
    """

    hosts: tuple[tuple[str, int], ...]
    name: str
    secure: bool = False
    shards: int | None = None

    def __str__(self) -> str:
        return ", ".join(f"{host}:{port}" for host, port in self.hosts)


def parse_address(where: str) -> Address:
    """The address that `where` means; raises UsageError, which never repeats a password."""
    if "@" in where:
        raise UsageError(
            "--index: user and password do not belong in the address; set PROFILE_SEARCH_OPENSEARCH_USER and"
            " PROFILE_SEARCH_OPENSEARCH_PASSWORD"
        )
    parts = _ADDRESS.fullmatch(where)
    if not parts:
        raise UsageError(f"--index: {where} is not opensearch://host:port,host:port/name")
    if not _NAME.fullmatch(parts["name"]):
        raise UsageError(f"--index: {parts['name']} cannot be a name: use a-z, 0-9, dots, dashes and underscores")
    shards = int(parts["shards"]) if parts["shards"] else None
    if shards is not None and not 1 <= shards <= MAX_SHARDS:
        raise UsageError(f"--index: shards must be 1 to {MAX_SHARDS}")
    hosts = tuple(_host(host) for host in parts["hosts"].split(","))
    return Address(hosts, parts["name"], bool(parts["secure"]), shards)


def _host(typed: str) -> tuple[str, int]:
    try:
        split = urlsplit(f"//{typed}")
        host, port = split.hostname, split.port
    except ValueError:
        host, port = None, None
    if not host:
        raise UsageError(f"--index: {typed or 'an empty host'} is not host:port")
    return host, port or DEFAULT_PORT
