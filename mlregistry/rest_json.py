"""The parser of JSON bodies for the REST doors; settings name it."""

from typing import Any

from rest_framework.parsers import JSONParser

from mlregistry.lib.strict_json import LARGEST_JSON_BYTES, strict_json


class StrictJSONParser(JSONParser):
    """JSON without NaN, NUL, lone surrogates or deep nesting."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return strict_json(stream.read(LARGEST_JSON_BYTES + 1))
