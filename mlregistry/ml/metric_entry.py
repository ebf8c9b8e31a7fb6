"""How one row of the table of metrics is written. Every kind of problem has such rows; `metrics` puts them together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MAXIMIZE = "maximize"
MINIMIZE = "minimize"


@dataclass(frozen=True)
class Metric:
    """`function` takes the kind's outcome; NaN where the metric is not defined (ROC-AUC on rows of one class)."""

    name: str
    title: str
    direction: str
    function: Callable[[Any], float]


def table(*rows: Metric) -> dict[str, Metric]:
    return {row.name: row for row in rows}
