"""Reading stored companies back from a generation's index."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from indexer.engines.opensearch import stored
from indexer.engines.opensearch.cluster import Cluster, Refused
from indexer.engines.opensearch.documents import NEWS_ID
from indexer.engines.opensearch.patience import READING, WRITING, Patience, attempts
from indexer.errors import EngineUnavailable, IndexCorrupt
from indexer.profiles.changes import Change, load_change

PAGE = 1_000
"""Companies whose digests are read by one request."""


def read_company(cluster: Cluster, index: str, slug: str) -> stored.Company | None:
    """One company, None when there is none."""
    found = _get(cluster, index, slug)
    return None if found is None or "slug" not in found else stored.load(found["stored"])


def read_beside(cluster: Cluster, index: str, identity: str, patience: Patience = READING) -> Mapping[str, Any]:
    """A document that is no company."""
    found = _get(cluster, index, identity, patience)
    if found is None:
        raise IndexCorrupt(f"{index} lacks {identity}")
    content: Mapping[str, Any] = found["stored"]
    return content


def read_news(cluster: Cluster, index: str, patience: Patience = READING) -> tuple[Change, ...]:
    """What changed up to the generation, newest first."""
    return tuple(map(load_change, read_beside(cluster, index, NEWS_ID, patience)["changes"]))


def read_companies(
    cluster: Cluster, index: str, slugs: Sequence[str], patience: Patience = WRITING
) -> Iterator[stored.Company]:
    """These companies, in this order; raises IndexCorrupt when one is not there, EngineUnavailable if nobody knows."""
    sources: dict[str, Any] = {}
    for _ in attempts(patience):
        left = [slug for slug in slugs if slug not in sources]
        answer = cluster.ask("POST", f"/{index}/_mget", {"ids": left}, patience=WRITING)
        found = dict(zip(left, answer["docs"], strict=True))
        sources |= {slug: item.get("_source") for slug, item in found.items() if "error" not in item}
        faults = [item["error"] for item in found.values() if "error" in item]
        if not faults:
            break
    else:
        kind, reason = faults[0].get("type"), " ".join(str(faults[0].get("reason")).split())[:300]
        raise EngineUnavailable(f"the cluster cannot read {index}: {kind}: {reason}", "profile-search rebuild")
    for slug in slugs:
        if sources[slug] is None:
            raise IndexCorrupt(f"{index} lacks the profile {slug}")
        yield stored.load(sources[slug]["stored"])


def read_digests(cluster: Cluster, index: str) -> dict[str, str]:
    """Slug to digest of all companies."""
    digests: dict[str, str] = {}
    after: list[str] = []
    while True:
        body: dict[str, object] = {
            "size": PAGE,
            "query": {"exists": {"field": "slug"}},
            "sort": ["slug"],
            "_source": ["slug", "stored.digest"],
            "track_total_hits": False,
        }
        further = {"search_after": after} if after else {}
        hits = cluster.search(index, body | further, patience=WRITING)["hits"]["hits"]
        digests |= {hit["_source"]["slug"]: hit["_source"]["stored"]["digest"] for hit in hits}
        if len(hits) < PAGE:
            return digests
        after = hits[-1]["sort"]


def _get(cluster: Cluster, index: str, identity: str, patience: Patience = READING) -> dict[str, Any] | None:
    try:
        found = cluster.ask("GET", f"/{index}/_doc/{quote(identity, safe='')}", patience=patience)
    except Refused as refused:
        if refused.status == 404 and refused.kind != "index_not_found_exception":
            return None
        raise
    source: dict[str, Any] = found["_source"]
    return source
