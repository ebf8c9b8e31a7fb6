"""Arranges a drift report for the page “Monitoring”: columns in the order of their alarms, small drawings, history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mlregistry.ml.drift.baselines import INPUT, PREDICTION, PROBABILITY, TRUTH
from mlregistry.ml.drift.methods import METHODS
from mlregistry.ml.drift.report import COMPARED, GONE, NEW, TOO_FEW, ColumnDrift, Drawing, DriftReport, Rate
from mlregistry.ui.templatetags.pages import figure, percent
from serving.models import DriftCheck, DriftVerdict

WIDTH, HEIGHT = 160.0, 40.0
MOST_LINES = 200
GAP = 0.12  # between pairs of bars, as a share of a pair
ROLES = ((INPUT, "input"), (PREDICTION, "answer"), (PROBABILITY, "answer"), (TRUTH, "truth"))
TONES = {
    DriftVerdict.DRIFT.value: "bad", DriftVerdict.COLUMNS.value: "warn", DriftVerdict.QUIET.value: "good",
}  # fmt: skip
STATES = {
    TOO_FEW: ("too few values", ""), NEW: ("new column", "warn"), GONE: ("no values any more", "warn"),
}  # fmt: skip
CORRECTIONS = {
    "benjamini_hochberg": "corrected by Benjamini–Hochberg over all columns that were tested",
    "holm": "corrected by Holm over all columns that were tested",
    "bonferroni": "corrected by Bonferroni over all columns that were tested",
    "none": "not corrected for the number of columns",
}


@dataclass(frozen=True)
class Line:
    """One column of the table."""

    column: ColumnDrift
    label: str
    role: str
    badges: list[tuple[str, str]]
    method: str
    measured: str
    bound: str
    missing: str
    drawing: dict[str, Any] | None


def lines(report: DriftReport) -> list[Line]:
    """Alarms first, then by how near a column is to its threshold. A truth nobody has told yet is left out."""
    shown = [column for column in report.columns if column.n_current or not column.name.startswith(TRUTH)]
    return [_line(column) for column in sorted(shown, key=_order)[:MOST_LINES]]


def verdict(report: DriftReport) -> tuple[str, str]:
    """A tone and a sentence."""
    if report.drifted is None:
        return "", f"{report.n_current:,} rows in this window: too few for a verdict."
    words = f"{report.n_drifted} of {report.n_compared} compared columns drift"
    if report.drifted:
        return "error", f"The data have drifted: {words}."
    alarms = [column for column in report.columns if column.alarms]
    if report.n_drifted:
        return "warning", f"Some columns changed: {words}."
    if alarms:
        return "warning", "No column's values drift, but missing or new values are more than they were."
    return "success", f"No drift: none of {report.n_compared} compared columns left its baseline."


def history(checks: Sequence[DriftCheck]) -> dict[str, Any] | None:
    """The share of drifted columns over time; nothing before there are two checks."""
    known = [check for check in checks if check.share is not None]
    if len(known) < 2:
        return None
    return {
        "type": "lines", "title": "Share of drifted columns", "y_title": "per cent of columns", "from_zero": True,
        "markers": len(known) < 60,
        "series": [{
            "name": "drifted", "x": [check.at.isoformat() for check in known],
            "y": [100 * (check.share or 0.0) for check in known],
        }],
    }  # fmt: skip


def _line(column: ColumnDrift) -> Line:
    role = next((word for prefix, word in ROLES if column.name.startswith(prefix)), "")
    method = METHODS[column.method] if column.method else None
    return Line(
        column=column,
        label=label_of(column.name),
        role=role,
        badges=_badges(column),
        method=method.title if method else "",
        measured=_measured(column, is_test=bool(method and method.is_test)),
        bound=_bound(column, is_test=bool(method and method.is_test)),
        missing=_rates(column.missing),
        drawing=_drawn(column.drawing) if column.drawing else None,
    )


def _order(column: ColumnDrift) -> tuple[Any, ...]:
    return not column.alarms, column.state != COMPARED, -(column.nearness or 0.0), column.name


def label_of(name: str) -> str:
    if name == PREDICTION:
        return "prediction"
    if name.startswith(PROBABILITY):
        return f"probability of {name.removeprefix(PROBABILITY)}"
    return name.partition(":")[2]


def _badges(column: ColumnDrift) -> list[tuple[str, str]]:
    """A word and its tone for each thing that is to be told."""
    found = [("drift", "bad")] if column.drifted else []
    rates = (("missing", column.missing), ("infinite", column.infinite), ("new values", column.unseen))
    found += [(word, "warn") for word, rate in rates if rate is not None and rate.drifted]
    if column.state in STATES:
        found.append(STATES[column.state])
    elif column.state != COMPARED:
        found.append(("not compared", ""))
    return found


def _measured(column: ColumnDrift, *, is_test: bool) -> str:
    if column.statistic is None:
        return figure(None)
    return f"p {column.adjusted or 0.0:.2g}" if is_test else f"{column.statistic:.3f}"


def _bound(column: ColumnDrift, *, is_test: bool) -> str:
    if column.threshold is None:
        return ""
    if not is_test:
        return f"drift if ≥ {column.threshold:.3f}"
    alone = "" if column.p_value == column.adjusted else f", {column.p_value or 0.0:.2g} by itself"
    return f"drift if ≤ {column.threshold:.2g}{alone}"


def _rates(rate: Rate | None) -> str:
    if rate is None or not (rate.reference or rate.current):
        return figure(None)
    return f"{percent(rate.reference)} → {percent(rate.current)}"


def _drawn(drawing: Drawing) -> dict[str, Any]:
    """Both sides in one box of 160 × 40: outlines of numbers, pairs of bars of categories."""
    sides = (drawing.reference, drawing.current)
    highest = max((share for side in sides for share in side), default=0.0) or 1.0
    places = max(1, len(drawing.reference))
    width = WIDTH / places
    if drawing.edges:
        shapes = [_outline(side, highest, width) for side in sides]
        ends = (figure(drawing.edges[0]), figure(drawing.edges[-1]))
        names = [
            f"{figure(low)} to {figure(high)}"
            for low, high in zip(drawing.edges, drawing.edges[1:], strict=False)
        ]
    else:
        half = width * (1 - GAP) / 2
        shapes = [
            _bars(side, highest, width, half, (GAP / 2) * width + shift * half)
            for shift, side in enumerate(sides)
        ]
        ends, names = ("", ""), list(drawing.labels)
    return {
        "was": shapes[0], "now": shapes[1], "ends": ends, "bars": not drawing.edges,
        "places": [
            {
                "shape": f"M{place * width:.2f} 0h{width:.2f}v{HEIGHT:g}h-{width:.2f}z",
                "title": f"{name}: {percent(was)} → {percent(now)}",
            }
            for place, (name, was, now) in enumerate(zip(names, *sides, strict=True))
        ],
    }  # fmt: skip


def _outline(shares: Sequence[float], highest: float, width: float) -> str:
    steps = "".join(f"V{HEIGHT - (HEIGHT - 2) * share / highest:.2f}h{width:.2f}" for share in shares)
    return f"M0 {HEIGHT:g}{steps}V{HEIGHT:g}z"


def _bars(shares: Sequence[float], highest: float, width: float, wide: float, start: float) -> str:
    parts = []
    for place, share in enumerate(shares):
        high = (HEIGHT - 2) * share / highest
        parts.append(f"M{place * width + start:.2f} {HEIGHT:g}v-{high:.2f}h{wide:.2f}v{high:.2f}z")
    return "".join(parts)
