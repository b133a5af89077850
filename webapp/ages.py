"""When a profile was verified, in words."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from indexer.profiles.dates import spoken
from indexer.profiles.model import Facts

STALE_DAYS = 365
"""Older than a year counts as stale: pay and projects in this field change within months."""


@dataclass(frozen=True, slots=True)
class Verified:
    """`iso` as written in the profile, `day` for people ("29 January 2026"), `age` ("10 months ago")."""

    iso: str
    day: str
    age: str
    stale: bool


NEVER = Verified("", "never verified", "", True)


def verified(facts: Facts, today: date) -> Verified:
    """When the facts were last verified, seen from today."""
    on = facts.verified_on
    return NEVER if on is None or facts.last_verified is None else _verified(facts.last_verified, on, today)


@lru_cache(maxsize=4096)
def _verified(iso: str, on: date, today: date) -> Verified:
    days = (today - on).days
    return Verified(iso, spoken(iso), age_in_words(days), days > STALE_DAYS)


def age_in_words(days: int) -> str:
    """ "today", "5 days ago", "3 months ago"; nothing for a day that is still to come."""
    if days < 0:
        return ""
    if days < 2:
        return ("today", "yesterday")[days]
    for length, unit in ((365, "year"), (30, "month"), (1, "day")):
        count = days // length
        if count and (unit != "month" or days >= 60):
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    raise AssertionError(days)
