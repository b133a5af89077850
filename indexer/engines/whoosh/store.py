"""What is stored of every profile: facts, facet values, headings, texts, HTML."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.engines.company import facet_values
from indexer.engines.whoosh.strings import Strings
from indexer.engines.whoosh.tokens import Ints
from indexer.profiles.model import Facts, RenderedProfile, RenderedSection

Longs = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Store:
    """Companies in order of slug, their sections side by side: company c has `first[c]:first[c + 1]`.

    `kind[s]` indexes `kinds`, the section ids. `verified` is a proleptic day number, 0 for never. `by_name` ranks
    companies by name. A facet column is a list of (company, value) pairs in order of company.
    """

    slugs_data: Bytes
    slugs_offsets: Longs
    digests_data: Bytes
    digests_offsets: Longs
    facts_data: Bytes
    facts_offsets: Longs
    headings_data: Bytes
    headings_offsets: Longs
    texts_data: Bytes
    texts_offsets: Longs
    html_data: Bytes
    html_offsets: Longs
    kinds_data: Bytes
    kinds_offsets: Longs
    kind: Ints
    first: Longs
    company_of: Ints
    verified: Ints
    by_name: Ints
    specialty_values_data: Bytes
    specialty_values_offsets: Longs
    specialty_company: Ints
    specialty_value: Ints
    hiring_values_data: Bytes
    hiring_values_offsets: Longs
    hiring_company: Ints
    hiring_value: Ints
    service_values_data: Bytes
    service_values_offsets: Longs
    service_company: Ints
    service_value: Ints

    def strings(self, name: str) -> Strings:
        """The column of strings of that name."""
        return Strings(getattr(self, f"{name}_data"), getattr(self, f"{name}_offsets"))

    def facts_of(self, company: int) -> Facts:
        """The quick facts of one company."""
        values = json.loads(self.strings("facts")[company])
        values["specialties"] = tuple(values["specialties"])
        return Facts(**values)

    def profile_of(self, company: int) -> RenderedProfile:
        """One company whole."""
        headings, texts, html = self.strings("headings"), self.strings("texts"), self.strings("html")
        kinds = self.strings("kinds")
        sections = tuple(
            RenderedSection(kinds[int(self.kind[s])], headings[s], html[s], texts[s])
            for s in range(int(self.first[company]), int(self.first[company + 1]))
        )
        return RenderedProfile(self.facts_of(company), sections, self.strings("digests")[company])


def build_store(profiles: Iterable[RenderedProfile]) -> Store:
    """The columns of profiles that come in order of slug."""
    profiles = list(profiles)
    facts = [profile.facts for profile in profiles]
    sections = [section for profile in profiles for section in profile.sections]
    kinds = sorted({section.id for section in sections})
    kind_id = {kind: number for number, kind in enumerate(kinds)}
    counts = [len(profile.sections) for profile in profiles]
    return Store(
        **_string_columns(
            slugs=[fact.slug for fact in facts],
            digests=[profile.digest for profile in profiles],
            facts=[json.dumps(asdict(fact), ensure_ascii=False) for fact in facts],
            headings=[section.heading for section in sections],
            texts=[section.text for section in sections],
            html=[section.html for section in sections],
            kinds=kinds,
        ),
        kind=np.array([kind_id[section.id] for section in sections], np.int32),
        first=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        company_of=np.repeat(np.arange(len(profiles), dtype=np.int32), counts),
        verified=np.array([day.toordinal() if (day := fact.verified_on) else 0 for fact in facts], np.int32),
        by_name=_ranks([(fact.company.casefold(), fact.slug) for fact in facts]),
        **_facet_columns(facts),
    )


def _string_columns(**columns: list[str]) -> dict[str, Any]:
    arrays: dict[str, Any] = {}
    for name, values in columns.items():
        column = Strings.of(values)
        arrays[f"{name}_data"], arrays[f"{name}_offsets"] = column.data, column.offsets
    return arrays


def _ranks(keys: list[tuple[str, str]]) -> Ints:
    ranks = np.empty(len(keys), np.int32)
    ranks[sorted(range(len(keys)), key=keys.__getitem__)] = np.arange(len(keys), dtype=np.int32)
    return ranks


def _facet_columns(facts: list[Facts]) -> dict[str, Any]:
    arrays: dict[str, Any] = {}
    chosen: list[Mapping[str, tuple[str, ...]]] = [facet_values(fact) for fact in facts]
    for name in ("specialty", "hiring", "service"):
        values = sorted({value for row in chosen for value in row[name]})
        number = {value: place for place, value in enumerate(values)}
        pairs = [(company, number[value]) for company, row in enumerate(chosen) for value in row[name]]
        arrays |= _string_columns(**{f"{name}_values": values})
        arrays[f"{name}_company"] = np.array([company for company, _ in pairs], np.int32)
        arrays[f"{name}_value"] = np.array([value for _, value in pairs], np.int32)
    return arrays
