"""The sources of a profile: every address that its sections link to."""

from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urlsplit

from indexer.profiles.model import RenderedProfile


@dataclass(frozen=True, slots=True)
class Source:
    """One address, the site it is on, the words of its first link, and the headings of the sections that cite it."""

    url: str
    site: str
    text: str
    sections: tuple[str, ...]


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, str]] = []
        self._open: str | None = None
        self._words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._open, self._words = dict(attrs).get("href"), []

    def handle_data(self, data: str) -> None:
        self._words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._open and self._open.startswith(("http://", "https://")):
            self.found.append((self._open, " ".join("".join(self._words).split())))
        if tag == "a":
            self._open = None


def sources_of(profile: RenderedProfile) -> tuple[Source, ...]:
    """Every source once, in the order of its first mention."""
    texts: dict[str, str] = {}
    sections: dict[str, dict[str, None]] = {}
    for section in profile.sections:
        links = _Links()
        links.feed(section.html)
        links.close()
        for url, text in links.found:
            texts.setdefault(url, text)
            sections.setdefault(url, {})[section.heading] = None
    return tuple(Source(url, site_of(url), text, tuple(sections[url])) for url, text in texts.items())


def site_of(url: str) -> str:
    """The site of an address as people name it; the address itself where it has none."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    return (host or url).removeprefix("www.")
