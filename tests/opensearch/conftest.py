"""These tests need the extra `opensearch`; without it they are left out, and the header of the run says so."""

from importlib.util import find_spec

AVAILABLE = find_spec("opensearchpy") is not None
collect_ignore_glob = [] if AVAILABLE else ["test_*.py"]


def pytest_report_header() -> str | None:
    """Why tests are missing."""
    return None if AVAILABLE else "tests/opensearch is left out: pip install '.[opensearch]' brings what it needs"
