"""`python -m tests.bench.fuzz`: thousands of texts that nobody should type, each answered in time.

Every text is asked for once, as a whole page with facets and snippets, and as the beginning of a query to complete.
Time is taken twice: as it passes, and that of the processor in the thread that answers, which tells more where others
use the machine too.
"""

import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from statistics import quantiles

import click

from indexer.config import Settings
from indexer.engines import open_engine
from indexer.engines.base import Engine
from indexer.profiles.model import SECTION_HEADINGS, SPECIALTIES
from indexer.query.request import MAX_QUERY_CHARACTERS, SearchRequest
from indexer.search import SearchService

from .corpus import SEED, GeneratedCorpus
from .engines.profile_search import ProfileSearch
from .machine import describe_machine
from .queries import Drawer
from .wordbook import make_wordbook

RESULTS = Path(__file__).parent / "results"
COMMON = 500
"""The commonest words, stop words among them."""
SLOW_MS = 1_000.0
"""What no query may take."""
SHOWN = 12
DRAWN_FROM = 1_000
"""Profiles from whose text plain words are drawn."""
SCRIPTS = (
    (0x0370, 0x03FF), (0x0400, 0x04FF), (0x0530, 0x058F), (0x0590, 0x05FF), (0x0600, 0x06FF), (0x0900, 0x097F),
    (0x0E00, 0x0E7F), (0x10A0, 0x10FF), (0x1200, 0x137F), (0x13A0, 0x13FF), (0x1680, 0x169F), (0x3040, 0x30FF),
    (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xFDF0, 0xFDFF), (0x10330, 0x1034F), (0x12000, 0x123FF), (0x1D400, 0x1D7FF),
    (0x1F300, 0x1F9FF),
)  # fmt: skip
"""First and last character of scripts that the profiles hardly have, of letters that fold, and of signs."""
MARKS = tuple("\"'*?-+:()[]{}~^/\\&|!<>#@$%.,;_ \t\n")


class Texts:
    """Draws texts of each kind."""

    def __init__(self, drawer: Drawer) -> None:
        self._drawer = drawer
        self._chance = drawer.chance
        self._words = drawer.wordbook.words
        self._common = self._words[:COMMON]

    def draw(self, count: int) -> Iterator[tuple[str, str]]:
        """So many texts with their kinds, which take turns."""
        kinds: dict[str, Callable[[], str]] = {
            "words": lambda: " ".join(self._drawer.words(self._chance.randint(1, 8))),
            "wildcards": self._wildcards,
            "quotes": self._quotes,
            "512 characters": lambda: self._full(self._anything),
            "rare scripts": self._scripts,
            "misspelt": lambda: " ".join(map(self._drawer.misspelt, self._long_words(self._chance.randint(1, 32)))),
            "syntax": lambda: " ".join(self._syntax() for _ in range(self._chance.randint(1, 20))),
            "marks": lambda: "".join(self._chance.choices([*MARKS, *self._some(8)], k=self._chance.randint(1, 200))),
            f"{COMMON} commonest words": self._commonest,
        }
        for number in range(count):
            kind = list(kinds)[number % len(kinds)]
            yield kind, kinds[kind]()[:MAX_QUERY_CHARACTERS]

    def _some(self, count: int) -> list[str]:
        return [self._chance.choice(self._chance.choice((self._words, self._common))) for _ in range(count)]

    def _long_words(self, count: int) -> list[str]:
        return [word for word in self._chance.choices(self._words, k=4 * count) if len(word) > 3][:count]

    def _wildcards(self) -> str:
        starts = [
            word[: self._chance.choice((1, 1, 2, 3, 5))] + "*" for word in self._some(self._chance.randint(1, 40))
        ]
        return self._chance.choice((" ", " OR ", " -", "")).join(starts)

    def _quotes(self) -> str:
        parts = [f'"{" ".join(self._some(self._chance.randint(1, 12)))}"' for _ in range(self._chance.randint(1, 8))]
        return " ".join(parts)[self._chance.choice((0, 0, 1)) :]

    def _scripts(self) -> str:
        first, last = self._chance.choice(SCRIPTS)
        letters = "".join(map(chr, (self._chance.randint(first, last) for _ in range(self._chance.randint(1, 300)))))
        return self._chance.choice((letters, " ".join(letters), " ".join([letters, *self._some(5)]), f"{letters}*"))

    def _syntax(self) -> str:
        word = self._some(1)[0]
        section, specialty = self._chance.choice(list(SECTION_HEADINGS)), self._chance.choice(SPECIALTIES)
        forms = (
            "OR", f"-{word}", f'-"{word} {word}"', f"in:{section}", f'specialty:"{specialty}"', f"hiring:{word}",
            f"company:{word}", f"company:{word[0]}*", "verified:365", f"{word}:", word, word, f"{word} OR",
        )  # fmt: skip
        return self._chance.choice(forms)

    def _anything(self) -> str:
        return self._chance.choice((*self._some(2), self._syntax(), f"{self._some(1)[0][:1]}*", "a", "-", '"'))

    def _full(self, part: Callable[[], str]) -> str:
        text = part()
        while len(text) < MAX_QUERY_CHARACTERS:
            text += self._chance.choice((" ", " ", " ", "")) + part()
        return text

    def _commonest(self) -> str:
        """As many of them as a query holds: those of each begin at another one, or come in any order."""
        start = self._chance.randrange(COMMON)
        words = self._common[start:] + self._common[:start]
        joint = self._chance.choice((" ", " ", " OR ", "* "))
        return joint.join(self._chance.choice((words, self._chance.sample(words, COMMON))))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a text took, in milliseconds as they pass and of the processor; `done` is "search" or "suggest"."""

    done: str
    kind: str
    text: str
    wall_ms: float
    cpu_ms: float
    partial: bool = False


def ask(service: SearchService, kind: str, text: str) -> Iterator[Answer]:
    """Search for the text, and complete it."""
    wall, cpu = time.perf_counter(), time.thread_time()
    page = service.search(SearchRequest(text))
    yield Answer("search", kind, text, *_since(wall, cpu), page.partial)
    wall, cpu = time.perf_counter(), time.thread_time()
    service.suggest(text)
    yield Answer("suggest", kind, text, *_since(wall, cpu))


def _since(wall: float, cpu: float) -> tuple[float, float]:
    return (time.perf_counter() - wall) * 1e3, (time.thread_time() - cpu) * 1e3


@dataclass(frozen=True, slots=True)
class Spread:
    """The times of a group of answers: median, 99th percentile, the slowest, and how many took over a second."""

    group: str
    texts: int
    partial: int
    wall_ms: tuple[float, float, float, int]
    cpu_ms: tuple[float, float, float, int]

    @classmethod
    def of(cls, group: str, answers: Sequence[Answer]) -> "Spread":
        """The spread of these answers, at least two."""
        wall, cpu = ([getattr(answer, clock) for answer in answers] for clock in ("wall_ms", "cpu_ms"))
        return cls(group, len(answers), sum(answer.partial for answer in answers), _spread(wall), _spread(cpu))


def _spread(times: Sequence[float]) -> tuple[float, float, float, int]:
    cuts = quantiles(times, n=100, method="inclusive")
    return cuts[49], cuts[98], max(times), sum(each > SLOW_MS for each in times)


def spreads(answers: Sequence[Answer]) -> list[Spread]:
    """Of all answers, and of each kind."""
    groups: dict[str, list[Answer]] = {"all": list(answers)}
    for answer in sorted(answers, key=lambda answer: answer.done):
        groups.setdefault(f"{answer.done}: {answer.kind}", []).append(answer)
    return [Spread.of(group, rows) for group, rows in groups.items()]


def slowest(answers: Sequence[Answer]) -> list[Answer]:
    """The slowest by the processor's time."""
    return sorted(answers, key=lambda answer: -answer.cpu_ms)[:SHOWN]


