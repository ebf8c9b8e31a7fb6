"""The contract of a dataset as frozen dataclasses and as JSON. Made by parsing and inference, read by all checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any

SEMANTIC_TYPES = ("numeric", "boolean", "categorical", "text", "datetime", "identifier", "constant")
EXTRA_COLUMNS = ("allow", "warn", "forbid")
NUMERIC_METHODS = ("ks", "psi")
CATEGORICAL_METHODS = ("js", "psi")
NOW = "now"


@dataclass(frozen=True)
class ColumnRule:
    """One column: what it means, and what its values must be; None leaves a constraint out.

    `max_missing` is a share (0: never missing); `earliest` and `latest` are ISO 8601 in UTC, or "now";
    `pattern` is an RE2 expression that the whole value must match.
    """

    name: str
    type: str
    unit: str = ""
    description: str = ""
    required: bool = True
    max_missing: float | None = None
    unique: bool = False
    min: float | None = None
    max: float | None = None
    categories: tuple[str | int | float | bool, ...] | None = None
    pattern: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    earliest: str | None = None
    latest: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Only what is set."""
        data = {name: value for name, value in asdict(self).items() if value not in (None, "", False)}
        data["required"] = self.required
        if self.max_missing is not None:
            data["max_missing"] = self.max_missing
        for bound in ("min", "max", "min_length", "max_length"):
            if getattr(self, bound) is not None:
                data[bound] = getattr(self, bound)
        if self.categories is not None:
            data["categories"] = list(self.categories)
        return data


@dataclass(frozen=True)
class TableRules:
    """What holds for the table as a whole; `max_age_hours` is for the newest value of `time_column`."""

    min_rows: int | None = None
    max_rows: int | None = None
    unique_key: tuple[str, ...] = ()
    time_column: str = ""
    max_age_hours: float | None = None
    extra_columns: str = "warn"

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "unique_key": list(self.unique_key)}


@dataclass(frozen=True)
class Threshold:
    """From which value on a difference is a warning, and from which a failure; None: never."""

    warn: float | None
    fail: float | None

    def level(self, value: float) -> str | None:
        """failed, warning or None."""
        if self.fail is not None and value >= self.fail:
            return "failed"
        return "warning" if self.warn is not None and value >= self.warn else None


DEFAULT_THRESHOLDS: Mapping[str, Threshold] = MappingProxyType(
    {
        "columns_gone": Threshold(None, 1),
        "columns_new": Threshold(1, None),
        "types_changed": Threshold(None, 1),
        "rows_lost": Threshold(0.1, 0.5),
        "rows_gained": Threshold(1.0, None),
        "missing_rise": Threshold(0.05, 0.2),
        "shift_numeric": Threshold(0.1, 0.25),
        "shift_categorical": Threshold(0.1, 0.25),
        "new_categories": Threshold(0.001, 0.1),
        "categories_gone": Threshold(0.01, None),
        "time_back_days": Threshold(1, 30),
    }
)
MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "columns_gone": "Columns that are no longer there (number)",
        "columns_new": "Columns that were not there before (number)",
        "types_changed": "Columns of another type (number)",
        "rows_lost": "Fewer rows (share of the earlier rows)",
        "rows_gained": "More rows (share of the earlier rows)",
        "missing_rise": "More missing values in a column (difference of the shares)",
        "shift_numeric": "Shift of a numeric column (KS statistic or PSI)",
        "shift_categorical": "Shift of a categorical column (Jensen–Shannon distance or PSI)",
        "new_categories": "New categories (share of the rows that hold one)",
        "categories_gone": "Vanished categories (share of the earlier rows that held one)",
        "time_back_days": "Newest time lies before the earlier newest (days)",
    }
)


@dataclass(frozen=True)
class Comparison:
    """How a version is compared with the one before."""

    thresholds: Mapping[str, Threshold] = field(default_factory=lambda: DEFAULT_THRESHOLDS)
    numeric_method: str = "ks"
    categorical_method: str = "js"

    def to_json(self) -> dict[str, Any]:
        return {
            "numeric_method": self.numeric_method,
            "categorical_method": self.categorical_method,
            "thresholds": {name: asdict(value) for name, value in self.thresholds.items()},
        }


@dataclass(frozen=True)
class Contract:
    """Everything that is expected of each version of a dataset."""

    columns: tuple[ColumnRule, ...] = ()
    table: TableRules = field(default_factory=TableRules)
    comparison: Comparison = field(default_factory=Comparison)

    def column(self, name: str) -> ColumnRule | None:
        return next((rule for rule in self.columns if rule.name == name), None)

    def to_json(self) -> dict[str, Any]:
        return {
            "columns": [rule.to_json() for rule in self.columns],
            "table": self.table.to_json(),
            "comparison": self.comparison.to_json(),
        }
