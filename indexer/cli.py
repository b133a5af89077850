"""The command line: options, output, exit codes; nothing else."""

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from indexer import terminal
from indexer.config import DEFAULT_CORPUS, DEFAULT_INDEX, Settings, read_settings
from indexer.errors import CorpusInvalid, ProfileSearchError, UsageError
from indexer.query.request import MAX_PAGE_SIZE, MAX_VERIFIED_DAYS

# Commands import what they use: shell completion runs this module at every Tab.

Command = TypeVar("Command", bound=Callable[..., Any])
FOLDER = click.Path(path_type=Path)
RESULTS, DAYS = click.IntRange(1, MAX_PAGE_SIZE), click.IntRange(1, MAX_VERIFIED_DAYS)


class Door(click.Group):
    """The one place where errors become a line and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ProfileSearchError as error:
            for line in error.problems if isinstance(error, CorpusInvalid) else ():
                click.echo(line, err=True)
            click.echo(f"profile-search: {error}", err=True)
            raise SystemExit(error.exit_code) from None


def with_index(command: Command) -> Command:
    """The option --index."""
    where = f"Folder, or opensearch://host:port/name.  [default: {DEFAULT_INDEX}]"
    return click.option("--index", metavar="WHERE", help=where)(command)


def with_corpus(command: Command) -> Command:
    """The option --corpus."""
    where = f"Folder of profiles.  [default: {DEFAULT_CORPUS}]"
    return click.option("--corpus", metavar="DIR", type=FOLDER, help=where)(command)


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """The options --corpus and --index; the command gets the settings that they make."""

    @with_corpus
    @with_index
    @wraps(command)
    def run(corpus: Path | None, index: str | None, **options: Any) -> None:
        command(settings=settings_from(index, corpus), **options)

    return run


def settings_from(index: str | None, corpus: Path | None = None) -> Settings:
    """The environment's settings, with what the command line says instead."""
    settings = read_settings()
    return replace(settings, corpus=corpus or settings.corpus, index=index or settings.index)


@click.group(cls=Door, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="profile-search")
def main() -> None:
    """Search company profiles written in Markdown.

    "profile-search serve" builds the index and opens the search at http://127.0.0.1:8080/.
    """


@main.command()
@click.argument("paths", nargs=-1, type=FOLDER)
@click.option("--json", "as_json", is_flag=True, help="Print the problems as a JSON array.")
@with_corpus
def check(paths: tuple[Path, ...], as_json: bool, corpus: Path | None) -> None:
    """Lint profiles: every problem of every file, as file:line: severity: message.

    Exit code 1 when there is an error.
    """
    from indexer.profiles.lint import check_paths
    from indexer.profiles.problems import has_errors, problem_json

    problems = check_paths(paths or (settings_from(None, corpus).corpus,), datetime.now(UTC).date())
    if as_json:
        click.echo(json.dumps([problem_json(problem) for problem in problems], indent=2, ensure_ascii=False))
    else:
        terminal.show_problems(problems)
    if has_errors(problems):
        raise SystemExit(1)


@main.command("import")
@click.argument("files", nargs=-1, required=True, type=FOLDER)
@click.option("--to", metavar="DIR", type=FOLDER, help=f"Where to write.  [default: {DEFAULT_CORPUS}]")
@click.option("--force", is_flag=True, help="Overwrite profiles that were edited after their import.")
def import_exports(files: tuple[Path, ...], to: Path | None, force: bool) -> None:
    """Turn raw text exports into Markdown profiles, every word kept.

    What has no place in a profile is put under "Notes" and reported. Importing twice changes nothing.
    """
    from indexer.profiles.imports import import_file

    folder = settings_from(None, to).corpus
    reports = [import_file(path, folder, force=force) for path in files]
    for report in reports:
        terminal.show_import(report)
    if any(report.outcome == "refused" for report in reports):
        raise SystemExit(1)


@main.command()
@click.option("--if-needed", is_flag=True, help="Do nothing when the corpus has not changed.")
@click.option("--skip-invalid", is_flag=True, help="Leave profiles with errors out instead of stopping.")
@with_settings
def rebuild(settings: Settings, if_needed: bool, skip_invalid: bool) -> None:
    """Build a new generation of the index and publish it in one step.

    Unchanged profiles are not analysed again. When a profile has an error, nothing is published.
    """
    from indexer.build import rebuild as rebuild_index
    from indexer.engines import open_engine

    with closing(open_engine(settings)) as engine, terminal.progress_bar("Indexing") as progress:
        report = rebuild_index(
            engine, settings.corpus, skip_invalid=skip_invalid, if_needed=if_needed, progress=progress
        )
    terminal.show_build(report, settings)


@main.command()
@with_settings
def watch(settings: Settings) -> None:
    """Rebuild whenever the corpus changes. Stop with Ctrl-C."""
    from indexer.build import watch as watch_corpus
    from indexer.engines import open_engine

    with closing(open_engine(settings)) as engine:
        click.echo(f"Watching {settings.corpus}. Stop with Ctrl-C.")
        for outcome in watch_corpus(engine, settings.corpus):
            terminal.show_outcome(outcome, settings)


