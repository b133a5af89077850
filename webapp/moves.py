"""A request is answered in time, and whole by the next generation where its own is removed meanwhile."""

from contextlib import suppress

from flask import Flask, Response
from flask.typing import ResponseReturnValue

from indexer.deadline import within
from indexer.errors import GenerationGone
from indexer.query.request import MAX_WAIT_SECONDS
from indexer.search import MAX_MOVES


class MovingFlask(Flask):
    """Flask whose requests begin again when their generation is gone: all of them only read."""

    def full_dispatch_request(self) -> Response:
        """The answer, or an error, as long as somebody waits for it."""
        with within(MAX_WAIT_SECONDS):
            return super().full_dispatch_request()

    def dispatch_request(self) -> ResponseReturnValue:
        """The answer of the view, from one generation."""
        for _ in range(MAX_MOVES):
            with suppress(GenerationGone):
                return super().dispatch_request()
        return super().dispatch_request()
