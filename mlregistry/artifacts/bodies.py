"""Bodies of uploads as streams: one that was cut off ends as Invalid. The doors of both APIs read files through it.

The web server hands on a body that broke off like one that ended, so a whole one is known by its announced length
or by its digest (RFC 9530), and one that has neither is refused.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Any, cast

from django.conf import settings

from mlregistry.errors import Invalid, LengthRequired

from .store import Readable
from .upload_limit import too_large

SHA_256 = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]+):")
CUT_OFF = "The upload was cut off; nothing of it was stored. Send it again."
UNKNOWN_LENGTH = (
    "An upload in chunks of unknown length cannot be told from one that was cut off. Send Content-Length, or the"
    " file's SHA-256 as Content-Digest: sha-256=:<base64>:, or a multipart form."
)


class Body:
    """A body of announced length; one that ends before is Invalid, never taken for whole."""

    def __init__(self, source: Any, length: int) -> None:
        self._source, self._left = source, length

    def read(self, size: int = -1, /) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        piece = _piece(self._source, wanted) if wanted else b""
        self._left -= len(piece)
        if wanted and not piece:
            raise Invalid(CUT_OFF)
        return piece


class ChunkedBody:
    """A body of unknown length, held to its digest; without one it must be empty."""

    def __init__(self, source: Any, digest: bytes | None) -> None:
        self._source, self._wanted, self._seen = source, digest, hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        piece = _piece(self._source, size)
        if piece and self._wanted is None:
            raise LengthRequired(UNKNOWN_LENGTH, field="Content-Length")
        self._seen.update(piece)
        if not piece and self._wanted not in (None, self._seen.digest()):
            raise Invalid(CUT_OFF)
        return piece


def body(environ: Mapping[str, Any], *, empty_needs_digest: bool = True) -> Readable:
    """The body, announced or in chunks; TooLarge at once when too much is announced.

    Chunks without a digest are refused; with `empty_needs_digest` off, an empty body is let through, as clients send
    empty files.
    """
    length = environ.get("CONTENT_LENGTH", "")
    if length.isascii() and length.isdigit():
        if int(length) > settings.UPLOAD_LIMIT_BYTES:
            raise too_large()
        return Body(environ["wsgi.input"], int(length))
    if not is_chunked(environ):
        return Body(environ["wsgi.input"], 0)
    digest = _digest(environ.get("HTTP_CONTENT_DIGEST", ""))
    if digest is None and empty_needs_digest:
        raise LengthRequired(UNKNOWN_LENGTH, field="Content-Length")
    return ChunkedBody(environ["wsgi.input"], digest)


def is_chunked(environ: Mapping[str, Any]) -> bool:
    """Whether the body comes in chunks, its length unknown."""
    return str(environ.get("HTTP_TRANSFER_ENCODING", "")).lower() == "chunked"


def _piece(source: Any, size: int) -> bytes:
    try:
        return cast(bytes, source.read(size))
    except (OSError, ValueError, RuntimeError) as error:
        raise Invalid(CUT_OFF) from error


def _digest(header: str) -> bytes | None:
    """The SHA-256 of a Content-Digest header (RFC 9530)."""
    found = SHA_256.search(header)
    if found is None:
        return None
    try:
        return base64.b64decode(found[1], validate=True)
    except ValueError:
        raise Invalid("The header Content-Digest cannot be read.", field="Content-Digest") from None
