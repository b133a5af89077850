"""What changed between two states of a profile, in words; how long it is news; news over several rebuilds."""

import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from corpora import profile
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from indexer.build import rebuild
from indexer.engines.whoosh.engine import EmbeddedEngine
from indexer.profiles.changes import (
    MAX_NEWS,
    NEWS_DAYS,
    SUMMARY_CHARACTERS,
    Change,
    compare,
    latest,
    load_change,
)
from indexer.profiles.model import Facts, RenderedProfile, RenderedSection

WHEN = datetime(2026, 6, 30, 9, 15, 30, 123456, UTC)
SAMA = Facts("sama", "Sama", headquarters="Nairobi", founded=2008, last_verified="2026-01-29")


def told(before: RenderedProfile | None, after: RenderedProfile | None) -> list[tuple[str, str, str]]:
    return [(change.topic, change.title, change.summary) for change in compare(before, after, WHEN)]


def facts_told(**changed: object) -> list[tuple[str, str, str]]:
    return told(profile(SAMA, overview="x"), profile(replace(SAMA, **changed), overview="x"))  # type: ignore[arg-type]


def test_new_and_removed_profiles_are_told_once_each() -> None:
    sama = profile(SAMA, overview="Sama annotates.", compensation="$2 an hour.")
    assert told(None, sama) == [("profile", "Sama: new profile", "Sama annotates.")]
    assert told(sama, None) == [("profile", "Sama: profile removed", "")]
    assert told(sama, sama) == told(None, None) == []


def test_sections_are_told_as_changed_added_and_removed_in_the_order_of_the_page() -> None:
    before = profile(SAMA, overview="Same.", compensation="$1 an hour.", concerns="Some.", tools="Hammer.")
    after = profile(SAMA, flexibility="Nights.", compensation="$2 an hour.", overview="Same.", tools="Saw.")
    assert told(before, after) == [
        ("flexibility", "Sama: flexibility added", "Nights."),
        ("compensation", "Sama: compensation changed", "$2 an hour."),
        ("tools", "Sama: “Tools” changed", "Saw."),
        ("concerns", "Sama: concerns removed", ""),
    ]


def test_section_that_is_called_like_another_topic_is_not_that_topic() -> None:
    before, after = (
        RenderedProfile(replace(SAMA, founded=year), (RenderedSection("facts", "Facts", "", str(year)),), "")
        for year in (2008, 2009)
    )
    assert [topic for topic, _, _ in told(before, after)] == ["facts", "section-facts"]


@pytest.mark.parametrize(
    ("changed", "topic", "title", "summary"),
    [
        ({"hiring_status": "closed"}, "hiring", "hiring status changed", "Unknown → Closed"),
        (
            {"headquarters": "San Francisco", "founded": None, "website": "https://sama.com"},
            "facts",
            "headquarters, founded, website changed",
            "Headquarters: Nairobi → San Francisco; Founded: 2008 → not stated; Website: not stated → https://sama.com",
        ),
        ({"company": "Samasource"}, "facts", "company changed", "Company: Sama → Samasource"),
        ({"specialties": ("Text", "Image")}, "facts", "specialties changed", "Specialties: not stated → Image, Text"),
        (
            {"last_verified": "2026-05-08"},
            "facts",
            "verified again 8 May 2026",
            "Last verified: 29 January 2026 → 8 May 2026",
        ),
        ({"last_verified": "2025"}, "facts", "last verified changed", "Last verified: 29 January 2026 → 2025"),
        ({"last_verified": None}, "facts", "last verified changed", "Last verified: 29 January 2026 → never"),
        (
            {"founded": 2009, "last_verified": "2026-05"},
            "facts",
            "founded, last verified changed",
            "Founded: 2008 → 2009; Last verified: 29 January 2026 → May 2026",
        ),
    ],
)
def test_quick_facts_are_one_change_that_names_old_and_new(
    changed: dict[str, object], topic: str, title: str, summary: str
) -> None:
    company = changed.get("company", "Sama")
    assert facts_told(**changed) == [(topic, f"{company}: {title}", summary)]


def test_first_verification_is_not_called_another_one() -> None:
    never = replace(SAMA, last_verified=None)
    (change,) = compare(profile(never, overview="x"), profile(SAMA, overview="x"), WHEN)
    assert change.event == "verified 29 January 2026"


def test_order_of_specialties_and_links_of_a_section_are_no_news() -> None:
    one = profile(replace(SAMA, specialties=("Text", "Image")), overview="x")
    other = profile(replace(SAMA, specialties=("Image", "Text")), overview="x")
    linked = replace(other, sections=(RenderedSection("overview", "About", '<p><a href="/y">x</a></p>', "x"),))
    assert told(one, linked) == []


