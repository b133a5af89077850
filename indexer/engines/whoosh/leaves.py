"""From a leaf of the query tree to what it matches: words, prefixes, phrases, alternatives."""

from collections.abc import Iterable, Sequence

import numpy as np

from indexer.engines.whoosh.columns import Columns
from indexer.engines.whoosh.invert import Floats, Longs
from indexer.engines.whoosh.matches import Matches, by_company, is_in, ranges
from indexer.engines.whoosh.tokens import Ints
from indexer.query.tree import Form, Leaf, Or, Phrase, Word

MERGED_KEPT = 64
"""Words with synonyms whose matches are kept: some 40 MB at 90,000 sections, less than the vocabulary usually needs."""


def leaf_matches(columns: Columns, leaf: Leaf | Or) -> Matches:
    """The matches of any wanted or unwanted node."""
    if not _has_synonyms(leaf):
        return _matches(columns, leaf)
    found = columns.merged.get(leaf)
    if found is None:
        found = _matches(columns, leaf)
        if len(columns.merged) >= MERGED_KEPT:
            columns.merged.clear()
        columns.merged[leaf] = found
    return found


def _has_synonyms(leaf: Leaf | Or) -> bool:
    """Whether the vocabulary made this leaf, which then comes again and again; repairs and prefixes do not."""
    forms = leaf.children[0] if isinstance(leaf, Or) else leaf
    origins = {form.origin for form in forms.forms} if isinstance(forms, Word) else set()
    return origins == {"exact", "synonym"} or (isinstance(leaf, Or) and origins == {"exact"})


def _matches(columns: Columns, leaf: Leaf | Or) -> Matches:
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
    typed = [form for form in forms if form.origin == "exact"]
    ceiling = min((columns.idf(form.term) for form in typed), default=np.inf)
    rows = []
    as_typed = []
    for form in forms:
        section, impact = _form_postings(columns, form)
        rows.append((section, impact * np.float32(form.weight * min(1.0, ceiling / columns.idf(form.term)))))
        if form.origin == "exact":
            as_typed.append(section)
    section, impact = _best_of(columns, rows)
    sections = None if len(typed) == len(forms) else _together(columns, as_typed)
    return by_company(section, impact, columns.store.company_of, sections)


def _form_postings(columns: Columns, form: Form) -> tuple[Ints, Floats]:
    """Sections and impacts of a form; with `words`, only where one of these surface forms stands."""
    term = columns.term_ids[form.term]
    section, impact = term_matches(columns, term).postings()
    if not form.words:
        return section, impact
    wanted = columns.wanted_forms(term, form.words)
    if wanted.all():
        return section, impact
    postings = columns.postings
    start, end = int(postings.term_start[term]), int(postings.term_start[term + 1])
    occurrences = postings.occurrence_start[start : end + 1]
    stands = wanted[postings.form[int(occurrences[0]) : int(occurrences[-1])]]
    kept = np.logical_or.reduceat(stands, occurrences[:-1] - occurrences[0])
    return section[kept], impact[kept]


def _best_of(columns: Columns, rows: Iterable[tuple[Ints, Floats]]) -> tuple[Ints, Floats]:
    """Sections in any of the rows, each with its largest impact."""
    largest = np.zeros(len(columns.store.company_of), np.float32)
    for section, impact in rows:
        largest[section] = np.maximum(largest[section], impact)
    section = np.flatnonzero(largest > 0).astype(np.int32)
    return section, largest[section]


def _union(columns: Columns, children: Sequence[Matches]) -> Matches:
    section, impact = _best_of(columns, [child.postings() for child in children])
    typed = None
    if any(child.typed is not None for child in children):
        typed = _together(columns, [child.postings()[0] if child.typed is None else child.typed for child in children])
    return by_company(section, impact, columns.store.company_of, typed)


def _together(columns: Columns, lists: Sequence[Ints]) -> Ints:
    """Sections (ascending) in any of the lists, each of which ascends."""
    if len(lists) == 1:
        return lists[0]
    flags = np.zeros(len(columns.store.company_of), bool)
    for sections in lists:
        flags[sections] = True
    return np.flatnonzero(flags).astype(np.int32)


def _phrase(columns: Columns, phrase: Phrase) -> Matches:
    """Sections in which the terms stand one after the other; they count as the sum of their words."""
    if not phrase.terms or any(term not in columns.term_ids for term in phrase.terms):
        return nothing(columns)
    terms = [columns.term_ids[term] for term in phrase.terms]
    rarest, *others = sorted(range(len(terms)), key=lambda place: columns.frequency(terms[place]))
    sections = _in_all(columns, [terms[place] for place in (rarest, *others)])
    starts = _starting_places(columns, terms[rarest], rarest, sections)
    for place in others:
        starts = starts[is_in(starts, _starting_places(columns, terms[place], place, sections))]
    found = (starts >> 32).astype(np.int32)
    found = found[np.diff(found, prepend=-1) != 0]
    impact = np.zeros(len(found), np.float32)
    for term in terms:
        section, addend = term_matches(columns, term).postings()
        impact += addend[np.searchsorted(section, found)]
    typed = None if phrase.weight == 1.0 else found[:0]
    return by_company(found, impact * np.float32(phrase.weight), columns.store.company_of, typed)


def _in_all(columns: Columns, terms: Sequence[int]) -> Ints:
    """Sections (ascending) that have all the terms, the rarest of which comes first."""
    sections = term_matches(columns, terms[0]).postings()[0]
    for term in terms[1:]:
        sections = sections[is_in(sections, term_matches(columns, term).postings()[0])]
    return sections


def _starting_places(columns: Columns, term: int, offset: int, sections: Ints) -> Longs:
    """Where the phrase would start for each occurrence of the term in `sections`: section << 32 | position."""
    postings = columns.postings
    start, end = int(postings.term_start[term]), int(postings.term_start[term + 1])
    chosen = start + np.searchsorted(postings.section[start:end], sections)
    places, owner = ranges(postings.occurrence_start[chosen], postings.occurrence_start[chosen + 1])
    position = postings.position[places].astype(np.int64) - offset
    keys = (sections.astype(np.int64)[owner] << 32) + position
    return keys[position >= 0]
