"""The use case "rebuild": a corpus folder to a published generation."""

import os
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from indexer.engines.base import Builder, Engine, Generation
from indexer.errors import CorpusInvalid, OperatorError, ProfileSearchError, StorageFailed
from indexer.profiles.changes import MAX_NEWS, Change, compare, latest
from indexer.profiles.corpus import CHANGED, Corpus, Rendering, Source, render_source, scan_corpus
from indexer.profiles.model import RenderedProfile
from indexer.profiles.problems import Problem
from indexer.profiles.vocabulary import read_vocabulary
from indexer.query.lexicon import Vocabulary

PARALLEL_FROM = 400
"""Fewer changed profiles are rendered in this process: starting workers takes longer."""
CHUNK = 50
"""Profiles handed to a worker at a time."""

WATCH_DEBOUNCE_MS = 400
"""Editors write a file in several steps; changes this close together are one."""
WATCH_AGAIN_MS = 2_000
"""Until another attempt where the index could not be written, and until a folder in the old one's place is noticed."""

Progress = Callable[[int, int], None]
"""Called with the number of profiles done and the number of all."""


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a rebuild did. `generation` is the current one afterwards; `published` is False when nothing had changed."""

    generation: Generation
    published: bool
    analysed: int
    kept: int
    removed: int
    skipped: int
    problems: tuple[Problem, ...]
    seconds: float


def rebuild(
    engine: Engine,
    folder: Path,
    *,
    skip_invalid: bool = False,
    if_needed: bool = False,
    progress: Progress | None = None,
) -> BuildReport:
    """Publish the corpus in `folder`; unchanged profiles are taken over as they were analysed.

    What differs from the generation before is published with it, as news, and so are earlier news.
    Raises CorpusInvalid, with nothing published, when a profile has an error, unless `skip_invalid` leaves it out;
    also when the folder has no profile at all.
    """
    started = time.perf_counter()
    corpus = scan_corpus(folder)
    if if_needed:
        current = _current(engine)
        if current is not None and current.corpus_digest == corpus.digest:
            seconds = time.perf_counter() - started
            return BuildReport(current, False, 0, current.profiles, 0, 0, (), seconds)
    with engine.begin() as builder:
        # Again, for the lock may have come late: who publishes last publishes what the folder holds then.
        corpus, vocabulary = scan_corpus(folder), read_vocabulary(folder)
        problems = [*corpus.problems, *vocabulary.problems]
        kept, changed = _split(builder, corpus)
        filling = _Filling(builder)
        problems += _fill(filling, kept, changed, progress)
        errors = [problem for problem in problems if problem.severity == "error"]
        _refuse(corpus, errors, skip_invalid and not any(problem.code == CHANGED for problem in errors))
        skipped = len({problem.path for problem in errors})
        removed = len(set(builder.reusable) - {source.slug for source in corpus.sources})
        words = Vocabulary(vocabulary.synonyms, vocabulary.intents)
        generation = builder.publish(corpus.digest, words, filling.news())
    analysed = generation.profiles - len(kept)
    seconds = time.perf_counter() - started
    return BuildReport(generation, True, analysed, len(kept), removed, skipped, tuple(problems), seconds)


def _current(engine: Engine) -> Generation | None:
    status = engine.status()
    return status.generation if status.state == "ok" else None


def _split(builder: Builder, corpus: Corpus) -> tuple[list[Source], list[Source]]:
    """Sources whose analysis can be taken over, and the others."""
    kept: list[Source] = []
    changed: list[Source] = []
    for source in corpus.sources:
        (kept if builder.reusable.get(source.slug) == source.digest else changed).append(source)
    return kept, changed


class _Filling:
    """Profiles on their way to a builder, and what they change. Without a generation before nothing is news."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._when = datetime.now(UTC)
        self._changes: list[Change] = []
        self._left = set(builder.reusable)

    def keep(self, slug: str) -> None:
        """Take a profile over; it is not read for that."""
        self._left.discard(slug)
        self._builder.keep(slug)

    def add(self, profile: RenderedProfile) -> None:
        """Add a profile that was changed, or is new."""
        self._left.discard(profile.facts.slug)
        self._builder.add(profile)
        self._compare(profile.facts.slug, profile)

    def news(self) -> tuple[Change, ...]:
        """The changes, those by profiles that were not met among them, and what is still news of earlier ones."""
        for slug in sorted(self._left):
            self._compare(slug, None)
        return latest([*self._changes, *self._builder.news], self._when)

    def _compare(self, slug: str, after: RenderedProfile | None) -> None:
        """Once there is as much as is kept, nothing more is read: another corpus is loaded as fast as the first."""
        if self._builder.reusable and len(self._changes) < MAX_NEWS:
            self._changes += compare(self._builder.before(slug), after, self._when)


