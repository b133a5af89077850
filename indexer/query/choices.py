"""What was chosen: as the index spells it, and what to say of choices that it does not have."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from indexer import text
from indexer.profiles.headings import known_id
from indexer.profiles.model import HIRING_STATUSES, SECTION_HEADINGS, SPECIALTIES
from indexer.profiles.problems import did_you_mean
from indexer.query.request import UNKNOWN, Filters

Values = Mapping[str, Collection[str]]
Chosen = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A choice that no profile could have; `hint` names what was perhaps meant, and ends the sentence."""

    field: str
    value: str
    hint: str

    @property
    def reason(self) -> str:
        """What is wrong with it."""
        return f"no profile has it{self.hint}"


def spelled(filters: Filters, values: Values) -> Filters:
    """The choices as the index spells them: `specialty:image` means "Image". An unknown value stays as it is."""
    if filters == Filters():
        return filters
    return replace(
        filters,
        sections=tuple(dict.fromkeys(_section(value, values.get("section", ())) for value in filters.sections)),
        specialties=_folded(filters.specialties, values.get("specialty", ())),
        hiring=_folded(filters.hiring, values.get("hiring", ())),
        services=_folded(filters.services, values.get("service", ())),
    )


def known_choices(chosen: Filters, values: Values) -> tuple[Filters, tuple[LeftOut, ...]]:
    """The choices without those that nobody could have, and these."""
    if chosen == Filters():
        return chosen, ()
    out: list[LeftOut] = []

    def kept(field: str, chosen: Sequence[str], can_be: Callable[[str], object], known: Iterable[str]) -> Chosen:
        left_out = [value for value in chosen if not can_be(value)]
        out.extend(LeftOut(field, value, did_you_mean(value, list(known)) or ".") for value in left_out)
        return tuple(value for value in chosen if value not in left_out)

    filters = spelled(chosen, values)
    sections = {*SECTION_HEADINGS, *values.get("section", ())}
    specialties = {*SPECIALTIES, UNKNOWN, *values.get("specialty", ())}
    hiring = {*HIRING_STATUSES, *values.get("hiring", ())}
    services = values.get("service", ())
    filters = replace(
        filters,
        sections=kept("in", filters.sections, sections.__contains__, sections),
        specialties=kept("specialty", filters.specialties, specialties.__contains__, specialties),
        hiring=kept("hiring", filters.hiring, hiring.__contains__, hiring),
        services=kept("service", filters.services, lambda value: services_meant([value], services), services),
    )
    return filters, tuple(out)


def in_full(filters: Filters, values: Values) -> Filters:
    """The choices as engines compare them: service types whole, where words of them were chosen."""
    if not filters.services:
        return filters
    meant = services_meant(filters.services, values.get("service", ()))
    return replace(filters, services=tuple(meant) or filters.services)


def services_meant(chosen: Iterable[str], values: Collection[str]) -> list[str]:
    """The service types chosen: a choice as it stands, or else all that have every word of it ("annotation")."""
    meant: dict[str, None] = {}
    for choice in chosen:
        words = frozenset(text.words_of(choice))
        found = [value for value in values if words and words <= set(text.words_of(value))]
        meant.update(dict.fromkeys([choice] if choice in values else found))
    return list(meant)


def _folded(chosen: Sequence[str], values: Iterable[str]) -> tuple[str, ...]:
    known = {text.fold(value): value for value in values}
    return tuple(dict.fromkeys(known.get(text.fold(value), value) for value in chosen))


def _section(value: str, values: Collection[str]) -> str:
    """The id of a section: as it stands, or by a heading that means it ("Challenges / concerns")."""
    return value if value in values else known_id(value.replace("_", " ")) or value
