"""What answers at the address is no OpenSearch, or goes away in the middle of a greeting."""

import socket
import threading
import time
from contextlib import closing, suppress

import pytest
from fake_node import Door, serving

from indexer.config import Settings
from indexer.engines.opensearch.address import Address
from indexer.engines.opensearch.cluster import Cluster
from indexer.engines.opensearch.patience import Patience, attempts
from indexer.errors import EngineUnavailable

BRIEF = Patience(0.5, 0.5)
LONG = Patience(5.0, 30.0, hurried=False)


class WebPage(Door):
    """A page for people, as a proxy shows it that wants a password."""

    def answer(self) -> None:
        self.say(200, "text/html", b"<title>Sign in</title>")

    do_GET = answer  # noqa: N815  # the name that the server looks for


def test_another_program_at_the_address_is_one_error() -> None:
    with (
        serving(WebPage) as port,
        closing(Cluster(Address((("127.0.0.1", port),), "pages"), Settings())) as cluster,
        pytest.raises(EngineUnavailable, match="is no OpenSearch"),
    ):
        cluster.ask("GET", "/", patience=BRIEF)


def test_index_that_goes_while_it_is_removed_is_removed() -> None:
    class Forgetful(Door):
        """Loses the answer to the first removal, and knows nothing of the index afterwards."""

        def answer(self) -> None:
            asked.append(self.path)
            if len(asked) == 1:
                self.say(503, "application/json", b"{}")
            else:
                self.say(404, "application/json", b'{"error": {"type": "index_not_found_exception"}, "status": 404}')

        do_DELETE = answer  # noqa: N815  # the name that the server looks for

    asked: list[str] = []
    with (
        serving(Forgetful) as port,
        closing(Cluster(Address((("127.0.0.1", port),), "gone"), Settings())) as cluster,
    ):
        cluster.delete("gone-1")
    assert [path.partition("?")[0] for path in asked] == ["/gone-1"] * 2


def test_writer_waits_for_a_cluster_that_is_started_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        place = free.getsockname()
    cluster = Cluster(Address((place,), "again"), Settings())

    def node() -> None:
        """Answers one question, and another one after it was gone for longer than a reader waits."""
        for _ in range(2):
            with socket.create_server(place) as server:
                connection, _ = server.accept()
                with connection:
                    connection.recv(1_000)
                    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
            gone.wait(1.5)

    gone = threading.Event()
    thread = threading.Thread(target=node)
    with closing(cluster):
        with pytest.raises(EngineUnavailable, match="can be reached"):
            cluster.ask("GET", "/", patience=LONG)  # there never was one
        thread.start()
        for _ in attempts(LONG):
            with suppress(EngineUnavailable):
                assert cluster.ask("GET", "/", patience=Patience(5.0, 5.0)) == {}
                break
        assert cluster.ask("GET", "/", patience=LONG) == {}
        thread.join()
        started = time.monotonic()
        for _ in range(3):  # who does not come back is waited for once
            with pytest.raises(EngineUnavailable, match="can be reached"):
                cluster.ask("GET", "/", patience=Patience(0.5, 1.0, hurried=False))
        assert time.monotonic() - started < 2.0


def test_handshake_that_is_cut_off_is_tried_again_and_no_question_of_trust() -> None:
    met = []

    def hang_up() -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                met.append(connection.recv(1))
                connection.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=hang_up)
        thread.start()
        address = Address((("127.0.0.1", server.getsockname()[1]),), "cut", secure=True)
        with closing(Cluster(address, Settings())) as cluster, pytest.raises(EngineUnavailable, match="can be reached"):
            cluster.ask("GET", "/", patience=BRIEF)
        server.shutdown(socket.SHUT_RDWR)
    thread.join()
    assert len(met) > 1
