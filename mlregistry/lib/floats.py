"""How a metric's value is stored: finite, with NaN as a flag, as MLflow does. Called by measurements."""

from __future__ import annotations

import math
import sys

LARGEST = sys.float_info.max


def as_float(value: float) -> float:
    """Also of a whole number that no float can hold: an infinity then."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def stored(value: float) -> tuple[float, bool]:
    """The finite value and whether it stands for NaN; infinities become the largest floats."""
    if math.isnan(value):
        return 0.0, True
    return max(-LARGEST, min(LARGEST, value)), False


def shown(value: float, is_nan: bool) -> float | None:
    """As JSON: NaN is null."""
    return None if is_nan else value