def test_summary_begins_near_the_first_difference_and_ends_after_a_word() -> None:
    lead = "Pay is discussed at great length in this first paragraph. " * 9
    (change,) = told(
        profile(SAMA, compensation=f"{lead}\nRates: $1.46 an hour."),
        profile(SAMA, compensation=f"{lead}\nRates: $2.20 an hour."),
    )
    assert change[2] == "Rates: $2.20 an hour."
    (change,) = told(
        profile(SAMA, compensation=f"{lead}Some get $1.46. {lead}"),
        profile(SAMA, compensation=f"{lead}Some get $2.20. {lead}"),
    )
    assert change[2].startswith(
        "… paragraph. Pay is discussed at great length in this first paragraph. Some get $2.20."
    )
    assert len(change[2]) <= SUMMARY_CHARACTERS
    assert f" {change[2][2:-1]} " in f" {lead}Some get $2.20. {lead}"
    assert told(profile(SAMA, concerns="Late pay. Strikes."), profile(SAMA, concerns="Late pay."))[0][2] == (
        "No longer there: Strikes."
    )


@given(st.text("ab é工\n…→", max_size=900), st.text("ab é工\n…→", max_size=900))
@examples(100)
def test_summary_of_any_two_texts_is_one_line_of_limited_length(one: str, other: str) -> None:
    before, after = (profile(replace(SAMA, specialization=text), overview=text) for text in (one, other))
    for change in (*compare(before, after, WHEN), *compare(None, after, WHEN)):
        assert len(change.summary) <= SUMMARY_CHARACTERS
        assert "\n" not in change.summary
        assert load_change(change.dump()) == change


def test_news_are_the_newest_of_the_last_days() -> None:
    def change(number: int, **ago: float) -> Change:
        return Change(WHEN - timedelta(**ago), f"c{number}", "C", "facts", "x")

    kept, old = change(1, days=NEWS_DAYS), change(2, days=NEWS_DAYS, seconds=1)
    assert latest([kept, old], WHEN) == (kept,)
    many = [change(number) for number in range(MAX_NEWS + 1)]
    assert latest([*many, kept], WHEN) == tuple(many[:MAX_NEWS])


# News over several rebuilds

STATES = st.dictionaries(
    st.sampled_from(("alpha", "beta", "gamma")),
    st.tuples(st.sampled_from((1999, 2008)), st.sampled_from(("workers", "closed")), st.sampled_from(("pay", "wage"))),
    min_size=1,
)


def write(corpus: Path, state: Mapping[str, tuple[int, str, str]]) -> None:
    for path in corpus.iterdir():
        path.unlink()
    for slug, (founded, hiring, text) in state.items():
        facts = f"company: {slug.title()}\nfounded: {founded}\nhiring_status: {hiring}"
        content = f"---\n{facts}\n---\n## Overview\n{text}\n"
        (corpus / f"{slug}.md").write_text(content, encoding="utf-8")


def profiles_of(engine: EmbeddedEngine) -> dict[str, RenderedProfile]:
    searcher = engine.open()
    return {facts.slug: found for facts in searcher.facts() if (found := searcher.profile(facts.slug))}


@given(st.lists(STATES, min_size=2, max_size=4))
@examples(10)
def test_news_of_several_rebuilds_are_the_differences_of_each_from_the_one_before(
    states: list[dict[str, tuple[int, str, str]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder, closing(EmbeddedEngine(Path(folder) / "index")) as engine:
        corpus = Path(folder, "corpus")
        corpus.mkdir()
        before: dict[str, RenderedProfile] = {}
        expected: list[set[tuple[str, str, str]]] = []
        for state in states:
            write(corpus, state)
            rebuild(engine, corpus)
            after = profiles_of(engine)
            if before:
                slugs = before.keys() | after.keys()
                found = (compare(before.get(slug), after.get(slug), WHEN) for slug in slugs)
                expected.insert(0, {(c.topic, c.title, c.summary) for changes in found for c in changes})
            before = after
        news = engine.open().news()
    times = sorted({change.when for change in news}, reverse=True)
    assert [change.when for change in news] == sorted((change.when for change in news), reverse=True)
    assert [{(c.topic, c.title, c.summary) for c in news if c.when == when} for when in times] == [
        changes for changes in expected if changes
    ]
    assert len({(change.when, change.slug, change.topic) for change in news}) == len(news)
