"""Holds a version to its contract: the one function that workers call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from . import parts, rows, values
from .document import Contract
from .report import Report


def check(
    contract: Contract,
    version: Sequence[Path],
    *,
    now: datetime,
    report: Callable[[float, str], None] = lambda share, text: None,
) -> Report:
    """All checks of the contract on the Parquet parts of a version; `now` is the clock of times and ages."""
    with parts.opened(version) as table:
        report(0.0, "Checking the whole table")
        n_rows_checks, of_rows = rows.check(contract, table, now=now)
        n_value_checks, of_values = values.check(
            contract, table, now=now, report=lambda share, text: report(0.3 + 0.7 * share, text)
        )
    order = {rule.name: place for place, rule in enumerate(contract.columns)}
    found = sorted((*of_rows, *of_values), key=lambda result: order.get(result.column or "", -1))
    return Report(table.n_rows, n_rows_checks + n_value_checks, tuple(found))
