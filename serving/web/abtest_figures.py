"""What the page of an A/B test shows: rows, sentences and the chart of the sequence."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mlregistry.ml.abtests import comparisons
from mlregistry.ui.templatetags.pages import figure, percent, signed
from models_app.models import ModelVersion
from serving.actions.abtests import obstacles_to
from serving.models import AbTest, Mode
from serving.queries import abtest_plans, abtests
from serving.queries.abtest_metrics import METRICS

TONES = {
    comparisons.WINS: "good",
    comparisons.LOSES: "bad",
    comparisons.TOO_FEW: "",
    comparisons.OPEN: "live",
}
STATES = {"running": "live", "promoted": "good", "rolled back": "bad", "stopped": "warn"}


def live(test: AbTest, now: datetime) -> dict[str, Any]:
    """All that is shown without the chart."""
    newest = test.memory.get("newest") or {}
    versions = abtests.versions_of(test)
    weights = newest.get("weights") or {}
    return {
        "test": test,
        "tone": STATES[test.state],
        "metric": METRICS[test.metric].title if test.metric else "",
        "variants": [_variant(row, versions, weights) for row in newest.get("variants", [])],
        "comparisons": [_comparison(test, row) for row in newest.get("comparisons", [])],
        "fixed": [{"variant": name, **made} for name, made in test.memory.get("fixed", {}).items()],
        "split": newest.get("split"),
        "readings": newest.get("readings", []),
        "move": newest.get("move"),
        "steps": abtests.steps_of(test)[::-1],
        "days_left": abtest_plans.days_left(test, newest, now) if test.is_running else None,
        "obstacles": {name: obstacles_to(test, name) for name in test.challengers},
        "can_promote": test.is_running and test.mode != Mode.CANARY,
    }


def charts(test: AbTest) -> dict[str, Any]:
    """The sequence of each challenger over time; nothing before there are two looks."""
    looks = [look for look in abtests.looks_of(test) if look.figures["comparisons"]]
    series = []
    for name in test.challengers:
        rows = [(look.at, _of(look.figures["comparisons"], name)) for look in looks]
        known = [(at, row) for at, row in rows if row and row["low"] is not None]
        if known:
            series.append({
                "name": name,
                "x": [at.isoformat() for at, _ in known],
                "y": [row["improvement"] for _, row in known],
                "low": [row["low"] for _, row in known],
                "high": [row["high"] for _, row in known],
            })  # fmt: skip
    if not series:
        return {}
    return {
        "sequence": {
            "type": "sequence", "title": "Improvement over the control", "series": series,
            "y_title": f"better by ({test.metric.replace('_', ' ')})", "x_title": "",
            "level": {"y": test.margin, "name": f"margin {test.margin:g}"},
        }
    }  # fmt: skip


def _of(rows: list[dict[str, Any]], name: str) -> dict[str, Any] | None:
    return next((row for row in rows if row["variant"] == name), None)


def _variant(
    row: dict[str, Any], versions: Mapping[str, ModelVersion], weights: Mapping[str, float]
) -> dict[str, Any]:
    name = row["variant"]
    answered = row["n_units"] / row["n_seen"] if row["n_seen"] else None
    return {**row, "version": versions.get(name), "weight": weights.get(name), "answered": answered}


def _comparison(test: AbTest, row: dict[str, Any]) -> dict[str, Any]:
    values = {one["variant"]: one["value"] for one in test.memory["newest"]["variants"]}
    sentence = f"{_verdict(test, row)} {_figures(test, row, values)}".rstrip()
    return {**row, "tone": TONES[row["verdict"]], "sentence": sentence}


def _verdict(test: AbTest, row: dict[str, Any]) -> str:
    name, verdict, margin = row["variant"], row["verdict"], test.margin
    if verdict == comparisons.TOO_FEW:
        return f"“{name}” has too few units with feedback to say anything (30 in each variant are needed)."
    if verdict == comparisons.WINS:
        return f"“{name}” is better than “{test.control}”{_by(margin)}."
    if verdict == comparisons.LOSES:
        return f"“{name}” is not better than “{test.control}”{_by(margin)}: it has lost."
    return f"Whether “{name}” is better than “{test.control}”{_by(margin)} cannot be said yet."


def _figures(test: AbTest, row: dict[str, Any], values: Mapping[str, float | None]) -> str:
    """What was measured, as people say it: shares in per cent, their difference in points."""
    before, after = values.get(test.control), values.get(row["variant"])
    if before is None or after is None or row["low"] is None:
        return ""
    metric = METRICS[test.metric]
    is_share = metric.is_rate or (test.metric == "outcome" and test.outcome is not None)
    show, factor, unit = (percent, 100, " points") if is_share else (figure, 1, "")
    better, low, high = (factor * row[name] for name in ("improvement", "low", "high"))
    said = f"{'better' if better >= 0 else 'worse'} by {signed(abs(better)).lstrip('+')}{unit}"
    interval = f"{100 * (1 - test.alpha):g} %: {signed(low)} to {signed(high)}"
    told = f"{metric.title.capitalize()}: {show(after)} against {show(before)}, {said} ({interval})."
    return told.replace(" %", "\N{NO-BREAK SPACE}%")


def _by(margin: float) -> str:
    if margin > 0:
        return f" by more than {margin:g}"
    return f", or worse by less than {-margin:g}" if margin < 0 else ""
