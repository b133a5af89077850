"""bm25s: every score computed while indexing, NumPy and SciPy at query time."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
import snowballstemmer

from indexer.profiles.model import RenderedProfile

from ..queries import BenchQuery
from .base import Line, Run


class EagerBM25:
    """Any of the words over one text a section: company, heading and body joined."""

    def build(self, folder: Path, profiles: Iterable[RenderedProfile]) -> None:
        """Index, save, and keep the facts beside."""
        texts, hiring, specialties = [], [], []
        for profile in profiles:
            for section in profile.sections:
                texts.append(f"{profile.facts.company} {section.heading} {section.text}")
                hiring.append(profile.facts.hiring_status)
                specialties.append(f"|{'|'.join(profile.facts.specialties)}|")
        tokens = bm25s.tokenize(texts, stopwords="en", stemmer=snowballstemmer.stemmer("english"), show_progress=False)
        retriever = bm25s.BM25()
        retriever.index(tokens, show_progress=False)
        retriever.save(str(folder), show_progress=False)
        np.save(folder / "hiring.npy", np.array(hiring))
        np.save(folder / "specialties.npy", np.array(specialties))

    def open(self, folder: Path) -> Mapping[str, Line]:
        """One line, over the memory-mapped index."""
        retriever = bm25s.BM25.load(str(folder), mmap=True)
        hiring, specialties = (np.load(folder / f"{name}.npy") for name in ("hiring", "specialties"))
        stemmer = snowballstemmer.stemmer("english")
        return {"bm25s": lambda query: _line(retriever, stemmer, query, (hiring, specialties))}


def _line(retriever: Any, stemmer: Any, query: BenchQuery, facts: tuple[Any, Any]) -> Run | None:
    if query.form != "words" or query.facets:
        return None
    hiring, specialties = facts

    def run() -> int:
        tokens = bm25s.tokenize([query.text], stopwords="en", stemmer=stemmer, return_ids=False, show_progress=False)
        mask = None
        if query.hiring:
            mask = (hiring == query.hiring) & (np.char.find(specialties, f"|{query.specialty}|") >= 0)
        found = retriever.retrieve(tokens, k=10, show_progress=False, weight_mask=mask)
        return int(np.count_nonzero(found.scores))

    return run