def _fill(
    filling: _Filling, kept: Sequence[Source], changed: Sequence[Source], progress: Progress | None
) -> list[Problem]:
    """Hand all profiles on; what is wrong with the changed ones comes back."""
    total = len(kept) + len(changed)
    for source in kept:
        filling.keep(source.slug)
    problems: list[Problem] = []
    for done, rendering in enumerate(_render(changed), len(kept) + 1):
        problems += rendering.problems
        if rendering.profile is not None:
            filling.add(rendering.profile)
        if progress is not None:
            progress(done, total)
    return problems


def _render(sources: Sequence[Source]) -> Iterator[Rendering]:
    """The sources rendered, in order; by several processes where there are many."""
    workers = min(os.cpu_count() or 1, 8)
    if len(sources) < PARALLEL_FROM or workers < 2:
        yield from map(render_source, sources)
        return
    from concurrent.futures import ProcessPoolExecutor  # a large import that a change of a few files does without
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    try:
        with ProcessPoolExecutor(workers, get_context("spawn"), initializer=_end_with_parent) as pool:
            yield from pool.map(render_source, sources, chunksize=CHUNK)
    except BrokenProcessPool as broken:
        reason = "a process that renders profiles was ended from outside, perhaps for lack of memory"
        raise StorageFailed(f"{reason}; the index is as it was", "profile-search rebuild") from broken


def _end_with_parent() -> None:
    """Make this worker end when the process that started it does, even by a signal that nobody can catch."""
    from multiprocessing import connection, parent_process

    parent = parent_process()

    def watch_parent() -> None:
        if parent is not None:
            connection.wait([parent.sentinel])
            os._exit(1)

    threading.Thread(target=watch_parent, daemon=True).start()


def _refuse(corpus: Corpus, errors: Sequence[Problem], skip_invalid: bool) -> None:
    """Raise CorpusInvalid unless there is something sound to publish."""
    lines = [str(problem) for problem in errors]
    broken = {problem.path for problem in errors}
    usable = len(corpus.sources) - len(broken & {str(source.path) for source in corpus.sources})
    if not corpus.sources or not usable:
        raise CorpusInvalid(f"no profile to index in {corpus.folder}; the index is as it was", lines)
    if errors and not skip_invalid:
        count = "1 file has errors" if len(broken) == 1 else f"{len(broken)} files have errors"
        raise CorpusInvalid(f"{count}; the index is as it was. Mend them, or leave them out with --skip-invalid", lines)


def watch(engine: Engine, folder: Path) -> Iterator[BuildReport | ProfileSearchError]:
    """Rebuild now if needed, then whenever the folder changes; a failed rebuild is an outcome, not the end.

    While another writer or the disk keeps the index from being written, it tries again without a further change, and
    says so once. Raises CorpusInvalid when there is no folder to watch.
    """
    last = _attempt(engine, folder)
    yield last
    due = False
    for changes in _looks(folder):
        if changes or changes is None or due:
            outcome = _attempt(engine, folder)
            if changes or _is_news(outcome, last):
                yield outcome
            last, due = outcome, isinstance(outcome, OperatorError)


def _looks(folder: Path) -> Iterator[Collection[object] | None]:
    """What changed, again and again; None at the first look at a folder, and at one that has taken its place."""
    from watchfiles import watch as watch_files  # a compiled module that only the command `watch` needs

    look = partial(watch_files, debounce=WATCH_DEBOUNCE_MS, rust_timeout=WATCH_AGAIN_MS, yield_on_timeout=True)
    while True:
        watched, first = _identity(folder), True
        if watched is None:
            yield None  # the attempt that this leads to says what is missing
            continue
        for changes in look(folder, raise_interrupt=False):
            yield None if first and not changes else changes
            first = False
            if _identity(folder) != watched:
                break
        else:
            return


def _identity(folder: Path) -> tuple[int, int] | None:
    """Another folder of the same name has another one; None where there is no folder."""
    try:
        state = folder.stat()
    except OSError:
        return None
    return state.st_dev, state.st_ino


def _attempt(engine: Engine, folder: Path) -> BuildReport | ProfileSearchError:
    try:
        return rebuild(engine, folder, if_needed=True)
    except ProfileSearchError as error:
        if not folder.is_dir():
            raise
        return error


def _is_news(outcome: BuildReport | ProfileSearchError, last: BuildReport | ProfileSearchError) -> bool:
    """Whether an attempt that no change made necessary came out otherwise than the one before."""
    if isinstance(outcome, BuildReport):
        return outcome.published or not isinstance(last, BuildReport)
    return str(outcome) != str(last)
