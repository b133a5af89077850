"""What is used of Whoosh, imported once and quietly.

Whoosh 2.7.4 was written before Python minded its escapes and its `is` with a literal: compiling it warns, and where
warnings are errors it would not import at all.
"""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", SyntaxWarning)
    warnings.simplefilter("ignore", DeprecationWarning)
    from whoosh.analysis import Token, Tokenizer
    from whoosh.fields import ID, TEXT, Schema
    from whoosh.filedb.filestore import FileStorage
    from whoosh.index import FileIndex
    from whoosh.system import pack_uint
    from whoosh.writing import SegmentWriter

__all__ = ["ID", "TEXT", "FileIndex", "FileStorage", "Schema", "SegmentWriter", "Token", "Tokenizer", "pack_uint"]
