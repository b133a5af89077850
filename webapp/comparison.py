"""Companies side by side: quick facts and one section."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from indexer.labels import profile_url
from indexer.links import to
from indexer.profiles.model import SECTION_HEADINGS, RenderedProfile
from indexer.search import SearchService
from webapp.chooser import Chooser, chooser
from webapp.navigation import Link
from webapp.parameters import MAX_COMPARED, CompareParameters
from webapp.params import Reading
from webapp.profiles import Fact, quick_facts

_TAG = re.compile(r"<[a-z][^>]*>")
_ID = re.compile(r'( id="| href="#)c-')
COMPARED_FACTS = ("Hiring", "Service", "Specialties", "Headquarters", "Founded", "Last verified")


@dataclass(frozen=True, slots=True)
class Column:
    """One company; `facts` has an entry for every compared fact, `html` is empty where the section is missing."""

    slug: str
    company: str
    url: str
    facts: tuple[Fact, ...]
    html: Markup
    section_url: str
    remove_url: str


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """Everything that the comparison prints; its columns are those of two to four companies, or none."""

    heading: str
    section: str
    columns: tuple[Column, ...]
    sections: tuple[Link, ...]
    chooser: Chooser | None
    notes: tuple[str, ...]
    too_many: bool


def comparison_view(reading: Reading[CompareParameters], service: SearchService, today: date) -> ComparisonView:
    """The chosen companies, and while there is room for another, the form that chooses."""
    asked, slugs = reading.parameters, tuple(dict.fromkeys(reading.parameters.company))
    searcher = service.searcher()
    too_many = len(slugs) > MAX_COMPARED
    found = [] if too_many else [profile for profile in map(searcher.profile, slugs) if profile]
    ids = dict.fromkeys([*SECTION_HEADINGS, *(s.id for profile in found for s in profile.sections)])
    named = {s.id: s.heading for profile in found for s in profile.sections}
    compared = found if asked.page is None and len(found) > 1 else []
    choices = None
    if len(compared) < MAX_COMPARED:
        choices = chooser(service, searcher, asked)
    return ComparisonView(
        heading=SECTION_HEADINGS.get(asked.section) or named.get(asked.section, asked.section),
        section=asked.section,
        columns=tuple(_column(profile, asked, slugs, today) for profile in compared),
        sections=tuple(
            Link(
                SECTION_HEADINGS.get(id_) or named[id_], to("/compare", _pairs(asked, slugs, id_)), id_ == asked.section
            )
            for id_ in ids
        ),
        chooser=choices,
        notes=tuple(_notes(reading, len(slugs), choices)),
        too_many=too_many,
    )


def _notes(reading: Reading[CompareParameters], chosen: int, choices: Chooser | None) -> Iterator[str]:
    for fault in reading.dropped:
        yield f"Ignored {fault.parameter}: {fault.message}."
    if chosen > MAX_COMPARED:
        yield f"Choose at most four companies: {chosen} are ticked."
    elif chosen == 1 and reading.parameters.page is None:
        yield "Choose at least one more company."
    if choices and choices.found_none:
        yield f"No company was found for “{choices.text}”: these are all."


def _with_own_ids(html: str, slug: str) -> str:
    """Ids inside sections start with `c-`: two companies on one page must not share them."""
    return _TAG.sub(lambda tag: _ID.sub(rf"\1c-{slug}-", tag[0]), html)


def _pairs(asked: CompareParameters, slugs: tuple[str, ...], section: str) -> list[tuple[str, str]]:
    words = [("q", asked.q)] if asked.q else []
    return [("section", section), *(("company", slug) for slug in slugs), *words]


def _column(profile: RenderedProfile, asked: CompareParameters, slugs: tuple[str, ...], today: date) -> Column:
    facts = profile.facts
    stated = {fact.label: fact for fact in quick_facts(facts, today)}
    html = next((s.html for s in profile.sections if s.id == asked.section), "")
    others = tuple(slug for slug in slugs if slug != facts.slug)
    return Column(
        slug=facts.slug,
        company=facts.company,
        url=profile_url(facts.slug),
        facts=tuple(stated.get(label, Fact(label)) for label in COMPARED_FACTS),
        html=Markup(_with_own_ids(html, facts.slug)),  # noqa: S704  (sanitised when it was rendered for the index)
        section_url=profile_url(facts.slug, section=asked.section),
        remove_url=to("/compare", _pairs(asked, others, asked.section)),
    )
