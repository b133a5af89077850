"""The one-line lead of a section: its first sentence, kept a generation long."""

from indexer.engines.base import Searcher
from indexer.profiles.model import RenderedProfile
from indexer.text import sentences

MAX_LEAD_CHARACTERS = 180
LEAD_HEADINGS = {"concerns": "Concerns", "legitimacy": "Legitimacy"}
"""Sections that every hit names, because nobody should miss them."""


def first_sentence(text: str) -> str:
    """The first sentence of a text, cut at a word bound where it is too long for one line or two."""
    start, end = next(iter(sentences(text)), (0, 0))
    sentence = " ".join(text[start:end].split())
    if len(sentence) <= MAX_LEAD_CHARACTERS:
        return sentence
    return sentence[:MAX_LEAD_CHARACTERS].rsplit(" ", 1)[0].rstrip(",;:") + " …"


def leads_of(profile: RenderedProfile) -> dict[str, str]:
    """Section id to lead for the sections that every hit names."""
    return {s.id: first_sentence(s.text) for s in profile.sections if s.id in LEAD_HEADINGS and s.text.strip()}


class Leads:
    """Leads by company, of the newest generation asked for."""

    def __init__(self) -> None:
        self._kept: tuple[str, dict[str, dict[str, str]]] = ("", {})

    def of(self, searcher: Searcher, slug: str) -> dict[str, str]:
        """Section id to lead; nothing for a company without these sections."""
        generation, kept = self._kept
        if generation != searcher.generation.id:
            kept = {}
            self._kept = (searcher.generation.id, kept)
        if slug not in kept:
            profile = searcher.profile(slug)
            kept[slug] = leads_of(profile) if profile else {}
        return kept[slug]
