"""The server's errors in MLflow's language: error code, status and JSON. Called by door."""

from __future__ import annotations

from mlregistry.artifacts.paths import UnsafePath
from mlregistry.errors import (
    AlreadyExists,
    ApprovalNeeded,
    Forbidden,
    MlregistryError,
    NotFound,
    TooMany,
    Unauthenticated,
    Unavailable,
)

# Client libraries look at the code; the first row whose class fits counts.
CODES: tuple[tuple[type[MlregistryError], str, int], ...] = (
    (AlreadyExists, "RESOURCE_ALREADY_EXISTS", 400),
    (NotFound, "RESOURCE_DOES_NOT_EXIST", 404),
    (ApprovalNeeded, "PERMISSION_DENIED", 403),
    (Forbidden, "PERMISSION_DENIED", 403),
    (Unauthenticated, "UNAUTHENTICATED", 401),
    (TooMany, "REQUEST_LIMIT_EXCEEDED", 429),
    (Unavailable, "TEMPORARILY_UNAVAILABLE", 503),
)
INVALID = "INVALID_PARAMETER_VALUE"
# Programs that talk to MLflow look for these words.
OPENINGS = {"PERMISSION_DENIED": "Permission denied. ", "UNAUTHENTICATED": "You are not authenticated. "}


class NotImplementedHere(MlregistryError):
    """A part of MLflow's API that this server does not have; its client then goes without."""

    status = 501
    code = "not_implemented"


class Worded(MlregistryError):
    """An error whose code and status a rule of MLflow fixes."""

    def __init__(self, message: str, *, code: str, status: int) -> None:
        super().__init__(message)
        self.code, self.status = code, status


def described(error: MlregistryError) -> tuple[int, dict[str, str]]:
    """The status and the body. What the caller did wrong, whatever it was, is a 400 with MLflow's code."""
    if isinstance(error, Worded):
        return error.status, {"error_code": error.code, "message": error.message}
    if isinstance(error, NotImplementedHere):
        return 501, {"error_code": "NOT_IMPLEMENTED", "message": error.message}
    if isinstance(error, UnsafePath):
        return 400, {"error_code": INVALID, "message": "Invalid path"}
    for kind, code, status in CODES:
        if isinstance(error, kind):
            return status, {"error_code": code, "message": OPENINGS.get(code, "") + error.message}
    status = error.status if error.status in (411, 413, 500) else 400
    return status, {"error_code": INVALID if status != 500 else "INTERNAL_ERROR", "message": error.message}
