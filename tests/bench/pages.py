"""`python -m tests.bench.pages`: pages of results against a static Flask page of the same size, on one waitress.

Every answer is made anew; the two kinds take turns over one connection each, so that whatever else the machine does
meets both. Medians tell how it feels here and now, the best times what it costs.
"""

import multiprocessing
import random
import re
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

import click
import waitress
from flask import Flask, Response
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from indexer.build import rebuild
from indexer.config import Settings
from indexer.engines import open_engine
from webapp import create_app, delivery

CORPUS = Path(__file__).parents[2] / "corpus"
WARMING = 2
"""Rounds before the clock counts."""
PACKINGS: dict[str, dict[str, str]] = {"plain": {}, "gzip": {"Accept-Encoding": "gzip"}}
PARTS = ("parse", "search", "snippets", "render")


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of one kind of page: the median of all answers, and of the best answer of each query."""

    p50: float
    best: float

    @classmethod
    def of(cls, times: Mapping[str, Sequence[float]]) -> "Times":
        """From the times of each query."""
        every = [each for rows in times.values() for each in rows]
        return cls(median(every), median(min(rows) for rows in times.values()))


def static_app(pages: Sequence[bytes], *, compressing: bool) -> Flask:
    """A Flask application that answers with finished pages, and does nothing else."""
    app = Flask("static_pages")

    @app.get("/<int:number>")
    def page(number: int) -> Response:
        return Response(pages[number], content_type="text/html; charset=utf-8")

    if compressing:
        delivery.install(app)
    return app


def serve(settings: Settings, urls: Sequence[str], told: Connection) -> None:
    """Both kinds of page on one server; tells its port."""
    app = create_app(settings)
    client = app.test_client()
    pages = [client.get(url).data for url in urls]
    mounted = {
        "/static/plain": static_app(pages, compressing=False),
        "/static/gzip": static_app(pages, compressing=True),
    }
    server = waitress.create_server(DispatcherMiddleware(app, mounted), host="127.0.0.1", port=0, threads=4)
    told.send(server.effective_port)
    server.run()


@contextmanager
def serving(settings: Settings, urls: Sequence[str]) -> Iterator[int]:
    """The port of a server in a process of its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(settings, urls, theirs))
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


def measure(port: int, urls: Sequence[str], packing: str, rounds: int) -> tuple[Times, Times, dict[str, float]]:
    """Static pages, pages of results, and the best of each part of the latter as its server says, in the median."""
    taken: dict[bool, dict[str, list[float]]] = {static: {url: [] for url in urls} for static in (True, False)}
    parts: dict[str, dict[str, float]] = {part: {} for part in PARTS}
    chance = random.Random(0)
    with closing(HTTPConnection("127.0.0.1", port)) as one, closing(HTTPConnection("127.0.0.1", port)) as other:
        for turn in range(-WARMING, rounds):
            for number, url in enumerate(urls):
                for static in chance.sample([True, False], 2):
                    path = f"/static/{packing}/{number}" if static else url
                    milliseconds, told = ask(one if static else other, path, PACKINGS[packing])
                    if turn >= 0:
                        taken[static][url].append(milliseconds)
                    for name, value in re.findall(r"(\w+);dur=([\d.]+)", told):
                        parts[name][url] = min(float(value), parts[name].get(url, float(value)))
    costs = {name: median(best.values()) for name, best in parts.items()}
    return Times.of(taken[True]), Times.of(taken[False]), costs


def ask(connection: HTTPConnection, path: str, headers: Mapping[str, str]) -> tuple[float, str]:
    """Milliseconds until the whole answer is here, and its Server-Timing."""
    began = time.perf_counter()
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    response.read()
    milliseconds = (time.perf_counter() - began) * 1e3
    if response.status != 200:
        raise click.ClickException(f"{path} answered {response.status}")
    return milliseconds, response.getheader("Server-Timing", "")


def judged_queries(limit: int) -> list[str]:
    """Queries of the corpus's judgments, spread over the file."""
    rows = (CORPUS / "judgments.tsv").read_text(encoding="utf-8").splitlines()
    queries = list(dict.fromkeys(row.split("\t")[0] for row in rows if row and not row.startswith("#")))
    return queries[:: max(1, len(queries) // limit)][:limit]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--queries", type=click.IntRange(1), default=60, show_default=True, help="How many judged queries.")
@click.option("--rounds", type=click.IntRange(1), default=15, show_default=True, help="Times each is asked.")
def main(queries: int, rounds: int) -> None:
    """Time /search against a static Flask page of the same size, on the same server, in one run."""
    urls = [f"/search?{urlencode({'q': query})}" for query in judged_queries(queries)]
    with tempfile.TemporaryDirectory(prefix="profile-search-bench-") as folder:
        settings = Settings(corpus=CORPUS, index=str(Path(folder) / "index"))
        with closing(open_engine(settings)) as engine:
            rebuild(engine, settings.corpus)
        with serving(settings, urls) as port:
            for packing in PACKINGS:
                report(packing, *measure(port, urls, packing, rounds))


def report(packing: str, static: Times, search: Times, costs: Mapping[str, float]) -> None:
    """Two lines: the times with their ratio, and what the page of results is made of."""
    for name in ("p50", "best"):
        one, other = getattr(static, name), getattr(search, name)
        click.echo(f"{packing:<6} {name:<5} static {one:6.2f} ms  /search {other:6.2f} ms  ratio {other / one:5.2f}")
    rest = search.best - static.best - sum(costs.values())
    told = ", ".join(f"{name} {value:.2f}" for name, value in costs.items())
    click.echo(f"{packing:<6} best  static page {static.best:.2f} + {told} + the rest of a request {rest:.2f} ms")


if __name__ == "__main__":
    main()
