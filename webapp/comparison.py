"""Companies side by side: quick facts and one section."""

import re
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from indexer.engines.base import Searcher
from indexer.labels import profile_url
from indexer.links import to
from indexer.profiles.model import SECTION_HEADINGS, RenderedProfile
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
    """Everything that the comparison prints. `choices` are all companies, for those who chose too few."""

    heading: str
    section: str
    columns: tuple[Column, ...]
    sections: tuple[Link, ...]
    choices: tuple[Link, ...]
    notes: tuple[str, ...]


def comparison_view(reading: Reading[CompareParameters], searcher: Searcher, today: date) -> ComparisonView:
    """The chosen companies; with fewer than two of them, the form that chooses."""
    section, slugs = reading.parameters.section, tuple(dict.fromkeys(reading.parameters.company))
    found = [profile for profile in map(searcher.profile, slugs) if profile]
    ids = dict.fromkeys([*SECTION_HEADINGS, *(s.id for profile in found for s in profile.sections)])
    named = {s.id: s.heading for profile in found for s in profile.sections}
    notes = [f"Ignored {fault.parameter}: {fault.message}." for fault in reading.dropped]
    if len(found) == 1:
        notes.append("Choose at least one more company.")
    return ComparisonView(
        heading=SECTION_HEADINGS.get(section) or named.get(section, section),
        section=section,
        columns=tuple(_column(profile, section, slugs, today) for profile in found),
        sections=tuple(
            Link(SECTION_HEADINGS.get(id_) or named[id_], to("/compare", _pairs(id_, slugs)), id_ == section)
            for id_ in ids
        ),
        choices=tuple(Link(facts.company, facts.slug, facts.slug in slugs) for facts in searcher.facts())
        if len(found) < MAX_COMPARED
        else (),
        notes=tuple(notes),
    )


def _with_own_ids(html: str, slug: str) -> str:
    """Ids inside sections start with `c-`: two companies on one page must not share them."""
    return _TAG.sub(lambda tag: _ID.sub(rf"\1c-{slug}-", tag[0]), html)


def _pairs(section: str, slugs: tuple[str, ...]) -> list[tuple[str, str]]:
    return [("section", section), *(("company", slug) for slug in slugs)]


def _column(profile: RenderedProfile, section: str, slugs: tuple[str, ...], today: date) -> Column:
    facts = profile.facts
    stated = {fact.label: fact for fact in quick_facts(facts, today)}
    html = next((s.html for s in profile.sections if s.id == section), "")
    others = tuple(slug for slug in slugs if slug != facts.slug)
    return Column(
        slug=facts.slug,
        company=facts.company,
        url=profile_url(facts.slug),
        facts=tuple(stated.get(label, Fact(label)) for label in COMPARED_FACTS),
        html=Markup(_with_own_ids(html, facts.slug)),  # noqa: S704  (sanitised when it was rendered for the index)
        section_url=profile_url(facts.slug, section=section),
        remove_url=to("/compare", _pairs(section, others)),
    )
