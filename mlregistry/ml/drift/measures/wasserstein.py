"""The first Wasserstein distance, in standard deviations of the reference.

The area between the cumulative shares (Vallender 1974); the deviation has n below and is at least 0.001, as in
Evidently.
"""

from __future__ import annotations

from mlregistry.ml.drift.measures.figure import Figure
from mlregistry.ml.drift.sides import Numbers

LEAST_DEVIATION = 0.001


def normed(numbers: Numbers) -> Figure:
    return Figure(numbers.area / max(numbers.deviation, LEAST_DEVIATION))
