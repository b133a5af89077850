"""A profile to Markdown, as an editor would have written it."""

import json
import re
from collections.abc import Iterable

from indexer.profiles.frontmatter import yaml_kind
from indexer.profiles.model import Facts, Section

_PLAIN = re.compile(r"[^\W_](?:[\w .,()/&+'%$;-]*[\w.)'%+])?")
_KEYS = (
    "company", "service_type", "specialization", "specialties", "hiring_status", "headquarters", "founded", "website",
    "careers", "last_verified",
)  # fmt: skip


def profile_markdown(facts: Facts, sections: Iterable[Section]) -> str:
    """The file's text; reading it gives the same facts and sections. Facts that are not known are left out."""
    lines = ["---"]
    for key in _KEYS:
        value = getattr(facts, key)
        if value is None or value == () or (key, value) == ("hiring_status", "unknown"):
            continue
        if isinstance(value, tuple):
            lines.append(f"{key}: [{', '.join(_scalar(item, in_list=True) for item in value)}]")
        elif key in ("website", "careers") and not re.search(r"[#\s]|:$", value):
            lines.append(f"{key}: {value}")
        else:
            typed = key in ("founded", "last_verified")
            lines.append(f"{key}: {value if typed else _scalar(value)}")
    lines.append("---")
    parts = [f"## {section.heading}\n\n{section.markdown}".rstrip("\n") for section in sections]
    return "\n\n".join(["\n".join(lines), *parts]) + "\n"


def _scalar(value: str, in_list: bool = False) -> str:
    """A YAML scalar: plain where no reader can take it for anything else, quoted otherwise."""
    plain = _PLAIN.fullmatch(value) and not yaml_kind(value) and not (in_list and "," in value)
    return value if plain else json.dumps(value, ensure_ascii=False)
