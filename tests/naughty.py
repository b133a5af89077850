"""Texts that programs have stumbled over, each kind with a reason."""

from urllib.parse import unquote_to_bytes

MARKUP = [
    "<script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "\"><script>alert(1)</script>",
    "'><img src=x onerror=alert(1)>",
    "\" autofocus onfocus=alert(1) x=\"",
    "' onmouseover='alert(1)",
    "<svg/onload=alert(1)>",
    "<svg><animate onbegin=alert(1) attributeName=x></svg>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href=\"data:text/html,<script>alert(1)</script>\">x</a>",
    "javascript:alert(1)//",
    "jav\tascript:alert(1)",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<!--><script>alert(1)</script-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "]]><script>alert(1)</script>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<style>@import'//evil.example';</style>",
    "<link rel=stylesheet href=//evil.example>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\\u003cscript\\u003ealert(1)",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "＜script＞alert(1)＜/script＞",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "<mark>not ours</mark>",
    "</mark><b>",
    "{text: 1, match: true}",
]  # fmt: skip
"""Becomes part of a page when somebody forgets to escape it, or escapes it for the wrong place."""

TEMPLATES = [
    "{{7*7}}", "{% for x in () %}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{{config}}", "{{''.__class__.__mro__}}",
    "%s%s%s%n%x", "{0}{1}{name}", "{}", "%(name)s", "$HOME", "`id`", "$(id)", "|id", "; id", "& id", "\\",
]  # fmt: skip
"""Means something to a template, a format or a shell."""

QUERIES = [
    '"', '""', '"""', "'", "''", "-", "--", "- -", "-\"", "*", "**", "?", "~", "^", "^2", "a^", "a~2", "(", ")", "()",
    "((((((((((((((((((((", "[", "]", "[a TO z]", "{a TO b}", "[* TO *]", ":", "::", ":a", "a:", "in:", "in:nothing",
    "in:in:in:compensation", "company:", 'company:"', "hiring:workers hiring:closed", "specialty:*", "verified:-1",
    "verified:999999999999999999999", "OR", "OR OR", "a OR", "OR a", "NOT", "AND", "a AND", "NOT NOT a", "+a", "!a",
    "a OR OR b", "-a -b -c", "-(a b)", '-"a b"', "a*b*c", "*a", "***a", "a* b* c* d* e*", "/.*/", "/(a+)+$/",
    "a" * 512, "a " * 256, "ab" * 256, "-a " * 170, '"a" ' * 128, "a* " * 170, "in:overview " * 42,
    ("a OR " * 102) + "a",
    "the", "the of and", "a", "é", "0", "1", "1.46", "$1.46", "1e309", "NaN", "Infinity", "-0", "0x41", "1/0",
    "2026-01-29",
]  # fmt: skip
"""Means something to a search engine, this one or another."""

DATABASE = [
    "' OR '1'='1", "'; DROP TABLE profiles; --", "1 UNION SELECT 1", "\" OR \"\"=\"", "admin'--", "')) OR 1=1 --",
    '{"$gt": ""}', '{"query": {"match_all": {}}}', "*:*", "_id:*", "__all__", "__proto__", "constructor", "toString",
]  # fmt: skip
"""Means something to a database or an object."""

FILES = [
    "../../../../etc/passwd", "..\\..\\windows\\win.ini", "/etc/passwd", "file:///etc/passwd", "....//....//etc/passwd",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "CON", "NUL", "aux.md", ".git/config", "a/../b", "//evil.example/",
    "/\\evil.example",
    "http://evil.example/", "appen.md", "appen%00.md", "~", "C:\\", "\\\\evil.example\\share", ".", "..", "...",
]  # fmt: skip
"""Means something to a file system or a browser's address bar."""

UNICODE = [
    "\u200b", "\u200b\u200b\u200b", "pa\u200byment", "\ufeff", "\u00ad", "\u2060", "\u180e", "\u00a0",
    "\u3000", "\u2028",
    "\u2029", "\u202e", "\u202epaymentsihtsi", "\u2066\u2067\u2068\u2069", "\u061c", "\ufffd", "\ufffe", "\uffff",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢", "é", "é", "Å", "ﬁnance", "ＰＡＹ", "ß", "ẞ", "İ", "ı", "ŉ", "ǆ", "ﷺ", "ﷻ" * 60, "𝔸𝕝𝕝",
    "😀", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇧🇬", "👍🏽", "1️⃣", "\U0010ffff", "\ue000", "中文", "日本語のテスト", "한국어", "العربية",
    "עברית",
    "ไทย", "देवनागरी", "ქართული", "Ω", "Ω", "µ", "μ", "K", "ſ", "²", "½", "٣", "１２", "௧", "�", "ᚠᛇᚻ", "𐐷",
    "a" + "\u0301" * 200,
    "\U000e0041\U000e0042", "‏", "x\u0338=", "ᅠ", "ㅤ", "⁦⁧", "\u1160", "\x1b[31mred", "\x07", "\x7f", "\x85", "\x1c",
]  # fmt: skip
"""Invisible, upside down, of several code points, without an end, or unlike itself in another form."""

SPACE = [
    "", " ", "\t", "\n", "\r\n", "\x0b", "\x0c", " pay ", "pay\nSet-Cookie: a=b", "pay\r\n\r\n<script>", "a\tb", "\r",
]  # fmt: skip
"""Nothing, or the end of a line where a header could begin."""

WORDS = [
    "undefined", "null", "None", "nil", "true", "false", "NULL", "(null)", "hasOwnProperty", "NaN", "-1", "0.0", "00",
    "Scunthorpe", "therapist", "COM1", "lorem ipsum", "C++", "C#", ".NET", "R&D", "AT&T", "O'Neill",
    "naïve café", "state-of-the-art",
    "$", "€5", "50%", "100%", "a@b.example", "#hash", "@mention", "1,000.50", "10–20", "—", "…", "“quoted”", "it’s",
]  # fmt: skip
"""Ordinary to people."""

NAUGHTY = list(dict.fromkeys([*MARKUP, *TEMPLATES, *QUERIES, *DATABASE, *FILES, *UNICODE, *SPACE, *WORDS]))

BYTES = [
    b"%00", b"%FF", b"%FE%FF", b"%C0%AF", b"%C0%80", b"%ED%A0%80", b"%ED%B0%80", b"%F4%90%80%80", b"%F8%88%80%80%80",
    b"%E2%82", b"%", b"%%", b"%1", b"%zz", b"%u0041", b"%25%32%35", b"+", b"%2B", b"\xff\xfe", b"\x80",
    b"a%00b", b"%0d%0a",
]  # fmt: skip
"""Query strings that are no text, or text in an odd spelling."""


def is_text(raw: bytes) -> bool:
    """Whether a query string's value is what a page can take: UTF-8 without NUL."""
    try:
        return "\0" not in unquote_to_bytes(raw.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        return False
