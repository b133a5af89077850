"""What each route takes: models that validate requests and describe them in the OpenAPI document."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
)
from pydantic_core import PydanticCustomError

from indexer.profiles.changes import TOPIC_PATTERN
from indexer.profiles.model import SLUG_PATTERN
from indexer.query.request import (
    DEFAULT_PAGE_SIZE,
    MAX_PAGE_SIZE,
    MAX_QUERY_CHARACTERS,
    MAX_VERIFIED_DAYS,
    Filters,
    SearchRequest,
)
from indexer.text import fold

MAX_COMPARED = 4
MAX_PAGE = 1_000_000
"""A higher number is no page but a mistake; a page that is merely past the last is a 404."""
MAX_SUGGESTIONS = 20
MAX_FILTER_VALUES = 50
"""More choices than this in one facet are a fault: no facet is read by people at that length."""

Known = Mapping[str, Mapping[str, str]]
"""Facet to the folded values that may be chosen, each with the value as the index spells it."""

VERIFIED_PATTERN = r"^(unknown|[1-9][0-9]{0,3}|[12][0-9]{4}|3[0-5][0-9]{3}|36[0-4][0-9]{2}|36500)$"
GENERATION_PATTERN = r"^[A-Za-z0-9_.:+-]{1,80}$"
_NUMBER_LIKE = re.compile(r"[-+]?[\d.,]+")


def _whole(low: int, high: int) -> BeforeValidator:
    def read(value: object) -> object:
        if isinstance(value, str) and (not re.fullmatch(r"[0-9]{1,9}", value) or not low <= int(value) <= high):
            raise PydanticCustomError("number", f"give a whole number from {low} to {high:,}")
        return value

    return BeforeValidator(read)


def _flag(value: object) -> object:
    if isinstance(value, str) and value not in ("0", "1", "true", "false"):
        raise PydanticCustomError("unknown_choice", "give 1 or 0")
    return value


def _choice(facet: str, form: str | None = None) -> AfterValidator:
    """A value that is known; with a `form` (a pattern), also one that may have been known, or may yet be."""

    def canonical(value: str, info: ValidationInfo) -> str:
        known: Known = info.context or {}
        folded = fold(value)
        found = known.get(facet, {}).get(folded)
        if found is None and form is not None and re.fullmatch(form, folded):
            return folded
        if found is None:
            raise PydanticCustomError("unknown_choice", "there is no such value", {"known": known.get(facet, {})})
        return found

    return AfterValidator(canonical)


def _days(value: str) -> str:
    if re.match(VERIFIED_PATTERN, value):
        return value
    if _NUMBER_LIKE.fullmatch(value):
        raise PydanticCustomError("number", f"give a whole number of days from 1 to {MAX_VERIFIED_DAYS:,}, or unknown")
    raise PydanticCustomError("unknown_choice", "there is no such value")


QueryText = Annotated[str, StringConstraints(max_length=MAX_QUERY_CHARACTERS)]
SearchText = Annotated[QueryText, AfterValidator(str.strip)]
"""Spaces at its ends are nobody's search; while a query is still being typed, the last one counts."""


class Parameters(BaseModel):
    """What one route takes. Fields that are tuples may be repeated, all others not."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SearchParameters(Parameters):
    """A search: words, filters (OR inside one, AND between them), order and page."""

    q: Annotated[
        SearchText, Field(description='Any text. Understands "exact phrase", -word, OR, word*, in:section.')
    ] = ""
    sections: Annotated[
        tuple[Annotated[str, _choice("section")], ...],
        Field(alias="in", max_length=MAX_FILTER_VALUES, description="Sections that must match."),
    ] = ()
    specialty: Annotated[
        tuple[Annotated[str, _choice("specialty")], ...],
        Field(max_length=MAX_FILTER_VALUES, description="Kinds of work."),
    ] = ()
    hiring: Annotated[
        tuple[Annotated[str, _choice("hiring")], ...], Field(max_length=MAX_FILTER_VALUES, description="Hiring status.")
    ] = ()
    service: Annotated[
        tuple[Annotated[str, _choice("service")], ...], Field(max_length=MAX_FILTER_VALUES, description="Service type.")
    ] = ()
    verified: Annotated[
        tuple[Annotated[str, AfterValidator(_days), Field(json_schema_extra={"pattern": VERIFIED_PATTERN})], ...],
        Field(max_length=MAX_FILTER_VALUES, description="Verified within so many days; unknown: never verified."),
    ] = ()
    sort: Annotated[Literal["relevance", "verified", "name"], Field(description="Order of the results.")] = "relevance"
    page: Annotated[int, Field(ge=1, le=MAX_PAGE, description="Counts from 1."), _whole(1, MAX_PAGE)] = 1
    exact: Annotated[bool, BeforeValidator(_flag), Field(description="Do not repair typing errors.")] = False
    explain: Annotated[bool, BeforeValidator(_flag), Field(description="Show what made each score.")] = False
    generation: Annotated[
        str | None,
        StringConstraints(pattern=GENERATION_PATTERN),
        Field(description="Answer from this generation of the index while it is kept."),
    ] = None

    def request(self, size: int = DEFAULT_PAGE_SIZE) -> SearchRequest:
        """The search that these parameters ask for."""
        return SearchRequest(
            text=self.q,
            filters=Filters(self.sections, self.specialty, self.hiring, self.service, self.verified).merged(Filters()),
            sort=self.sort,
            page=self.page,
            size=size,
            exact=self.exact,
            explain=self.explain,
            generation=self.generation,
        )


class ApiSearchParameters(SearchParameters):
    """A search through the API, which may choose the size of a page."""

    size: Annotated[int, Field(ge=1, le=MAX_PAGE_SIZE, description="Results on a page."), _whole(1, MAX_PAGE_SIZE)] = (
        DEFAULT_PAGE_SIZE
    )


class ProfileParameters(Parameters):
    """Words to mark in a profile."""

    q: Annotated[SearchText, Field(description="The search that led here; its words are marked.")] = ""


class SuggestParameters(Parameters):
    """The beginning of a query."""

    q: Annotated[QueryText, Field(description="What was typed so far.")] = ""


class ApiSuggestParameters(SuggestParameters):
    """The beginning of a query, and how many suggestions are wanted."""

    limit: Annotated[
        int, Field(ge=1, le=MAX_SUGGESTIONS, description="At most so many."), _whole(1, MAX_SUGGESTIONS)
    ] = 8


class CompareParameters(Parameters):
    """Two to four companies side by side; with a page, the list to choose them from, of all or of those found by q.

    More than four are no fault here: whoever ticked them is asked to untick some.
    """

    section: Annotated[str, _choice("section")] = "compensation"
    company: Annotated[tuple[Annotated[str, _choice("company")], ...], Field(max_length=MAX_FILTER_VALUES)] = ()
    q: SearchText = ""
    page: Annotated[int | None, _whole(1, MAX_PAGE)] = None


class CoverageParameters(Parameters):
    """A page of the table of profiles and sections."""

    page: Annotated[int, _whole(1, MAX_PAGE)] = 1


class ChangesParameters(Parameters):
    """What a feed of changes is about: a section's id or another topic, a company's slug; without them everything.

    Whoever follows what is gone follows it still: nothing says how long ago it was there, and it may come back.
    """

    topic: Annotated[str, _choice("topic", TOPIC_PATTERN)] = ""
    company: Annotated[str, _choice("company", SLUG_PATTERN)] = ""


class NoParameters(Parameters):
    """Nothing may be asked."""
