"""The results of a run of model tests as its page draws them: groups, bars, what stands against. For pages."""

from itertools import groupby
from typing import Any

from mlregistry.ml.model_tests.blocking import is_blocking
from models_app.models import ModelTestResult, ModelTestRun
from models_app.queries.gates import AGAINST
from models_app.queries.model_tests import gate_of

Line = dict[str, Any]
ROOM = 1.2  # how much longer the scale is than the larger of figure and bound
TONES = {"passed": "good", "failed": "bad", "broke": "bad", "skipped": ""}
SHOWN = 10


def lines_of(run: ModelTestRun) -> list[Line]:
    """Every result with its bar and whether it blocks for this model."""
    chosen = gate_of(run.version).blocking
    return [_line(one, is_blocking(one.name, one.severity, chosen)) for one in run.results.order_by("place")]


def groups_of(lines: list[Line]) -> list[Line]:
    """The lines that were carried out under their groups, each with how many of them passed."""
    done = [line for line in lines if line["outcome"] != "skipped"]
    found = [(name, list(members)) for name, members in groupby(done, key=lambda line: line["group"])]
    return [
        {"name": name, "lines": members, "n_passed": sum(line["outcome"] == "passed" for line in members)}
        for name, members in found
    ]


def against(lines: list[Line]) -> list[Line]:
    """What failed, blocking first."""
    failed = [line for line in lines if line["outcome"] in AGAINST]
    return sorted(failed, key=lambda line: not line["blocks"])


def _line(one: ModelTestResult, blocks: bool) -> Line:
    failed = one.outcome in AGAINST
    return {
        "title": one.title,
        "name": one.name,
        "group": one.group,
        "about": one.about,
        "outcome": one.outcome,
        "word": "warning" if failed and not blocks else one.outcome,
        "tone": "warn" if failed and not blocks else TONES.get(one.outcome, ""),
        "blocks": blocks,
        "sentence": one.sentence,
        "figure": one.figure,
        "bound": one.bound,
        "side": one.side,
        "bar": bar(one.figure, one.bound),
        "columns": list(one.evidence[0]) if one.evidence else [],
        "evidence": [list(row.values()) for row in one.evidence[:SHOWN]],
        "seconds": one.seconds,
    }


def bar(figure: float | None, bound: float | None) -> Line | None:
    """Where bar and mark stand on a line from 0 to 100; None without both, or where both are 0."""
    if figure is None or bound is None:
        return None
    low, high = min(0.0, figure, bound), max(0.0, figure, bound)
    if low == high:
        return None
    length = (high - low) * ROOM
    start = low - (length - (high - low)) * (low < 0) / 2

    def place(value: float) -> float:
        return round(100 * (value - start) / length, 3)

    left, right = sorted((place(0.0), place(figure)))
    return {"x": left, "width": max(round(right - left, 3), 0.6), "mark": place(bound)}
