"""Arranges a comparison of two versions for its page: lines of the overview, cards of columns, bars as shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from experiments.queries.comparisons import Compared
from mlregistry.ml.contracts.columns_apart import Apart
from mlregistry.ml.contracts.comparing import Change, Difference
from mlregistry.ml.contracts.report import FAILED, WARNING
from mlregistry.ml.contracts.shifts import TITLES
from mlregistry.ui.templatetags.pages import cell, figure, percent

MOST_CARDS = 200
TIMES_SHOWN = 5
WIDTH, HEIGHT = 320.0, 90.0
RANKS = {FAILED: 2, WARNING: 1}
Line = tuple[str, Any, Any, str]


@dataclass(frozen=True)
class Card:
    """One column: its state by the thresholds, what is drawn of it, and its figures on both sides."""

    apart: Apart
    state: str
    changes: tuple[Change, ...]
    method: str
    axis: dict[str, Any] | None
    bars: list[dict[str, Any]] | None
    figures: list[tuple[str, str, str]]


def at_a_glance(found: Compared) -> list[Line]:
    """Volume, schema and freshness: what, before, after, and the difference in words."""
    left, right, difference = found.left.version, found.right.version, found.difference
    rows = difference.n_rows
    missing = difference.missing
    lines: list[Line] = [
        ("Rows", figure(rows[0]), figure(rows[1]), _rows(*rows)),
        ("Columns", figure(left.n_columns), figure(right.n_columns), _schema(difference.columns)),
        ("Missing cells", percent(missing[0]), percent(missing[1]), _points(missing[1] - missing[0])),
        ("Added", f"{left.created_at:%Y-%m-%d %H:%M}", f"{right.created_at:%Y-%m-%d %H:%M}", "in UTC"),
    ]
    times = [
        column for column in difference.columns if column.kind == "datetime" and column.status == "shared"
    ]
    for column in times[:TIMES_SHOWN]:
        back = f"{column.days_back:,.1f} days back" if column.days_back else ""
        old, new = column.maximum
        lines.append((f"Newest {column.name}", _moment(old), _moment(new), back))
    return lines


def _rows(earlier: int, later: int) -> str:
    return f"{later - earlier:+,} ({100 * (later - earlier) / earlier:+.1f} %)" if earlier else ""


def _schema(columns: Sequence[Apart]) -> str:
    counts = {
        status: sum(column.status == status for column in columns) for status in ("added", "removed", "type")
    }
    words = {"added": "added", "removed": "removed", "type": "of another type"}
    return ", ".join(f"{n} {words[status]}" for status, n in counts.items() if n) or "the same"


def _points(difference: float) -> str:
    return f"{100 * difference:+.1f} points" if abs(difference) >= 0.0005 else ""


def _moment(value: Any) -> str:
    return str(value)[:16].replace("T", " ").removesuffix(" 00:00")


def cards(difference: Difference) -> list[Card]:
    """What broke a threshold first, then what came, went or turned, then the largest shift."""
    found = [_card(column, difference.changes) for column in difference.columns]
    found.sort(key=_order)
    return found[:MOST_CARDS]


def _order(card: Card) -> tuple[Any, ...]:
    statuses = ("type", "removed", "added", "shared")
    shift = card.apart.shift.value if card.apart.shift else 0.0
    return -RANKS.get(card.state, 0), statuses.index(card.apart.status), -shift


def _card(column: Apart, changes: Sequence[Change]) -> Card:
    own = tuple(change for change in changes if change.column == column.name)
    state = max((change.severity for change in own), key=lambda severity: RANKS[severity], default="")
    shift = column.shift
    is_axis = column.bins is not None and "edges" in column.bins
    return Card(
        apart=column,
        state=state,
        changes=own,
        method=TITLES.get(shift.method.partition(" ")[0], shift.method) if shift else "",
        axis=axis(column.bins) if column.bins and is_axis else None,
        bars=bars(column.bins) if column.bins and not is_axis else None,
        figures=_figures(column),
    )


def _figures(column: Apart) -> list[tuple[str, str, str]]:
    rows = [("missing", percent, column.missing), ("distinct", figure, column.distinct)]
    if column.kind == "datetime":
        rows += [("oldest", _time, column.minimum), ("newest", _time, column.maximum)]
    else:
        pairs = ("mean", "median", "least", "most")
        values = (column.mean, column.median, column.minimum, column.maximum)
        rows += [
            (name, figure, pair) for name, pair in zip(pairs, values, strict=True) if pair != (None, None)
        ]
    if column.types[0] != column.types[1]:
        rows.insert(0, ("type", figure, column.types))
    return [(name, show(pair[0]), show(pair[1])) for name, show, pair in rows]


def _time(value: Any) -> str:
    return _moment(value) if value else figure(None)


def axis(bins: dict[str, list[Any]]) -> dict[str, Any]:
    """Both histograms in one box of 320 × 90: two outlines, and an invisible bar to point at for each place."""
    sides = [bins[side] for side in ("earlier", "later")]
    highest = max((share or 0.0 for side in sides for share in side), default=0.0) or 1.0
    edges, width = [_label(edge) for edge in bins["edges"]], WIDTH / max(1, len(bins["labels"]))
    return {
        "was": _outline(sides[0], highest, width),
        "now": _outline(sides[1], highest, width),
        "ends": (edges[0], edges[-1]),
        "places": [
            {
                "shape": f"M{place * width:.2f} 0h{width:.2f}v{HEIGHT:g}h-{width:.2f}z",
                "title": f"{edges[place]} to {edges[place + 1]}: {percent(was)} → {percent(now)}",
            }
            for place, (was, now) in enumerate(zip(*sides, strict=True))
        ],
    }


def _outline(shares: Sequence[float | None], highest: float, width: float) -> str:
    """Empty where the column is not there."""
    if not shares or shares[0] is None:
        return ""
    steps = "".join(
        f"V{HEIGHT - (HEIGHT - 2) * (share or 0.0) / highest:.2f}h{width:.2f}" for share in shares
    )
    return f"M0 {HEIGHT:g}{steps}V{HEIGHT:g}z"


def _label(edge: Any) -> str:
    return edge.removesuffix(" 00:00") if isinstance(edge, str) else figure(edge)


def bars(bins: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """A pair of bars for each value; widths are shares of the largest, in a box of 100 × 14."""
    sides = [bins[side] for side in ("earlier", "later")]
    highest = max((share or 0.0 for side in sides for share in side), default=0.0) or 1.0
    return [
        {
            "label": _shown(label),
            "was": was,
            "now": now,
            "was_width": f"{100 * (was or 0.0) / highest:.2f}",
            "now_width": f"{100 * (now or 0.0) / highest:.2f}",
        }
        for label, was, now in zip(bins["labels"], *sides, strict=True)
    ]


def _shown(label: Any) -> str:
    return cell(label) if label != "" else "(empty)"
