"""The flat options of a preparation as the steps that they stand for: one mechanism does both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlregistry.ml.steps.parsing import Step, parse

if TYPE_CHECKING:
    from mlregistry.ml.recipes import Preparation

NUMBERS = {"type": ["numeric", "boolean"]}


def expand(preparation: Preparation) -> tuple[Step, ...]:
    """The same as steps."""
    return parse([*_rows_and_columns(preparation), *_values(preparation)], "preparation")


def _rows_and_columns(preparation: Preparation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{"step": "duplicates"}] if preparation.drop_duplicates else []
    useless = {"constant": preparation.drop_constant, "identifiers": preparation.drop_identifiers}
    found.append({"step": "drop_useless", **useless})
    if preparation.datetimes == "parts":
        return [*found, {"step": "dates"}]
    return [*found, {"step": "drop", "columns": {"type": "datetime"}}]


def _values(preparation: Preparation) -> list[dict[str, Any]]:
    numbers, words = preparation.missing_numbers, {"type": ["categorical", "text"]}
    methods = {"zero": "constant", "most_frequent": "mode"}
    fill = {
        "step": "impute",
        "method": methods.get(numbers, numbers),
        "indicator": preparation.missing_indicator,
    }
    found: list[dict[str, Any]] = [{**fill, "columns": NUMBERS}]
    if preparation.missing_categories == "most_frequent":
        found.append({"step": "impute", "method": "mode", "columns": words})
    scale = (
        []
        if preparation.scaling == "none"
        else [{"step": "scale", "method": preparation.scaling, "columns": NUMBERS}]
    )
    encode = {
        "step": "encode", "columns": words, "method": preparation.encoding,
        "max_categories": preparation.max_categories,
    }  # fmt: skip
    return [*found, encode, *scale] if preparation.encoding == "ordinal" else [*found, *scale, encode]
