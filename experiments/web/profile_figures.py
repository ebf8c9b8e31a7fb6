"""Arranges a profile for pages: cards of columns, bars as shapes, heat maps, filters and pages. No HTML, no writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from mlregistry.errors import Invalid
from mlregistry.ml.profiling.document import KINDS, SEVERITIES, Alert, Column, Histogram, Matrix, Profile

WIDTH, HEIGHT = 320.0, 80.0
CARDS_PER_PAGE = 12
HEAT_COLUMNS = 40
TOP_SHOWN = 8
COMMON = 0.02  # beside a histogram only values that stand out of it are named
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BADGES = {"high": "bad", "medium": "warn", "low": ""}


@dataclass(frozen=True)
class Bar:
    """A rectangle as a path (templates are slow with many small values), and what it says when pointed at."""

    shape: str
    title: str


@dataclass(frozen=True)
class Card:
    """One column with what is drawn of it."""

    column: Column
    place: int
    alerts: tuple[Alert, ...]
    missing_share: float
    bars: tuple[Bar, ...]
    ends: tuple[str, str] | None
    top: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Wanted:
    """Which cards: a part of the name, a kind, an alert's kind, an order, a page from 0 on."""

    name: str = ""
    kind: str = ""
    alert: str = ""
    order: str = "table"
    page: int = 0


ORDERS: Mapping[str, tuple[str, Callable[[Card], Any]]] = {
    "table": ("as in the table", lambda card: card.place),
    "name": ("name", lambda card: (card.column.name.casefold(), card.place)),
    "alerts": (
        "alerts",
        lambda card: (
            min((SEVERITIES.index(alert.severity) for alert in card.alerts), default=9),
            card.place,
        ),
    ),
    "missing": ("missing values", lambda card: (-card.missing_share, card.place)),
    "distinct": ("distinct values", lambda card: (-card.column.n_distinct, card.place)),
    "target": (
        "what they say about the target",
        lambda card: (
            -(card.column.with_target.mutual_information if card.column.with_target else -1),
            card.place,
        ),
    ),
}


def cards(profile: Profile, wanted: Wanted) -> tuple[list[Card], int]:
    """One page of the cards that were asked for, and how many there are in all."""
    if wanted.order not in ORDERS:
        raise Invalid(f"The order is one of {', '.join(ORDERS)}.", field="order")
    if wanted.kind and wanted.kind not in KINDS:
        raise Invalid(f"The kind is one of {', '.join(KINDS)}.", field="kind")
    by_column = _alerts_of_columns(profile)
    part = wanted.name.casefold()
    plain = [
        Card(column, place, alerts, column.n_missing / max(1, profile.n_rows), (), None, ())
        for place, (column, alerts) in enumerate(
            (column, by_column.get(column.name, ())) for column in profile.columns
        )
        if part in column.name.casefold()
        and wanted.kind in ("", column.kind)
        and (not wanted.alert or any(alert.kind == wanted.alert for alert in alerts))
    ]
    plain.sort(key=ORDERS[wanted.order][1])
    start = wanted.page * CARDS_PER_PAGE
    return [drawn(card) for card in plain[start : start + CARDS_PER_PAGE]], len(plain)


def all_cards(profile: Profile, most: int) -> list[Card]:
    """In the order of the table, for the file to keep."""
    by_column = _alerts_of_columns(profile)
    return [
        drawn(
            Card(
                column,
                place,
                by_column.get(column.name, ()),
                column.n_missing / max(1, profile.n_rows),
                (),
                None,
                (),
            )
        )
        for place, column in enumerate(profile.columns[:most])
    ]


def drawn(card: Card) -> Card:
    column = card.column
    histogram, ends, label = _histogram(column)
    return Card(
        column,
        card.place,
        card.alerts,
        card.missing_share,
        bars(histogram, label) if histogram else (),
        ends,
        tuple(
            {"value": top.value, "count": top.count, "share": top.count / column.n}
            for top in column.top[: TOP_SHOWN if not histogram else 3]
            if not histogram or top.count >= COMMON * column.n
        ),
    )


