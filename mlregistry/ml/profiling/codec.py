"""Frozen dataclasses to plain JSON values, to bytes, and back, by their type hints: profiles, drift's documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily

if TYPE_CHECKING:
    import msgspec
else:
    msgspec = lazily("msgspec")

T = TypeVar("T")


def encoded(value: Any) -> Any:
    """Dataclasses become objects and tuples become arrays, all the way down."""
    return msgspec.to_builtins(value, builtin_types=())


def decoded(kind: type[T], data: Mapping[str, Any], *, format: int, title: str) -> T:
    """The dataclass that `encoded` took apart; Invalid when the document is of another format or lacks something."""
    if data.get("format") != format:
        raise Invalid(f"This {title} is of format {data.get('format')!r}; {format} is known here.")
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise Invalid(f"This is no {kind.__name__.lower()}: {error}.") from error


def as_bytes(value: Any) -> bytes:
    """JSON as text."""
    return msgspec.json.encode(value)


def from_bytes(kind: type[T], data: bytes) -> T:
    """What `as_bytes` wrote."""
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.MsgspecError as error:
        raise Invalid(f"This is no {kind.__name__.lower()}: {error}.") from error
