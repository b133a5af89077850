"""From the forward index to postings with precomputed BM25F impacts."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from indexer import text
from indexer.engines.whoosh.tokens import Ints, Tokens
from indexer.ranking import BODY, FIELDS, HEADING, NAME, SATURATION

Floats = npt.NDArray[np.float32]
Longs = npt.NDArray[np.int64]
FIELD_GAP = 8
"""Positions between two fields: no phrase reaches from a heading into the text."""


@dataclass(frozen=True, slots=True)
class Postings:
    """Columns over all postings, ordered by term, section, position.

    Term t has the postings `term_start[t]:term_start[t + 1]`: `section` (ascending), `impact` (its BM25F score
    there), and occurrences `occurrence_start[p]:occurrence_start[p + 1]` with `position` in the section and `form`,
    the rank of the surface form among those of its stem, `form_word[form_base[t]:form_base[t + 1]]`. `form_rank` is
    the rank of every word, `word_count` its number of occurrences; `idf` belongs to terms.

    The same by company: `company_start[t]:company_start[t + 1]` delimits `company` (ascending), `company_best` (its
    best section's impact) and `company_first` (its first posting; the next entry ends it, the last entry ends all).
    """

    term_start: Longs
    section: Ints
    impact: Floats
    occurrence_start: Longs
    position: Ints
    form: npt.NDArray[np.uint16]
    form_base: Ints
    form_word: Ints
    form_rank: npt.NDArray[np.uint16]
    word_count: Ints
    idf: Floats
    company_start: Longs
    company: Ints
    company_best: Floats
    company_first: Longs


def invert(tokens: Tokens, company_of: Ints) -> Postings:
    """The postings of all tokens. `company_of`: section to company, never falling."""
    terms = len(tokens.terms)
    term = tokens.term_of[tokens.word]
    order = np.argsort(term, kind="stable")
    section_of = np.repeat(np.arange(len(company_of), dtype=np.int32), np.diff(tokens.first))
    term, section = term[order], section_of[order]
    starts = _run_starts(term, section)
    posting_term, posting_section = term[starts], section[starts]
    term_start = np.searchsorted(posting_term, np.arange(terms + 1)).astype(np.int64)
    idf = inverse_frequency(np.diff(term_start), len(company_of))
    weight = np.add.reduceat(_token_weights(tokens, section_of)[order], starts) if len(starts) else np.empty(0)
    impact = (idf[posting_term] * weight * (SATURATION + 1) / (weight + SATURATION)).astype(np.float32)
    company = company_of[posting_section]
    company_first = _run_starts(posting_term, company)
    best = np.maximum.reduceat(impact, company_first) if len(company_first) else impact
    form_word, form_base, form_rank = _forms(tokens)
    return Postings(
        term_start=term_start,
        section=posting_section,
        impact=impact,
        occurrence_start=np.append(starts, len(term)).astype(np.int64),
        position=_positions(tokens)[order],
        form=form_rank[tokens.word[order]],
        form_base=form_base,
        form_word=form_word,
        form_rank=form_rank,
        word_count=np.bincount(tokens.word, minlength=len(tokens.words)).astype(np.int32),
        idf=idf,
        company_start=np.searchsorted(posting_term[company_first], np.arange(terms + 1)).astype(np.int64),
        company=company[company_first],
        company_best=best,
        company_first=np.append(company_first, len(posting_section)).astype(np.int64),
    )


def inverse_frequency(frequency: Longs, sections: int) -> Floats:
    """BM25's idf, kept above zero: a word in every section still counts a little."""
    return np.log1p((sections - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)


def _run_starts(*keys: Ints) -> Longs:
    """Where a run of equal keys starts."""
    if not len(keys[0]):
        return np.empty(0, np.int64)
    changed = np.zeros(len(keys[0]), bool)
    changed[0] = True
    for key in keys:
        changed[1:] |= key[1:] != key[:-1]
    return np.flatnonzero(changed).astype(np.int64)


def _positions(tokens: Tokens) -> Ints:
    """The position of every token in its section, with a gap between fields."""
    counts = np.diff(tokens.first)
    position = np.arange(len(tokens.word), dtype=np.int32) - np.repeat(tokens.first[:-1], counts).astype(np.int32)
    return (position + FIELD_GAP * tokens.fields()).astype(np.int32)


def _token_weights(tokens: Tokens, section_of: Ints) -> Floats:
    """What one occurrence adds to the term's frequency: the field's weight, damped by the field's length."""
    field = tokens.fields()
    stop = np.fromiter((text.is_stop_word(word) for word in tokens.words), bool, len(tokens.words))
    counted = ~stop[tokens.word]
    weights = np.zeros(len(field), np.float32)
    sections = len(tokens.first) - 1
    for kind in (NAME, HEADING, BODY):
        here = field == kind
        length = np.bincount(section_of[here & counted], minlength=sections)
        average = length.mean() if sections and length.any() else 1.0
        damping = FIELDS[kind].length_damping
        norm = FIELDS[kind].weight / (1 - damping + damping * length / average)
        weights[here] = norm[section_of[here]]
    return weights


def _forms(tokens: Tokens) -> tuple[Ints, Ints, npt.NDArray[np.uint16]]:
    """Words ordered by stem, each stem's first place in that order, and each word's rank inside its stem."""
    form_word = np.argsort(tokens.term_of, kind="stable").astype(np.int32)
    ordered = tokens.term_of[form_word]
    form_base = np.searchsorted(ordered, np.arange(len(tokens.terms) + 1)).astype(np.int32)
    rank = np.empty(len(form_word), np.uint16)
    rank[form_word] = (np.arange(len(form_word)) - form_base[ordered]).astype(np.uint16)
    return form_word, form_base, rank
