"""What the pages of retraining show: the strip of steps, the comparison as a drawing, the policy in words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from serving.models import GoLive, Method, Retraining, RetrainingPolicy, RetrainingStep, StepState
from serving.queries import retraining as queries
from serving.queries.retraining_triggers import span

WIDTH = 100.0
ROOM = 0.12  # of the drawing, on either side
CLASSES: dict[str, str] = {
    StepState.DONE: "done", StepState.RUNNING: "next", StepState.REFUSED: "off", StepState.CANCELLED: "off",
    StepState.FAILED: "bad",
}  # fmt: skip
TRIGGERS = {
    "asked": "asked for", "schedule": "rhythm", "drift": "drift", "metric": "live metric", "labels": "new truths",
}  # fmt: skip


@dataclass(frozen=True)
class Drawing:
    """Places from 0 to 100 of the interval of an improvement, of its figure, and of what it must pass."""

    low: float
    high: float
    width: float
    figure: float
    bound: float


def shown(row: Retraining) -> dict[str, Any]:
    """One attempt: strip, the step under way with progress and time left, comparison."""
    places = queries.strip(row)
    current = next((place.step for place in places if place.step and place.step.state == "running"), None)
    return {
        "row": row,
        "tone": queries.TONES.get(row.state, ""),
        "trigger": TRIGGERS.get(row.trigger, row.trigger),
        "places": [
            {"title": one.title, "css": CLASSES.get(one.state, "") if one.step else "", "step": one.step}
            for one in places
        ],
        "current": _current(current) if current is not None else None,
        "comparison": row.comparison or None,
        "drawing": drawing(row.comparison, row.wants("least_gain")) if row.comparison else None,
        "wants": row.declared,
        "window": [datetime.fromisoformat(row.data[end]) for end in ("since", "until")] if row.data else None,
        "seconds": (row.ended_at - row.started_at).total_seconds() if row.ended_at else None,
    }


def drawing(comparison: dict[str, Any], bound: float) -> Drawing | None:
    """None where the metric has no interval."""
    low, high = comparison["low"], comparison["high"]
    if low is None or high is None:
        return None
    least, most = min(low, bound), max(high, bound)
    spread = (most - least) or 1.0
    start, size = least - ROOM * spread, spread * (1 + 2 * ROOM)

    def at(value: float) -> float:
        return float(round(WIDTH * (value - start) / size, 2))

    return Drawing(
        at(low), at(high), max(0.8, round(at(high) - at(low), 2)), at(comparison["improvement"]), at(bound)
    )


def facts(policy: RetrainingPolicy) -> list[tuple[str, str]]:
    """What a policy declares, in words."""
    found = [("Trains", _method(policy)), ("On", _rows(policy)), ("Goes on when", _demand(policy))]
    found.append(("Goes live", _live(policy)))
    found.append(("Then", "waits for approval" if policy.approval else "is promoted by itself"))
    if policy.alias:
        found.append(("Alias", f"{policy.alias} moves to it"))
    found.append(("Cool-down", span(policy.cooldown_hours) if policy.cooldown_hours else "none"))
    return found


def _current(step: RetrainingStep) -> dict[str, Any]:
    job = queries.job_of(step)
    live = job is not None and job.is_live
    return {
        "step": step, "job": job, "progress": job.progress if job is not None and live else None,
        "seconds_left": queries.seconds_left(step),
    }  # fmt: skip


def _method(policy: RetrainingPolicy) -> str:
    if policy.method == Method.SEARCH:
        return f"the best of a search: {policy.search_trials} trials or {policy.search_minutes} minutes"
    return "a recipe of its own" if policy.recipe else "the champion's recipe"


def _rows(policy: RetrainingPolicy) -> str:
    days = f"labelled predictions of {policy.window_days} days"
    with_original = "the first training data and " if policy.with_original else ""
    held = f"the newest {100 * policy.held_out_share:.0f} % are held out"
    return f"{with_original}{days}, {policy.least_labels:,} at least; {held}"


def _demand(policy: RetrainingPolicy) -> str:
    gain = f" by {policy.least_gain:g}" if policy.least_gain else ""
    return f"{'shown to be ' if policy.sure else ''}better{gain} on the held-out rows"


def _live(policy: RetrainingPolicy) -> str:
    if policy.go_live == GoLive.SHADOW:
        return f"as a shadow over {policy.shadow_rows:,} rows with their truth"
    return f"as a canary: {' → '.join(f'{step:g}' for step in policy.steps)} %"
