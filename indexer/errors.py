"""Every foreseeable failure, in two families.

`UserError`: the request, the file or the command is wrong; whoever sent it can mend it.
`OperatorError`: the installation is not able to answer; whoever runs it can mend it, and
the message names the command that does.
"""

from collections.abc import Sequence
from dataclasses import dataclass


class ProfileSearchError(Exception):
    """A failure with a message of one line, fit to be shown."""

    exit_code = 1
    http_status = 500


class UserError(ProfileSearchError):
    """The request is wrong."""

    http_status = 400


class UsageError(UserError):
    """The command is called wrongly."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request: the parameter's name and what to change."""

    parameter: str
    message: str


class BadRequest(UsageError):
    """A request with at least one fault; all of them are reported together."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{fault.parameter}: {fault.message}" for fault in self.faults))


class NotFound(UserError):
    """There is no such profile, page or company."""

    http_status = 404


class CorpusInvalid(UserError):
    """Profiles have errors, so nothing was published; `problems` are lines that say what and where."""

    def __init__(self, message: str, problems: Sequence[str] = ()) -> None:
        self.problems = tuple(problems)
        super().__init__(message)


class OperatorError(ProfileSearchError):
    """The installation is not able to answer. `repair` is the command that helps."""

    http_status = 503
    repair = "profile-search status"

    def __init__(self, reason: str, repair: str | None = None) -> None:
        self.reason = reason
        self.repair = repair or self.repair
        super().__init__(f"{reason} (run: {self.repair})")


class IndexMissing(OperatorError):
    """There is no published index yet."""

    repair = "profile-search rebuild"


class GenerationGone(IndexMissing):
    """The generation that was to answer was removed while it was read: another one answers now, so ask again."""


class IndexOutdated(OperatorError):
    """The index was made by another version of the program."""

    repair = "profile-search rebuild"


class IndexCorrupt(OperatorError):
    """The index does not hold what was written."""

    repair = "profile-search rebuild"


class IndexUnsafe(OperatorError):
    """Somebody else may write the index folder, so it is not read."""


class IndexBusy(OperatorError):
    """Another process is writing the index."""


class StorageFailed(OperatorError):
    """The disk refused: full, read-only, no permission, or an input/output error."""


class EngineUnavailable(OperatorError):
    """The search engine does not answer, or cannot be used in this installation."""
