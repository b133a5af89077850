"""The setting that leads to a cluster: addresses, secrets, what happens without the extra or without a cluster."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from local_cluster import free_ports

from indexer.config import Settings
from indexer.engines import open_engine
from indexer.engines.opensearch.address import Address, parse_address
from indexer.errors import EngineUnavailable, UsageError
from webapp import create_app

SECRET = "hunter2hunter2"


@pytest.mark.parametrize(
    ("where", "address"),
    [
        ("opensearch://one:9201/profiles", Address((("one", 9201),), "profiles")),
        ("opensearch://a,b:1,c:2/x-y_z.1", Address((("a", 9200), ("b", 1), ("c", 2)), "x-y_z.1")),
        ("opensearch+https://[::1]:9200/p", Address((("::1", 9200),), "p", secure=True)),
        ("opensearch://one:9200/p?shards=3", Address((("one", 9200),), "p", shards=3)),
    ],
)
def test_address_names_hosts_index_and_shards(where: str, address: Address) -> None:
    assert parse_address(where) == address


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("opensearch://one:9200", "host:port"),
        ("opensearch:///profiles", "host:port"),
        ("opensearch://one:many/profiles", "one:many"),
        ("opensearch://one:9200/Profiles", "a-z"),
        ("opensearch://one:9200/_all", "a-z"),
        ("opensearch://one:9200/p,q", "a-z"),
        ("opensearch://one:9200/p*", "a-z"),
        ("opensearch://one,,two/p", "empty host"),
        ("opensearch://one/p?shards=0", "shards"),
        ("opensearch://one/p?copies=2", "host:port"),
    ],
)
def test_address_that_cannot_be_one_says_why(where: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as error:
        parse_address(where)
    assert "\n" not in str(error.value)


def test_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError, match="PROFILE_SEARCH_OPENSEARCH_PASSWORD") as error:
        open_engine(Settings(index=f"opensearch://me:{SECRET}@one:9200/profiles"))
    assert SECRET not in str(error.value)


def test_password_is_not_sent_unencrypted() -> None:
    with pytest.raises(EngineUnavailable, match=r"opensearch\+https") as error:
        open_engine(Settings(index="opensearch://one/p", opensearch_user="me", opensearch_password=SECRET))
    assert SECRET not in str(error.value)


def test_missing_file_of_the_authority_is_named(tmp_path: Path) -> None:
    settings = Settings(index="opensearch+https://one/p", opensearch_ca=tmp_path / "none.pem")
    with pytest.raises(EngineUnavailable, match=r"none\.pem"):
        open_engine(settings)


@pytest.fixture
def nowhere() -> Settings:
    """An address at which nobody listens."""
    return Settings(index=f"opensearch://127.0.0.1:{free_ports(1)[0]}/profiles")


def test_cluster_that_is_down_is_one_line(nowhere: Settings) -> None:
    engine = open_engine(nowhere)
    assert engine.status().state == "unavailable"
    with pytest.raises(EngineUnavailable, match="is the cluster running"):
        engine.open()


def test_commands_and_pages_say_that_the_cluster_is_down(nowhere: Settings) -> None:
    done = run("search", "pay", index=nowhere.index)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "no host of 127.0.0.1" in done.stderr
    client = create_app(replace(nowhere, operator_token=SECRET)).test_client()
    ready = client.get("/readyz")
    assert ready.status_code == 503
    assert ready.get_json()["reason"] == "the search engine does not answer"
    details = client.get("/readyz", headers={"Authorization": f"Bearer {SECRET}"}).get_json()
    assert "no host of 127.0.0.1" in details["reason"]
    assert client.get("/search?q=pay").status_code == 503


def test_without_the_extra_one_line_names_it() -> None:
    done = run("status", index="opensearch://one/profiles", before="import sys; sys.modules['opensearchpy'] = None; ")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "pip install 'profile-search[opensearch]'" in done.stderr


def run(*arguments: str, index: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own, with something said to Python before."""
    code = f"{before}from indexer.cli import main; main({list(arguments)!r}, prog_name='profile-search')"
    environment = {**os.environ, "PROFILE_SEARCH_INDEX": index}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)


@pytest.mark.parametrize("where", ["https://me:hunter2@one:9200/p", "opensearch+http://one/p", "OpenSearch://one/p"])
def test_address_of_another_kind_is_no_folder_and_is_not_repeated(where: str) -> None:
    with pytest.raises(UsageError, match="give a folder, opensearch://host:port/name") as caught:
        open_engine(Settings(index=where))
    assert "hunter2" not in str(caught.value)
