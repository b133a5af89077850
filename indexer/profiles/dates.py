"""Dates as people say them."""

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def spoken(iso: str) -> str:
    """YYYY, YYYY-MM or YYYY-MM-DD in words: "8 May 2026"."""
    year, *rest = iso.split("-")
    words = [_MONTHS[int(rest[0]) - 1]] if rest else []
    if len(rest) == 2:
        words.insert(0, str(int(rest[1])))
    return " ".join([*words, year])
