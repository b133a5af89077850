"""What every answer keeps, whatever was asked and whatever the profiles say."""

import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

from werkzeug.test import TestResponse

LEAD = "zq9x"
"""Tests send tags and attributes of this name; no answer has either."""
TAGS = set(
    "a abbr article aside b blockquote body br button caption circle cite code dd del details div dl dt em fieldset "
    "footer form h1 h2 h3 h4 h5 h6 head header hr html i input ins kbd label legend li link main mark meta nav ol "
    "option p path pre q s script section select small span strong sub summary sup svg table tbody td tfoot th thead "
    "time title tr ul".split()
)
"""Of our templates, and those that a profile may use."""
_LINK = re.compile(r"/$|/[^/\\]|https?://[^/]|mailto:[^/]|[#?]")


class Elements(HTMLParser):
    """Collects what a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.ids: list[str] = []
        self.foreign_scripts = 0
        self._data: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.add(tag)
        self.attributes.update(values)
        self.links.update(values[name] or "" for name in ("href", "src", "action", "formaction") if name in values)
        self.ids += [values["id"] or ""] if "id" in values else []
        if tag == "script" and values.get("type") == "application/ld+json":
            self._data = []
        elif tag == "script":
            self.foreign_scripts += not (values.get("src") or "").startswith("/static/")

    def handle_data(self, data: str) -> None:
        if self._data is not None:
            self._data.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "script" and self._data is not None:
            json.loads("".join(self._data))
            self._data = None


def hold(response: TestResponse) -> None:
    """It is an answer, of the kind it says, with headers that are ours and nobody's markup but ours."""
    assert response.status_code < 500
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert not {name for name, _ in response.headers if LEAD in name.lower() or name == "Set-Cookie"}
    kind, body = response.mimetype, response.get_data()
    if not body:
        return
    if kind == "text/html":
        hold_page(body.decode())
    elif "json" in kind:
        json.loads(body)
    elif "xml" in kind:
        ET.fromstring(body)


def hold_page(text: str) -> None:
    """Nothing of the client's, and nothing that could run of a profile's, became part of the page."""
    found = Elements()
    found.feed(text)
    found.close()
    assert found.tags <= TAGS
    assert not {name for name in found.attributes if name.startswith("on") or LEAD in name or name == "style"}
    assert not {link for link in found.links if not _LINK.match(link)}
    assert found.foreign_scripts == 0
    assert len(found.ids) == len(set(found.ids))
