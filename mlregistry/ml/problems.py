"""What a problem asks for, and the check of a table against it. Called by the problem and dataset actions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mlregistry.errors import Invalid
from mlregistry.ml import duck
from mlregistry.ml.duck import Paths
from mlregistry.ml.metrics import MAXIMIZE, METRICS, MINIMIZE, metric
from mlregistry.ml.table_info import NUMERIC_TYPES, Column, TableInfo

KINDS = ("classification", "regression", "clustering", "recommendation")
TRAINABLE_KINDS = tuple(METRICS)
MIN_ROWS = 10
MAX_CLASSES = 100
IDENTIFIER_SHARE = 0.9
IDENTIFIER_ROWS = 20


@dataclass(frozen=True)
class ProblemSpec:
    """What to predict, from what (no features: all other columns), scored how."""

    kind: str
    features: tuple[str, ...]
    target: str
    primary_metric: str
    direction: str
    success_threshold: float | None = None

    def feature_names(self, columns: Sequence[str]) -> list[str]:
        """The features present in a table with these columns."""
        return list(self.features) or [column for column in columns if column != self.target]

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "features": list(self.features)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ProblemSpec:
        return cls(**{**data, "features": tuple(data.get("features") or ())})


@dataclass(frozen=True)
class Finding:
    """One thing that check found; an error forbids training."""

    severity: str
    column: str | None
    message: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def validate(spec: ProblemSpec) -> ProblemSpec:
    """The specification, or Invalid that names the field."""
    if spec.kind not in KINDS:
        raise Invalid(
            f"'{spec.kind}' is no kind of problem; choose one of: {', '.join(KINDS)}.", field="kind"
        )
    if len(set(spec.features)) != len(spec.features):
        raise Invalid("A feature is named twice.", field="features")
    if spec.direction not in (MAXIMIZE, MINIMIZE):
        raise Invalid(f"The direction is either {MAXIMIZE} or {MINIMIZE}.", field="direction")
    if spec.success_threshold is not None and not math.isfinite(spec.success_threshold):
        raise Invalid("The success threshold is a finite number.", field="success_threshold")
    if spec.kind not in TRAINABLE_KINDS:
        return spec
    if not spec.target:
        raise Invalid(f"A {spec.kind} problem needs a target column.", field="target")
    if spec.target in spec.features:
        raise Invalid(f"The target '{spec.target}' cannot be a feature too.", field="features")
    chosen = metric(spec.kind, spec.primary_metric)
    if chosen.direction != spec.direction:
        raise Invalid(f"{chosen.title} is a metric to {chosen.direction}.", field="direction")
    return spec


def check(spec: ProblemSpec, info: TableInfo, parquet: Paths) -> list[Finding]:
    """What stands against training on this table, errors first; the file is read for class counts only."""
    found = []
    if info.n_rows < MIN_ROWS:
        found.append(_error(None, f"The table has {info.n_rows} rows; at least {MIN_ROWS} are needed."))
    found += _check_features(spec, info)
    if spec.kind in TRAINABLE_KINDS:
        found += _check_target(spec, info, parquet)
    return sorted(found, key=lambda finding: finding.severity != "error")


def _check_features(spec: ProblemSpec, info: TableInfo) -> list[Finding]:
    names = spec.feature_names([column.name for column in info.columns])
    found = [
        _error(name, f"The feature '{name}' is not in the table.")
        for name in names
        if info.column(name) is None
    ]
    columns = [column for name in names if (column := info.column(name)) is not None]
    if not columns:
        found.append(_error(None, "The table has no feature column besides the target."))
    for column in columns:
        found += _check_feature(column, info)
    if columns and all(column.n_distinct <= 1 for column in columns):
        found.append(
            _error(None, "Every feature is constant or empty; nothing can be learned from this table.")
        )
    return found


def _check_feature(column: Column, info: TableInfo) -> list[Finding]:
    name, found = column.name, []
    if column.n_infinite:
        found.append(
            _error(name, f"Column '{name}' holds {column.n_infinite:,} infinite values; remove them.")
        )
    if column.n_missing == info.n_rows:
        found.append(_warning(name, f"Column '{name}' is empty and will be dropped."))
    elif column.n_distinct <= 1:
        found.append(_warning(name, f"Column '{name}' is constant and will be dropped."))
    elif column.n_missing > info.n_rows / 2:
        found.append(
            _warning(name, f"Column '{name}' is missing in {column.n_missing:,} of {info.n_rows:,} rows.")
        )
    n_known = info.n_rows - column.n_missing
    if (
        column.type == "string"
        and n_known >= IDENTIFIER_ROWS
        and column.n_distinct > IDENTIFIER_SHARE * n_known
    ):
        found.append(_warning(name, f"Column '{name}' looks like an identifier and will be dropped."))
    if column.type == "datetime":
        found.append(_warning(name, f"Column '{name}' is a time; its parts (year, month, day, …) are used."))
    return found


def _check_target(spec: ProblemSpec, info: TableInfo, parquet: Paths) -> list[Finding]:
    target = info.column(spec.target)
    if target is None:
        return [_error(spec.target, f"The target '{spec.target}' is not in the table.")]
    name = target.name
    if target.n_missing == info.n_rows:
        return [_error(name, f"The target '{name}' is empty.")]
    if target.n_distinct <= 1:
        return [_error(name, f"The target '{name}' is constant: {_first(target)!r} in every row.")]
    found = []
    if target.n_missing:
        found.append(_warning(name, f"{target.n_missing:,} rows without target '{name}' will be left out."))
    if target.n_infinite:
        found.append(
            _error(name, f"The target '{name}' holds {target.n_infinite:,} infinite values; remove them.")
        )
    if spec.kind == "regression":
        return found + _check_number(target)
    return found + _check_classes(target, parquet)


def _check_number(target: Column) -> list[Finding]:
    if target.type in NUMERIC_TYPES:
        return []
    message = (
        f"The target '{target.name}' holds {target.type} values such as {_first(target)!r};"
        " a regression needs numbers. Choose classification, or another target."
    )
    return [_error(target.name, message)]


def _check_classes(target: Column, parquet: Paths) -> list[Finding]:
    name = target.name
    if target.type == "datetime":
        return [_error(name, f"The target '{name}' holds times; a classification needs classes.")]
    if target.n_distinct > MAX_CLASSES:
        return [
            _error(
                name,
                f"The target '{name}' has {target.n_distinct:,} different values; at most {MAX_CLASSES}"
                " classes are allowed. Is it a number to predict (regression) or an identifier?",
            )
        ]
    column = duck.name(name)
    with duck.connect(duck.folders(parquet)) as connection:
        rare = connection.execute(
            f"SELECT CAST({column} AS VARCHAR) FROM {duck.scan(parquet)}"  # noqa: S608
            f" WHERE {column} IS NOT NULL GROUP BY {column} HAVING count(*) = 1 ORDER BY 1"
        ).fetchall()
    return [
        _error(name, f"The class '{value}' of target '{name}' has one member; at least 2 are needed.")
        for (value,) in rare
    ]


def _first(column: Column) -> Any:
    return column.examples[0] if column.examples else None


def _error(column: str | None, message: str) -> Finding:
    return Finding("error", column, message)


def _warning(column: str | None, message: str) -> Finding:
    return Finding("warning", column, message)
