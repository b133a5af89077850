"""The words by which people ask for a quick fact of a company."""

_FACT_WORDS = {
    "headquarters": "headquarters headquarter headquartered hq based located location country",
    "founded": "founded founding started established age",
    "website": "website site homepage url",
    "careers": "careers career vacancies apply",
    "hiring": "hiring hires recruiting status",
    "specialties": "specialties specialty speciality specialization",
    "verified": "verified checked updated",
}
FACT_OF_WORD = {word: fact for fact, words in _FACT_WORDS.items() for word in words.split()}
"""Folded words, each with the fact that it asks for."""
BESIDE_FACTS = frozenset("last year date day official web page link address currently now today company".split())
"""Words that people put beside those: they ask for nothing of their own there."""
