"""A company profile: quick facts and sections."""

from dataclasses import dataclass
from datetime import date

SECTION_HEADINGS = {
    "overview": "Overview",
    "application_process": "Application process",
    "assessments": "Assessments",
    "job_types": "Job types",
    "compensation": "Compensation",
    "flexibility": "Flexibility",
    "concerns": "Concerns",
    "legitimacy": "Legitimacy",
    "conclusion": "Conclusion",
}
"""Section ids with their headings, in the order of the template."""

SPECIALTIES = (
    "AI evaluation", "Audio", "Code", "Content moderation", "Data collection", "Documents", "Expert tasks",
    "Geospatial", "Image", "Languages", "LiDAR / 3D", "Medical", "Multimodal", "Programmatic labeling",
    "Search evaluation", "Sensor data", "Surveys", "Text", "Video",
)  # fmt: skip

HIRING_STATUSES = {
    "workers": "Hires workers",
    "vendor": "Sells to companies only",
    "both": "Hires workers, sells to companies",
    "closed": "Closed",
    "unknown": "Unknown",
}
"""Hiring statuses with the words that readers see."""

SLUG_PATTERN = "[a-z0-9][a-z0-9-]{0,99}"
"""What a profile's file may be called, without its ending, and so a company in an address."""
MAX_PROFILE_BYTES = 1024 * 1024
"""A profile file is at most 1 MiB: larger ones are no profiles, and rendering them could take minutes."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The quick facts of one company. `last_verified` is YYYY, YYYY-MM or YYYY-MM-DD, None for never verified."""

    slug: str
    company: str
    service_type: str | None = None
    specialization: str | None = None
    specialties: tuple[str, ...] = ()
    hiring_status: str = "unknown"
    headquarters: str | None = None
    founded: int | None = None
    website: str | None = None
    careers: str | None = None
    last_verified: str | None = None

    @property
    def verified_on(self) -> date | None:
        """The earliest day that `last_verified` can mean: a profile never looks fresher than it is."""
        if self.last_verified is None:
            return None
        year, month, day = (*map(int, self.last_verified.split("-")), 1, 1)[:3]
        return date(year, month, day)


@dataclass(frozen=True, slots=True)
class Section:
    """One `##` section as written; `line` is the 1-based line of its heading."""

    id: str
    heading: str
    markdown: str
    line: int


@dataclass(frozen=True, slots=True)
class Profile:
    """One company as written. `digest` is the hexadecimal SHA-256 of the file's bytes."""

    facts: Facts
    sections: tuple[Section, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class RenderedSection:
    """One section, ready to be indexed and shown.

    `html` is sanitised; `text` is what a reader sees of it, blocks separated by one newline.
    """

    id: str
    heading: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class RenderedProfile:
    """One company, ready to be indexed and shown; `digest` is that of the profile it was rendered from."""

    facts: Facts
    sections: tuple[RenderedSection, ...]
    digest: str
