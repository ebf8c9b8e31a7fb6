"""Whose fault a failed score is: the model's, or one cell's of the request. `predict` asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlregistry.errors import Invalid, MlregistryError
from serving.hotpath.snapshot import Scorer

MAX_COLUMNS = 64


class ModelFailed(MlregistryError):
    """The model cannot answer, whatever it is asked."""

    status = 500
    code = "model_failed"


def explain(model: Scorer, rows: Sequence[dict[str, Any]]) -> MlregistryError:
    """The error to answer with when `score` raised for these rows.

    A model that still answers its own example has refused the input: Invalid, with the row and column where
    they can be found (halving the rows, then putting the example's value into one column after the other).
    """
    example = model.example
    if not example or not _answers(model, example):
        return ModelFailed("The model failed to answer. Its owners see the reason in the server's log.")
    row = _first_bad(model, rows)
    if row is None:
        return Invalid("The model cannot score these rows together.", field="body")
    column = _bad_column(model, rows[row], example[0])
    if column is None:
        return Invalid(f"Row {row + 1}: the model cannot score these values.", field="body")
    return Invalid(f"Row {row + 1}, column “{column}”: the model cannot score this value.", field=column)


def _answers(model: Scorer, rows: Sequence[dict[str, Any]]) -> bool:
    try:
        model.score(rows)
    except Exception:  # any failure is the answer to the question
        return False
    return True


def _first_bad(model: Scorer, rows: Sequence[dict[str, Any]]) -> int | None:
    """The index of a row that fails alone, by halving: about twice the work of the whole request."""
    low, high = 0, len(rows)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _answers(model, rows[low:middle]) else (low, middle)
    return None if _answers(model, rows[low:high]) else low


def _bad_column(model: Scorer, row: dict[str, Any], example: dict[str, Any]) -> str | None:
    for column in list(example)[:MAX_COLUMNS]:
        if row.get(column) != example[column] and _answers(model, [{**row, column: example[column]}]):
            return column
    return None
