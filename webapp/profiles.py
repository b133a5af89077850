"""From a profile to what its page prints."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from indexer.labels import profile_url
from indexer.links import to
from indexer.page import ProfileView
from indexer.profiles.model import HIRING_STATUSES, Facts, RenderedSection
from indexer.query.request import UNKNOWN
from indexer.snippets import Match
from webapp.ages import verified
from webapp.fragments import badges_html
from webapp.leads import first_sentence
from webapp.marking import mark_matches
from webapp.navigation import Link
from webapp.presenters import hiring_label
from webapp.sources import Source, site_of, sources_of

MAX_RELATED = 5
MAX_DESCRIPTION = 160


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the quick facts; a fact may be several links, or text."""

    label: str
    text: str = ""
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class SectionView:
    """One section with its marked HTML; `lead` is its first sentence."""

    id: str
    heading: str
    html: Markup
    lead: str


@dataclass(frozen=True, slots=True)
class Related:
    """A company of the same kind, and what both do."""

    slug: str
    company: str
    url: str
    shared: str


@dataclass(frozen=True, slots=True)
class ProfilePage:
    """Everything that a profile's page prints."""

    facts: Facts
    text: str
    badges: Markup
    quick_facts: tuple[Fact, ...]
    sections: tuple[SectionView, ...]
    highlights: int
    sources: tuple[Source, ...]
    related: tuple[Related, ...]
    url: str
    canonical: str
    description: str
    linked_data: dict[str, object]

    def section(self, id_: str) -> SectionView | None:
        """A section by its id."""
        return next((section for section in self.sections if section.id == id_), None)


@dataclass(frozen=True, slots=True)
class Visit:
    """How a profile was asked for: the query, the day, and the address of the site, with its slash."""

    text: str
    today: date
    root: str


def profile_view(found: ProfileView, everybody: Sequence[Facts], visit: Visit) -> ProfilePage:
    """A profile as the template prints it."""
    facts = found.profile.facts
    sections = tuple(_section(section, found.matches.get(section.id, ())) for section in found.profile.sections)
    lead = sections[0].lead if sections else "company profile"
    description = lead if lead.startswith(facts.company) else f"{facts.company}: {lead}"
    description = description[:MAX_DESCRIPTION].rstrip()
    canonical = f"{visit.root}profiles/{facts.slug}"
    return ProfilePage(
        facts=facts,
        text=visit.text,
        badges=badges_html(facts.hiring_status, hiring_label(facts.hiring_status), verified(facts, visit.today)),
        quick_facts=quick_facts(facts, visit.today),
        sections=sections,
        highlights=sum(map(len, found.matches.values())),
        sources=sources_of(found.profile),
        related=_related(facts, everybody),
        url=profile_url(facts.slug),
        canonical=canonical,
        description=description,
        linked_data=_linked_data(facts, canonical, description),
    )


def _section(section: RenderedSection, matches: Sequence[Match]) -> SectionView:
    # Sanitised when it was rendered for the index, and only <mark> was added since.
    html = Markup(mark_matches(section.html, section.text, matches))  # noqa: S704
    return SectionView(section.id, section.heading, html, first_sentence(section.text))


def quick_facts(facts: Facts, today: date) -> tuple[Fact, ...]:
    """What is known at a glance; a fact that nobody has stated is left out."""
    seen = verified(facts, today)
    hiring = HIRING_STATUSES.get(facts.hiring_status, facts.hiring_status)
    lines = [
        Fact("Hiring", links=(Link(hiring, to("/search", [("hiring", facts.hiring_status)])),)),
        Fact("Service", facts.service_type or ""),
        Fact("Specialization", facts.specialization or ""),
        Fact("Specialties", links=tuple(Link(s, to("/search", [("specialty", s)])) for s in facts.specialties)),
        Fact("Headquarters", facts.headquarters or ""),
        Fact("Founded", str(facts.founded or "")),
        Fact("Website", links=_outward(facts.website)),
        Fact("Careers", links=_outward(facts.careers)),
        Fact("Last verified", f"{seen.day} ({seen.age})" if seen.age else seen.day.capitalize()),
    ]
    return tuple(line for line in lines if line.text or line.links)


def _outward(address: str | None) -> tuple[Link, ...]:
    if not address:
        return ()
    url = address if address.startswith(("http://", "https://")) else f"https://{address}"
    return (Link(site_of(url), url),)


def _related(facts: Facts, everybody: Sequence[Facts]) -> tuple[Related, ...]:
    """Companies with the most specialties in common; among equals those with the fewest others."""
    own = set(facts.specialties)
    ranked = []
    for other in everybody:
        shared = own & set(other.specialties)
        if shared and other.slug != facts.slug:
            ranked.append((-len(shared), len(other.specialties), other.company, other, shared))
    ranked.sort(key=lambda entry: entry[:3])
    return tuple(
        Related(
            other.slug, other.company, profile_url(other.slug), ", ".join(s for s in facts.specialties if s in shared)
        )
        for *_, other, shared in ranked[:MAX_RELATED]
    )


def _linked_data(facts: Facts, canonical: str, description: str) -> dict[str, object]:
    organization: dict[str, object] = {"@type": "Organization", "name": facts.company, "@id": f"{canonical}#Company"}
    optional = {
        "url": facts.website if (facts.website or "").startswith("http") else None,
        "foundingDate": str(facts.founded) if facts.founded else None,
        "address": facts.headquarters,
        "knowsAbout": list(facts.specialties) or None,
        "description": facts.service_type if facts.service_type and facts.service_type != UNKNOWN else None,
    }
    organization |= {name: value for name, value in optional.items() if value}
    page: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "ProfilePage",
        "url": canonical,
        "name": f"{facts.company}: company profile",
        "description": description,
        "mainEntity": organization,
    }
    if facts.last_verified:
        page["dateModified"] = facts.last_verified
    return page
