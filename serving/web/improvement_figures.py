"""Arranges an improvement study for its page: lines of a table with a forest plot drawn beside them."""

from dataclasses import dataclass
from typing import Any

from mlregistry.ml.improving.results import BETTER, FAILED, UNCLEAR, UNTRIED, WORSE
from serving.models import Improvement

WIDTH, MARGIN = 240.0, 6.0
TONES = {BETTER: "good", WORSE: "bad", FAILED: "warn", UNTRIED: "", UNCLEAR: ""}
SIDES = {BETTER: "gain", WORSE: "loss"}
SOURCES = {
    "importance": "importance", "drift": "drift", "new categories": "new categories", "weak slice": "weak rows",
    "shape": "shape",
}  # fmt: skip


@dataclass(frozen=True)
class Axis:
    """Of all intervals of the table, with 0 on it."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """Where it is drawn."""
        place = MARGIN + (WIDTH - 2 * MARGIN) * (value - self.low) / (self.high - self.low)
        return round(min(WIDTH, max(0.0, place)), 1)


def shown(row: Improvement) -> dict[str, Any]:
    """Everything the page needs; the best of the proposals first."""
    result = row.result
    if result is None:
        return {"row": row, "endpoint": row.endpoint, "result": None}
    axis = _axis(result)
    tried = {trial["key"]: trial for trial in result["trials"]}
    lines = [
        _line(one, tried[one["key"]], axis, result["winner"]) for one in row.proposals if one["key"] in tried
    ]
    lines.sort(key=lambda line: (line["worth"] is None, -(line["worth"] or 0.0)))
    titles = {one["key"]: one["title"] for one in row.proposals}
    return {
        "row": row,
        "endpoint": row.endpoint,
        "result": result,
        "confirmed": is_confirmed(result),
        "lines": lines,
        "zero": axis.at(0.0),
        "width": WIDTH,
        "ends": (axis.low, axis.high),
        "additions": [
            {"title": titles.get(one["key"], one["key"]), **_interval(one["difference"], axis)}
            for one in result["additions"]
        ],
        "checks": [
            _check("Rows held out", result["held_out"], axis),
            _check("Live rows with their truth", result["live"], axis),
        ],
        "has_live": any(trial.get("live") for trial in result["trials"]),
        "left_out": [
            name
            for one in row.proposals
            if one["key"] in result["winner"] and one["change"]["kind"] == "drop"
            for name in one["change"]["columns"]
        ],
        "n_tried": sum(trial["difference"] is not None for trial in result["trials"]),
    }  # fmt: skip


def is_confirmed(result: dict[str, Any]) -> bool:
    """Whether unseen rows show the winner to be better, and none of them worse."""
    verdicts = {result[name]["verdict"] for name in ("held_out", "live")}
    return BETTER in verdicts and WORSE not in verdicts


def _line(proposal: dict[str, Any], trial: dict[str, Any], axis: Axis, winner: list[str]) -> dict[str, Any]:
    found = trial["difference"]
    drawn: dict[str, Any] = _interval(found, axis, trial["verdict"]) if found else {"drawn": None}
    return {
        **proposal,
        **drawn,
        "source": SOURCES.get(proposal["source"], proposal["source"]),
        "trial": trial,
        "tone": TONES.get(trial["verdict"], ""),
        "in_winner": proposal["key"] in winner,
        "worth": found["mean"] if found else None,
        "on_live": trial.get("live"),
    }


def _interval(found: dict[str, float], axis: Axis, verdict: str = "") -> dict[str, Any]:
    return {
        "difference": found,
        "drawn": {
            "low": axis.at(found["low"]),
            "mean": axis.at(found["mean"]),
            "high": axis.at(found["high"]),
        },
        "side": SIDES.get(verdict, ""),
    }


def _check(title: str, check: dict[str, Any], axis: Axis) -> dict[str, Any]:
    found = check["difference"]
    more: dict[str, Any] = _interval(found, axis, check["verdict"]) if found else {"drawn": None}
    return {"title": title, "check": check, "tone": TONES.get(check["verdict"], ""), **more}


def _axis(result: dict[str, Any]) -> Axis:
    found = [trial["difference"] for trial in result["trials"] if trial["difference"]]
    found += [one["difference"] for one in result["additions"]]
    found += [result[name]["difference"] for name in ("held_out", "live") if result[name]["difference"]]
    low = min((one["low"] for one in found), default=0.0)
    high = max((one["high"] for one in found), default=0.0)
    low, high = min(low, 0.0), max(high, 0.0)
    return Axis(low, high) if high > low else Axis(-1.0, 1.0)
