"""The query string of every route: raw bytes to a validated model, every fault reported together.

The same models validate requests and describe them in the OpenAPI document. The API is strict; pages are lenient:
they ignore names they do not know and drop an unknown choice with a notice.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, TypeVar
from urllib.parse import unquote_to_bytes

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from indexer.errors import BadRequest, Fault
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
GENERATION_PATTERN = r"^[\w.:+-]{1,80}$"
_NUMBER_LIKE = re.compile(r"[-+]?[\d.,]+")
_CHOICE_FAULTS = frozenset({"unknown_choice", "literal_error", "string_pattern_mismatch"})
"""What a page drops with a notice instead of refusing the request."""


def _whole(low: int, high: int) -> BeforeValidator:
    def read(value: object) -> object:
        if isinstance(value, str) and (not re.fullmatch(r"[0-9]{1,9}", value) or not low <= int(value) <= high):
            raise PydanticCustomError("number", f"give a whole number from {low} to {high}")
        return value

    return BeforeValidator(read)


def _flag(value: object) -> object:
    if isinstance(value, str) and value not in ("0", "1", "true", "false"):
        raise PydanticCustomError("unknown_choice", "give 1 or 0")
    return value


def _choice(facet: str) -> AfterValidator:
    def canonical(value: str, info: ValidationInfo) -> str:
        known: Known = info.context or {}
        found = known.get(facet, {}).get(fold(value))
        if found is None:
            raise PydanticCustomError("unknown_choice", "there is no such value")
        return found

    return AfterValidator(canonical)


def _days(value: str) -> str:
    if re.match(VERIFIED_PATTERN, value):
        return value
    if _NUMBER_LIKE.fullmatch(value):
        raise PydanticCustomError("number", f"give a whole number of days from 1 to {MAX_VERIFIED_DAYS}, or unknown")
    raise PydanticCustomError("unknown_choice", "there is no such value")


QueryText = Annotated[str, StringConstraints(max_length=MAX_QUERY_CHARACTERS)]


class Parameters(BaseModel):
    """What one route takes. Fields that are tuples may be repeated, all others not."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SearchParameters(Parameters):
    """A search: words, filters (OR inside one, AND between them), order and page."""

    q: Annotated[
        QueryText, Field(description='Any text. Understands "exact phrase", -word, OR, word*, in:section.')
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

    q: Annotated[QueryText, Field(description="The search that led here; its words are marked.")] = ""


class SuggestParameters(Parameters):
    """The beginning of a query."""

    q: Annotated[QueryText, Field(description="What was typed so far.")] = ""


class ApiSuggestParameters(SuggestParameters):
    """The beginning of a query, and how many suggestions are wanted."""

    limit: Annotated[
        int, Field(ge=1, le=MAX_SUGGESTIONS, description="At most so many."), _whole(1, MAX_SUGGESTIONS)
    ] = 8


class CompareParameters(Parameters):
    """Two to four companies side by side."""

    section: Annotated[str, _choice("section")] = "compensation"
    company: Annotated[tuple[Annotated[str, _choice("company")], ...], Field(max_length=MAX_COMPARED)] = ()


class CoverageParameters(Parameters):
    """A page of the table of profiles and sections."""

    page: Annotated[int, _whole(1, MAX_PAGE)] = 1


class NoParameters(Parameters):
    """Nothing may be asked."""


P = TypeVar("P", bound=Parameters)


@dataclass(frozen=True, slots=True)
class Reading(Generic[P]):
    """Valid parameters, and what was dropped on the way."""

    parameters: P
    dropped: tuple[Fault, ...] = ()


def read_pairs(query_string: bytes) -> list[tuple[str, str]]:
    """Names and values in order; bytes that are not UTF-8 become lone surrogates, to be refused by name."""

    def text(raw: bytes) -> str:
        return unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8", "surrogateescape")

    pairs = (part.partition(b"=") for part in query_string.split(b"&") if part)
    return [(text(name), text(value)) for name, _, value in pairs]


def read_strictly(model: type[P], query_string: bytes, known: Known) -> P:
    """For the API: every fault is refused, unknown names and values included. Raises BadRequest."""
    values, faults = _gather(model, query_string, _refuse_name)
    try:
        parameters = model.model_validate(values, context=known)
    except ValidationError as error:
        faults += [_fault(detail) for detail in error.errors(include_url=False)]
    if faults:
        raise BadRequest(faults)
    return parameters


def read_leniently(model: type[P], query_string: bytes, known: Known) -> Reading[P]:
    """For pages: unknown names are ignored, unknown choices dropped and reported. Raises BadRequest for the rest."""
    values, faults = _gather(model, query_string, lambda _: None)
    values = {name: value for name, value in values.items() if value != "" or name == "q"}
    dropped: list[Fault] = []
    try:
        parameters = model.model_validate(values, context=known)
    except ValidationError as error:
        details = error.errors(include_url=False)
        dropped = [_fault(detail) for detail in details if detail["type"] in _CHOICE_FAULTS and detail["input"] != ""]
        faults += [_fault(detail) for detail in details if detail["type"] not in _CHOICE_FAULTS]
        if not faults:
            parameters = model.model_validate(_without(values, details), context=known)
    if faults:
        raise BadRequest(faults)
    return Reading(parameters, tuple(dropped))


def _refuse_name(name: str) -> Fault | None:
    shown = name.encode("utf-8", "replace").decode()[:40]
    return Fault(shown, "there is no such parameter; leave it out")


def _gather(
    model: type[P], query_string: bytes, unknown: Callable[[str], Fault | None]
) -> tuple[dict[str, Any], list[Fault]]:
    """Values by parameter (a list where it may be repeated), and what is wrong with the bytes and the names."""
    many = _repeatable(model)
    values: dict[str, Any] = {}
    faults: dict[Fault, None] = {}
    for name, value in read_pairs(query_string):
        fault = unknown(name) if name not in many else _byte_fault(name, value)
        if fault:
            faults[fault] = None
        elif name not in many:
            continue
        elif many[name]:
            values.setdefault(name, []).append(value)
        elif name in values:
            faults[Fault(name, "give it only once")] = None
        else:
            values[name] = value
    return values, list(faults)


def _repeatable(model: type[Parameters]) -> dict[str, bool]:
    """Every name that the model takes, and whether it may stand more than once."""
    cached = _NAMES.get(model)
    if cached is None:
        cached = _NAMES[model] = {
            field.alias or name: field.default == () for name, field in model.model_fields.items()
        }
    return cached


_NAMES: dict[type[Parameters], dict[str, bool]] = {}


def _byte_fault(name: str, value: str) -> Fault | None:
    if "\x00" in value:
        return Fault(name, "holds a NUL character; leave it out")
    if not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value):
        return Fault(name, "is not valid UTF-8")
    return None


def _fault(detail: ErrorDetails) -> Fault:
    name = str(detail["loc"][0])
    if detail["type"] == "string_too_long":
        return Fault(name, f"give at most {detail['ctx']['max_length']} characters; this has {len(detail['input'])}")
    if detail["type"] == "too_long":
        return Fault(name, f"give at most {detail['ctx']['max_length']} values")
    if detail["type"] == "literal_error":
        return Fault(name, f"give one of {detail['ctx']['expected'].replace(chr(39), '')}")
    if detail["type"] == "unknown_choice" and detail["msg"].startswith("there is"):
        return Fault(name, f"there is no value “{detail['input'][:80]}”")
    return Fault(name, "is not of the expected form" if detail["type"] == "string_pattern_mismatch" else detail["msg"])


def _without(values: dict[str, Any], details: list[ErrorDetails]) -> dict[str, Any]:
    """The values less those that the details complain of."""
    wrong: dict[str, set[object]] = {}
    for detail in details:
        wrong.setdefault(str(detail["loc"][0]), set()).add(detail["input"])
    kept: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, list):
            kept[name] = [v for v in value if v not in wrong.get(name, ())]
        elif name not in wrong:
            kept[name] = value
    return kept
