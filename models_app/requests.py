"""What an uploader says of a model, checked before anything is stored: signature and example rows. Doors call it."""

import json
import math
from typing import Any

from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily

signatures: Any = lazily("mlregistry.ml.intake.signatures")
MOST_ROWS = 20
LONGEST_CELL = 10_000
LONGEST_TEXT = 2 * 2**20


def checked_request(signature: Any, example: Any) -> dict[str, Any]:
    """Both as they are kept; Invalid names what is wrong."""
    said: dict[str, Any] = {}
    if signature is not None:
        said["signature"] = signatures.wanted(signature).to_json()
    if example is not None:
        said["example"] = _rows(example)
    return said


def parsed_json(form: Any, name: str) -> Any:
    """A field of a form that holds JSON; None where it is empty."""
    text = form.get(name)
    if text in (None, ""):
        return None
    if not isinstance(text, str) or len(text) > LONGEST_TEXT:
        raise Invalid(f"“{name}” is a text of JSON of at most 2 MB.", field=name)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"“{name}” is no JSON: {str(error)[:200]}", field=name) from error


def _rows(example: Any) -> list[dict[str, Any]]:
    if not isinstance(example, list) or not 1 <= len(example) <= MOST_ROWS:
        raise Invalid(
            f"The input example is a list of 1 to {MOST_ROWS} rows by column.", field="input_example"
        )
    for number, row in enumerate(example, start=1):
        if not isinstance(row, dict) or not row or len(row) > signatures.MOST_INPUTS:
            raise Invalid(
                f"Row {number} of the input example is no object of columns.", field="input_example"
            )
        for name, value in row.items():
            if not _is_cell(value) or "\x00" in name or len(name) > signatures.LONGEST_NAME:
                raise Invalid(
                    f"Row {number} of the input example: “{name[:60]}” is no text, number, true, false or null.",
                    field="input_example",
                )
    return [dict(row) for row in example]


def _is_cell(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= LONGEST_CELL and "\x00" not in value and value.isprintable()
    return (
        value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value))
    )
