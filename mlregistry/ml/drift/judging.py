"""From the two sides of each column to a report: figures, verdicts, correction. Called by tables and counted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mlregistry.ml.drift.correcting import adjusted
from mlregistry.ml.drift.declaring import DEFAULTS, Declaration
from mlregistry.ml.drift.drawing import drawn
from mlregistry.ml.drift.measures import z_test
from mlregistry.ml.drift.methods import METHODS, Method
from mlregistry.ml.drift.report import (
    COMPARED,
    FORMAT,
    GONE,
    NEW,
    NOT_COMPARED,
    TOO_FEW,
    ColumnDrift,
    DriftReport,
    Rate,
)
from mlregistry.ml.drift.sides import Categories, Compared

RATE_LEVEL = 1e-3
LARGEST = 1.7e308


@dataclass(frozen=True)
class Amounts:
    """Rows of one side of a column, and how many of them hold no value to compare."""

    n_rows: int
    n_missing: int = 0
    n_infinite: int = 0


@dataclass(frozen=True)
class Column:
    """One column on both sides. A side that lacks it has None; `compared` is None where a side has no values.

    `n_unseen` counts rows of the window whose category the baseline never had; None where that is not known.
    """

    name: str
    kind: str
    reference: Amounts | None
    current: Amounts | None
    compared: Compared | None = None
    n_unseen: int | None = None


def report(
    columns: Iterable[Column], *, n_reference: int, n_current: int, declaration: Declaration = DEFAULTS
) -> DriftReport:
    """Judges all columns; one after the other, so that they may be made as they are asked for."""
    found = [judged(column, declaration) for column in columns]
    return summed(found, n_reference=n_reference, n_current=n_current, declaration=declaration)


def summed(
    columns: Sequence[ColumnDrift], *, n_reference: int, n_current: int, declaration: Declaration = DEFAULTS
) -> DriftReport:
    """The report of columns that were judged by themselves, with their p-values corrected together."""
    found = corrected(columns, declaration)
    compared = [column for column in found if column.state == COMPARED]
    n_drifted = sum(column.drifted for column in compared)
    share = n_drifted / len(compared) if compared else 0.0
    return DriftReport(
        format=FORMAT,
        n_reference=n_reference,
        n_current=n_current,
        columns=tuple(found),
        n_compared=len(compared),
        n_drifted=n_drifted,
        share=share,
        drifted=share >= declaration.drifted_share if compared else None,
        correction=declaration.correction,
        alpha=declaration.alpha,
    )


def judged(column: Column, declaration: Declaration) -> ColumnDrift:
    """A column by itself; the p-value of a test is not corrected yet."""
    plain = ColumnDrift(column.name, column.kind, _state(column, declaration))
    if column.reference is None or column.current is None:
        return plain
    plain = replace(
        plain,
        missing=_rate(column, "n_missing", declaration.missing_change),
        infinite=_rate(column, "n_infinite", declaration.missing_change),
        unseen=_unseen(column, declaration),
    )
    if column.compared is None:
        return plain
    sizes = (column.compared.n_reference, column.compared.n_current)
    plain = replace(plain, n_reference=sizes[0], n_current=sizes[1], drawing=drawn(column.compared))
    return _measured(plain, column.compared, declaration) if plain.state == COMPARED else plain


def corrected(columns: Sequence[ColumnDrift], declaration: Declaration) -> list[ColumnDrift]:
    """The p-values of all tests adjusted together, and the tests' verdicts by them."""
    tested = [column for column in columns if column.method and METHODS[column.method].is_test]
    values = adjusted([column.p_value or 0.0 for column in tested], declaration.correction)
    found = {
        column.name: replace(column, adjusted=value, drifted=value <= (column.threshold or 0.0))
        for column, value in zip(tested, values, strict=True)
    }
    return [found.get(column.name, column) for column in columns]


def _state(column: Column, declaration: Declaration) -> str:
    if column.reference is None:
        return NEW
    if column.current is None:
        return GONE
    if not declaration.watches(column.name) or column.kind not in ("numeric", "categorical"):
        return NOT_COMPARED
    if vanished := _vanished(column, declaration):
        return vanished
    sides = column.compared
    few = sides is None or min(sides.n_reference, sides.n_current) < declaration.least_rows
    return TOO_FEW if few else COMPARED


def _vanished(column: Column, declaration: Declaration) -> str | None:
    """A column that one side holds in name only: no row of it has a value."""
    before, now = column.reference, column.current
    if before is None or now is None or min(before.n_rows, now.n_rows) < declaration.least_rows:
        return None
    was, there = before.n_missing < before.n_rows, now.n_missing < now.n_rows
    return None if was == there else GONE if was else NEW


def _measured(plain: ColumnDrift, compared: Compared, declaration: Declaration) -> ColumnDrift:
    sizes = (compared.n_reference, compared.n_current)
    chosen = declaration.method_for(
        plain.name, plain.kind, n_smaller=min(sizes), n_distinct=compared.n_distinct
    )
    figure = chosen.function(compared)
    declared = declaration.threshold_for(plain.name, chosen)
    threshold = chosen.threshold(figure, *sizes) if declared is None else declared
    return replace(
        plain,
        method=chosen.name,
        statistic=_finite(figure.statistic),
        p_value=figure.p_value,
        threshold=threshold,
        direction=chosen.direction,
        drifted=_drifted(chosen, figure.statistic, figure.p_value, threshold),
    )


def _drifted(chosen: Method, statistic: float, p_value: float | None, threshold: float) -> bool:
    if chosen.is_test:
        return p_value is not None and p_value <= threshold
    return statistic >= threshold


def _finite(value: float) -> float:
    return 0.0 if math.isnan(value) else max(-LARGEST, min(LARGEST, value))


def _rate(column: Column, name: str, change: float) -> Rate | None:
    """Drift is a change that is both large enough and no chance."""
    before, now = column.reference, column.current
    if not before or not now or not before.n_rows or not now.n_rows:
        return None
    found, found_now = getattr(before, name), getattr(now, name)
    p_value = z_test.of_counts(found, before.n_rows, found_now, now.n_rows).p_value or 0.0
    shares = (found / before.n_rows, found_now / now.n_rows)
    drifted = abs(shares[1] - shares[0]) >= change and p_value <= RATE_LEVEL
    return Rate(*shares, p_value, drifted)


def _unseen(column: Column, declaration: Declaration) -> Rate | None:
    """The baseline's own rate is zero by its nature; a handful of rows is no alarm."""
    now = column.current
    if column.n_unseen is None or not now or not now.n_rows or not isinstance(column.compared, Categories):
        return None
    n = column.compared.n_reference
    p_value = z_test.of_counts(0, n, column.n_unseen, now.n_rows).p_value or 0.0
    share = column.n_unseen / now.n_rows
    return Rate(0.0, share, p_value, share >= declaration.unseen_share and p_value <= RATE_LEVEL)
