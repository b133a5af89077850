"""A request whose generation is removed while it is answered is answered whole by the one that came after."""

from contextlib import suppress

from flask import Flask
from flask.typing import ResponseReturnValue

from indexer.errors import GenerationGone
from indexer.search import MAX_MOVES


class MovingFlask(Flask):
    """Flask whose requests begin again when their generation is gone: all of them only read."""

    def dispatch_request(self) -> ResponseReturnValue:
        """The answer of the view, from one generation."""
        for _ in range(MAX_MOVES):
            with suppress(GenerationGone):
                return super().dispatch_request()
        return super().dispatch_request()
