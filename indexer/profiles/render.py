"""Profiles to what is indexed and shown: sanitised HTML, and text. The same result every time, on every machine."""

from indexer.errors import UserError
from indexer.profiles.definitions import share_definitions
from indexer.profiles.markup import Budget, MarkupRefused, markdown_html
from indexer.profiles.model import Profile, RenderedProfile, RenderedSection, Section
from indexer.profiles.plain import paragraph_html, paragraph_text, plain_paragraphs
from indexer.profiles.sanitise import html_text, sanitise


class RenderRefused(UserError):
    """A section cannot be rendered, or not in bounded time."""

    def __init__(self, section: Section, reason: str) -> None:
        super().__init__(f"section {section.heading} cannot be rendered in bounded time: {reason}; simplify it")
        self.section = section


def render_profile(profile: Profile) -> RenderedProfile:
    """Every section rendered; raises RenderRefused for text that is made to be slow."""
    texts = share_definitions([section.markdown for section in profile.sections])
    renderer = _Renderer(frozenset(section.id for section in profile.sections))
    sections = tuple(map(renderer.section, profile.sections, texts))
    return RenderedProfile(profile.facts, sections, profile.digest)


class _Renderer:
    """Renders the sections of one profile; they share a budget and may link to each other."""

    def __init__(self, ids: frozenset[str]) -> None:
        self._ids = ids
        self._budget = Budget()

    def section(self, section: Section, markdown: str) -> RenderedSection:
        paragraphs = plain_paragraphs(markdown)
        if paragraphs is not None:
            html = "\n".join(map(paragraph_html, paragraphs))
            return RenderedSection(section.id, section.heading, html, "\n".join(map(paragraph_text, paragraphs)))
        try:
            html = sanitise(markdown_html(markdown, self._budget), section.id, self._ids)
        except MarkupRefused as refusal:
            raise RenderRefused(section, str(refusal)) from None
        return RenderedSection(section.id, section.heading, html, html_text(html))
