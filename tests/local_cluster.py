"""A real OpenSearch cluster on loopback, one process a node, with parts that Maven fetches.

Run as a program it says whether there can be one here: exit code 1 and the reason when there cannot.
"""

import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent / "opensearch"
OLDEST_JDK = 21
START_SECONDS = 180
"""Three nodes find each other in 20 s on an idle machine with two cores."""
LOOK_AGAIN = 0.25
HEAP = "512m"


class NoCluster(Exception):
    """Why there can be no cluster here: a program that it needs is missing."""


class ClusterFailed(Exception):
    """A cluster that should have started did not."""


def find_jdk() -> Path:
    """A JDK that is new enough: JAVA_HOME, or the newest one in the usual folders."""
    homes = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    for folder in ("/usr/lib/jvm", "/opt/java", "/Library/Java/JavaVirtualMachines"):
        homes += sorted(Path(folder).glob("*")) + sorted(Path(folder).glob("*/Contents/Home"))
    found = [(_version(home), home) for home in homes if (home / "bin" / "javac").is_file()]
    version, home = max(found, default=(0, Path()))
    if version < OLDEST_JDK:
        raise NoCluster(f"no JDK of {OLDEST_JDK} or newer found: install one, or name it in JAVA_HOME")
    return home


def find_maven() -> str:
    """The Maven on the path."""
    maven = shutil.which("mvn")
    if maven is None:
        raise NoCluster("no Maven found: install it, it fetches the parts of the cluster")
    return maven


def _version(home: Path) -> int:
    printed = subprocess.run([home / "bin" / "javac", "-version"], capture_output=True, text=True, check=False)
    number = re.search(r"javac (\d+)", printed.stdout + printed.stderr)
    return int(number[1]) if number else 0


@dataclass(frozen=True, slots=True)
class Program:
    """The node, compiled: what java needs to start it."""

    java: Path
    classpath: str


def compile_node(cache: Path) -> Program:
    """Fetch the parts and compile the node, once for each state of its sources."""
    jdk, maven = find_jdk(), find_maven()
    sources = (HERE / "pom.xml").read_bytes() + (HERE / "TestNode.java").read_bytes() + str(jdk).encode()
    place = cache / hashlib.sha256(sources).hexdigest()[:16]
    listed = place / "classpath"
    if not listed.is_file():
        place.mkdir(parents=True, exist_ok=True)
        _run(
            [
                maven,
                "-q",
                "-B",
                "-f",
                HERE / "pom.xml",
                "dependency:build-classpath",
                f"-Dmdep.outputFile={place / 'jars'}",
            ]
        )
        jars = (place / "jars").read_text().strip()
        _run([jdk / "bin" / "javac", "-cp", jars, "-d", place, HERE / "TestNode.java"])
        listed.write_text(f"{place}{os.pathsep}{jars}")
    return Program(jdk / "bin" / "java", listed.read_text())


