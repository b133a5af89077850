"""Writes the Whoosh index of a generation from its columns.

Whoosh's own writer analyses, pools, pickles and sorts every posting; the columns hold them analysed and sorted, so
they go straight to Whoosh's codec, a block at a time. The result is an ordinary index: `whoosh.index.open_dir`
reads it, and the tests compare it with one that `add_document` wrote.
"""

import contextlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from pickle import dumps
from typing import Any

import numpy as np

from indexer.engines.whoosh.columns import Columns
from indexer.engines.whoosh.invert import FIELD_GAP, Longs
from indexer.engines.whoosh.library import FileIndex, FileStorage, SegmentWriter, pack_uint
from indexer.engines.whoosh.schema import section_schema
from indexer.engines.whoosh.tokens import Ints
from indexer.errors import IndexCorrupt, StorageFailed

BLOCK = 128
"""Postings in one block of Whoosh's codec."""
COMPRESSED_FROM = 48
"""Smaller blocks are stored as they are: most words are rare, and compressing a few bytes takes the most time."""
SAMPLED_TERMS = 50
"""Words of each field that are read back after writing."""
COMPRESSION = 3
"""Whoosh's own level."""


@dataclass(frozen=True, slots=True)
class FieldPostings:
    """The postings of one text field, ordered by term, section, position.

    Term `terms[i]` has the postings `term_start[i]:term_start[i + 1]`; posting p has the positions
    `first[p]:first[p + 1]`. `lengths` is the number of words of every section.
    """

    terms: Ints
    term_start: Longs
    section: Ints
    first: Longs
    position: Ints
    lengths: Ints


def write_whoosh_index(folder: Path, columns: Columns) -> None:
    """Write the index to `folder`, which must exist and be empty; raises OSError or StorageFailed."""
    try:
        _write(folder, columns)
    except OSError:
        raise
    except Exception as fault:  # Whoosh reads its files back while it joins them, and trips over what is missing
        reason = f"what was written does not read back ({type(fault).__name__}); check that disk"
        raise StorageFailed(reason, "profile-search rebuild") from fault


def _write(folder: Path, columns: Columns) -> None:
    storage = FileStorage(str(folder))
    index = FileIndex.create(storage, section_schema(), "MAIN")
    writer = SegmentWriter(index)
    fields = _text_fields(columns)
    keys = _keys(columns)
    _write_documents(writer, keys, {name: postings.lengths.tolist() for name, postings in fields.items()})
    terms = [term.encode() for term in columns.tokens.terms]
    for name in sorted([*fields, *keys]):
        if name in fields:
            _write_text(writer, name, terms, fields[name])
        else:
            _write_ids(writer, name, keys[name])
    writer.fieldwriter.close()
    writer.docnum = len(columns.store.company_of)
    writer.pool.cleanup()
    writer._assemble_segment()
    writer._commit_toc([writer.get_segment()])
    writer._finish()
    storage.close()


def verify_whoosh_index(folder: Path, columns: Columns) -> None:
    """Read the index in `folder` as any Whoosh program would; raises IndexCorrupt where it is not that of `columns`.

    Checked are the number of documents, the last one's key, and the postings of words spread over the whole index.
    """
    try:
        index = FileIndex(FileStorage(str(folder)), indexname="MAIN")
        with contextlib.closing(index), contextlib.closing(index.reader()) as reader:
            problem = _difference(reader, columns)
    except Exception as fault:  # damage shows in Whoosh as any of some fifteen types
        raise IndexCorrupt(f"Whoosh cannot read what was written: {type(fault).__name__}: {fault}") from fault
    if problem:
        raise IndexCorrupt(f"the Whoosh index differs from what was written: {problem}")


