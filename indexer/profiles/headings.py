"""Headings: what they say, which section they name, which id they get."""

import re
import unicodedata
from functools import lru_cache
from hashlib import sha256
from html import unescape

from indexer.profiles.characters import clean_value
from indexer.profiles.model import SECTION_HEADINGS

MAX_HEADING_CHARACTERS = 200
_MAX_ID_CHARACTERS = 60

_VARIANTS = {
    "overview": "about, about the company, at a glance, background, company overview, company profile, description, "
    "introduction, key findings, profile, who they are, what they do",
    "application_process": "application, application process overview, applications, applying, hiring, hiring process, "
    "how to apply, how to join, joining, onboarding, recruitment, recruitment process, registration, "
    "sign up, signing up",
    "assessments": "assessment, assessment process, exam, exams, evaluation process, qualification, "
    "qualification tests, qualifications, screening, test, testing, tests, tests and assessments, "
    "training and assessments",
    "job_types": "expertise, job type, job types and expertise, jobs, kinds of work, project types, projects, roles, "
    "task types, tasks, types of jobs, types of work, work, work types",
    "compensation": "compensation and benefits, earnings, pay, pay and benefits, pay rate, pay rates, payment, "
    "payments, rates, salary, wage, wages",
    "flexibility": "hours, remote work, schedule, schedules, work schedule, working conditions, working hours, "
    "work life balance, workload",
    "concerns": "challenges, challenges and concerns, complaints, cons, criticism, criticisms, controversies, "
    "controversy, drawbacks, issues, problems, red flags, risks, warnings",
    "legitimacy": "credibility, is it a scam, is it legit, legit, legitimacy and reputation, legitimacy and trust, "
    "reliability, reputation, reviews, scam, trust, trustworthiness",
    "conclusion": "bottom line, conclusions, final thoughts, final verdict, in short, summary, takeaway, takeaways, "
    "verdict",
}
_IDS = {name.lower(): id_ for id_, name in SECTION_HEADINGS.items()} | {
    variant.strip(): id_ for id_, variants in _VARIANTS.items() for variant in variants.split(",")
}


@lru_cache(maxsize=4096)
def plain_heading(markdown: str) -> str:
    """The words of a heading, without marks of emphasis, links, tags or a `{#id}`; cut where it is too long."""
    text = re.sub(r"\{[^{}]*\}\s*$", "", markdown[: 2 * MAX_HEADING_CHARACTERS])
    text = re.sub(r"<[^<>]*>", "", text)
    text = re.sub(r"!?\[([^\[\]]*)\](?:\([^()]*\))?", r"\1", text)
    text = re.sub(r"[*`~]+|(?<!\w)_+|_+(?!\w)|\\(?=[^\w\s])", "", text)
    return clean_value(unescape(text))[:MAX_HEADING_CHARACTERS]


@lru_cache(maxsize=4096)
def known_id(heading: str) -> str | None:
    """The section of the template that a heading names, also as a variant ("Challenges / Concerns")."""
    words = " ".join(re.sub(r"[^\w/&]+", " ", heading.lower().replace("_", " ")).split()).replace("&", "and")
    joined = " ".join(words.replace("/", " and ").split())
    if found := _IDS.get(joined):
        return found
    parts = {_IDS.get(part.strip()) for part in re.split(r"/|\band\b", words)}
    return parts.pop() if len(parts) == 1 else None


def section_id(heading: str) -> str:
    """The id of a section: that of the template, or the heading's slug. Always matches `[a-z0-9_]+`."""
    return known_id(heading) or _slug(heading)


def _slug(heading: str) -> str:
    """Letters that have no ASCII form, and whatever is cut off, live on in a digest: other headings, other ids."""
    folded = unicodedata.normalize("NFKD", heading.lower())
    words = re.findall(r"[a-z0-9]+", "".join(c for c in folded if not unicodedata.combining(c)))
    slug = "_".join(words)[:_MAX_ID_CHARACTERS].strip("_")
    kept = sum(map(len, words)) == sum(c.isalnum() for c in folded) and len(slug) == len("_".join(words))
    if kept and slug:
        return slug
    return f"{slug or 'section'}_{sha256(heading.encode(errors='replace')).hexdigest()[:8]}"
