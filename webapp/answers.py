"""Quick-fact answers: a company's name and the word for a fact show the fact itself."""

from dataclasses import dataclass

from indexer.page import AskedFact
from indexer.profiles.dates import spoken
from indexer.profiles.model import HIRING_STATUSES, Facts
from indexer.query.request import UNKNOWN

LABELS = {
    "headquarters": "Headquarters",
    "founded": "Founded",
    "website": "Website",
    "careers": "Careers page",
    "hiring": "Hiring",
    "specialties": "Specialties",
    "verified": "Last verified",
}
NOT_STATED = "Not on record"


@dataclass(frozen=True, slots=True)
class Answer:
    """One quick fact of one company, and when it was verified; `link` is the address that the fact is, if it is one."""

    facts: Facts
    label: str
    text: str
    verified: str
    link: str = ""


def quick_answer(asked: AskedFact) -> Answer:
    """The fact that is asked for, or that nobody has stated it."""
    facts = asked.facts
    link = {"website": facts.website, "careers": facts.careers}.get(asked.fact) or ""
    verified = spoken(facts.last_verified) if facts.last_verified else ""
    stated = {
        "headquarters": facts.headquarters,
        "founded": str(facts.founded) if facts.founded else None,
        "website": facts.website,
        "careers": facts.careers,
        "hiring": HIRING_STATUSES.get(facts.hiring_status) if facts.hiring_status != UNKNOWN else None,
        "specialties": ", ".join(facts.specialties),
        "verified": verified or "Never",
    }[asked.fact]
    beside = "" if asked.fact == "verified" else verified
    return Answer(facts, LABELS[asked.fact], stated or NOT_STATED, beside, link)