def bars(histogram: Histogram, label: Callable[[float], str]) -> tuple[Bar, ...]:
    """In a box of 320 × 80; a bar with few values keeps a visible rest."""
    highest = max(histogram.counts, default=0) or 1
    width = WIDTH / len(histogram.counts)
    found = []
    for place, count in enumerate(histogram.counts):
        height = max(1.0, HEIGHT * count / highest)
        title = f"{label(histogram.edges[place])} to {label(histogram.edges[place + 1])}: {count:,}"
        if count:
            shape = f"M{place * width:.2f} {HEIGHT:g}h{0.92 * width:.2f}v-{height:.2f}h-{0.92 * width:.2f}z"
            found.append(Bar(shape, title))
    return tuple(found)


def overview(profile: Profile) -> dict[str, Any]:
    """The figures of the tiles."""
    n_cells = profile.n_rows * len(profile.columns)
    n_missing = sum(column.n_missing for column in profile.columns)
    kinds = {kind: sum(column.kind == kind for column in profile.columns) for kind in KINDS}
    severities = [(name, sum(alert.severity == name for alert in profile.alerts)) for name in SEVERITIES]
    return {
        "missing_share": n_missing / n_cells if n_cells else 0.0,
        "kinds": [(kind, n) for kind, n in kinds.items() if n],
        "severities": severities,
        "alert_kinds": sorted({alert.kind for alert in profile.alerts if alert.columns}),
    }


def heat_maps(profile: Profile) -> list[dict[str, Any]]:
    """The matrices of a full profile, each with at most 40 columns."""
    found = profile.correlations
    if found is None:
        return []
    named = (("Pearson", found.pearson), ("Spearman", found.spearman), ("Cramér’s V", found.cramers_v))
    return [heat_map(title, matrix) for title, matrix in named if len(matrix.columns) > 1]


def heat_map(title: str, matrix: Matrix) -> dict[str, Any]:
    """Cells of 20 × 20; opacity is the strength. What is the same on both sides of the diagonal is drawn once."""
    names = matrix.columns[:HEAT_COLUMNS]
    cells = [
        {
            "shape": f"M{20 * across} {20 * down}h19v19h-19z",
            "opacity": f"{abs(value):.2f}",
            "tone": "heat-down" if value < 0 else "heat-up",
            "title": f"{names[down]} and {names[across]}: {value:.3f}",
        }
        for down, row in enumerate(matrix.values[:HEAT_COLUMNS])
        for across, value in enumerate(row[: down + 1])
        if value is not None and abs(value) >= 0.005
    ]
    labels = [
        {"y": 20 * place + 14, "name": name if len(name) <= 22 else name[:21] + "…"}
        for place, name in enumerate(names)
    ]
    left_out = len(matrix.columns) - len(names)
    return {"title": title, "cells": cells, "labels": labels, "size": 20 * len(names), "left_out": left_out}


def _alerts_of_columns(profile: Profile) -> dict[str, tuple[Alert, ...]]:
    found: dict[str, list[Alert]] = {}
    for alert in profile.alerts:
        for name in alert.columns:
            found.setdefault(name, []).append(alert)
    return {name: tuple(alerts) for name, alerts in found.items()}


def _histogram(column: Column) -> tuple[Histogram | None, tuple[str, str] | None, Callable[[float], str]]:
    if column.kind == "constant" or (
        column.type == "string" and column.texts and column.texts.shortest == column.texts.longest
    ):
        return None, None, _number
    if column.numbers:
        numbers = column.numbers
        return numbers.histogram, (_number(numbers.minimum), _number(numbers.maximum)), _number
    if column.times:
        return column.times.histogram, (column.times.minimum[:16], column.times.maximum[:16]), _moment
    if column.texts and column.kind in ("text", "identifier"):
        texts = column.texts
        return texts.lengths, (f"{texts.shortest} characters", f"{texts.longest:,} characters"), _number
    return None, None, _number


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e12 else f"{value:,.4g}"


def _moment(seconds: float) -> str:
    try:
        return f"{EPOCH + timedelta(seconds=seconds):%Y-%m-%d %H:%M}"
    except OverflowError:
        return f"{seconds:.0f} s"
