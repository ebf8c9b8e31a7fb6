"""The bounds that checks hold their figures against; each model may have its own. Policies are checked here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlregistry.errors import Invalid


@dataclass(frozen=True)
class Limit:
    """One bound: the value by default, and between what it may be set."""

    name: str
    default: float
    low: float
    high: float
    about: str


LIMITS = {
    limit.name: limit
    for limit in (
        Limit("latency_ms", 100, 0.01, 60_000, "milliseconds for one row, of 95 in 100 requests"),
        Limit("batch_seconds", 5, 0.001, 3_600, "seconds for 1,000 rows"),
        Limit("file_mb", 500, 0.001, 100_000, "megabytes of the model's file"),
        Limit("memory_mb", 500, 1, 100_000, "megabytes that 1,000 rows take while they are answered"),
        Limit("calibration_error", 0.1, 0.0001, 1, "expected calibration error"),
        Limit("gap", 0.15, 0.0001, 1, "how much worse the metric is on test rows than on training rows"),
        Limit("gap_of_losses", 0.6, 0.0001, 1, "the same for metrics to minimize: 1 − training loss / test loss"),
        Limit("slice", 0.2, 0.0001, 1, "how much worse the metric is in the worst slice"),
        Limit("slice_of_losses", 0.6, 0.0001, 1, "the same for metrics to minimize: 1 − loss of all rows / loss there"),
        Limit("weak_segment", 2.5, 1, 1_000, "times the mean error in the weakest segment"),
        Limit("single_feature", 0.995, 0.5, 1, "AUC or R² that one feature alone may reach"),
        Limit("overlap", 0.01, 0, 1, "share of test rows that are training rows too"),
        Limit("noise", 0.05, 0.0001, 1, "share of answers that a hundredth of noise may change"),
        Limit("importance", 0.9, 0.01, 1, "share of one feature in all importance"),
        Limit("drift", 0.25, 0.001, 100, "population stability index of a feature in the newest data"),
        Limit("noise_share", 0.5, 0, 1, "share of rows that a clustering leaves in no cluster"),
    )
}  # fmt: skip


def bounds(own: Mapping[str, float] | None = None) -> dict[str, float]:
    """Every bound by name."""
    return {name: limit.default for name, limit in LIMITS.items()} | dict(own or {})


def parse(given: Any) -> dict[str, float]:
    """Bounds of one's own, or Invalid that names the one at fault."""
    if not isinstance(given, dict):
        raise Invalid('The limits are an object such as {"latency_ms": 50}.', field="limits")
    found = {}
    for name, value in given.items():
        limit = LIMITS.get(name)
        if limit is None:
            raise Invalid(f"“{str(name)[:60]}” is no limit; there are {', '.join(LIMITS)}.", field="limits")
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise Invalid(f"The limit {name} must be a number.", field="limits")
        if not limit.low <= value <= limit.high:
            raise Invalid(
                f"The limit {name} must lie between {limit.low:g} and {limit.high:g}.", field="limits"
            )
        found[name] = float(value)
    return found
