"""The errors every layer raises; the doors turn them into problem+json or pages.

No Django here, so the ML core and the hot path may raise them too.
"""

from __future__ import annotations


class MlregistryError(Exception):
    """An error that a person can act on: one message, the field at fault, further details."""

    status: int = 500
    code: str = "error"

    def __init__(self, message: str, *, field: str | None = None, details: list[str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.details = list(details or [])
        self.place: tuple[int, int] | None = None  # in the text that was sent, where that is known

    def __str__(self) -> str:
        return self.message


class Invalid(MlregistryError):
    """The request or the data is wrong."""

    status = 400
    code = "invalid"


class LengthRequired(Invalid):
    """The body came without its length, so that nobody can tell whether it is whole."""

    status = 411
    code = "length_required"


class Unauthenticated(MlregistryError):
    """Nobody is signed in, or the token is not valid."""

    status = 401
    code = "unauthenticated"


class Forbidden(MlregistryError):
    """The actor's role or scopes do not allow this."""

    status = 403
    code = "forbidden"


class NotFound(MlregistryError):
    """No such thing, or none that the actor may see."""

    status = 404
    code = "not_found"


class Conflict(MlregistryError):
    """The thing is in a state that does not allow this."""

    status = 409
    code = "conflict"


class ApprovalNeeded(Conflict):
    """Only reviewers may let this happen; the message says where they are asked."""

    code = "approval_needed"


class AlreadyExists(Conflict):
    """The name is taken."""

    code = "already_exists"


class TooLarge(MlregistryError):
    """The upload or request is over a limit."""

    status = 413
    code = "too_large"


class TooMany(MlregistryError):
    """A rate limit or quota is used up."""

    status = 429
    code = "too_many"


class Unavailable(MlregistryError):
    """Something needed is not there now; try again later."""

    status = 503
    code = "unavailable"


def of_nul(error: ValueError) -> Invalid | None:
    """What the database's driver says of a text with the character NUL, in words for whoever sent it."""
    if "NUL (0x00)" not in str(error):
        return None
    return Invalid("A text of the request holds the character NUL, which cannot be kept. Leave it out.")
