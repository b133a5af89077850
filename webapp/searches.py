"""What is remembered of a search: that it was, and, where the operator wants it, what for."""

from flask import request

from indexer.page import Page
from indexer.querylog import SENT, TYPED, entry
from webapp.context import desk

_HOW = {"document": SENT, "empty": TYPED}
"""What browsers say of a request: a page that somebody went to, or an answer that a script fetched."""


def note_search(page: Page) -> None:
    """Count a search; log the first page of one that has words, unless it ran out of time.

    `page.request` holds every filter, those that were typed into the text too.
    """
    here = desk()
    here.metrics.searched(page.total, page.partial)
    worth_logging = page.request.page == 1 and not page.partial and page.request.text.strip()
    if here.query_log is not None and worth_logging:
        how = _HOW.get(request.headers.get("Sec-Fetch-Dest", ""), "")
        here.query_log.write(entry(page.request.text, page.request.filters.sections, page.total, how))
