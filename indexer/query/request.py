"""What is asked: words, filters, order, page. Limits of a request live here."""

from dataclasses import dataclass, field, replace

MAX_QUERY_CHARACTERS = 512
MAX_TERMS = 32
"""Words beyond these are ignored, and the page says so: each costs a posting list."""
MAX_DEPTH = 1_000
"""Deeper hits are not served: nobody reads them, and each page costs the hits before it."""
MAX_PAGE_SIZE = 50
DEFAULT_PAGE_SIZE = 10
MAX_SECONDS = 1.0
"""A search that is not done by then gives what it has, flagged as partial."""
MAX_WAIT_SECONDS = 4.5
"""A request whose engine has not answered by then, whatever machines it asked again, is answered with an error."""
MAX_VERIFIED_DAYS = 36_500

SORTS = {"relevance": "Relevance", "verified": "Newest verified", "name": "Name"}
UNKNOWN = "unknown"
"""The value of a fact that nobody has stated."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Chosen values: OR inside a facet, AND between facets. Empty means: no choice.

    `verified` holds whole numbers of days ("within N days") as text, or "unknown" (never verified).
    `companies` holds folded words of a company's name or a slug (`company:sama`).
    """

    sections: tuple[str, ...] = ()
    specialties: tuple[str, ...] = ()
    hiring: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    verified: tuple[str, ...] = ()
    companies: tuple[str, ...] = ()

    def merged(self, other: "Filters") -> "Filters":
        """Both choices, facet by facet, each value once: one typed and one ticked widen a facet, as two ticks do."""
        names = ("sections", "specialties", "hiring", "services", "verified", "companies")
        return replace(self, **{n: tuple(dict.fromkeys(getattr(self, n) + getattr(other, n))) for n in names})


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """One search. `page` counts from 1; `exact` switches typo repair off ("search only for ...")."""

    text: str = ""
    filters: Filters = field(default_factory=Filters)
    sort: str = "relevance"
    page: int = 1
    size: int = DEFAULT_PAGE_SIZE
    exact: bool = False
    explain: bool = False
    generation: str | None = None
    """Serve this generation while it is kept, so that the pages of one answer belong together."""
