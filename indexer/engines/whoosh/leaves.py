"""From a leaf of the query tree to what it matches: words, prefixes, phrases, alternatives."""

from collections.abc import Iterable, Sequence

import numpy as np

from indexer.engines.whoosh.columns import Columns
from indexer.engines.whoosh.invert import Floats
from indexer.engines.whoosh.matches import Flags, Matches, by_company, ranges
from indexer.engines.whoosh.tokens import Ints
from indexer.query.tree import Form, Leaf, Or, Phrase


def leaf_matches(columns: Columns, leaf: Leaf | Or) -> Matches:
    """The matches of any wanted or unwanted node."""
    if isinstance(leaf, Or):
        return _union(columns, [leaf_matches(columns, child) for child in leaf.children])
    if isinstance(leaf, Phrase):
        return _phrase(columns, leaf)
    forms = [form for form in leaf.forms if form.term in columns.term_ids]
    if not forms:
        return nothing(columns)
    if len(forms) == 1 and forms[0].weight == 1.0 and not forms[0].words:
        return term_matches(columns, columns.term_ids[forms[0].term])
    return _any_form(columns, forms)


def term_matches(columns: Columns, term: int) -> Matches:
    """The postings of one term, as they lie in the index."""
    postings = columns.postings
    start, end = int(postings.company_start[term]), int(postings.company_start[term + 1])
    return Matches(
        company=postings.company[start:end],
        best=postings.company_best[start:end],
        first=postings.company_first[start : end + 1],
        section=postings.section,
        impact=postings.impact,
    )


def nothing(columns: Columns) -> Matches:
    """No match at all."""
    return by_company(columns.postings.section[:0], columns.postings.impact[:0], columns.store.company_of)


def _any_form(columns: Columns, forms: Sequence[Form]) -> Matches:
    """The best form in each section. A stand-in never counts as rarer than the word it stands for."""
    exact = [form for form in forms if form.origin == "exact"]
    ceiling = min((columns.idf(form.term) for form in exact), default=np.inf)
    rows = []
    for form in forms:
        section, impact = _form_postings(columns, form)
        idf = columns.idf(form.term)
        rows.append((section, impact * np.float32(form.weight * min(1.0, ceiling / idf))))
    section, impact = _best_of(columns, rows)
    typed = [_form_postings(columns, form)[0] for form in exact]
    company_of = columns.store.company_of
    known = np.unique(company_of[np.concatenate(typed)]) if typed else np.empty(0, np.int32)
    return by_company(section, impact, company_of, None if len(exact) == len(forms) else known)


def _form_postings(columns: Columns, form: Form) -> tuple[Ints, Floats]:
    """Sections and impacts of a form; with `words`, only where one of these surface forms stands."""
    term = columns.term_ids[form.term]
    section, impact = term_matches(columns, term).postings()
    if not form.words:
        return section, impact
    postings = columns.postings
    wanted = columns.form_ranks(term, form.words)
    if len(wanted) == columns.forms(term):
        return section, impact
    start, end = int(postings.term_start[term]), int(postings.term_start[term + 1])
    occurrences = columns.postings.occurrence_start[start : end + 1]
    stands = np.isin(postings.form[int(occurrences[0]) : int(occurrences[-1])], wanted)
    kept = np.logical_or.reduceat(stands, occurrences[:-1] - occurrences[0])
    return section[kept], impact[kept]


def _best_of(columns: Columns, rows: Iterable[tuple[Ints, Floats]]) -> tuple[Ints, Floats]:
    """Sections in any of the rows, each with its largest impact."""
    largest = np.zeros(len(columns.store.company_of), np.float32)
    for section, impact in rows:
        largest[section] = np.maximum(largest[section], impact)
    section = np.flatnonzero(largest).astype(np.int32)
    return section, largest[section]


def _union(columns: Columns, children: Sequence[Matches]) -> Matches:
    section, impact = _best_of(columns, [child.postings() for child in children])
    exact = None
    if any(child.exact is not None for child in children):
        exact = np.unique(np.concatenate([child.company if child.exact is None else child.exact for child in children]))
    return by_company(section, impact, columns.store.company_of, exact)


def _phrase(columns: Columns, phrase: Phrase) -> Matches:
    """Sections in which the terms stand one after the other; they count as the sum of their words."""
    if not phrase.terms or any(term not in columns.term_ids for term in phrase.terms):
        return nothing(columns)
    terms = [columns.term_ids[term] for term in phrase.terms]
    order = sorted(range(len(terms)), key=lambda place: columns.frequency(terms[place]))
    sections = len(columns.store.company_of)
    flags = _in_all(columns, terms)
    starts = None
    impact = np.zeros(sections, np.float32)
    for place in order:
        keys = _starting_places(columns, terms[place], place, flags)
        starts = keys if starts is None else starts[np.isin(starts, keys, assume_unique=True)]
        section, addend = term_matches(columns, terms[place]).postings()
        impact[section] += addend
    found = np.unique((starts if starts is not None else np.empty(0, np.int64)) >> 32).astype(np.int32)
    exact = None if phrase.weight == 1.0 else found[:0]
    return by_company(found, impact[found] * np.float32(phrase.weight), columns.store.company_of, exact)


def _in_all(columns: Columns, terms: Sequence[int]) -> Flags:
    """For every section whether it has all the terms."""
    flags = np.ones(len(columns.store.company_of), bool)
    for term in set(terms):
        here = np.zeros(len(flags), bool)
        here[term_matches(columns, term).postings()[0]] = True
        flags &= here
    return flags


def _starting_places(
    columns: Columns, term: int, offset: int, sections: Flags
) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Where the phrase would have to start for each occurrence of the term: section << 32 | position."""
    postings = columns.postings
    chosen = np.arange(int(postings.term_start[term]), int(postings.term_start[term + 1]))
    chosen = chosen[sections[postings.section[chosen]]]
    places, owner = ranges(postings.occurrence_start[chosen], postings.occurrence_start[chosen + 1])
    position = postings.position[places].astype(np.int64) - offset
    keys = (postings.section[chosen].astype(np.int64)[owner] << 32) + position
    return keys[position >= 0]
