"""The inputs that a compiled form is held against: real rows, and rows made to be hard. `parity` asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlregistry.ml.compiling import convert_boosters, convert_extreme
from mlregistry.ml.compiling.forms import Array
from mlregistry.ml.compiling.tree_arrays import Nodes
from mlregistry.ml.signature import Field, Signature

Row = dict[str, Any]
MOST_REAL = 400
MOST_COLUMNS = 60  # of each kind of probe
MOST_THRESHOLDS = 200
NUMERIC = ("integer", "float", "boolean")
LARGE = (
    2**24 + 1, -(2**24) - 1, 2**31, 2**53 + 1, -(2**63), 0, -0.0, 1e-300, 5e-324, 1e30, -1e30, 3.5e38, 1e300, 0.1, -0.5,
)  # fmt: skip
ODD_TEXTS = ("(missing)", " ", "nan", "None", "0", "Ünïcödé 漢字 🙂", "e\u0301", "\u202etxet", "x" * 5000)
ODD_TIMES = ("0001-01-01T00:00:00", "9999-12-31T23:59:59.999999", "1970-01-01", "2024-02-29T12:00:00+05:30")


@dataclass(frozen=True)
class Probe:
    """One row and what is odd about it."""

    row: Row
    note: str


def of_kinds(signature: Signature, real: Sequence[Row], seed: int = 0) -> Iterator[tuple[str, list[Probe]]]:
    """The probes by kind; those made from a real row change one column of it."""
    rng = np.random.default_rng(seed)
    places = rng.permutation(len(real))[:MOST_REAL]
    yield "real rows", [Probe(dict(real[place]), f"row {place + 1}") for place in sorted(places.tolist())]
    for kind, (types, values) in CHANGES.items():
        fields = [field for field in signature.inputs if field.type in types][:MOST_COLUMNS]
        found = [
            Probe(
                {**real[int(rng.integers(len(real)))], field.name: value}, f"{field.name} = {_shown(value)}"
            )
            for field in fields
            for value in values(field)
        ]
        if found:
            yield kind, found
    yield "several at once", _several(signature, real)


def _several(signature: Signature, real: Sequence[Row]) -> list[Probe]:
    first, names = dict(real[0]), [field.name for field in signature.inputs]
    lacking = {name: first[name] for name in names[1:]}
    nothing: Row = dict.fromkeys(names)
    return [
        Probe(nothing, "every column is missing"),
        Probe(lacking, f"the column {names[0]} is not sent"),
        Probe({**first, "a column of nobody": 1}, "a column too many"),
    ]


def _numbers(field: Field) -> tuple[Any, ...]:
    if field.type == "boolean":
        return (True, False)
    return LARGE if field.type == "float" else tuple(value for value in LARGE if value == int(value))


def _wrong(field: Field) -> tuple[Any, ...]:
    return ("text",) if field.type in NUMERIC else (1.5,) if field.type == "string" else ("no time", 3)


def _known(field: Field) -> tuple[Any, ...]:
    """Each known category, and each changed so little that it is another."""
    return tuple(value for one in field.categories[:20] for value in (one, f"{one} ", one.upper()))


CHANGES: dict[str, tuple[tuple[str, ...], Callable[[Field], tuple[Any, ...]]]] = {
    "missing values": ((*NUMERIC, "string", "datetime"), lambda field: (None,)),
    "unknown categories": (("string",), lambda field: ("a category that nobody has seen", "")),
    "known categories": (("string",), _known),
    "odd texts": (("string",), lambda field: ODD_TEXTS),
    "large and tiny numbers": (NUMERIC, _numbers),
    "infinities and NaN": (("integer", "float"), lambda field: (float("inf"), float("-inf"), float("nan"))),
    "odd times": (("datetime",), lambda field: ODD_TIMES),
    "wrong types": ((*NUMERIC, "string", "datetime"), _wrong),
}


def _shown(value: Any) -> str:
    text = "null" if value is None else repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"


def threshold_rows(estimator: Any, matrix: Array, seed: int = 0) -> tuple[Array, list[str]]:
    """Rows of the estimator's own input in which one column is a threshold, or lies an ulp beside it."""
    feature, threshold = thresholds(estimator)
    rng = np.random.default_rng(seed)
    fits = feature < matrix.shape[1]
    feature, threshold = feature[fits], threshold[fits]
    chosen = rng.permutation(len(feature))[:MOST_THRESHOLDS]
    rows, notes = [], []
    for place in chosen:
        for value in neighbours(float(threshold[place])):
            row = matrix[int(rng.integers(len(matrix)))].copy()
            row[feature[place]] = value
            rows.append(row)
            notes.append(
                f"feature {feature[place] + 1} = {value!r} at the threshold {float(threshold[place])!r}"
            )
    return np.array(rows).reshape(-1, matrix.shape[1]), notes