def _difference(reader: Any, columns: Columns) -> str:
    """What the reader has otherwise than the columns; "" for nothing."""
    sections = len(columns.store.company_of)
    if reader.doc_count() != sections:
        return f"{reader.doc_count()} documents instead of {sections}"
    keys = _keys(columns)["key"]
    if sections and reader.stored_fields(sections - 1)["key"] != keys[-1]:
        return "the last document"
    for name, postings in _text_fields(columns).items():
        step = max(1, len(postings.terms) // SAMPLED_TERMS)
        for place in range(0, len(postings.terms), step):
            term = columns.tokens.terms[int(postings.terms[place])]
            span = slice(int(postings.term_start[place]), int(postings.term_start[place + 1]))
            if list(reader.postings(name, term).all_ids()) != postings.section[span].tolist():
                return f"{term!r} in the field {name}"
    return ""


def _keys(columns: Columns) -> dict[str, list[str]]:
    """The values of the identifying fields of every section."""
    slugs, kinds = list(columns.store.strings("slugs")), list(columns.store.strings("kinds"))
    slug = [slugs[company] for company in columns.store.company_of.tolist()]
    section = [kinds[kind] for kind in columns.store.kind.tolist()]
    return {"key": [f"{a}#{b}" for a, b in zip(slug, section, strict=True)], "section": section, "slug": slug}


def _write_documents(writer: Any, keys: dict[str, list[str]], lengths: dict[str, list[int]]) -> None:
    documents, schema = writer.perdocwriter, writer.schema
    for number in range(len(keys["key"])):
        documents.start_doc(number)
        for name in sorted([*keys, *lengths]):
            if name in keys:
                documents.add_field(name, schema[name], keys[name][number], 0)
            else:
                documents.add_field(name, schema[name], None, lengths[name][number])
        documents.finish_doc()
    documents.close()


def _text_fields(columns: Columns) -> dict[str, FieldPostings]:
    """The postings of company, heading and body, told apart by where their positions lie."""
    tokens, postings = columns.tokens, columns.postings
    name, heading = tokens.name_length, tokens.heading_length
    body = np.diff(tokens.first).astype(np.int32) - name - heading
    zero = np.zeros_like(name)
    starts = {"company": zero, "heading": name + FIELD_GAP, "body": name + heading + 2 * FIELD_GAP}
    lengths = {"company": name, "heading": heading, "body": body}
    section = np.repeat(postings.section, np.diff(postings.occurrence_start))
    term = np.repeat(
        np.arange(len(postings.idf), dtype=np.int32), np.diff(postings.occurrence_start[postings.term_start])
    )
    return {
        field: _field_postings(term, section, postings.position - starts[field][section], lengths[field])
        for field in starts
    }


def _field_postings(term: Ints, section: Ints, position: Ints, lengths: Ints) -> FieldPostings:
    inside = (position >= 0) & (position < lengths[section])
    term, section, position = term[inside], section[inside], position[inside]
    new_term = np.diff(term, prepend=-1) != 0
    first = np.flatnonzero(new_term | (np.diff(section, prepend=-1) != 0))
    term_start = np.flatnonzero(new_term[first])
    return FieldPostings(
        terms=term[first][term_start],
        term_start=np.append(term_start, len(first)),
        section=section[first],
        first=np.append(first, len(term)),
        position=position,
        lengths=lengths,
    )


def _write_text(writer: Any, name: str, terms: Sequence[bytes], postings: FieldPostings) -> None:
    fields = writer.fieldwriter
    fields.start_field(name, writer.schema[name])
    blocks = _Blocks(postings)
    bounds = postings.term_start.tolist()
    for term, start, end in zip(postings.terms.tolist(), bounds, bounds[1:], strict=False):
        fields.start_term(terms[term])
        for first in range(start, end, BLOCK):
            last = min(first + BLOCK, end)
            blocks.fill(fields._postwriter, first, last)
            if last < end:
                fields._postwriter._write_block()
        fields.finish_term()
    fields.finish_field()


class _Blocks:
    """The postings of a field in the types that Whoosh's blocks are made of."""

    def __init__(self, postings: FieldPostings) -> None:
        counts = np.diff(postings.first)
        self._ids = array("I", postings.section.astype(np.uint32).tobytes())
        self._weights = array("f", counts.astype(np.float32).tobytes())
        self._lengths = postings.lengths[postings.section].tolist()
        self._values = _position_values(postings, counts)

    def fill(self, block: Any, first: int, last: int) -> None:
        """Give a block the postings that `add_posting` would have collected one by one."""
        block._ids = self._ids[first:last]
        block._weights = weights = self._weights[first:last]
        block._values = self._values[first:last]
        block._maxweight = max(weights)
        block._compression = COMPRESSION if last - first >= COMPRESSED_FROM else 0
        lengths = self._lengths[first:last]
        block._minlength, block._maxlength = min(lengths), max(lengths)


def _position_values(postings: FieldPostings, counts: Longs) -> list[bytes]:
    """The positions of each posting as Whoosh's format `Positions` encodes them: a count and pickled distances."""
    position, first = postings.position, postings.first
    highest = int(position.max(initial=-1))
    single = [pack_uint(1) + dumps([place], 2) for place in range(highest + 1)]
    values = [single[place] for place in position[first[:-1]].tolist()]
    several = np.flatnonzero(counts > 1)
    for number, start, end in zip(several.tolist(), first[several].tolist(), first[several + 1].tolist(), strict=True):
        places = position[start:end].tolist()
        distances = [places[0], *(b - a for a, b in zip(places, places[1:], strict=False))]
        values[number] = pack_uint(len(places)) + dumps(distances, 2)
    return values


def _write_ids(writer: Any, name: str, values: Sequence[str]) -> None:
    fields = writer.fieldwriter
    fields.start_field(name, writer.schema[name])
    documents: dict[bytes, list[int]] = {}
    for number, value in enumerate(values):
        documents.setdefault(value.encode(), []).append(number)
    for term in sorted(documents):
        fields.start_term(term)
        for number in documents[term]:
            fields.add(number, 1.0, b"", None)
        fields.finish_term()
    fields.finish_field()
