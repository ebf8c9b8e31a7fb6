"""Strict JSON: what the REST doors parse bodies with; settings name the parser."""

import json
from typing import Any

from rest_framework.parsers import JSONParser

from mlregistry.errors import Invalid, TooLarge

DEEPEST_JSON = 64
LARGEST_JSON_BYTES = 20 * 1024 * 1024


class StrictJSONParser(JSONParser):
    """JSON without NaN, NUL, lone surrogates or deep nesting."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return strict_json(stream.read(LARGEST_JSON_BYTES + 1))


def strict_json(body: bytes) -> Any:
    """Parses a request's body; raises Invalid or TooLarge with the reason."""
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
    _check_tree(value, DEEPEST_JSON)
    return value


def _refuse_constant(word: str) -> Any:
    raise ValueError(f"{word} is not JSON; send null")


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
