"""Input and output schema of a model, and the check of rows against it.

Called by training, registry and serving.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily

if TYPE_CHECKING:
    import pandas as pd

    from mlregistry.ml import pipelines
else:
    pd, pipelines = lazily("pandas"), lazily("mlregistry.ml.pipelines")

MAX_CATEGORIES = 100
CLUSTER = "cluster"  # the type of a clustering's output: the number of a cluster, −1 for noise
RANKING = "ranking"  # the type of a recommendation's output: a list of items with scores
WANTED = {
    "integer": "a whole number", "float": "a number", "boolean": "true or false", "string": "text",
    "datetime": "a time such as 2024-01-31T12:00:00",
}  # fmt: skip


@dataclass(frozen=True)
class Field:
    """One column; a required one allows no null. Categories are those of training; others are allowed."""

    name: str
    type: str
    required: bool = True
    categories: tuple[Any, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name, "type": self.type, "required": self.required,
            "categories": list(self.categories),
        }  # fmt: skip

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Field:
        return cls(
            data["name"], data["type"], data.get("required", True), tuple(data.get("categories") or ())
        )


@dataclass(frozen=True)
class Signature:
    """What a model takes and gives; `classes` are in the order of the probabilities; only a classification has them."""

    inputs: tuple[Field, ...]
    output: Field
    classes: tuple[Any, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "inputs": [field.to_json() for field in self.inputs],
            "output": self.output.to_json(),
            "classes": list(self.classes),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Signature:
        inputs = tuple(Field.from_json(field) for field in data["inputs"])
        return cls(inputs, Field.from_json(data["output"]), tuple(data.get("classes") or ()))

    def frame(self, rows: Sequence[Mapping[str, Any]], *, strict: bool = False) -> pd.DataFrame:
        """The rows as a frame with the inputs in order; Invalid names column and row (counted from 1).

        Unknown extra columns are ignored, or refused with `strict`.
        """
        if not rows:
            raise Invalid("There are no rows to predict.", field="rows")
        if strict:
            _refuse_extra(rows, {field.name for field in self.inputs})
        return pd.DataFrame({field.name: _column(field, rows) for field in self.inputs})


def infer(frame: pd.DataFrame, *, target: str, output_type: str, classes: Sequence[Any] = ()) -> Signature:
    """The signature of a model trained on the columns of `frame`; a column without gaps is required."""
    inputs = []
    for name in frame.columns:
        column = frame[name]
        type = pipelines.column_type(column)
        known = sorted(str(value) for value in column.dropna().unique()) if type == "string" else []
        categories = tuple(known) if len(known) <= MAX_CATEGORIES else ()
        inputs.append(Field(str(name), type, not bool(column.isna().any()), categories))
    return Signature(tuple(inputs), Field(target, output_type, True, tuple(classes)), tuple(classes))


def kind_of(signature: Mapping[str, Any]) -> str:
    """The kind of problem that a model with this signature (as JSON) answers."""
    if signature.get("classes"):
        return "classification"
    output = str((signature.get("output") or {}).get("type"))
    return {RANKING: "recommendation", CLUSTER: "clustering"}.get(output, "regression")


def plain(value: Any) -> Any:
    """A frame's cell as a JSON value; missing as None."""
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)) or value is pd.NA:
        return None
    if isinstance(value, datetime.date | datetime.datetime):
        return value.isoformat()
    return value.item() if hasattr(value, "item") else value


def _refuse_extra(rows: Sequence[Mapping[str, Any]], known: set[str]) -> None:
    for number, row in enumerate(rows, start=1):
        for name in row:
            if name not in known:
                raise Invalid(f"Row {number} has a column '{name}' that the model does not know.", field=name)


def _column(field: Field, rows: Sequence[Mapping[str, Any]]) -> pd.Series[Any]:
    convert = CONVERSIONS[field.type]
    values: list[Any] = []
    for number, row in enumerate(rows, start=1):
        if field.name not in row:
            raise Invalid(f"Row {number} lacks the column '{field.name}'.", field=field.name)
        value = plain(row[field.name])
        if value is None:
            if field.required:
                raise Invalid(
                    f"Row {number}: column '{field.name}' is null, but it is required.", field=field.name
                )
            values.append(None)
            continue
        converted = convert(value)
        if converted is None:
            raise Invalid(
                f"Row {number}: column '{field.name}' must be {WANTED[field.type]}.", field=field.name
            )
        values.append(converted)
    if field.type == "datetime":
        return pd.Series(pd.DatetimeIndex(values, dtype="datetime64[us]"))
    return pd.Series(values, dtype="float64" if field.type in ("integer", "float", "boolean") else "object")


def _integer(value: Any) -> float | None:
    number = _float(value)
    return number if number is not None and number.is_integer() else None


def _float(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _boolean(value: Any) -> float | None:
    return float(value) if isinstance(value, bool) else None


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _datetime(value: Any) -> pd.Timestamp | None:
    if not isinstance(value, str):
        return None
    try:
        time = pd.Timestamp(datetime.datetime.fromisoformat(value)).as_unit("us")
    except (ValueError, OverflowError):
        return None
    return time.tz_convert("UTC").tz_localize(None) if time.tzinfo else time


CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "integer": _integer, "float": _float, "boolean": _boolean, "string": _string, "datetime": _datetime,
}  # fmt: skip
