"""Files over HTTP: request bodies as streams of known length, answers in pieces with ranges. Called by artifacts."""

from __future__ import annotations

import base64
import hashlib
import mimetypes
import re
from io import BytesIO
from typing import Any, cast
from urllib.parse import parse_qsl, quote

from django.conf import settings

from experiments.models import Artifact
from mlregistry.artifacts import reading
from mlregistry.artifacts.store import Readable
from mlregistry.artifacts.upload_limit import too_large
from mlregistry.errors import Invalid

from .errors import Worded
from .route import Environ, Reply

TEXT_TYPES = ("text/", "application/json", "application/xml", "application/x-yaml", "application/yaml")
TEXT_NAMES = re.compile(r"txt|log|err|cfg|conf|ini|toml|ya?ml|json|[ct]sv|md|rst|py|ipynb|MLmodel|mlproject")
SHA_256 = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]+):")
CUT_OFF = "The upload was cut off; nothing of it was stored. Send it again."
TOKEN = re.compile(r"[A-Za-z0-9!#$&+.^_`|~-]+")
UNQUOTABLE = re.compile(r'[^ -~]|["\\%]')


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
    """A body of unknown length. The server hands on one that was cut off like a whole one, so it needs a digest."""

    def __init__(self, source: Any, digest: bytes | None) -> None:
        self._source, self._wanted, self._seen = source, digest, hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        piece = _piece(self._source, size)
        if piece and self._wanted is None:
            raise Worded(
                "Announce the length of the upload in Content-Length, or its SHA-256 in Content-Digest.",
                code="INVALID_PARAMETER_VALUE",
                status=411,
            )
        self._seen.update(piece)
        if not piece and self._wanted not in (None, self._seen.digest()):
            raise Invalid(CUT_OFF)
        return piece


def body(environ: Environ) -> Readable:
    """The body, announced or in chunks; TooLarge at once when too much is announced."""
    length = environ.get("CONTENT_LENGTH", "")
    if length.isascii() and length.isdigit():
        if int(length) > settings.UPLOAD_LIMIT_BYTES:
            raise too_large()
        return Body(environ["wsgi.input"], int(length))
    if environ.get("HTTP_TRANSFER_ENCODING", "").lower() != "chunked":
        return Body(environ["wsgi.input"], 0)
    return ChunkedBody(environ["wsgi.input"], _digest(environ.get("HTTP_CONTENT_DIGEST", "")))


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


def small_body(environ: Environ, limit: int) -> Readable:
    """A whole body that must not be empty, in memory."""
    pieces, source, size = [], body(environ), 0
    while piece := source.read(limit + 1 - size):
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            raise Invalid(f"Artifact size is too large. Max size is {limit // 1024**2}MB.")
    if not size:
        raise Invalid("Request must specify data.")
    return BytesIO(b"".join(pieces))


def query(environ: Environ) -> dict[str, str]:
    """The query of the request; the first of repeated names counts."""
    try:
        pairs = parse_qsl(
            environ.get("QUERY_STRING", ""), keep_blank_values=True, max_num_fields=100, errors="strict"
        )
    except ValueError as error:
        raise Invalid(f"The query of the request cannot be read: {error}.") from None
    return dict(reversed(pairs))


def sent_file(artifact: Artifact, environ: Environ) -> Reply:
    """The file for a GET or HEAD, whole, in part (206), unchanged (304), or 416."""
    stored, etag = artifact.file, f'"{artifact.file.sha256}"'
    headers = {
        "Content-Type": content_type(artifact.path),
        "Content-Disposition": attachment(artifact.path),
        "X-Content-Type-Options": "nosniff",
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Cache-Control": "private, no-cache",
    }
    if etag in environ.get("HTTP_IF_NONE_MATCH", ""):
        return Reply(304, headers, iter(()))
    asked = _span(environ, etag, stored.size)
    if asked is not None and not asked.length:
        return Reply(416, {**headers, "Content-Range": f"bytes */{stored.size}"}, ())
    status, length = (200, stored.size) if asked is None else (206, asked.length)
    headers["Content-Length"] = str(length)
    if asked is not None:
        headers["Content-Range"] = f"bytes {asked.start}-{asked.start + length - 1}/{stored.size}"
    if environ["REQUEST_METHOD"] == "HEAD":
        return Reply(status, headers, iter(()))
    return Reply(status, headers, reading.Pieces(stored, asked))


def content_type(path: str) -> str:
    """By the name; what people read is plain text."""
    name = path.rpartition("/")[2]
    guessed = mimetypes.guess_type(name)[0] or ""
    if TEXT_NAMES.fullmatch(name.rpartition(".")[2]) or (
        guessed.startswith(TEXT_TYPES) and guessed != "text/html"
    ):
        return "text/plain"
    return guessed or "application/octet-stream"


def attachment(path: str) -> str:
    """A Content-Disposition by RFC 6266: never shown in the page's place, whatever the name holds."""
    name = path.rpartition("/")[2]
    if TOKEN.fullmatch(name):
        return f"attachment; filename={name}"
    plain = UNQUOTABLE.sub("_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _span(environ: Environ, etag: str, size: int) -> reading.Span | None:
    header = environ.get("HTTP_RANGE", "")
    if not header or environ.get("HTTP_IF_RANGE", etag) != etag:
        return None
    return reading.span(header, size)
