"""Strict JSON: no NaN, NUL, lone surrogates or deep nesting. Called by the REST doors' parser and by sources."""

from __future__ import annotations

import json
from typing import Any

from mlregistry.errors import Invalid, TooLarge

DEEPEST_JSON = 64
LARGEST_JSON_BYTES = 20 * 1024 * 1024


def strict_json(body: bytes) -> Any:
    """What the body says; raises Invalid or TooLarge with the reason."""
    if len(body) > LARGEST_JSON_BYTES:
        raise TooLarge(f"The JSON body is over {LARGEST_JSON_BYTES // 1024 // 1024} MB.")
    try:
        text = body.decode("utf-8")
        value = json.loads(text or "null", parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise Invalid(f"The body is not UTF-8: byte {error.start}.") from error
    except RecursionError as error:
        raise Invalid("The JSON is nested too deeply.") from error
    except ValueError as error:
        raise Invalid(f"The body is not valid JSON: {error}.") from error
    if "\\u" in text:  # the only way for a NUL or half a surrogate into a text that is UTF-8
        _check_tree(value, DEEPEST_JSON)
    else:
        _check_depth(value, DEEPEST_JSON)
    return value


def _refuse_constant(word: str) -> Any:
    raise ValueError(f"{word} is not JSON; send null")


def _check_depth(value: Any, depth: int) -> None:
    """Level by level, so that a thousand rows cost little."""
    level = [value] if isinstance(value, dict | list) else []
    while level:
        if depth == 0:
            raise Invalid("The JSON is nested too deeply.")
        level = [
            child
            for item in level
            for child in (item.values() if isinstance(item, dict) else item)
            if child.__class__ is dict or child.__class__ is list
        ]
        depth -= 1


def _check_tree(value: Any, depth: int) -> None:
    if depth == 0:
        raise Invalid("The JSON is nested too deeply.")
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise Invalid("Text may not contain NUL or lone surrogates.")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_tree(key, depth)
            _check_tree(item, depth - 1)
    elif isinstance(value, list):
        for item in value:
            _check_tree(item, depth - 1)
