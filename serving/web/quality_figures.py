"""Arranges what checks say of a version's quality for the page “Monitoring”: figures, their history, delays."""

from collections.abc import Sequence
from typing import Any

from serving.models import DriftCheck

DELAYS = ("1 min", "10 min", "1 h", "6 h", "1 day", "7 days", "30 days", "later")
USUAL = ("accuracy", "rmse")  # where the problem's metric is not among the figures


def shown(checks: Sequence[DriftCheck]) -> dict[str, Any] | None:
    """Of the newest check, with the history of all of them, the oldest first; None before any says something."""
    told = [check for check in checks if check.quality.get("metrics") or check.quality.get("expected")]
    if not told:
        return None
    newest = told[-1].quality
    name = _metric(newest)
    charts = {
        "quality": _history(told, name), "calibration": _reliability(newest),
        "calibration-error": _calibration_error(told), "delays": _delays(newest),
    }  # fmt: skip
    return {
        "metric": name,
        "value": newest["metrics"].get(name),
        "interval": newest["intervals"].get(name),
        "expected": newest["expected"].get(name),
        "n": newest["n"],
        "n_truths": newest["n_truths"],
        "why_not": newest["why_not"],
        "delay": newest["median_delay_seconds"],
        "charts": {key: chart for key, chart in charts.items() if chart},
    }


def _metric(newest: dict[str, Any]) -> str:
    known = {**newest["metrics"], **newest["expected"]}
    wanted = (newest.get("metric"), *USUAL, *known)
    return str(next(name for name in wanted if name in known))


def _history(told: Sequence[DriftCheck], name: str) -> dict[str, Any] | None:
    series = []
    for words, part in (("by truths", "metrics"), ("estimated", "expected")):
        points = [
            (check.at.isoformat(), check.quality[part][name]) for check in told if name in check.quality[part]
        ]
        if len(points) > 1:
            series.append({"name": words, "x": [at for at, _ in points], "y": [value for _, value in points]})
    if not series:
        return None
    words = name.replace("_", " ") + (f", {series[0]['name']}" if len(series) == 1 else "")
    return {"type": "lines", "title": "Quality over time", "y_title": words, "series": series}


def _reliability(newest: dict[str, Any]) -> dict[str, Any] | None:
    """What came true of what answers were sure of; of a good model a straight line."""
    points = newest.get("reliability") or []
    if not points:
        return None
    return {
        "type": "lines", "title": "What probabilities are worth", "x_title": "probability that was given",
        "y_title": "share that came true",
        "series": [{
            "name": "by truths", "x": [sure for sure, _, _ in points], "y": [right for _, right, _ in points],
            "counts": [n for _, _, n in points],
        }],
    }  # fmt: skip


def _calibration_error(told: Sequence[DriftCheck]) -> dict[str, Any] | None:
    points = [
        (check.at.isoformat(), error)
        for check in told
        if (error := check.quality["metrics"].get("calibration_error")) is not None
    ]
    if len(points) < 2:
        return None
    return {
        "type": "lines", "title": "Calibration error over time", "y_title": "expected calibration error",
        "from_zero": True, "series": [{"name": "by truths", "x": [at for at, _ in points],
                                       "y": [error for _, error in points]}],
    }  # fmt: skip


def _delays(newest: dict[str, Any]) -> dict[str, Any] | None:
    if not newest["delays"]:
        return None
    return {
        "type": "stacks", "title": "How late truths come", "y_title": "predictions", "labels": list(DELAYS),
        "series": [{"name": "truths that came within", "values": newest["delays"]}],
    }  # fmt: skip
