"""How many examples the property tests try."""

from hypothesis import settings


def examples(count: int) -> settings:
    """So many examples usually, 20 times as many with `--hypothesis-profile=thorough`; none has a deadline."""
    return settings(deadline=None, max_examples=count * settings.default.max_examples // 100)  # type: ignore[union-attr]