def report(answers: Sequence[Answer]) -> str:
    """The figures and the slowest texts as Markdown."""
    parts = ("p50", "p99", "slowest", "over 1 s")
    head = ["texts", "n", "partial", *(f"{clock} {part}" for clock in ("wall ms", "cpu ms") for part in parts)]
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    for row in spreads(answers):
        figures = [str(part) if isinstance(part, int) else f"{part:.1f}" for part in (*row.wall_ms, *row.cpu_ms)]
        lines.append(f"| {' | '.join([row.group, f'{row.texts:,}', str(row.partial), *figures])} |")
    lines += ["", "The slowest by the processor's time (ms of it, ms as they passed, what was asked):", ""]
    for answer in slowest(answers):
        what = f"{answer.done}: {answer.kind}: `{ascii(answer.text)[:110]}`"
        lines.append(f"- {answer.cpu_ms:.0f}, {answer.wall_ms:.0f}, {what}")
    return "\n".join(lines)


def indexed(folder: Path, corpus: GeneratedCorpus) -> Engine:
    """The engine over the corpus, indexed in `folder` unless it is there from an earlier run."""
    place = folder / f"fuzz-{corpus.sections}-{corpus.seed}"
    if not place.exists():
        place.mkdir(parents=True)
        ProfileSearch().build(place, corpus.rendered())
    return open_engine(Settings(index=str(place / "index")))


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--sections", type=click.IntRange(100), default=90_000, show_default=True, help="Of the index.")
@click.option("--count", type=click.IntRange(20), default=10_000, show_default=True, help="Texts.")
@click.option("--seed", default=SEED, show_default=True, help="Another seed gives another corpus and other texts.")
@click.option("--output", type=click.Path(path_type=Path), help="Folder.  [default: tests/bench/results/<date>]")
@click.option("--keep", type=click.Path(path_type=Path), help="Folder in which the index stays for later runs.")
def main(sections: int, count: int, seed: int, output: Path | None, keep: Path | None) -> None:
    """Ask for texts with wildcards, quotes, 512 characters, rare scripts, the commonest words; exit 1 if one is slow.

    Prints the spread of the times and the slowest texts, and writes them to a folder.
    """
    wordbook = make_wordbook(seed)
    corpus = GeneratedCorpus(wordbook, sections, seed)
    texts = Texts(Drawer(list(islice(corpus.rendered(), DRAWN_FROM)), wordbook, random.Random(seed)))
    with ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="profile-search-bench-")))
        service = SearchService(stack.enter_context(closing(indexed(folder, corpus))))
        service.search(SearchRequest("pay"))  # opens the index
        answers = [answer for kind, text in texts.draw(count) for answer in ask(service, kind, text)]
    text = f"# {count:,} texts on {sections:,} sections\n\n{report(answers)}\n"
    click.echo(text)
    _save(text, answers, output or RESULTS / datetime.now(UTC).date().isoformat())
    if any(answer.cpu_ms > SLOW_MS for answer in answers):
        raise SystemExit(1)


def _save(text: str, answers: Sequence[Answer], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "fuzz.md").write_text(text, encoding="utf-8")
    figures = {
        "machine": describe_machine(),
        "spreads": [asdict(row) for row in spreads(answers)],
        "slowest": [asdict(answer) for answer in slowest(answers)],
    }
    (folder / "fuzz.json").write_text(json.dumps(figures, indent=1), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
