"""Markdown to sanitised HTML and text: what readers see, and nothing that harms them."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.profiles.markup import Budget, MarkupRefused, markdown_html
from indexer.profiles.model import RenderedProfile
from indexer.profiles.plain import paragraph_html, paragraph_text, plain_paragraphs
from indexer.profiles.reader import read_profile
from indexer.profiles.render import RenderRefused, render_profile
from indexer.profiles.sanitise import html_text, sanitise


def rendered(markdown: str) -> RenderedProfile:
    reading = read_profile(f"---\ncompany: Sama\n---\n{markdown}\n".encode(), "sama", "sama.md")
    assert reading.profile is not None, reading.problems
    return render_profile(reading.profile)


def html(markdown: str) -> str:
    return rendered(f"## Overview\n\n{markdown}").sections[0].html


def text(markdown: str) -> str:
    return rendered(f"## Overview\n\n{markdown}").sections[0].text


def test_paragraphs_with_links_become_paragraphs_and_lines() -> None:
    section = rendered(
        "## Overview\n\nPays [$2 an hour](https://a.example/?p=1&q=2) & more\nthan that.\n\nYes."
    ).sections[0]
    assert section.html == (
        '<p>Pays <a href="https://a.example/?p=1&amp;q=2" rel="nofollow noopener">$2 an hour</a> '
        "&amp; more\nthan that.</p>\n<p>Yes.</p>"
    )
    assert section.text == "Pays $2 an hour & more than that.\nYes."


PIECES = st.sampled_from(
    ["pay ", "test", ". ", "\n", "\n\n", "[a](https://b.example/c_d)", "[b c](http://b.example?x=1&y=é)", "&", "&amp;",
     "'", '"', "$5", "3. ", "1)", "- ", "-", "* ", "*", "_", "__", "`", "#", "# ", ">", "> ", "<", "!", "![", "[", "]",
     "(", ")", ":", "~", "=", "\\", "{", "}", "  ", "\t", "\xa0", "é", "工", "\u200b", "C++", "a_b", "[^1]", "[x](",
     "](https://a.b)", "|", "x", "https://x.example"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=25).map("".join))
@settings(deadline=None, max_examples=400)
def test_the_quick_way_gives_the_same_html_and_text_as_the_full_one(markdown: str) -> None:
    paragraphs = plain_paragraphs(markdown)
    if paragraphs is None:
        return
    full = sanitise(markdown_html(markdown, Budget()), "overview", frozenset())
    assert "\n".join(map(paragraph_html, paragraphs)) == full
    assert "\n".join(map(paragraph_text, paragraphs)) == html_text(full)


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("- one\n- two **bold**", "one\ntwo bold"),
        ("1. one\n2. two", "one\ntwo"),
        ("### Pay\n\nGood.", "Pay\nGood."),
        ("| Task | Pay |\n|---|---|\n| Image | $5 |", "Task Pay\nImage $5"),
        ("```\na <b>\n  c\n```", "a <b>\nc"),
        ("one  \ntwo", "one\ntwo"),
        ("> quoted\n\nafter", "quoted\nafter"),
        ("a <!-- hidden --> b", "a b"),
        ("![A badge](https://a.example/x.png)", "A badge"),
        ("&copy; &lt;b&gt; `x < y`", "© <b> x < y"),
        ("a\u00a0b *c*", "a b c"),
    ],
)
def test_text_is_what_a_reader_sees(markdown: str, expected: str) -> None:
    assert text(markdown) == expected


def test_footnote_is_read_once_without_marks_and_its_links_work() -> None:
    section = rendered("## Overview\n\nPays well[^a].\n\n[^a]: Said [CBS](https://cbs.example/) in 2024.").sections[0]
    assert section.text == "Pays well.\nSaid CBS in 2024."
    ids = re.findall(r'id="([^"]+)"', section.html)
    assert ids == ["c-overview-fnref-a", "c-overview-fn-a"]
    assert set(re.findall(r'href="#([^"]+)"', section.html)) == set(ids)


def test_footnote_defined_at_the_end_of_the_file_stands_under_the_section_that_uses_it() -> None:
    first, last = rendered(
        "## Overview\n\nOne[^1].\n\n## Conclusion\n\nTwo[^2].\n\n[^1]: From A.\n[^2]: From B.\n\n    And C."
    ).sections
    assert first.text == "One.\nFrom A."
    assert last.text == "Two.\nFrom B.\nAnd C."


def test_each_section_may_number_its_own_footnotes_from_one() -> None:
    first, last = rendered("## Overview\nOne[^1].\n\n[^1]: A.\n## Concerns\nTwo[^1].\n\n[^1]: B.").sections
    assert (first.text, last.text) == ("One.\nA.", "Two.\nB.")
    ids = re.findall(r'id="([^"]+)"', first.html + last.html)
    assert len(ids) == len(set(ids)) == 4


def test_footnote_that_nothing_uses_is_not_lost() -> None:
    assert "From A." in text("One.\n\n[^9]: From A.")


def test_link_address_defined_in_another_section_is_found() -> None:
    first, last = rendered("## Overview\nSee [CBS][1].\n## Conclusion\nEnd.\n\n[1]: https://cbs.example/").sections
    assert 'href="https://cbs.example/"' in first.html
    assert last.text == "End."


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))", "[x](data:text/html,<script>alert(1)</script>)", "<a href='vbscript:x'>x</a>",
        "<iframe src=https://a.example></iframe>", "<p style='position:fixed' onclick='x()'>x</p>",
        "<svg><script>alert(1)</script></svg>", "![x](javascript:alert(1))", "<form action=/x><input name=q></form>",
        "[x](//evil.example)", "<base href=https://evil.example>", '<a href="&#106;avascript:alert(1)">x</a>',
        "<math><mi xlink:href='javascript:x'>y</mi></math>", "<style>*{display:none}</style>", "<mark>x</mark>",
    ],
)  # fmt: skip
def test_hostile_markup_loses_what_could_harm(markdown: str) -> None:
    result = html(markdown).lower()
    assert not re.search(r"<(?:script|img|iframe|svg|form|input|base|style|math|mark)", result)
    assert not re.search(r"<[^>]+(?: on\w+=| style=|javascript:|vbscript:|data:|=\"//)", result)


def test_ids_of_content_never_meet_those_of_the_page() -> None:
    result = html('<p id="q">x</p>\n\n<p id="overview">y</p>\n\n<p id="q">z</p>\n\n[to y](#overview) [to x](#q)')
    assert re.findall(r' id="([^"]*)"', result) == ["c-overview-q", "c-overview-overview"]
    assert re.findall(r'href="([^"]*)"', result) == ["#overview", "#c-overview-q"]


def test_words_that_look_like_attributes_are_left_alone() -> None:
    assert html('`<a id="q" href="#x">` id="q"') == '<p><code>&lt;a id="q" href="#x"&gt;</code> id="q"</p>'


def test_headings_inside_a_section_stay_below_it_and_in_order() -> None:
    assert re.findall(r"<(h\d)>", html("> # a\n\n### b\n\n#### c\n\n<h2>d</h2>")) == ["h3", "h3", "h4", "h3"]


def test_marks_that_reverse_the_text_of_the_page_are_removed() -> None:
    assert "\u202e" not in html("pay &#x202e; yap")


@pytest.mark.parametrize(
    "markdown",
    ["[" * 30_000, "[a](" * 20_000, "![" * 20_000, "<http://" * 20_000, "<![CDATA[" * 5_000, "1. " * 3_000,
     "> " * 3_000, "```a\n~~~\n" * 20_000, "[^a]" * 20_000 + "\n\n[^a]: x", "*a_" * 60_000, "<a" * 40_000],
)  # fmt: skip
def test_text_made_to_be_slow_is_bounded_and_names_its_section(markdown: str) -> None:
    reading = read_profile(f"---\ncompany: Sama\n---\n## Pay\n{markdown}".encode(), "sama", "sama.md")
    assert reading.profile is not None
    section = reading.profile.sections[0]
    budget = Budget()
    try:
        markdown_html(section.markdown, budget)
    except MarkupRefused:
        with pytest.raises(RenderRefused, match=r"^section Pay cannot be rendered in bounded time: ") as refusal:
            render_profile(reading.profile)
        assert refusal.value.section == section


def test_the_worst_known_texts_are_refused() -> None:
    for markdown in ("[" * 30_000, "<![CDATA[" * 5_000, "1. " * 3_000):
        with pytest.raises(RenderRefused):
            html(markdown)


def test_section_after_a_refused_one_renders_as_ever() -> None:
    with pytest.raises(RenderRefused):
        html("1. " * 3_000)
    assert html("*one*\n\ntwo") == "<p><em>one</em></p>\n<p>two</p>"


def test_long_plain_prose_is_not_refused() -> None:
    prose = "Workers said that [the pay](https://a.example/b) was late, and *often*.\n\n" * 2_000
    assert text(prose).count("\n") == 1_999


@given(st.text(alphabet=st.sampled_from(list("[]()<>!*_`#&;:|-=+>~^\\\n \t\"'a1é\u202e\x07")), max_size=120))
@settings(deadline=None, max_examples=300)
def test_any_text_renders_safely_and_twice_the_same(markdown: str) -> None:
    reading = read_profile(f"---\ncompany: Sama\n---\n## Overview\n{markdown}".encode(), "sama", "sama.md")
    if reading.profile is None:
        return
    try:
        first = render_profile(reading.profile)
    except RenderRefused:
        return
    assert first == render_profile(reading.profile)
    assert "\n\n" not in first.sections[0].text
    assert not re.search(
        r"<(?!/?(?:a|p|h[3-6]|[uo]l|li|em|strong|code|pre|hr|br|sup|div|blockquote|table|t[rdh]|thead|tbody)\b)",
        first.sections[0].html,
    )
