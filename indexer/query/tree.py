"""The query tree: frozen nodes of our own. `str()` gives the canonical text, which parses to the same tree."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """One word that may stand for a query word.

    `term` is a stem of the index. `words` limits the match to these surface forms of the stem (empty: all of
    them). `weight` is 1 for what the user typed and below 1 for what stands in for it. `origin` says why it is
    here: "exact", "synonym", "prefix" (the word was completed), "typo", "joined" (with its neighbour), "feedback".
    """

    term: str
    weight: float = 1.0
    origin: str = "exact"
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Word:
    """A word as typed, with the forms that match it (none until the query was interpreted)."""

    text: str
    forms: tuple[Form, ...] = ()

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Prefix:
    """`word*`: every word of the index that starts like this."""

    text: str
    forms: tuple[Form, ...] = ()

    def __str__(self) -> str:
        return f"{self.text}*"


@dataclass(frozen=True, slots=True)
class Phrase:
    """Terms that follow each other. A `weight` below 1 marks a stand-in for what was typed."""

    text: str
    terms: tuple[str, ...]
    weight: float = 1.0

    def __str__(self) -> str:
        return f'"{self.text}"'


@dataclass(frozen=True, slots=True)
class Not:
    """Whatever does not match `child`."""

    child: "Leaf"

    def __str__(self) -> str:
        return f"-{self.child}"


@dataclass(frozen=True, slots=True)
class Or:
    """Any of the children."""

    children: tuple["Leaf", ...]

    def __str__(self) -> str:
        return " OR ".join(map(str, self.children))


Leaf = Word | Prefix | Phrase
Node = Leaf | Not | Or


def leaves_of(node: "Leaf | Or") -> tuple["Leaf", ...]:
    """The alternatives of an Or, or the leaf itself."""
    return node.children if isinstance(node, Or) else (node,)


@dataclass(frozen=True, slots=True)
class Query:
    """What must hold together.

    A company matches when at least `minimum` of `wanted` match it (in one section or spread over several) and
    none of `unwanted` does; one that the query names needs only its phrases. No `wanted` at all means every company.
    `optional` words only move matching companies.
    """

    wanted: tuple[Leaf | Or, ...] = ()
    unwanted: tuple[Leaf, ...] = ()
    minimum: int | None = None
    """None: all of them."""
    optional: tuple[Word, ...] = ()

    @property
    def required(self) -> int:
        """How many of `wanted` a hit must have that the query does not name."""
        return len(self.wanted) if self.minimum is None else self.minimum

    def leaves(self) -> Iterator[Leaf]:
        """Every wanted leaf, alternatives of an Or included."""
        for node in self.wanted:
            yield from leaves_of(node)

    def __str__(self) -> str:
        return " ".join([*map(str, self.wanted), *(f"-{leaf}" for leaf in self.unwanted)])
