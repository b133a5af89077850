"""Python-Markdown with a bound on its work: it is quadratic on hostile text."""

import re
import threading
from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element

import markdown
from markdown.treeprocessors import Treeprocessor

MAX_WORK = 6_000_000
"""Characters that patterns may look at in one profile: about a second. Twenty pages with links need a tenth."""
MAX_MARKUP_CHARACTERS = 200_000
"""In one profile, plain paragraphs aside: 30,000 words. Nothing else bounds what is slow but grows no faster."""
MAX_NESTING = 40
"""Lists in lists in quotes: deeper ones are an attack on the stack."""

_EXTENSIONS = ["tables", "fenced_code", "footnotes", "sane_lists"]
_FENCE = re.compile(r"^(?:```|~~~)", re.MULTILINE)
_local = threading.local()


class MarkupRefused(Exception):
    """The text cannot be rendered, or not in bounded time; the message says what it has too much of."""


class Budget:
    """What the markup of one profile may still cost, counted in characters looked at: the same on every machine."""

    def __init__(self) -> None:
        self._work = MAX_WORK
        self._characters = MAX_MARKUP_CHARACTERS
        self.depth = 0

    def spend(self, characters: int) -> None:
        self._work -= characters
        if self._work < 0:
            raise MarkupRefused("too many brackets, stars, tags or other marks")

    def begin(self, text: str) -> None:
        """Pay for what is searched through before any pattern is tried; the divisors are measured."""
        self._characters -= len(text)
        if self._characters < 0:
            raise MarkupRefused(f"more than {MAX_MARKUP_CHARACTERS:,} characters with markup")
        self.spend(len(_FENCE.findall(text)) * len(text) // 50)  # each code block looks for its end
        self.spend(text.count("<") * len(text) // 9)  # and so does each HTML tag
        self.spend(2 * text.count("<![") * len(text))  # `<![CDATA[` does it at a snail's pace


class _Images(Treeprocessor):
    """Images become links to them: pages load nothing from other sites."""

    def run(self, root: Element) -> None:
        for link in root.iter("a"):
            for image in link.iter("img"):
                image.tag, image.text = "span", image.get("alt")
        for image in root.iter("img"):
            image.tag, image.text = "a", image.get("alt")
            image.set("href", image.get("src", ""))


class _Renderer:
    """One Markdown instance whose patterns and block processors pay for what they read."""

    def __init__(self) -> None:
        notes = {"footnotes": {"BACKLINK_TITLE": "Back to note {} in the text"}}
        self.markdown = markdown.Markdown(extensions=_EXTENSIONS, extension_configs=notes)
        self.markdown.treeprocessors.register(_Images(), "images", 5)
        self.budget = Budget()
        for pattern in self.markdown.inlinePatterns:
            setattr(pattern, "handleMatch", self._paying_match(pattern.handleMatch))  # noqa: B010
        for block in self.markdown.parser.blockprocessors:
            setattr(block, "run", self._paying_run(block.run))  # noqa: B010

    def convert(self, text: str, budget: Budget) -> str:
        self.budget = budget
        budget.depth = 0
        try:
            html: str = self.markdown.reset().convert(text)
        except RecursionError:
            raise MarkupRefused("lists, quotes or emphasis nested too deeply") from None
        except (AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
            # Python-Markdown's own faults on odd text, and those of the HTML parser below it.
            raise MarkupRefused(f"markup that cannot be read ({type(error).__name__})") from error
        return html

    def _paying_match(self, handle: Callable[..., Any]) -> Callable[..., Any]:
        def paying(match: "re.Match[str]", data: str) -> Any:
            self.budget.spend(len(data))
            return handle(match, data)

        return paying

    def _paying_run(self, run: Callable[..., Any]) -> Callable[..., Any]:
        def paying(parent: Any, blocks: list[str]) -> Any:
            budget = self.budget
            budget.spend(len(blocks[0]))
            budget.depth += 1
            if budget.depth > MAX_NESTING:
                raise MarkupRefused("lists or quotes nested too deeply")
            try:
                return run(parent, blocks)
            finally:
                budget.depth -= 1

        return paying


def markdown_html(text: str, budget: Budget) -> str:
    """The HTML of Markdown, not sanitised. Raises MarkupRefused when the budget is spent or the markup is broken."""
    budget.begin(text)
    renderer = getattr(_local, "renderer", None) or _Renderer()
    _local.renderer = None  # one that was interrupted is not used again: it would remember where it was
    html = renderer.convert(text, budget)
    _local.renderer = renderer
    return html
