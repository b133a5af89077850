"""The query string of every route: raw bytes to a validated model, every fault reported together.

The API is strict; pages are lenient: they ignore names they do not know and drop an unknown choice with a notice. Feeds
ignore names, too, but whoever reads them sees no notice: an unknown choice is refused.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar
from urllib.parse import unquote_to_bytes

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from indexer.errors import BadRequest, Fault
from webapp.parameters import Known, Parameters

_CHOICE_FAULTS = frozenset({"unknown_choice", "literal_error", "string_pattern_mismatch"})
"""What a page drops with a notice instead of refusing the request."""
MAX_OFFERED = 40
"""Longer lists of what is possible are looked up elsewhere."""

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
    return _valid(model, known, *_gather(model, query_string, _refuse_name))


def read_for_feed(model: type[P], query_string: bytes, known: Known) -> P:
    """For feeds: unknown names and empty values are ignored, every other fault is refused. Raises BadRequest."""
    values, faults = _gather(model, query_string, lambda _: None)
    return _valid(model, known, _stated(values), faults)


def _valid(model: type[P], known: Known, values: Mapping[str, Any], faults: Sequence[Fault]) -> P:
    found = list(faults)
    try:
        parameters = model.model_validate(values, context=known)
    except ValidationError as error:
        found += [_offering(_fault(detail), detail) for detail in error.errors(include_url=False)]
    if found:
        raise BadRequest(found)
    return parameters


def read_leniently(model: type[P], query_string: bytes, known: Known) -> Reading[P]:
    """For pages: unknown names are ignored, unknown choices dropped and reported. Raises BadRequest for the rest."""
    values, faults = _gather(model, query_string, lambda _: None)
    values = _stated(values)
    dropped: list[Fault] = []
    try:
        parameters = model.model_validate(values, context=known)
    except ValidationError as error:
        details = error.errors(include_url=False)
        dropped = [_fault(detail) for detail in details if detail["type"] in _CHOICE_FAULTS]
        faults += [_fault(detail) for detail in details if detail["type"] not in _CHOICE_FAULTS]
        if not faults:
            parameters = model.model_validate(_without(values, details), context=known)
    if faults:
        raise BadRequest(faults)
    return Reading(parameters, tuple(dropped))


def _stated(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that say something: forms send empty ones, too."""
    said = {name: [v for v in value if v != ""] if isinstance(value, list) else value for name, value in values.items()}
    return {name: value for name, value in said.items() if value != "" or name == "q"}


def _offering(fault: Fault, detail: ErrorDetails) -> Fault:
    """The fault with what may be given instead, where that is not too long to be read."""
    offered = dict.fromkeys(detail.get("ctx", {}).get("known", {}).values())
    return (
        replace(fault, message=f"{fault.message}; give one of {', '.join(offered)}")
        if 0 < len(offered) <= MAX_OFFERED
        else fault
    )


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