def neighbours(value: float) -> list[float]:
    """The value, the next doubles, the next singles, and the doubles where rounding to singles turns."""
    if not np.isfinite(value) or abs(value) > 1e38:
        return []
    single = np.float32(value)
    below, above = np.nextafter(single, np.float32(-np.inf)), np.nextafter(single, np.float32(np.inf))
    found = [value, np.nextafter(value, -np.inf), np.nextafter(value, np.inf), single, below, above]
    for one in (below, above):
        middle = (float(single) + float(one)) / 2
        found += [middle, np.nextafter(middle, -np.inf), np.nextafter(middle, np.inf)]
    return [float(one) for one in found]


def thresholds(estimator: Any) -> tuple[Array, Array]:
    """Feature and threshold of every question in the trees of a native estimator."""
    feature: list[Array] = [np.empty(0, dtype=np.int64)]
    values: list[Array] = [np.empty(0)]
    for tree in _trees(estimator, 0):
        if isinstance(tree, Nodes):
            inner = tree.left >= 0
            feature.append(tree.feature[inner])
            values.append(tree.threshold[inner])
        elif hasattr(tree, "children_left"):
            inner = tree.children_left >= 0
            feature.append(tree.feature[inner].astype(np.int64))
            values.append(tree.threshold[inner])
        else:
            inner = ~tree.nodes["is_leaf"].astype(bool) & ~tree.nodes["is_categorical"].astype(bool)
            feature.append(tree.nodes["feature_idx"][inner].astype(np.int64))
            values.append(tree.nodes["num_threshold"][inner].astype(np.float64))
    return np.concatenate(feature), np.concatenate(values)


INNER = ("classifier_", "regressor_", "estimator_", "best_estimator_", "estimator", "model_")
LISTS = ("estimators_", "regressors_", "members_", "calibrated_classifiers_", "_predictors")
BOOSTERS = {"lightgbm": convert_boosters.nodes_of, "xgboost": convert_extreme.nodes_of}


def _trees(estimator: Any, depth: int) -> Iterator[Any]:
    if depth > 6 or estimator is None or isinstance(estimator, str):
        return
    if isinstance(estimator, list | tuple | np.ndarray):
        for one in estimator:
            yield from _trees(one, depth + 1)
    elif hasattr(estimator, "tree_"):
        yield estimator.tree_
    elif hasattr(estimator, "booster_"):
        yield from BOOSTERS[type(estimator.booster_).__module__.partition(".")[0]](estimator.booster_)
    elif hasattr(estimator, "nodes") and hasattr(estimator, "raw_left_cat_bitsets"):
        yield estimator
    else:
        for name in (*INNER, *LISTS):
            if hasattr(estimator, name) and getattr(estimator, "_preprocessor", None) is None:
                yield from _trees(getattr(estimator, name), depth + 1)


def raw_thresholds(
    signature: Signature, real: Sequence[Row], matrix: Array, estimator: Any, seed: int = 0
) -> list[Probe]:
    """Rows whose raw number lands on a threshold, where a column of the matrix is a straight line of it."""
    feature, threshold = thresholds(estimator)
    rng = np.random.default_rng(seed)
    found = []
    for field in [field for field in signature.inputs if field.type == "float"][:MOST_COLUMNS]:
        raw = np.array(
            [row[field.name] if row[field.name] is not None else np.nan for row in real], dtype=float
        )
        for place, (slope, shift) in _lines(raw, matrix).items():
            values = threshold[feature == place]
            for value in rng.permutation(values)[:5].tolist():
                near = (value - shift) / slope
                steps = (
                    near,
                    np.nextafter(near, -np.inf),
                    np.nextafter(near, np.inf),
                    float(np.float32(near)),
                )
                row = real[int(rng.integers(len(real)))]
                found += [
                    Probe({**row, field.name: float(one)}, f"{field.name} = {float(one)!r}") for one in steps
                ]
    return found


def _lines(raw: Array, matrix: Array) -> dict[int, tuple[float, float]]:
    """Columns of the matrix that are slope × raw + shift: slope and shift."""
    known = np.isfinite(raw)
    values = raw[known]
    if len(values) < 3 or np.ptp(values) == 0:
        return {}
    low, high = int(values.argmin()), int(values.argmax())
    found = {}
    for place in range(matrix.shape[1]):
        column = matrix[known, place]
        slope = (column[high] - column[low]) / (values[high] - values[low])
        shift = column[low] - slope * values[low]
        close = np.allclose(column, slope * values + shift, rtol=1e-9, atol=1e-9 * (np.ptp(column) + 1e-300))
        if np.isfinite(slope) and slope != 0 and close:
            found[place] = (float(slope), float(shift))
    return found


def plain_rows(frame: Any, signature: Signature, most: int) -> list[Row]:
    """Rows of a training table as a client would send them."""
    names = [field.name for field in signature.inputs]
    types = {field.name: field.type for field in signature.inputs}
    part = frame[names].head(most)
    columns: Mapping[str, list[Any]] = {name: _sent(part[name], types[name]) for name in names}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _sent(column: Any, type: str) -> list[Any]:
    convert: dict[str, Callable[[Any], Any]] = {
        "integer": lambda value: int(value),
        "float": float,
        "boolean": bool,
        "string": str,
        "datetime": lambda value: value.isoformat(),
    }
    gaps = column.isna().tolist()
    return [None if gap else convert[type](value) for value, gap in zip(column.tolist(), gaps, strict=True)]
