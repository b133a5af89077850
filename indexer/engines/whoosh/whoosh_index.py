"""Writes the Whoosh index of a generation from its columns.

Whoosh's own writer analyses, pools, pickles and sorts every posting; the columns hold them analysed and sorted, so
they go straight to Whoosh's codec, a block at a time. The result is an ordinary index: `whoosh.index.open_dir`
reads it, and the tests compare it with one that `add_document` wrote.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from indexer.engines.whoosh.columns import Columns
from indexer.engines.whoosh.invert import FIELD_GAP
from indexer.engines.whoosh.library import FileIndex, FileStorage, SegmentWriter
from indexer.engines.whoosh.posting_lists import FieldPostings, write_field
from indexer.engines.whoosh.schema import section_schema
from indexer.engines.whoosh.tokens import Ints
from indexer.errors import IndexCorrupt, StorageFailed

SAMPLED = 50
"""Sections, spread over the whole index, whose rarest word of each field is read back after writing."""


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
    fields = text_fields(columns)
    keys = _keys(columns)
    _write_documents(writer, keys, {name: field.lengths.tolist() for name, field in fields.items()})
    terms = [term.encode() for term in columns.tokens.terms]
    for name in sorted([*fields, *keys]):
        field = name, writer.schema[name]
        if name in fields:
            write_field(writer.fieldwriter, field, terms, text_postings(columns, fields[name]))
        else:
            write_field(writer.fieldwriter, field, *_id_postings(keys[name]))
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
    if sections and reader.stored_fields(sections - 1)["key"] != _key(columns, sections - 1):
        return "the last document"
    for name, field in text_fields(columns).items():
        sample = range(0, sections, max(1, sections // SAMPLED))
        for number in sorted({_rarest_term(columns, field, section) for section in sample if field.lengths[section]}):
            term = columns.tokens.terms[number]
            if list(reader.postings(name, term).all_ids()) != _sections_of(columns, field, number):
                return f"{term!r} in the field {name}"
    return ""


def _rarest_term(columns: Columns, field: "TextField", section: int) -> int:
    tokens = columns.tokens
    first = int(tokens.first[section] + field.before[section])
    terms = tokens.term_of[tokens.word[first : first + int(field.lengths[section])]]
    rarest: int = min(terms.tolist(), key=columns.frequency)
    return rarest


def _sections_of(columns: Columns, field: "TextField", term: int) -> list[int]:
    """The sections that have the term in this field, ascending."""
    postings = columns.postings
    span = slice(int(postings.term_start[term]), int(postings.term_start[term + 1]))
    bounds = postings.occurrence_start[span.start : span.stop + 1]
    section = np.repeat(postings.section[span], np.diff(bounds))
    position = postings.position[bounds[0] : bounds[-1]] - field.starts[section]
    inside = (position >= 0) & (position < field.lengths[section])
    return list(dict.fromkeys(section[inside].tolist()))


@dataclass(frozen=True, slots=True)
class TextField:
    """A field of text: for every section its number of words, the words `before` it, the position it `starts` at."""

    before: Ints
    starts: Ints
    lengths: Ints


def text_fields(columns: Columns) -> dict[str, TextField]:
    """Company, heading and body, which the columns hold one behind the other."""
    name, heading = columns.tokens.name_length, columns.tokens.heading_length
    body = np.diff(columns.tokens.first).astype(np.int32) - name - heading
    zero = np.zeros_like(name)
    return {
        "company": TextField(zero, zero, name),
        "heading": TextField(name, name + FIELD_GAP, heading),
        "body": TextField(name + heading, name + heading + 2 * FIELD_GAP, body),
    }


def _key(columns: Columns, section: int) -> str:
    store = columns.store
    return f"{store.strings('slugs')[int(store.company_of[section])]}#{columns.kinds[int(store.kind[section])]}"


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


def text_postings(columns: Columns, field: TextField) -> FieldPostings:
    """The postings of a field of text, told from the others by where their positions lie."""
    postings = columns.postings
    section = np.repeat(postings.section, np.diff(postings.occurrence_start))
    position = postings.position - field.starts[section]
    inside = np.flatnonzero((position >= 0) & (position < field.lengths[section]))
    section, position = section[inside], position[inside]
    term = np.searchsorted(postings.occurrence_start[postings.term_start], inside, side="right").astype(np.int32) - 1
    new_term = np.diff(term, prepend=-1) != 0
    first = np.flatnonzero(new_term | (np.diff(section, prepend=-1) != 0))
    term_start = np.flatnonzero(new_term[first])
    return FieldPostings(
        terms=term[first][term_start],
        term_start=np.append(term_start, len(first)),
        section=section[first],
        first=np.append(first, len(term)),
        position=position,
        lengths=field.lengths,
    )


def _id_postings(values: Sequence[str]) -> tuple[list[bytes], FieldPostings]:
    """The terms and postings of an identifying field, whose value in every section is `values`."""
    terms = sorted({value.encode() for value in values})
    number = {term: place for place, term in enumerate(terms)}
    term = np.fromiter((number[value.encode()] for value in values), np.int32, len(values))
    nothing = np.zeros(len(values), np.int32)
    section = np.argsort(term, kind="stable").astype(np.int32)
    return terms, FieldPostings(
        terms=np.arange(len(terms), dtype=np.int32),
        term_start=np.searchsorted(term[section], np.arange(len(terms) + 1)).astype(np.int64),
        section=section,
        first=np.arange(len(values) + 1),
        position=nothing,
        lengths=nothing,
        is_text=False,
    )
