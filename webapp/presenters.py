"""From a page of results to what the template prints: all words and addresses are made here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from indexer.engines.base import Part
from indexer.errors import Fault
from indexer.links import FACET_PARAMETERS, chosen
from indexer.page import Page, Result
from indexer.profiles.model import HIRING_STATUSES
from indexer.query.request import UNKNOWN
from webapp.ages import verified
from webapp.answers import Answer, quick_answer
from webapp.fragments import badges_html, checkboxes_html, found_html, leads_html
from webapp.navigation import Navigation, navigation

FACET_LEGENDS = {
    "section": "Section",
    "hiring": "Hiring status",
    "verified": "Last verified",
    "specialty": "Specialty",
    "service": "Service type",
}
"""Facets in the order in which they are offered: what people choose most comes first."""
SHOWN_VALUES = 6
"""Facet values that are visible at once; the rest is behind "More"."""

LeadsOf = Callable[[str], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Hit:
    """One company as the list shows it."""

    slug: str
    company: str
    url: str
    badges: Markup
    specialties: str
    found: Markup
    leads: Markup
    why: str
    score: float
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class FacetGroup:
    """One facet as a group of checkboxes; `hidden` of them are behind "More"."""

    legend: str
    shown: Markup
    more: Markup
    hidden: int


@dataclass(frozen=True, slots=True)
class ResultsView:
    """Everything that the results page prints."""

    text: str
    heading: str
    hits: tuple[Hit, ...]
    first: int
    facets: tuple[FacetGroup, ...]
    links: Navigation
    repaired: bool
    understood: str
    notes: tuple[str, ...]
    answer: Answer | None
    compare_section: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a page of results is shown in: leads by company, the day, the site's address, what was dropped."""

    leads_of: LeadsOf
    today: date
    root: str
    dropped: tuple[Fault, ...] = ()


def results_view(page: Page, around: Surroundings) -> ResultsView:
    """A page of results as the template prints it; its request is the one that was asked, for the links."""
    request = page.request
    compared = chosen(request, "section")
    return ResultsView(
        text=request.text,
        heading=_heading(page),
        hits=tuple(_hit(result, around.leads_of, around.today) for result in page.results),
        first=(request.page - 1) * request.size + 1,
        facets=_facet_groups(page),
        links=navigation(page, around.root),
        repaired=bool(page.query.repaired),
        understood=page.query.understood,
        notes=(*_notes(page), *(f"Ignored {_named(fault)}: {fault.message}." for fault in around.dropped)),
        answer=quick_answer(page.fact) if page.fact and request.page == 1 else None,
        compare_section=compared[0] if len(compared) == 1 else "",
    )


def counted(number: int, one: str, many: str) -> str:
    """ "1 company", "12 companies", "1,200 companies"."""
    return f"{number:,} {one if number == 1 else many}"


def hiring_label(status: str) -> str:
    """A hiring status as it stands beside a company's name."""
    return "Hiring unknown" if status == UNKNOWN else HIRING_STATUSES.get(status, status)


def _heading(page: Page) -> str:
    count = counted(page.total, "company", "companies") if page.total else "No company"
    if not page.request.text:
        return count if page.total else "No company fits these filters"
    return f"{count} for “{page.query.understood if page.query.repaired else page.request.text}”"


def _notes(page: Page) -> list[str]:
    notes = list(page.query.notes)
    if page.request.text and not page.query.understood and not notes:
        notes.append("There was no word to search for.")
    if page.partial:
        notes.append("The search ran out of time: these are the results so far. Fewer or rarer words are quicker.")
    if page.query.unknown and page.results:
        notes.append(f"No profile has {', '.join(f'“{word}”' for word in page.query.unknown)}.")
    if page.query.relaxed and page.results:
        has, asked = page.query.relaxed
        notes.append(f"No profile has all the words; these have at least {has} of {asked}.")
    return notes


def _named(fault: Fault) -> str:
    names = {parameter: FACET_LEGENDS[facet].lower() for facet, parameter in FACET_PARAMETERS.items()}
    return names.get(fault.parameter, fault.parameter)


def _hit(result: Result, leads_of: LeadsOf, today: date) -> Hit:
    facts = result.facts
    return Hit(
        slug=facts.slug,
        company=facts.company,
        url=result.url,
        badges=badges_html(facts.hiring_status, hiring_label(facts.hiring_status), verified(facts, today)),
        specialties=", ".join(facts.specialties),
        found=found_html(result.sections),
        leads=leads_html(leads_of(facts.slug), result.url),
        why=result.why,
        score=result.score,
        parts=result.parts,
    )


def _facet_groups(page: Page) -> tuple[FacetGroup, ...]:
    groups = []
    for facet, legend in FACET_LEGENDS.items():
        values = page.facets.get(facet, ())
        if values:
            shown = tuple(v for i, v in enumerate(values) if v.selected or i < SHOWN_VALUES)
            more = tuple(v for i, v in enumerate(values) if not v.selected and i >= SHOWN_VALUES)
            if len(more) < 3:  # a fold that hides one or two lines costs more than it saves
                shown, more = values, ()
            name = FACET_PARAMETERS[facet]
            boxes = checkboxes_html(name, shown), checkboxes_html(name, more)
            groups.append(FacetGroup(legend, *boxes, len(more)))
    return tuple(groups)