def _run(command: Sequence[str | Path]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ClusterFailed(f"{Path(command[0]).name} failed: {(done.stderr or done.stdout).strip()[-500:]}")


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [opened.getsockname()[1] for opened in sockets]
    for opened in sockets:
        opened.close()
    return ports


@dataclass
class LocalCluster:
    """Some nodes in the folder `home`."""

    program: Program
    home: Path
    http: list[int]
    transport: list[int]
    processes: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    @classmethod
    def start(cls, program: Program, home: Path, nodes: int = 3) -> "LocalCluster":
        """Start the nodes and wait until they know each other."""
        ports = free_ports(2 * nodes)
        made = cls(program, home, ports[:nodes], ports[nodes:])
        try:
            for number in range(nodes):
                made.start_node(number)
            made.wait_for(nodes)
        except BaseException:
            made.stop()
            raise
        return made

    @property
    def hosts(self) -> list[str]:
        """host:port of each node."""
        return [f"127.0.0.1:{port}" for port in self.http]

    def start_node(self, number: int) -> None:
        """Start one node, also again after it was killed."""
        folder = self.home / f"node{number}"
        folder.mkdir(parents=True, exist_ok=True)
        names = ",".join(f"node{place}" for place in range(len(self.http)))
        settings = {
            "cluster.name": "profile-search-tests",
            "cluster.initial_cluster_manager_nodes": names,
            "cluster.routing.allocation.disk.threshold_enabled": "false",
            "discovery.seed_hosts": ",".join(f"127.0.0.1:{port}" for port in self.transport),
            "node.name": f"node{number}",
            "network.host": "127.0.0.1",
            "http.type": "netty4",
            "http.port": str(self.http[number]),
            "thread_pool.estimated_time_interval": "5ms",  # what time limits of searches are measured with
            "transport.type": "netty4",
            "transport.port": str(self.transport[number]),
            "path.home": str(folder),
            "path.data": str(folder / "data"),
            "path.logs": str(folder / "logs"),
        }
        java = [
            self.program.java,
            f"-Xms{HEAP}",
            f"-Xmx{HEAP}",
            "-XX:+UseSerialGC",
            "--enable-native-access=ALL-UNNAMED",
        ]
        modules = ["--add-modules", "jdk.incubator.vector", "-cp", self.program.classpath, "TestNode"]
        with (folder / "output").open("ab") as output:
            self.processes[number] = subprocess.Popen(
                [*java, *modules, *(f"{name}={value}" for name, value in settings.items())],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def use_nodes(self, *, spare_the_manager: bool) -> None:
        """Let every node hold data, or all but the one that manages the cluster.

        A copy of a shard that lies on the manager's node takes a second longer to be there, at every publication.
        """
        excluded = {"cluster.routing.allocation.exclude._name": f"node{self.manager()}" if spare_the_manager else None}
        body = json.dumps({"persistent": excluded}).encode()
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"{self._address}/_cluster/settings", body, headers, method="PUT")
        urllib.request.urlopen(request, timeout=30).close()

    def manager(self) -> int:
        """The number of the node that manages the cluster."""
        with closing(urllib.request.urlopen(f"{self._address}/_cat/cluster_manager?h=node", timeout=30)) as answer:
            return int(answer.read().decode().strip().removeprefix("node"))

    @property
    def _address(self) -> str:
        return f"http://{self.hosts[0]}"

    def kill(self, number: int) -> None:
        """End one node as a power cut would."""
        self.processes[number].send_signal(signal.SIGKILL)
        self.processes[number].wait()

    def stop(self) -> None:
        """End all nodes."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def wait_for(self, nodes: int, status: str = "") -> None:
        """Wait until every running node sees so many nodes, and the cluster has the status, if one is named."""
        end = time.monotonic() + START_SECONDS
        while not all(seen == nodes and state in (status or state) for seen, state in self._views()):
            if time.monotonic() > end:
                raise ClusterFailed(f"{nodes} nodes did not find each other in {START_SECONDS} s: see {self.home}")
            time.sleep(LOOK_AGAIN)

    def _views(self) -> Iterator[tuple[int, str]]:
        """How many nodes each running node sees, and what it thinks of the cluster; 0 before it answers."""
        for number, process in self.processes.items():
            if process.poll() is not None:
                continue
            seen: tuple[int, str] = (0, "")
            with suppress(OSError, ValueError):
                address = f"http://{self.hosts[number]}/_cluster/health?local=true"
                with closing(urllib.request.urlopen(address, timeout=2)) as answer:
                    health = json.load(answer)
                    seen = health["number_of_nodes"], health["status"]
            yield seen


@dataclass(frozen=True, slots=True)
class GivenCluster:
    """A cluster that is already there."""

    hosts: list[str]


AnyCluster = LocalCluster | GivenCluster


def main() -> int:
    """What a cluster would be made with, or why there can be none."""
    try:
        print(f"cluster: {find_jdk()}, {find_maven()}")
    except NoCluster as reason:
        print(reason)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
