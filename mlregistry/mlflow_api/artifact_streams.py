"""Files over HTTP: request bodies as streams, answers in pieces with ranges. Called by artifacts."""

from __future__ import annotations

import mimetypes
import re
from io import BytesIO
from urllib.parse import parse_qsl, quote

from experiments.models import Artifact
from mlregistry.artifacts import bodies, reading
from mlregistry.artifacts.store import Readable
from mlregistry.errors import Invalid

from .route import Environ, Reply

TEXT_TYPES = ("text/", "application/json", "application/xml", "application/x-yaml", "application/yaml")
TEXT_NAMES = re.compile(r"txt|log|err|cfg|conf|ini|toml|ya?ml|json|[ct]sv|md|rst|py|ipynb|MLmodel|mlproject")
TOKEN = re.compile(r"[A-Za-z0-9!#$&+.^_`|~-]+")
UNQUOTABLE = re.compile(r'[^ -~]|["\\%]')


def body(environ: Environ) -> Readable:
    """The body, announced or held to a digest; clients send empty files in chunks without one."""
    return bodies.body(environ, empty_needs_digest=False)


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
