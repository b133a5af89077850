"""What a plan must find, by its definition: every section is read for every question. Slow, and plainly right."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from indexer import text
from indexer.engines.base import VERIFIED_DAYS, Plan
from indexer.engines.company import naming_terms, naming_words, telling_words
from indexer.profiles.model import Facts, RenderedProfile, RenderedSection
from indexer.query.lexicon import WordCount
from indexer.query.request import UNKNOWN, Filters
from indexer.query.tree import Leaf, Or, Phrase, Query
from indexer.ranking import SECTIONS_SHOWN
from indexer.snippets import Match
from indexer.text import Token


@dataclass(frozen=True, slots=True)
class Passage:
    """One section as it is searched: the words of the company's name, of the heading, of the text."""

    id: str
    name: tuple[Token, ...]
    heading: tuple[Token, ...]
    body: tuple[Token, ...]

    @property
    def fields(self) -> tuple[tuple[Token, ...], ...]:
        return self.name, self.heading, self.body


@dataclass(frozen=True, slots=True)
class Company:
    """One company with its sections in order."""

    facts: Facts
    passages: tuple[Passage, ...]


def read(profile: RenderedProfile) -> Company:
    name = tuple(text.tokenize(profile.facts.company))
    return Company(profile.facts, tuple(_passage(name, section) for section in profile.sections))


def _passage(name: tuple[Token, ...], section: RenderedSection) -> Passage:
    return Passage(section.id, name, tuple(text.tokenize(section.heading)), tuple(text.tokenize(section.text)))


# Matching


def holds(fields: Iterable[Sequence[Token]], node: Leaf | Or) -> bool:
    """Whether any of the fields has what the node asks for."""
    if isinstance(node, Or):
        return any(holds(fields, child) for child in node.children)
    return any(any(_spots(tokens, node)) for tokens in fields)


def _spots(tokens: Sequence[Token], leaf: Leaf) -> Iterator[range]:
    """The places of the tokens that match a leaf."""
    if isinstance(leaf, Phrase):
        terms, length = [token.term for token in tokens], len(leaf.terms)
        for start in range(len(terms) - length + 1):
            if tuple(terms[start : start + length]) == leaf.terms:
                yield range(start, start + length)
        return
    for place, token in enumerate(tokens):
        if any(token.term == form.term and (not form.words or token.word in form.words) for form in leaf.forms):
            yield range(place, place + 1)


def marks(tokens: Sequence[Token], query: Query) -> tuple[Match, ...]:
    """The places of a text that are marked: the first wanted word that has one owns it, phrases before words."""
    leaves = [(number, leaf) for number, node in enumerate(query.wanted) for leaf in _leaves(node)]
    owner: dict[int, int] = {}
    for number, leaf in [pair for pair in leaves if isinstance(pair[1], Phrase)][::-1]:
        for spot in _spots(tokens, leaf):
            for place in spot:
                owner.setdefault(place, number)
    for number, leaf in leaves:
        for spot in _spots(tokens, leaf):
            for place in spot:
                owner.setdefault(place, number)
    return tuple(Match(tokens[place].start, tokens[place].end, owner[place]) for place in sorted(owner))


def _leaves(node: Leaf | Or) -> tuple[Leaf, ...]:
    return node.children if isinstance(node, Or) else (node,)


# Filters


def values(facts: Facts, facet: str, today: int, chosen: Sequence[str] = ()) -> set[str]:
    """What a company counts under in a facet other than "section"; `chosen` periods are counted too."""
    if facet == "verified":
        day = facts.verified_on
        if day is None:
            return {UNKNOWN}
        periods = {*map(str, VERIFIED_DAYS), *chosen} - {UNKNOWN}
        return {days for days in periods if day.toordinal() >= today - int(days)}
    listed = {
        "specialty": facts.specialties or (UNKNOWN,),
        "hiring": (facts.hiring_status,),
        "service": (facts.service_type or UNKNOWN,),
    }
    return set(listed[facet])


def passes(facts: Facts, filters: Filters, today: int, without: str = "") -> bool:
    """Whether a company passes every facet, the one named `without` aside."""
    chosen = {"specialty": filters.specialties, "hiring": filters.hiring, "service": filters.services}
    for facet, wanted in chosen.items():
        if wanted and facet != without and not values(facts, facet, today) & set(wanted):
            return False
    if filters.verified and without != "verified" and not _verified(facts, filters.verified, today):
        return False
    return not filters.companies or any(_named(facts, choice) for choice in filters.companies)


def _verified(facts: Facts, chosen: Sequence[str], today: int) -> bool:
    day = facts.verified_on
    if day is None:
        return UNKNOWN in chosen
    return any(choice != UNKNOWN and day.toordinal() >= today - int(choice) for choice in chosen)


def _named(facts: Facts, choice: str) -> bool:
    words = {token.word for token in text.tokenize(choice)}
    return choice == facts.slug or (bool(words) and words <= {token.word for token in text.tokenize(facts.company)})


# Answers


