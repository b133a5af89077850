"""What a generation says that changed: a column of its own, so an open one has it even when its files are gone."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from indexer.engines.whoosh.store import Bytes, Longs
from indexer.engines.whoosh.strings import Strings
from indexer.profiles.changes import Change, load_change


@dataclass(frozen=True, slots=True)
class News:
    """Changes as strings of JSON, newest first."""

    changes_data: Bytes
    changes_offsets: Longs

    def read(self) -> tuple[Change, ...]:
        """The changes."""
        return tuple(load_change(json.loads(line)) for line in Strings(self.changes_data, self.changes_offsets))


def write_news(changes: Iterable[Change]) -> News:
    """The column of these changes, which come newest first."""
    column = Strings.of(json.dumps(change.dump(), ensure_ascii=False) for change in changes)
    return News(column.data, column.offsets)
