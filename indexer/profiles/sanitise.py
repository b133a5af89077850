"""HTML from Markdown to HTML that may stand in our pages, and to the text that a reader sees of it."""

import re
from html import unescape

import nh3

_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "div", "dl", "dt", "em", "h1", "h2",
    "h3", "h4", "h5", "h6", "hr", "i", "ins", "kbd", "li", "ol", "p", "pre", "q", "s", "small", "strong", "sub", "sup",
    "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
}  # fmt: skip
LINK_SCHEMES = {"http", "https", "mailto"}
"""Other links lose their address: they could run a script, or hide what they carry."""
_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags={"script", "style", "iframe", "object", "template", "noscript", "svg", "math"},
    attributes={"*": {"id", "lang", "dir"}, "a": {"href", "title"}, "abbr": {"title"}, "ol": {"start"}},
    allowed_classes={"a": {"footnote-ref", "footnote-backref"}, "div": {"footnote"}},
    link_rel="nofollow noopener",
    url_schemes=LINK_SCHEMES,
)
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
_PLACED = re.compile(r'<[a-z][a-z0-9]*(?: [a-z-]+="[^"]*")* (?:id|href)="[^"]*"(?: [a-z-]+="[^"]*")*>')
_PLACE = re.compile(r' (id|href)="([^"]*)"')
_ATTRIBUTES = r'(?: [a-z-]+="[^"]*")*'
_NOTE_MARK = re.compile(
    rf'<sup{_ATTRIBUTES}><a [^<>]*class="footnote-ref"[^<>]*>[^<]*</a></sup>'
    rf'|<a [^<>]*class="footnote-backref"[^<>]*>[^<]*</a>'
)
_BLOCK = re.compile(
    rf"</?(?:blockquote|br|caption|dd|div|dl|dt|h[1-6]|hr|li|ol|p|pre|table|tbody|tfoot|thead|tr|ul){_ATTRIBUTES}>"
)
_CELL = re.compile(r"</t[dh]>")
_TAG = re.compile(rf"</?[a-z][a-z0-9]*{_ATTRIBUTES}>")
_CODE = re.compile(r"<pre[ >].*?</pre>", re.DOTALL)


def sanitise(html: str, section: str, sections: frozenset[str]) -> str:
    """Allowed tags only; every id starts with `c-<section>-`; links lead out of the site or to a place on the page.

    `sections` are the ids of the page's own sections, which a link `#compensation` may name.
    """
    clean = _CONTROLS.sub("", _CLEANER.clean(html))
    clean = re.sub(r"(</?)h[12](?=[ >])", r"\1h3", clean)  # the page and its sections have these levels
    if ' id="' not in clean and ' href="' not in clean:
        return clean
    seen: set[str] = set()

    def placed(tag: "re.Match[str]") -> str:
        return _PLACE.sub(lambda place: _place(place, section, sections, seen), tag[0])

    return _PLACED.sub(placed, clean)


def _place(place: "re.Match[str]", section: str, sections: frozenset[str], seen: set[str]) -> str:
    name, value = place[1], place[2]
    if name == "id":
        id_ = _content_id(section, value)
        if id_ in seen:
            return ""
        seen.add(id_)
        return f' id="{id_}"'
    if value.startswith("#"):
        return place[0] if value[1:] in sections else f' href="#{_content_id(section, value[1:])}"'
    return place[0] if re.match(r"(?:https?://|mailto:)", value, re.IGNORECASE) else ""


def _content_id(section: str, name: str) -> str:
    return f"c-{section}-{re.sub(r'[^0-9A-Za-z_-]+', '-', name)}"


def html_text(html: str) -> str:
    """What a reader sees of sanitised HTML, blocks separated by one newline; marks of footnotes left out."""
    if "footnote" in html:
        html = _NOTE_MARK.sub("", html)
    if "<pre" in html:
        html = _CODE.sub(lambda code: code[0].replace("\n", "<br>"), html)
    text = _CELL.sub(" ", _BLOCK.sub("\n", re.sub(r"\s+", " ", html)))
    text = unescape(_TAG.sub("", text))
    return "\n".join(line for row in text.split("\n") if (line := " ".join(row.split())))
