"""Writes the Whoosh index of a generation from its columns.

Whoosh's own writer analyses, pools, pickles and sorts every posting; the columns hold them analysed and sorted, so
they go straight to Whoosh's codec, a block at a time. The result is an ordinary index: `whoosh.index.open_dir`
reads it, and the tests compare it with one that `add_document` wrote.
"""

import contextlib
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from pickle import dumps
from typing import Any

import numpy as np
from whoosh.filedb.filestore import FileStorage
from whoosh.index import FileIndex
from whoosh.system import pack_uint
from whoosh.writing import SegmentWriter

from indexer.engines.whoosh.columns import Columns
from indexer.engines.whoosh.invert import FIELD_GAP, Longs
from indexer.engines.whoosh.schema import section_schema
from indexer.engines.whoosh.tokens import Ints

BLOCK = 128
"""Postings in one block of Whoosh's codec."""


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
    """Write the index to `folder`, which must exist and be empty."""
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


def document_count(folder: Path) -> int:
    """Number of documents of the index in `folder`, read as Whoosh reads it."""
    index = FileIndex(FileStorage(str(folder)), indexname="MAIN")
    with contextlib.closing(index):
        return int(index.doc_count())


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
    values = list(_position_values(postings))
    bounds = postings.term_start.tolist()
    for term, start, end in zip(postings.terms.tolist(), bounds, bounds[1:], strict=False):
        fields.start_term(terms[term])
        for first in range(start, end, BLOCK):
            last = min(first + BLOCK, end)
            _fill_block(fields._postwriter, postings, slice(first, last), values[first:last])
            if last < end:
                fields._postwriter._write_block()
        fields.finish_term()
    fields.finish_field()


def _fill_block(block: Any, postings: FieldPostings, span: slice, values: list[bytes]) -> None:
    """What `add_posting` would have collected, at once."""
    section = postings.section[span]
    weights = np.diff(postings.first[span.start : span.stop + 1]).astype(np.float32)
    lengths = postings.lengths[section]
    block._ids = array("I", section.astype(np.uint32).tobytes())
    block._weights = array("f", weights.tobytes())
    block._values = values
    block._maxweight = float(weights.max())
    block._minlength, block._maxlength = int(lengths.min()), int(lengths.max())


def _position_values(postings: FieldPostings) -> Iterator[bytes]:
    """The positions of each posting as Whoosh's format `Positions` encodes them: a count and pickled distances."""
    known: dict[tuple[int, ...], bytes] = {}
    position, bounds = postings.position.tolist(), postings.first.tolist()
    for start, end in zip(bounds, bounds[1:], strict=False):
        places = tuple(position[start:end])
        value = known.get(places)
        if value is None:
            distances = [places[0], *(b - a for a, b in zip(places, places[1:], strict=False))]
            value = pack_uint(len(places)) + dumps(distances, 2)
            if len(places) == 1:
                known[places] = value
        yield value


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
