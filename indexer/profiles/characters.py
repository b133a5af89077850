"""Bytes of a file to clean text: encoding, line ends, characters that no reader can see."""

import codecs
import re
import unicodedata

from indexer.profiles.model import MAX_PROFILE_BYTES
from indexer.profiles.problems import Report

MAX_REPORTED = 20
"""More faults of one kind in one file are not listed: the file is broken as a whole."""

_CONTROLS = re.compile("[\x01-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
_JOINERS = re.compile("(?<=[\x00-\x7f])[\u200c\u200d]")  # elsewhere they belong to the spelling of a word
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def decode(data: bytes, report: Report) -> str:
    """The file as text: no BOM, line feeds only, same line numbers. Every fault is reported."""
    if not data.strip():
        report.error("empty", "the file is empty: write the front matter and the sections, or remove the file")
        return ""
    if len(data) > MAX_PROFILE_BYTES:
        report.error(
            "too-large", f"the file has more than {MAX_PROFILE_BYTES:,} bytes: split it, no profile needs as much"
        )
        return ""
    if data.startswith(_UTF_16):
        report.error("encoding", "the file is UTF-16: save it as UTF-8")
        return ""
    data = data.removeprefix(codecs.BOM_UTF8)
    text = _decode_utf8(data.replace(b"\r\n", b"\n").replace(b"\r", b"\n"), report)
    return _without_controls(text, report) if _CONTROLS.search(text) or "\0" in text else text


def _decode_utf8(data: bytes, report: Report) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        text = data.decode(errors="surrogateescape")
    for count, bad in enumerate(re.finditer("[\udc80-\udcff]+", text)):
        if count == MAX_REPORTED:
            break
        line, column = position(text, bad.start())
        value = " ".join(f"0x{ord(c) - 0xDC00:02X}" for c in bad[0][:4])
        report.error("encoding", f"{value} is not UTF-8: save the file as UTF-8", line, column)
    return re.sub("[\udc80-\udcff]", "\ufffd", text)


def _without_controls(text: str, report: Report) -> str:
    """NUL is an error; any other control character is a warning, and a space from here on."""
    for count, found in enumerate(re.finditer("\0", text)):
        if count < MAX_REPORTED:
            report.error("nul", "a NUL character: remove it", *position(text, found.start()))
    for count, found in enumerate(_CONTROLS.finditer(text)):
        if count < MAX_REPORTED:
            name = f"U+{ord(found[0]):04X}"
            where = position(text, found.start())
            report.warning("control-character", f"the invisible control character {name}: remove it", *where)
    return _CONTROLS.sub(" ", text.replace("\0", " "))


def position(text: str, index: int) -> tuple[int, int]:
    """Line and column of a character, both from 1."""
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def clean_value(value: str) -> str:
    """A name or another short value as it is compared and shown: NFC, nothing invisible, single spaces."""
    if value.isascii():
        return " ".join(value.split())
    return " ".join(_JOINERS.sub("", _INVISIBLE.sub("", unicodedata.normalize("NFC", value))).split())
