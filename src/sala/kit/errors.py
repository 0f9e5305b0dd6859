"""What can go wrong that a person must be told? One family of problems, each a sentence, a code and an HTTP status."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FieldError:
    """One thing wrong with one field. ``message`` may be a lazy translation."""

    field: str
    code: str
    message: Any


class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """Something a person must be told. ``message`` is a (lazy) sentence in the reader's language: what is wrong, what to do."""

    status = 400
    code = "problem"

    def __init__(self, message: Any = "", *, code: str = "", errors: Sequence[FieldError] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.errors = tuple(errors)


class Malformed(Problem):
    """400: the request can't be read at all."""

    status, code = 400, "malformed"


class NotSignedIn(Problem):
    """401: sign in first."""

    status, code = 401, "not-signed-in"


class Refused(Problem):
    """403: you may see it but not do this."""

    status, code = 403, "refused"


class NotFound(Problem):
    """404: it is not there, or you may not know that it is."""

    status, code = 404, "not-found"


class NotPossible(Problem):
    """409: the record's state does not allow this step."""

    status, code = 409, "not-possible"


class Changed(Problem):
    """412: somebody was faster; the record is no longer the version you read."""

    status, code = 412, "changed"


class TooLarge(Problem):
    """413: more than we take."""

    status, code = 413, "too-large"


class Invalid(Problem):
    """422: readable, but wrong; ``errors`` says which fields and why."""

    status, code = 422, "invalid"


class VersionMissing(Problem):
    """428: say which version you read (If-Match)."""

    status, code = 428, "version-missing"


class TooMany(Problem):
    """429: too often; try again after ``retry_after`` seconds."""

    status, code = 429, "too-many"

    def __init__(self, message: Any = "", *, retry_after: int, code: str = "") -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class Unavailable(Problem):
    """503: a part we need is away; nothing was kept half."""

    status, code = 503, "unavailable"


class NoRoom(Problem):
    """507: the disk is full; nothing was kept half, and reading goes on."""

    status, code = 507, "no-room"
