"""One door to an OpenSearch cluster: several hosts, retries, time limits, and its errors as ours."""

import logging
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from indexer.config import Settings
from indexer.engines.opensearch.address import Address
from indexer.engines.opensearch.patience import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    READING,
    UNLIMITED,
    WRITING,
    Limits,
    Patience,
)
from indexer.errors import EngineUnavailable

try:
    from opensearchpy import OpenSearch, exceptions
    from urllib3 import Timeout
except ModuleNotFoundError as missing:
    raise EngineUnavailable(
        "the package opensearch-py is not installed", "pip install 'profile-search[opensearch]'"
    ) from missing

CONNECTIONS = 16
"""Connections kept open to each host: as many threads can ask at once without waiting."""
RETRIED = frozenset({429, 500, 502, 503, 504})
"""Answers that another node, or the same one a little later, may mend."""
LEFT_OUT_SECONDS = 10
"""Seconds for which a host that was silent is not asked, however often it was."""
ROUNDS = 2
"""How often every host must turn a connection down before the cluster counts as down."""
UNBLOCK = (
    "writing is blocked, mostly because a disk of the cluster is too full: free space or add a node,"
    " then clear index.blocks.read_only_allow_delete"
)
"""What to do about a block."""
LATE = "time_exceeded_exception"
"""What a shard says whose time is over."""
Answer = Any


class Refused(EngineUnavailable):
    """The cluster said no: HTTP status, its name for the reason, and the reason."""

    def __init__(self, status: int, kind: str, reason: str) -> None:
        self.status = status
        self.kind = kind
        super().__init__(
            f"the cluster refuses ({status}): {kind}: {reason}" if reason else f"the cluster refuses: {kind}"
        )


class TooLate(EngineUnavailable):
    """Nobody answered in time; what was asked for may be done all the same."""


class Cluster:
    """A cluster, asked in its own HTTP interface. Safe to share between threads."""

    def __init__(self, address: Address, settings: Settings) -> None:
        self.address = address
        self._stopped = threading.Event()
        self._met = False
        logging.getLogger("opensearch").addHandler(logging.NullHandler())  # its failures come back as errors of ours
        self._transport = _connect(address, settings).transport

    def ask(
        self, method: str, path: str, body: object = None, *, patience: Patience = READING, **params: str | int
    ) -> Answer:
        """The answer as JSON. Raises Refused for a refusal, EngineUnavailable when nobody answers in time.

        Repeated on other hosts while that may help, so only for requests that may arrive twice.
        """
        request = _Request(method, path, params, body)
        end, seconds, pause, unreachable = patience.end(), patience.attempt, FIRST_PAUSE, 0
        while True:
            left = end - time.monotonic()
            try:
                return self._attempt(request, max(0.1, min(seconds, left)))
            except _MayPass as fault:
                unreachable = unreachable + 1 if fault.unreachable else 0
                waits = self._met and not patience.hurried  # for a cluster that is started again
                hopeless = unreachable > ROUNDS * len(self.address.hosts) and not waits
                if hopeless or time.monotonic() + pause >= end:
                    self._met = self._met and not fault.unreachable  # who did not come back is not waited for again
                    raise fault.error from fault
                if isinstance(fault.error, TooLate):  # a node is gone, or all are busy: then they need longer
                    seconds *= 2
            self._stopped.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311  # no secret
            pause = min(2 * pause, LONGEST_PAUSE)

    def search(
        self,
        index: str,
        body: Mapping[str, object],
        *,
        shards: int = 1,
        limits: Limits = UNLIMITED,
        patience: Patience | None = None,
    ) -> Answer:
        """An answer of all shards: one that lacks a shard is asked for again, and never given back.

        What the shards had found by `limits.until` is given with "timed_out" set.
        """
        kind = "dfs_query_then_fetch" if shards > 1 else "query_then_fetch"  # word statistics of all shards together
        timeout = limits.timeout()
        answer = self.ask(
            "POST",
            f"/{index}/_search",
            {**body, **timeout},
            patience=patience or limits.patience(),
            # Without leave to be partial the cluster throws away what it has when the time is over.
            allow_partial_search_results="true" if timeout else "false",
            search_type=kind,
            preference="_local",
        )
        # The flag speaks of shards that had found something; those that had not only count as failed.
        return {**answer, "timed_out": answer["timed_out"] or answer["_shards"]["failed"] > 0}

    def delete(self, index: str) -> None:
        """Remove an index, if it is there."""
        try:
            self.ask("DELETE", f"/{index}", patience=WRITING, ignore_unavailable="true")
        except Refused as refused:  # it went in between: a repeated request meets what its first attempt does
            if refused.status != 404:
                raise

    def close(self) -> None:
        """Let go of the connections."""
        self._stopped.set()
        self._transport.close()

    def _attempt(self, request: "_Request", seconds: float) -> Answer:
        params = {**request.params, "request_timeout": Timeout(total=seconds)}  # for connecting and the answer together
        try:
            answer = self._transport.perform_request(request.method, request.path, params=params, body=request.body)
        except exceptions.SSLError as fault:
            if "CERTIFICATE_VERIFY_FAILED" not in str(fault):  # a node that goes away cuts a handshake off
                raise _MayPass(self._unreachable(), unreachable=True) from fault
            raise self._no_trust() from fault
        except exceptions.SerializationError as fault:
            error = EngineUnavailable(f"what answers at {self.address} is no OpenSearch, or was cut off")
            raise _MayPass(error) from fault
        except exceptions.ConnectionTimeout as fault:
            raise _MayPass(TooLate(f"no answer from {self.address} in time")) from fault
        except exceptions.ConnectionError as fault:
            raise _MayPass(self._unreachable(), unreachable=True) from fault
        except exceptions.TransportError as fault:
            refused = _refused(fault)
            may_pass = refused.status in RETRIED and not is_blocked(refused.status, refused.kind)
            raise (_MayPass(refused) if may_pass else refused) from fault
        if isinstance(answer, dict) and not _is_whole(answer, request.body):
            raise _MayPass(Refused(503, "partial answer", "some shards did not answer"))
        self._met = True
        return answer

    def _unreachable(self) -> EngineUnavailable:
        return EngineUnavailable(f"no host of {self.address} can be reached; is the cluster running?")

    def _no_trust(self) -> EngineUnavailable:
        return EngineUnavailable(
            f"the certificate of {self.address} is not trusted;"
            " name the file of its authority in PROFILE_SEARCH_OPENSEARCH_CA"
        )


