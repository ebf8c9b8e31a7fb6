"""JSON and query strings in, JSON out, as MLflow's protocol has them. Called by door.

A body is an object, perhaps encoded twice by old clients; NaN and infinities travel as words.
"""

from __future__ import annotations

import contextlib
import json
import math
from typing import Any
from urllib.parse import parse_qs

import msgspec

from mlregistry.artifacts.bodies import is_chunked
from mlregistry.errors import Invalid, TooLarge

from .fields import Field
from .route import Environ

MOST_BYTES = 32 * 1024 * 1024
DRAINED_BYTES = 512 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024
QUERY_METHODS = frozenset({"GET", "HEAD"})


def sent(environ: Environ, fields: tuple[Field, ...]) -> dict[str, Any]:
    """What the request carries, by name: the query of a GET, else the JSON body."""
    if environ["REQUEST_METHOD"] in QUERY_METHODS:
        query = environ.get("QUERY_STRING", "")
        return _of_query(query, fields) if query else of_json(environ, body(environ), typed=False)
    return of_json(environ, body(environ))


def encoded(value: Any) -> bytes:
    """JSON; ready-made parts may be msgspec.Raw."""
    return msgspec.json.encode(value)


def number(value: float, is_nan: bool) -> float | str:
    """A stored metric value as JSON has it."""
    return "NaN" if is_nan or math.isnan(value) else value


def _of_query(query: str, fields: tuple[Field, ...]) -> dict[str, Any]:
    try:
        found = parse_qs(query, keep_blank_values=True, max_num_fields=2000, errors="strict")
    except ValueError as error:
        raise Invalid(f"The query of the request cannot be read: {error}.") from None
    many = {name for field in fields if field.many for name in (field.name, field.camel)}
    return {name: values if name in many else values[0] for name, values in found.items()}


def of_json(environ: Environ, raw: bytes, *, typed: bool = True) -> dict[str, Any]:
    """The object that a body holds; `typed` asks for the right Content-Type."""
    if typed and (raw or environ.get("CONTENT_TYPE")):
        kind = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Invalid(
                f"Bad Request. Content-Type must be application/json, not {kind[:100] or 'missing'}."
            )
    if not raw:
        return {}
    value = _decoded(raw)
    if isinstance(value, str):
        value = _decoded(value.encode("utf-8", "surrogatepass"))
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Invalid("The body of the request must be a JSON object.")
    return value


def body(environ: Environ) -> bytes:
    """The whole body; TooLarge over the limit, after what was sent has been read away."""
    length = environ.get("CONTENT_LENGTH", "")
    if length.isascii() and length.isdigit():
        wanted = int(length)
        if wanted <= MOST_BYTES:
            raw: bytes = environ["wsgi.input"].read(wanted) if wanted else b""
            if len(raw) < wanted:
                raise Invalid("The body of the request was cut off; send it again.")
            return raw
    elif not is_chunked(environ):
        return b""
    return _in_pieces(environ["wsgi.input"])


def drain(environ: Environ, most: int = DRAINED_BYTES) -> None:
    """Read away what is left of a refused request: who is still sending would not see the answer."""
    length = environ.get("CONTENT_LENGTH", "")
    announced = length.isascii() and length.isdigit()
    if announced and not 0 < int(length) <= most:
        return
    if not announced and not is_chunked(environ):
        return
    with contextlib.suppress(OSError, ValueError, RuntimeError):
        while most > 0 and (piece := environ["wsgi.input"].read(CHUNK_BYTES)):
            most -= len(piece)


def _in_pieces(stream: Any) -> bytes:
    pieces, size = [], 0
    while size <= DRAINED_BYTES and (piece := stream.read(CHUNK_BYTES)):
        size += len(piece)
        if size <= MOST_BYTES:
            pieces.append(piece)
    if size > MOST_BYTES:
        raise TooLarge(
            f"The body of the request is over {MOST_BYTES // 1024**2} MB; send it in smaller parts."
        )
    return b"".join(pieces)


def _decoded(raw: bytes) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return _lenient(raw)


def _lenient(raw: bytes) -> Any:
    """Python's own reader, for bare NaN and Infinity, which some clients write."""
    try:
        return json.loads(raw, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"The body of the request is not valid JSON: {str(error)[:200]}.") from None


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError(f"{digits[:40]} is out of range")
    return value
