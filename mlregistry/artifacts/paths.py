"""Relative paths of artifacts as people give them: one spelling each, never used to open a file."""

import re
from urllib.parse import unquote

from mlregistry.errors import Invalid

MAX_LENGTH = 1000
MAX_DECODINGS = 5
UNFIT = re.compile(r"[\x00-\x1f\x7f\\\ud800-\udfff]")


class UnsafePath(Invalid):
    """The path could lead out of the folder that it is in."""


def normalise(path: str, *, field: str = "path") -> str:
    """The path when it is relative and already plain; Invalid says what is wrong with it otherwise."""
    if not path:
        raise Invalid("The path is empty.", field=field)
    if len(path) > MAX_LENGTH:
        raise Invalid(f"The path has more than {MAX_LENGTH:,} characters.", field=field)
    _check(path, field)
    decoded = path
    for _ in range(MAX_DECODINGS):
        if "%" not in decoded or (further := unquote(decoded)) == decoded:
            return path
        _check_decoded(decoded := further, field)
    raise Invalid("The path is encoded too often.", field=field)


def folder(path: str, *, field: str = "path") -> str:
    """The prefix under which a folder's files lie: '' for the root, else ending in a slash."""
    return f"{normalise(path.rstrip('/'), field=field)}/" if path.strip("/") else ""


def without_dots(path: str) -> str:
    """The path of a folder without "." parts: clients write "." when they mean all of it."""
    return "/".join(part for part in path.split("/") if part != ".")


def basename(filename: str, *, fallback: str = "upload") -> str:
    """The last part of a file's name as its owner gave it, for display only."""
    name = UNFIT.sub("", re.split(r"[\\/]", filename)[-1]).strip()
    return name[-255:] or fallback


def _check(path: str, field: str) -> None:
    if UNFIT.search(path):
        raise UnsafePath("Invalid path: it may not hold backslashes or control characters.", field=field)
    if path.startswith("/") or re.match(r"[A-Za-z]:", path):
        raise UnsafePath("Invalid path: it must be relative.", field=field)
    if any(part in ("", ".", "..") for part in path.split("/")):
        raise UnsafePath("Invalid path: it may not have empty, '.' or '..' parts.", field=field)


def _check_decoded(path: str, field: str) -> None:
    """A '%' is part of many names (images of the MLflow client), but no spelling may hide a way out."""
    if path.startswith("/") or "\\" in path or "\0" in path or ".." in path.split("/"):
        raise UnsafePath("Invalid path: it may not lead out of its folder, encoded or not.", field=field)
