"""Pieces of HTML that stand on a page of results by the dozen; from a template they would take most of its time."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from html import escape

from markupsafe import Markup

from indexer.page import FacetValue, SectionResult
from webapp.ages import Verified
from webapp.leads import LEAD_HEADINGS

NO_LEAD = "Nothing on record."


def found_html(sections: Sequence[SectionResult]) -> Markup:
    """The matching sections of one company: heading with its link, snippet with its marks."""
    return Markup("".join(map(_found, sections)))  # noqa: S704  (every value is escaped below)


def _found(section: SectionResult) -> str:
    snippet = "".join(
        f"<mark>{escape(piece.text)}</mark>" if piece.match else escape(piece.text) for piece in section.snippet
    )
    link = f'<a href="{escape(section.url)}">{escape(section.heading)}</a>'
    return f'<div class="found">\n<h3>{link}</h3>\n<p>{snippet}</p>\n</div>\n'


def leads_html(leads: Mapping[str, str], url: str) -> Markup:
    """The first sentences of the sections that nobody should miss; `url` is the company's page."""
    lines = []
    for id_, heading in LEAD_HEADINGS.items():
        name = f'<a href="{escape(url)}#{id_}">{heading}</a>' if id_ in leads else heading
        lines.append(f"<div><dt>{name}</dt><dd>{escape(leads.get(id_, NO_LEAD))}</dd></div>\n")
    return Markup("".join(lines))  # noqa: S704  (every value is escaped above)


def checkboxes_html(parameter: str, values: Sequence[FacetValue]) -> Markup:
    """The values of a facet, to be chosen, each with its count."""
    lines = (f"{_box(parameter, v.value, v.label, v.selected)}{v.count}</span></label>\n" for v in values)
    return Markup("".join(lines))  # noqa: S704  (every value is escaped below)


@lru_cache(maxsize=4096)
def _box(parameter: str, value: str, label: str, selected: bool) -> str:
    ticked = " checked" if selected else ""
    box = f'<input type="checkbox" name="{parameter}" value="{escape(value)}" form="search-form"{ticked}>'
    return f'<label class="check">{box}<span>{escape(label)}</span> <span class="count">'


@lru_cache(maxsize=4096)
def badges_html(hiring: str, label: str, seen: Verified) -> Markup:
    """Hiring status and date of verification, with a warning where it is old."""
    parts = [f'<span class="badge hiring-{escape(hiring)}">{escape(label)}</span>']
    if seen.iso:
        age = f" ({escape(seen.age)})" if seen.age else ""
        day = f'<time datetime="{escape(seen.iso)}">{escape(seen.day)}</time>'
        parts.append(f'<span class="when">Verified {day}{age}</span>')
    if seen.stale:
        parts.append(f'<span class="badge stale">{"May be out of date" if seen.iso else "Never verified"}</span>')
    return Markup(" ".join(parts))  # noqa: S704  (every value is escaped above)
