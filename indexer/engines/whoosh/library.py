"""What is used of Whoosh, imported once and quietly.

Whoosh 2.7.4 was written before Python minded its escapes and its `is` with a literal: compiling it warns, and where
warnings are errors it would not import at all.
"""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", SyntaxWarning)
    warnings.simplefilter("ignore", DeprecationWarning)
    from whoosh.analysis import Token, Tokenizer
    from whoosh.codec.whoosh3 import WHOOSH3_HEADER_MAGIC as LIST_HEADER
    from whoosh.codec.whoosh3 import W3TermInfo as TermInfo
    from whoosh.fields import ID, TEXT, Schema
    from whoosh.filedb.filestore import FileStorage
    from whoosh.index import FileIndex
    from whoosh.system import pack_int, pack_uint, pack_ushort
    from whoosh.util.numeric import length_to_byte
    from whoosh.writing import SegmentWriter

__all__ = [
    "ID",
    "LIST_HEADER",
    "TEXT",
    "FileIndex",
    "FileStorage",
    "Schema",
    "SegmentWriter",
    "TermInfo",
    "Token",
    "Tokenizer",
    "length_to_byte",
    "pack_int",
    "pack_uint",
    "pack_ushort",
]
