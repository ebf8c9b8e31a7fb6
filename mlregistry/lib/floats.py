"""How a metric's value is stored: finite, with NaN as a flag, as MLflow does. Called by measurements."""

from __future__ import annotations

import math
import sys

LARGEST = sys.float_info.max


def stored(value: float) -> tuple[float, bool]:
    """The finite value and whether it stands for NaN; infinities become the largest floats."""
    if math.isnan(value):
        return 0.0, True
    return max(-LARGEST, min(LARGEST, value)), False


def shown(value: float, is_nan: bool) -> float | None:
    """As JSON: NaN is null."""
    return None if is_nan else value
