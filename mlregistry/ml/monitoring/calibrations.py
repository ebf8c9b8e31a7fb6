"""A calibration as JSON, kept with a version's baseline, and back. Called by the jobs and queries of serving."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily
from mlregistry.ml.monitoring.estimated import Calibration

if TYPE_CHECKING:
    from sklearn import isotonic
else:
    isotonic = lazily("sklearn.isotonic")


def to_json(calibration: Calibration) -> list[dict[str, list[float]]]:
    """For each class the points between which its curve is straight."""
    return [
        {"x": curve.X_thresholds_.tolist(), "y": curve.y_thresholds_.tolist()} for curve in calibration.curves
    ]


def from_json(data: Any) -> Calibration:
    """The same curves; Invalid when these are none."""
    try:
        return Calibration(tuple(_curve(one["x"], one["y"]) for one in data))
    except (KeyError, TypeError, ValueError) as error:
        raise Invalid(f"This is no calibration: {error}.") from error


def _curve(x: Sequence[float], y: Sequence[float]) -> isotonic.IsotonicRegression:
    """A monotone function through points that rise already is through those points."""
    return isotonic.IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(x, y)