@dataclass(frozen=True, slots=True)
class Expected:
    """The answer to a plan but for its order: companies, facets, and the wanted words of each company."""

    slugs: frozenset[str]
    facets: Mapping[str, Mapping[str, int]]
    words: Mapping[str, tuple[int, ...]]


class Definition:
    """A corpus, read for each question anew."""

    def __init__(self, profiles: Iterable[RenderedProfile]) -> None:
        self.companies = [read(profile) for profile in sorted(profiles, key=lambda profile: profile.facts.slug)]

    def answer(self, plan: Plan) -> Expected:
        today, filters = plan.today.toordinal(), plan.filters
        matching = [company for company in self.companies if self._matches(company, plan)]
        facets = {"section": self._sections(plan)}
        for facet in ("specialty", "hiring", "service", "verified"):
            facets[facet] = Counter(
                value
                for company in matching
                if passes(company.facts, filters, today, facet)
                for value in values(company.facts, facet, today, filters.verified)
            )
        hits = [company for company in matching if passes(company.facts, filters, today)]
        return Expected(
            frozenset(company.facts.slug for company in hits),
            facets,
            {company.facts.slug: tuple(sorted(wanted_words(company, plan))) for company in hits},
        )

    def _matches(self, company: Company, plan: Plan) -> bool:
        query = plan.query
        if not query.wanted and not allowed(company, plan.filters):
            return False
        if not _clean(company, query):
            return False
        return self._answers(company, allowed(company, plan.filters), query)

    def _answers(self, company: Company, passages: Sequence[Passage], query: Query) -> bool:
        """Whether these sections have enough words, or the query names the company and they have all its phrases."""
        has = [any(holds(passage.fields, node) for passage in passages) for node in query.wanted]
        if sum(has) >= query.required:
            return True
        phrases = [held for node, held in zip(query.wanted, has, strict=True) if isinstance(node, Phrase)]
        return any(has) and all(phrases) and company.facts.slug in self.named(query)

    def named(self, query: Query) -> set[str]:
        """The companies all of whose telling words the query has, if they are enough of its words."""
        rows = telling_words([company.facts.company for company in self.companies])
        terms, least = naming_terms(query), naming_words(query)
        return {
            company.facts.slug
            for company, row in zip(self.companies, rows, strict=True)
            if row <= terms and len(row) >= least
        }

    def _sections(self, plan: Plan) -> Counter[str]:
        """Sections that match all by themselves, whatever sections are chosen."""
        query, today = plan.query, plan.today.toordinal()
        return Counter(
            passage.id
            for company in self.companies
            if _clean(company, query) and passes(company.facts, plan.filters, today)
            for passage in company.passages
            if self._answers(company, [passage], query)
        )

    def coverage(self, query: Query) -> int:
        """The most wanted words that one company has."""
        clean = [company for company in self.companies if _clean(company, query)]
        return max((_covered(company.passages, query) for company in clean), default=0)

    def shown(self, slug: str, plan: Plan) -> dict[str, tuple[Match, ...]]:
        """The sections that a hit may show, with their marks: those with the words, else the first one."""
        company = next(company for company in self.companies if company.facts.slug == slug)
        sections = allowed(company, plan.filters)
        shown = {passage.id: marks(passage.body, plan.query) for passage in sections if _shows(passage, plan.query)}
        return shown or {sections[0].id: ()}

    def number_shown(self, slug: str, plan: Plan) -> int:
        return min(SECTIONS_SHOWN, len(self.shown(slug, plan)))

    # The words of the corpus

    def _tokens(self) -> Iterator[Token]:
        for company in self.companies:
            for passage in company.passages:
                for tokens in passage.fields:
                    yield from tokens

    def words(self) -> list[WordCount]:
        """Every surface form, the most frequent first, then in order."""
        counts = Counter((token.word, token.term) for token in self._tokens())
        return sorted(
            (WordCount(*key, count) for key, count in counts.items()), key=lambda item: (-item.count, item.word)
        )

    def frequency(self, term: str) -> int:
        """Sections with the stem."""
        return sum(
            any(token.term == term for tokens in passage.fields for token in tokens)
            for company in self.companies
            for passage in company.passages
        )


def allowed(company: Company, filters: Filters) -> list[Passage]:
    """The sections that may match."""
    return [passage for passage in company.passages if not filters.sections or passage.id in filters.sections]


def wanted_words(company: Company, plan: Plan) -> set[int]:
    """Which wanted words the company has in the sections that may match."""
    passages = allowed(company, plan.filters)
    return {n for n, node in enumerate(plan.query.wanted) if any(holds(passage.fields, node) for passage in passages)}


def _covered(passages: Iterable[Passage], query: Query) -> int:
    return sum(any(holds(passage.fields, node) for passage in passages) for node in query.wanted)


def _clean(company: Company, query: Query) -> bool:
    """Whether the company has none of the unwanted words anywhere."""
    return not any(holds(passage.fields, leaf) for passage in company.passages for leaf in query.unwanted)


def _shows(passage: Passage, query: Query) -> bool:
    return bool(marks(passage.body, query) or marks(passage.heading, query))