@dataclass(frozen=True, slots=True)
class _Request:
    """What is asked; `params` stand behind the path."""

    method: str
    path: str
    params: Mapping[str, str | int]
    body: object


class _MayPass(Exception):  # not an error but a reason to try again
    """A failure that another attempt may mend; `error` is what to raise when none does.

    `unreachable`: nobody listens there, which is known at once.
    """

    def __init__(self, error: EngineUnavailable, *, unreachable: bool = False) -> None:
        self.error = error
        self.unreachable = unreachable
        super().__init__(str(error))


def _connect(address: Address, settings: Settings) -> OpenSearch:
    user, password, authority = settings.opensearch_user, settings.opensearch_password, settings.opensearch_ca
    if password and not address.secure:
        raise EngineUnavailable(
            "a password is set, and opensearch:// would send it unencrypted; use opensearch+https://",
            "profile-search status",
        )
    if authority and not authority.is_file():
        raise EngineUnavailable(f"PROFILE_SEARCH_OPENSEARCH_CA names {authority}, and there is no such file")
    return OpenSearch(
        [{"host": host, "port": port} for host, port in address.hosts],
        use_ssl=address.secure,
        verify_certs=True,
        ca_certs=str(authority) if authority else None,
        http_auth=(user or "", password) if password else None,
        pool_maxsize=CONNECTIONS,
        max_retries=0,
        retry_on_status=(502, 503, 504),
        retry_on_timeout=True,
        dead_timeout=LEFT_OUT_SECONDS,
        timeout_cutoff=0,
    )


def _is_whole(answer: Mapping[str, Any], body: object) -> bool:
    """Whether every shard has answered, in time unless the request said what to do without it.

    A shard that no node has counts neither as successful nor as failed; one whose time was over before it had found
    anything counts as failed.
    """
    shards = answer.get("_shards", {})
    limited = isinstance(body, dict) and "timeout" in body
    reasons = {fault["reason"]["type"] for fault in shards.get("failures", ())}  # of many shards alike, one is named
    failed, late = shards.get("failed", 0), limited and reasons == {LATE}
    missing = "hits" in answer and shards["successful"] + failed < shards["total"]
    return not (missing or (failed and not late) or (answer.get("timed_out") is True and not limited))


def _refused(fault: "exceptions.TransportError") -> Refused:
    """The refusal in words, without what was sent."""
    status = fault.status_code if isinstance(fault.status_code, int) else 500
    detail = fault.info.get("error", {}) if isinstance(fault.info, dict) else {}
    cause = detail if isinstance(detail, dict) else {}
    roots = cause.get("root_cause") or [{}]
    kind = str(roots[0].get("type") or cause.get("type") or fault.error)
    reason = " ".join(str(roots[0].get("reason") or cause.get("reason") or "").split())[:300]
    if is_blocked(status, kind):
        return Refused(status, kind, f"{reason}; {UNBLOCK}")
    if status in (401, 403):
        return Refused(
            status,
            "the user may not do this; set PROFILE_SEARCH_OPENSEARCH_USER and PROFILE_SEARCH_OPENSEARCH_PASSWORD",
            "",
        )
    return Refused(status, kind, reason)


def is_blocked(status: int, kind: str) -> bool:
    """Whether a refusal stays until somebody acts: writing is blocked, as a rule because a disk is full."""
    return kind == "cluster_block_exception" and status in (403, 429)
