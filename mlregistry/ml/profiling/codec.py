"""Frozen dataclasses to plain JSON values and back, by their type hints. Used by document."""

from __future__ import annotations

import dataclasses
import functools
import types
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from mlregistry.errors import Invalid

T = TypeVar("T")
Reader = Callable[[Any], Any]


def encoded(value: Any) -> Any:
    """Dataclasses become objects and tuples become arrays, all the way down."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: encoded(getattr(value, name)) for name in _names(type(value))}
    if isinstance(value, tuple):
        return [encoded(entry) for entry in value]
    return dict(value) if isinstance(value, Mapping) else value


def decoded(kind: type[T], data: Any) -> T:
    """The dataclass that `encoded` took apart; Invalid names what is missing."""
    return cast(T, _reader(cast(Any, kind))(data))


@functools.cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


@functools.cache
def _reader(hint: Any) -> Reader:
    if dataclasses.is_dataclass(hint):
        return _object_reader(cast(type, hint))
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        inner = _reader(next(entry for entry in arguments if entry is not type(None)))
        return lambda data: None if data is None else inner(data)
    if origin is tuple:
        entry = _reader(arguments[0])
        return tuple if entry is _as_it_is else lambda data: tuple(entry(value) for value in data)
    return _as_it_is


def _as_it_is(data: Any) -> Any:
    return data


def _object_reader(kind: type) -> Reader:
    hints = get_type_hints(kind)
    needed = {
        field.name
        for field in dataclasses.fields(kind)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }
    readers: dict[str, Reader] = {}

    def read(data: Any) -> Any:
        if not isinstance(data, Mapping):
            raise Invalid(f"An object is needed for {kind.__name__}, not {type(data).__name__}.")
        if missing := needed - set(data):
            raise Invalid(f"{kind.__name__} lacks {', '.join(sorted(missing))}.")
        if not readers:  # at the first use, for types that hold themselves
            readers.update({name: _reader(hints[name]) for name in _names(kind)})
        return kind(**{name: reader(data[name]) for name, reader in readers.items() if name in data})

    return read
