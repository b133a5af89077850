"""The Markdown that most sections are: paragraphs of plain words with inline links.

Python-Markdown needs about 400 µs for such a section, this a twentieth. Whatever is not plain beyond doubt is left to
Python-Markdown; a property test holds the two to the same HTML.
"""

import re
from html import escape

# Marks of Markdown and HTML, a table's bar, Python-Markdown's own placeholders, spaces but for the usual one.
_ODD = r"\\`*_\[\]<&|\x02\x03\t\r\x0b\x0c\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_LINK = re.compile(rf"\[([^{_ODD}>!\n]*[^{_ODD}>!\s])\]\((https?://[a-zA-Z0-9][^\s()<>\\\"'`\[\]]*)\)")
_PLAIN = re.compile(rf"(?:[^{_ODD}]++|&(?![a-zA-Z0-9#])|(?<!!){_LINK.pattern})*+")
_OPENINGS = frozenset(" -+*>#=:~")
_NUMBER = re.compile(r"[0-9]+[.)]")
_HOST_END = re.compile(r"https?://[a-zA-Z0-9.-]+(?::\d{1,4})?(?=[/?#)]|$)")


def plain_paragraphs(markdown: str) -> list[str] | None:
    """The paragraphs of a section, None when it may hold any other markup."""
    for line in filter(None, markdown.split("\n")):
        if line[0] in _OPENINGS or line[-1] == " " or _NUMBER.match(line):
            return None
    if not _PLAIN.fullmatch(markdown) or not all(_HOST_END.match(url) for _, url in _LINK.findall(markdown)):
        return None
    return [paragraph for paragraph in re.split(r"\n{2,}", markdown.strip("\n")) if paragraph]


def paragraph_html(paragraph: str) -> str:
    """The HTML of a plain paragraph."""
    parts = _LINK.split(paragraph)
    html = [_escaped(parts[0])]
    for i in range(1, len(parts), 3):
        href = _escaped(parts[i + 1])
        html.append(f'<a href="{href}" rel="nofollow noopener">{_escaped(parts[i])}</a>{_escaped(parts[i + 2])}')
    return f"<p>{''.join(html)}</p>"


def paragraph_text(paragraph: str) -> str:
    """What a reader sees of a plain paragraph, in one line."""
    return " ".join(_LINK.sub(r"\1", paragraph).split())


def _escaped(text: str) -> str:
    return escape(text, quote=False)
