"""Footnotes and link addresses that are defined in one section and used in another."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

_NOTE = re.compile(r" {0,3}\[\^([^\]\n]+)\]:")
_ADDRESS = re.compile(r" {0,3}\[([^\]\[^\n][^\]\[\n]*)\]:[ \t]*\S")
_USE = re.compile(r"\[\^([^\]\n]+)\](?!:)")
_LABEL = re.compile(r"\[([^\]\[]+)\]")
_FENCE = re.compile(r"(`{3,}|~{3,})")


@dataclass(slots=True)
class _Block:
    """The Markdown of a section without its definitions, and these by name."""

    text: str
    notes: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)


def share_definitions(sections: Sequence[str]) -> Iterator[str]:
    """Each section's Markdown with every definition that it uses; its own come before those of other sections.

    A footnote that no section uses stays where it is: no word is lost.
    """
    if not any("]:" in markdown for markdown in sections):
        yield from sections
        return
    blocks = [_split(markdown) for markdown in sections]
    notes = _first(block.notes for block in blocks)
    addresses = _first(block.addresses for block in blocks)
    used = [_used_notes(block, notes) for block in blocks]
    used_somewhere = set().union(*used)
    for block, names in zip(blocks, used, strict=True):
        names |= {name: None for name in block.notes if name not in used_somewhere}
        text = "\n\n".join([block.text, *(block.notes.get(name) or notes[name] for name in names)])
        labels = {label.lower(): None for label in _LABEL.findall(text)}
        lines = (block.addresses.get(label) or addresses.get(label) for label in labels)
        yield "\n\n".join([text, "\n".join(filter(None, lines))]).strip("\n")


def undefined_notes(sections: Sequence[str]) -> list[tuple[int, str]]:
    """Index of the section and name of every footnote that is used and nowhere defined."""
    blocks = [_split(markdown) for markdown in sections]
    notes = _first(block.notes for block in blocks)
    return [
        (i, name)
        for i, block in enumerate(blocks)
        for name in dict.fromkeys(_USE.findall(block.text))
        if name not in notes
    ]


def _first(parts: Iterable[dict[str, str]]) -> dict[str, str]:
    merged: dict[str, str] = {}
    for part in parts:
        for name, text in part.items():
            merged.setdefault(name, text)
    return merged


def _used_notes(block: _Block, notes: dict[str, str]) -> dict[str, None]:
    """The footnotes that a section uses, in order, those used by footnotes included."""
    used: dict[str, None] = {}
    texts = [block.text]
    while texts:
        for name in _USE.findall(texts.pop()):
            text = block.notes.get(name) or notes.get(name)
            if text is not None and name not in used:
                used[name] = None
                texts.append(text)
    return used


def _split(markdown: str) -> _Block:
    """Takes definitions out; code is left alone."""
    block = _Block("")
    lines = markdown.split("\n")
    kept: list[str] = []
    i = 0
    while i < len(lines):
        end = i + 1
        if fence := _FENCE.match(lines[i]):
            end = next((j + 1 for j in range(end, len(lines)) if lines[j].rstrip(" ") == fence[1]), end)
            kept += lines[i:end]
        elif note := _NOTE.match(lines[i]):
            end = _note_end(lines, i)
            block.notes.setdefault(note[1], "\n".join(lines[i:end]).rstrip())
        elif address := _ADDRESS.match(lines[i]):
            block.addresses.setdefault(address[1].lower(), lines[i])
        else:
            kept.append(lines[i])
        i = end
    block.text = "\n".join(kept).strip("\n")
    return block


def _note_end(lines: list[str], start: int) -> int:
    """The line after a footnote: its paragraph, and what follows a blank line with an indent of four."""
    end = start + 1
    while end < len(lines) and lines[end].strip() and not _NOTE.match(lines[end]):
        end += 1
    while end + 1 < len(lines) and not lines[end].strip() and lines[end + 1].startswith("    "):
        end += 2
        while end < len(lines) and lines[end].strip() and not _NOTE.match(lines[end]):
            end += 1
    return end