@main.command()
@click.argument("query", nargs=-1)
@click.option(
    "--in", "sections", multiple=True, metavar="SECTION", help="Only in this section, e.g. compensation. Repeatable."
)
@click.option(
    "--specialty", "specialties", multiple=True, metavar="S", help="Only with this specialty, e.g. Image. Repeatable."
)
@click.option("--hiring", multiple=True, metavar="H", help="workers, vendor, both, closed or unknown. Repeatable.")
@click.option("--service", "services", multiple=True, metavar="TYPE", help="Only with this service type. Repeatable.")
@click.option("--verified-within", type=DAYS, metavar="DAYS", help="Verified in the last DAYS days.")
@click.option("--sort", type=click.Choice(["relevance", "verified", "name"]), default="relevance", show_default=True)
@click.option("--limit", type=RESULTS, default=10, show_default=True, metavar="N", help="Results shown.")
@click.option("--page", type=click.IntRange(1), default=1, show_default=True, metavar="N")
@click.option("--exact", is_flag=True, help="Search only for the words as typed, without repairing them.")
@click.option("--explain", is_flag=True, help="Show the sum that makes each score.")
@click.option("--json", "as_json", is_flag=True, help="Print the same document as /api/search.")
@with_index
def search(**options: Any) -> None:
    """Search for QUERY, as the web page does.

    Words, "exact phrases", -word, OR, word*, in:compensation, hiring:workers, specialty:image, company:sama.
    Put "--" before a query that begins with a dash.
    """
    from indexer.documents import search_document
    from indexer.engines import open_engine
    from indexer.search import SearchService

    request = terminal.search_request(options)
    with closing(open_engine(settings_from(options["index"]))) as engine:
        service = SearchService(engine)
        terminal.refuse_unknown(request.filters, service.searcher().values())
        page = service.search(request)
    terminal.refuse_past_the_last(page)
    if options["as_json"]:
        click.echo(json.dumps(search_document(page), indent=2, ensure_ascii=False))
    else:
        terminal.show_page(page)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65_535), default=8080, show_default=True)
@click.option("--threads", type=click.IntRange(1, 64), default=4, show_default=True)
@click.option("--trusted-host", "hosts", multiple=True, metavar="NAME", help="Answer to this name only. Repeatable.")
@click.option("--trusted-proxies", "proxies", type=click.IntRange(0, 10), metavar="N", help="Reverse proxies in front.")
@with_settings
def serve(settings: Settings, **options: Any) -> None:
    """Serve the search in a browser; builds the index first when there is none."""
    from indexer.engines import open_engine
    from webapp.serve import serve as serve_application

    web, proxies = settings.web, options["proxies"]
    web = replace(web, hosts=(*web.hosts, *options["hosts"]), proxies=web.proxies if proxies is None else proxies)
    settings = replace(settings, web=web)
    with closing(open_engine(settings)) as engine:
        terminal.build_if_missing(engine, settings)
    serve_application(settings, options["host"], options["port"], options["threads"])


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print the status as JSON.")
@with_index
def status(as_json: bool, index: str | None) -> None:
    """Say which generation answers, how large and old it is, and whether it is sound.

    Exit code 1 when the index is not sound, also where it still answers.
    """
    from indexer.engines import open_engine

    settings = settings_from(index)
    with closing(open_engine(settings)) as engine:
        state = engine.status()
    document = terminal.status_document(state, settings)
    click.echo(json.dumps(document, indent=2) if as_json else terminal.status_text(document))
    if state.state != "ok":
        raise SystemExit(1)


@main.command()
@click.option("--log", metavar="FILE", type=FOLDER, help="The query log.  [default: PROFILE_SEARCH_QUERY_LOG]")
@click.option("--days", type=click.IntRange(1), help="Only of the last so many days.  [default: all that are kept]")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, metavar="N", help="Queries in a list.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def queries(log: Path | None, days: int | None, limit: int, as_json: bool) -> None:
    """Say what people search for: the most frequent queries, those that found nothing, and both by section.

    What was typed in one go counts once. "serve" keeps the log when PROFILE_SEARCH_QUERY_LOG names a file.
    """
    from indexer.queries import report_queries, report_text

    web = read_settings().web
    if (path := log or web.query_log) is None:
        raise UsageError("queries are not logged: name a file in PROFILE_SEARCH_QUERY_LOG, or with --log")
    report = report_queries(path, days or web.query_log_days, limit)
    click.echo(json.dumps(asdict(report), indent=2, ensure_ascii=False) if as_json else report_text(report))


@main.command()
@with_index
def rollback(index: str | None) -> None:
    """Publish the previous generation again."""
    from indexer.engines import open_engine

    with closing(open_engine(settings_from(index))) as engine:
        generation = engine.rollback()
    click.echo(f"Generation {generation.id} answers again: {generation.profiles} profiles.")


@main.command()
@click.argument("folder", required=False, type=FOLDER, metavar="[DIR]")
@click.option("--run", "run_file", type=FOLDER, metavar="FILE", help="Write the rankings as a TREC run file.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@with_settings
def evaluate(settings: Settings, folder: Path | None, run_file: Path | None, as_json: bool) -> None:
    """Judge the ranking: nDCG@10, MRR@10, Recall@100, recall@1 and @5.

    Without DIR: the queries of judgments.tsv in the corpus, on the current index. With DIR: a test collection in BEIR
    layout (corpus.jsonl, queries.jsonl, qrels.tsv), indexed in a temporary place with the same analysis and ranking.
    """
    from indexer.engines import open_engine, temporary_engine
    from indexer.evaluate import evaluate_collection, evaluate_judgments, write_run

    if folder is None:
        with closing(open_engine(settings)) as engine:
            evaluation = evaluate_judgments(engine.open(), settings.corpus / "judgments.tsv")
    else:
        if not folder.is_dir():
            raise UsageError(f"{folder} is no folder: name one with corpus.jsonl, queries.jsonl and qrels.tsv")
        with temporary_engine(settings) as engine:
            evaluation = evaluate_collection(engine, folder)
    if run_file is not None:
        write_run(evaluation, run_file)
    click.echo(json.dumps(dict(evaluation.figures), indent=2) if as_json else terminal.figures_text(evaluation))


if __name__ == "__main__":
    main()
