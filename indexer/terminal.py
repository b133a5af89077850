"""What the command line shows people: progress, problems, results, status."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from indexer.errors import BadRequest, Fault, NotFound
from indexer.profiles.model import HIRING_STATUSES
from indexer.profiles.problems import SEVERITIES
from indexer.query.request import MAX_QUERY_CHARACTERS, Filters, SearchRequest

if TYPE_CHECKING:  # shell completion imports this module at every Tab
    from indexer.build import BuildReport, Progress
    from indexer.config import Settings
    from indexer.engines.base import Engine, Generation, Status
    from indexer.errors import ProfileSearchError
    from indexer.evaluate import Evaluation
    from indexer.page import Page, Result
    from indexer.profiles.imports import ImportReport
    from indexer.profiles.problems import Problem

WIDTH = 96
LINES_EVERY = 1_000
"""Profiles between two lines of progress where there is no terminal."""


@contextmanager
def progress_bar(label: str) -> Iterator[Progress]:
    """A bar on a terminal, plain lines elsewhere."""
    if not sys.stderr.isatty():
        yield lambda done, total: _line(label, done, total)
        return
    bar: Any = None

    def advance(done: int, total: int) -> None:
        nonlocal bar
        if bar is None:
            bar = click.progressbar(length=total, label=label, file=sys.stderr)
            bar.__enter__()
        bar.update(done - bar.pos)

    try:
        yield advance
    finally:
        if bar is not None:
            bar.__exit__(None, None, None)


def _line(label: str, done: int, total: int) -> None:
    if done % LINES_EVERY == 0 or done == total:
        click.echo(f"{label}: {done} of {total} profiles", err=True)


def show_problems(problems: Sequence[Problem]) -> None:
    """One line a problem, and their number."""
    for problem in problems:
        click.echo(problem)
    counts = {name: sum(problem.severity == name for problem in problems) for name in SEVERITIES}
    shown = [f"{count} {name}{'s' * (count != 1 and name != 'info')}" for name, count in counts.items() if count]
    click.echo(", ".join(shown) if shown else "No problems.", err=True)


def show_import(report: ImportReport) -> None:
    """What an import did, and what it could not place."""
    for problem in report.problems:
        click.echo(problem, err=True)
    if report.outcome != "refused":
        click.echo(f"{report.source} -> {report.target}: {report.outcome}")


def show_build(report: BuildReport, settings: Settings) -> None:
    """What a rebuild did."""
    for problem in report.problems:
        if problem.severity == "error":
            click.echo(problem, err=True)
    generation = report.generation
    if not report.published:
        click.echo(f"Nothing has changed: generation {generation.id} has all {_profiles(generation.profiles)}.")
        return
    details = [f"{report.analysed} analysed", f"{report.kept} unchanged"]
    details += [f"{report.removed} removed"] if report.removed else []
    details += [f"{report.skipped} left out for errors"] if report.skipped else []
    click.echo(
        f"Published generation {generation.id} in {settings.index}: {_profiles(generation.profiles)}, "
        f"{generation.sections} sections ({', '.join(details)}) in {report.seconds:.2f} s."
    )


def show_outcome(outcome: BuildReport | ProfileSearchError, settings: Settings) -> None:
    """One round of `watch`; an error does not end it."""
    if not isinstance(outcome, Exception):
        show_build(outcome, settings)
        return
    for line in getattr(outcome, "problems", ()):
        click.echo(line, err=True)
    click.echo(f"profile-search: {outcome}", err=True)


def build_if_missing(engine: Engine, settings: Settings) -> None:
    """Build the index where there is none that answers."""
    from indexer.build import rebuild

    if engine.status().state in ("missing", "outdated"):
        with progress_bar("Indexing") as progress:
            report = rebuild(engine, settings.corpus, progress=progress)
        show_build(report, settings)


def search_request(options: Mapping[str, Any]) -> SearchRequest:
    """The request that the options of `search` make; raises BadRequest for a query over the limit."""
    text = " ".join(options["query"])
    if len(text) > MAX_QUERY_CHARACTERS:
        message = f"give at most {MAX_QUERY_CHARACTERS} characters; this has {len(text)}"
        raise BadRequest((Fault("QUERY", message),))
    verified = (str(options["verified_within"]),) if options["verified_within"] else ()
    filters = Filters(
        sections=options["sections"],
        specialties=options["specialties"],
        hiring=options["hiring"],
        services=options["services"],
        verified=verified,
    )
    return SearchRequest(
        text=text,
        filters=filters,
        sort=options["sort"],
        page=options["page"],
        size=options["limit"],
        exact=options["exact"],
        explain=options["explain"],
    )


def refuse_unknown(filters: Filters, values: Mapping[str, Mapping[str, str]]) -> None:
    """Raise BadRequest for options whose value no profile could have, all of them together."""
    from indexer.query.choices import known_choices

    _, unknown = known_choices(filters, values)
    if unknown:
        raise BadRequest([Fault(f"--{choice.field} {choice.value!r}", choice.reason) for choice in unknown])


def refuse_past_the_last(page: Page) -> None:
    """Raise NotFound for a page that is not there; the first one always is."""
    number = page.request.page
    if number > max(page.pages, 1):
        last = f"the last one is {page.pages}" if page.pages else "nothing was found"
        raise NotFound(f"there is no page {number}: {last}")


def show_page(page: Page) -> None:
    """Results with their matches in bold on a terminal, in brackets elsewhere."""
    for note in _notes(page):
        click.echo(note)
    if not page.total:
        click.echo(f"No profile matches {page.query.text!r}. Try fewer or other words, or fewer filters.")
        return
    click.echo(f"{_profiles(page.total)} in {page.took_ms:.1f} ms")
    first = (page.request.page - 1) * page.request.size + 1
    for number, result in enumerate(page.results, first):
        _show_result(number, result)


def _notes(page: Page) -> Iterator[str]:
    query = page.query
    if query.repaired:
        words = ", ".join(f"{used!r} for {typed!r}" for typed, used in query.repaired)
        yield f"Showing results with {words}. Search only for what was typed with --exact."
    if query.relaxed and page.total:
        yield f"No profile has all {query.relaxed[1]} words; these have at least {query.relaxed[0]}."
    if query.unknown:
        yield f"No profile has: {', '.join(query.unknown)}."
    yield from query.notes
    if page.partial:
        yield "The time ran out: there may be more."


def _show_result(number: int, result: Result) -> None:
    facts = result.facts
    status = HIRING_STATUSES.get(facts.hiring_status, facts.hiring_status)
    verified = f"verified {facts.last_verified}" if facts.last_verified else "never verified"
    click.echo(f"\n{number}. {click.style(facts.company, bold=True)}  ({status}; {verified})")
    click.echo(f"   {result.why}")
    for section in result.sections:
        click.echo(f"   {click.style(section.heading, underline=True)}  {section.url}")
        text = "".join(_marked(piece.text) if piece.match else piece.text for piece in section.snippet)
        click.echo(textwrap.fill(text, WIDTH, initial_indent="     ", subsequent_indent="     "))
    for part in result.parts:
        click.echo(f"   {part.value:12.4f}  {part.name}")
    if result.parts:
        click.echo(f"   {result.score:12.4f}  score")


def _marked(text: str) -> str:
    return click.style(text, bold=True, fg="yellow") if sys.stdout.isatty() else f"[{text}]"


def _profiles(count: int) -> str:
    return "1 profile" if count == 1 else f"{count} profiles"


def status_document(status: Status, settings: Settings) -> dict[str, Any]:
    """The status as JSON has it."""
    now = datetime.now(UTC)
    return {
        "index": settings.index,
        "state": status.state,
        "reason": status.reason,
        "generation": _generation(status.generation, now),
        "previous": _generation(status.previous, now),
    }


def _generation(generation: Generation | None, now: datetime) -> dict[str, Any] | None:
    if generation is None:
        return None
    age = round((now - generation.created).total_seconds())
    return {**asdict(generation), "created": generation.created.isoformat(), "age_seconds": age}


def status_text(document: Mapping[str, Any]) -> str:
    """The status as people read it."""
    rows = [("index", document["index"]), ("state", f"{document['state']}: {document['reason']}")]
    for name in ("generation", "previous"):
        found = document[name]
        if found:
            size = f"{found['size_bytes'] / 1e6:.1f} MB"
            counts = f"{_profiles(found['profiles'])}, {found['sections']} sections, {size}"
            rows.append((name, f"{found['id']}: {counts}, {_age(found['age_seconds'])} old"))
    return "\n".join(f"{name:<11} {value}" for name, value in rows)


def _age(seconds: int) -> str:
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            count = seconds // length
            return f"{count} {unit}{'s' * (count != 1)}"
    return f"{seconds} seconds"


def figures_text(evaluation: Evaluation) -> str:
    """The figures of an evaluation, a line each."""
    rows = [f"{name:<14} {value:.4f}" for name, value in evaluation.figures.items()]
    return "\n".join([*rows, f"{'queries':<14} {len(evaluation.queries)}"])
