"""What a problem asks for, and the check of a table against it. Called by the problem and dataset actions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlregistry.errors import Invalid
from mlregistry.ml import duck, interaction_rows, problem_rows
from mlregistry.ml.duck import Paths
from mlregistry.ml.findings import Finding as Finding
from mlregistry.ml.findings import error as _error
from mlregistry.ml.findings import warning as _warning
from mlregistry.ml.metrics import MAXIMIZE, METRICS, MINIMIZE, metric
from mlregistry.ml.table_info import NUMERIC_TYPES, Column, TableInfo

KINDS = ("classification", "regression", "clustering", "recommendation")
TRAINABLE_KINDS = tuple(METRICS)
TARGET_OPTIONAL = ("clustering", "recommendation")
MIN_ROWS = 10
MAX_CLASSES = 100
IDENTIFIER_SHARE = 0.9
IDENTIFIER_ROWS = 20


@dataclass(frozen=True)
class ProblemSpec:
    """What to predict, from what (no features: all other columns), scored how.

    `granularity` names the columns that identify a row, `time_column` the one that orders them in time.
    In a recommendation they are the columns of the user and of the item, and the target, if any, is the rating.
    """

    kind: str
    features: tuple[str, ...]
    target: str
    primary_metric: str
    direction: str
    success_threshold: float | None = None
    granularity: tuple[str, ...] = ()
    time_column: str = ""

    def feature_names(self, columns: Sequence[str]) -> list[str]:
        """The features present in a table with these columns."""
        return list(self.features) or [column for column in columns if column != self.target]

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "features": list(self.features), "granularity": list(self.granularity)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ProblemSpec:
        lists = {name: tuple(data.get(name) or ()) for name in ("features", "granularity")}
        return cls(**{**data, **lists})


def validate(spec: ProblemSpec) -> ProblemSpec:
    """The specification, or Invalid that names the field."""
    if spec.kind not in KINDS:
        raise Invalid(
            f"'{spec.kind}' is no kind of problem; choose one of: {', '.join(KINDS)}.", field="kind"
        )
    if len(set(spec.features)) != len(spec.features):
        raise Invalid("A feature is named twice.", field="features")
    if len(set(spec.granularity)) != len(spec.granularity):
        raise Invalid("A key column is named twice.", field="granularity")
    if spec.target and spec.target in (*spec.granularity, spec.time_column):
        field = "time_column" if spec.target == spec.time_column else "granularity"
        raise Invalid(f"The target '{spec.target}' cannot be known before the prediction.", field=field)
    if spec.direction not in (MAXIMIZE, MINIMIZE):
        raise Invalid(f"The direction is either {MAXIMIZE} or {MINIMIZE}.", field="direction")
    if spec.success_threshold is not None and not math.isfinite(spec.success_threshold):
        raise Invalid("The success threshold is a finite number.", field="success_threshold")
    if spec.kind not in TRAINABLE_KINDS:
        return spec
    if spec.kind == "recommendation":
        _validate_recommendation(spec)
    if not spec.target and spec.kind not in TARGET_OPTIONAL:
        raise Invalid(f"A {spec.kind} problem needs a target column.", field="target")
    if spec.target and spec.target in spec.features:
        raise Invalid(f"The target '{spec.target}' cannot be a feature too.", field="features")
    chosen = metric(spec.kind, spec.primary_metric)
    if chosen.direction != spec.direction:
        raise Invalid(f"{chosen.title} is a metric to {chosen.direction}.", field="direction")
    return spec


def _validate_recommendation(spec: ProblemSpec) -> None:
    if len(spec.granularity) != 2:
        raise Invalid(
            "A recommendation names two columns: that of the user and that of the item.",
            field="item_column" if len(spec.granularity) == 1 else "user_column",
        )
    if spec.time_column in spec.granularity:
        raise Invalid(
            "The time column is neither that of the user nor that of the item.", field="time_column"
        )
    if spec.features:
        raise Invalid(
            "A recommendation learns from who had what; it has no feature columns.", field="features"
        )


def check(
    spec: ProblemSpec, info: TableInfo, parquet: Paths, *, now: datetime | None = None
) -> list[Finding]:
    """What stands against training on this table, errors first; the parts are read for keys, times and classes."""
    parts = duck.listed(parquet)
    found = []
    if info.n_rows < MIN_ROWS:
        text = f"The table has {info.n_rows} rows; at least {MIN_ROWS} are needed."
        found.append(_error(None, text, "Bring a table with more rows."))
    if spec.kind == "recommendation":
        found += interaction_rows.check(spec.granularity, spec.target, spec.time_column, info, parts)
        return sorted(found, key=lambda finding: finding.severity != "error")
    found += _check_features(spec, info)
    if spec.kind == "clustering":
        found += _check_groups(spec.target, info)
    else:
        found += _check_target(spec, info, parts)
    found += problem_rows.check_granularity(spec.granularity, info, parts)
    found += problem_rows.check_time(spec.time_column, info, parts, now or datetime.now(UTC))
    return sorted(found, key=lambda finding: finding.severity != "error")


def _check_features(spec: ProblemSpec, info: TableInfo) -> list[Finding]:
    names = spec.feature_names([column.name for column in info.columns])
    found = [
        _error(
            name,
            f"The feature '{name}' is not in the table.",
            "Rename a column of the table, or take the feature out of the problem.",
        )
        for name in names
        if info.column(name) is None
    ]
    columns = [column for name in names if (column := info.column(name)) is not None]
    if not columns:
        found.append(_error(None, "The table has no feature column besides the target."))
    for column in columns:
        found += _check_feature(column, info)
    if spec.target and spec.kind != "clustering":
        found += problem_rows.check_names(spec.target, columns)
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


def _check_groups(name: str, info: TableInfo) -> list[Finding]:
    """The known groups that a clustering is compared with."""
    if not name:
        return []
    column = info.column(name)
    if column is None:
        text = f"The column of known groups '{name}' is not in the table."
        return [_error(name, text, "Rename a column of the table, or take it out of the problem.")]
    if column.n_missing:
        text = (
            f"{column.n_missing:,} rows have no known group in '{name}'; they count as a group of their own."
        )
        return [_warning(name, text)]
    return []


def _check_target(spec: ProblemSpec, info: TableInfo, parts: Sequence[Path]) -> list[Finding]:
    target = info.column(spec.target)
    if target is None:
        text = f"The target '{spec.target}' is not in the table."
        return [_error(spec.target, text, "Rename a column of the table, or change the problem's target.")]
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
        return found + _check_number(target) + problem_rows.check_target_kind(spec.kind, target, info.n_rows)
    return found + _check_classes(target, parts)


def _check_number(target: Column) -> list[Finding]:
    if target.type in NUMERIC_TYPES:
        return []
    message = (
        f"The target '{target.name}' holds {target.type} values such as {_first(target)!r};"
        " a regression needs numbers. Choose classification, or another target."
    )
    return [_error(target.name, message)]


def _check_classes(target: Column, parts: Sequence[Path]) -> list[Finding]:
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
    with duck.connect(duck.folders(parts)) as connection:
        counts = connection.execute(
            f"SELECT CAST({column} AS VARCHAR), count(*) FROM {duck.scan(parts)}"  # noqa: S608  # duck quotes names and paths, the rest is ours
            f" WHERE {column} IS NOT NULL GROUP BY {column} ORDER BY 2, 1"
        ).fetchall()
    return problem_rows.check_class_counts(name, counts)


def _first(column: Column) -> Any:
    return column.examples[0] if column.examples else None
