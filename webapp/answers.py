"""Quick-fact answers: a company's name and the word for a fact show the fact itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from indexer.profiles.model import HIRING_STATUSES, Facts
from indexer.text import is_stop_word, tokenize

_FACT_WORDS = {
    "headquarters": "headquarters headquartered hq based located location country",
    "founded": "founded founding started established age",
    "website": "website site homepage url",
    "careers": "careers career vacancies apply",
    "hiring": "hiring hires recruiting",
    "specialties": "specialties specialty speciality specialization",
    "verified": "verified checked updated",
}
_FACT_OF_WORD = {word: fact for fact, words in _FACT_WORDS.items() for word in words.split()}
LABELS = {
    "headquarters": "Headquarters",
    "founded": "Founded",
    "website": "Website",
    "careers": "Careers page",
    "hiring": "Hiring",
    "specialties": "Specialties",
    "verified": "Last verified",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One quick fact of one company; `link` is the address that the fact is, if it is one."""

    facts: Facts
    label: str
    text: str
    link: str = ""


def quick_answer(text: str, hits: Sequence[Facts]) -> Answer | None:
    """The fact that a query of a company's name and a fact's word asks for, when it is stated."""
    words = [token.word for token in tokenize(text[:200])]
    asked = {_FACT_OF_WORD[word] for word in words if word in _FACT_OF_WORD}
    if len(asked) != 1:
        return None
    (fact,) = asked
    rest = {word for word in words if word not in _FACT_OF_WORD and not is_stop_word(word)}
    for facts in hits:
        name = {token.word for token in tokenize(facts.company) if not is_stop_word(token.word)}
        if rest and rest == name:
            return _answer(fact, facts)
    return None


def _answer(fact: str, facts: Facts) -> Answer | None:
    link = {"website": facts.website, "careers": facts.careers}.get(fact) or ""
    stated = {
        "headquarters": facts.headquarters,
        "founded": str(facts.founded) if facts.founded else None,
        "website": facts.website,
        "careers": facts.careers,
        "hiring": HIRING_STATUSES.get(facts.hiring_status) if facts.hiring_status != "unknown" else None,
        "specialties": ", ".join(facts.specialties),
        "verified": facts.last_verified,
    }[fact]
    return Answer(facts, LABELS[fact], stated, link) if stated else None
