"""Runs the pandera schema over a table, chunk by chunk, in bounded memory. Called by checking."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from . import canonical, schema
from .document import Contract
from .parts import Table
from .report import FAILED, N_EXAMPLES, Example, Result, plain

if TYPE_CHECKING:
    import pandas as pd

VECTOR = 2048
MOST_CELLS = 1_500_000
MOST_VECTORS = 60
Report = Callable[[float, str], None]


@dataclass
class _Tally:
    """What one check of one column found so far."""

    n_failed: int = 0
    examples: list[Example] = field(default_factory=list)


def check(
    contract: Contract, table: Table, *, now: datetime, report: Report = lambda share, text: None
) -> tuple[int, list[Result]]:
    """How many checks ran, and the failed ones.

    Each check of the schema is called by itself: its mask is counted and the first failing rows are kept,
    where validating the whole frame would list every failing cell of it.
    """
    whole = schema.of_contract(contract, table.types, now=now)
    names = list(whole.columns)
    tallies = {(name, place): _Tally() for name in names for place in range(len(whole.columns[name].checks))}
    n_before = 0
    for frame in _chunks(contract, table, names):
        for name, series in zip(names, (frame.iloc[:, n] for n in range(frame.shape[1])), strict=True):
            for place, one in enumerate(whole.columns[name].checks):
                _count(tallies[name, place], one, series, n_before)
        n_before += len(frame)
        report(n_before / max(1, table.n_rows), f"{n_before:,} rows checked")
    results = []
    for (name, place), tally in tallies.items():
        if tally.n_failed:
            one = whole.columns[name].checks[place]
            results.append(_result(name, str(one.name), str(one.error), tally, table.n_rows))
    return len(tallies), results


def _chunks(contract: Contract, table: Table, names: list[str]) -> Iterator[pd.DataFrame]:
    """The columns as their types read them, in the order of the rows."""
    if not names:
        return
    rules = {rule.name: rule for rule in contract.columns}
    chosen = ", ".join(
        f"{canonical.value(rules[name], table.types[name])} AS c{place}" for place, name in enumerate(names)
    )
    cursor = table.connection.execute(f"SELECT {chosen} FROM {table.source}")  # noqa: S608  # duck quotes names and paths, the rest is ours
    vectors = max(1, min(MOST_VECTORS, MOST_CELLS // (VECTOR * len(names))))
    while len(frame := cursor.fetch_df_chunk(vectors)):
        yield frame


def _count(tally: _Tally, one: Any, series: pd.Series[Any], n_before: int) -> None:
    known = series.dropna()
    if not len(known):
        return
    failed = ~one(known).check_output.astype(bool)
    n_failed = int(failed.sum())
    if not n_failed:
        return
    tally.n_failed += n_failed
    for row, value in known[failed].head(N_EXAMPLES - len(tally.examples)).items():
        found = value.to_pydatetime() if hasattr(value, "to_pydatetime") else value
        found = found.item() if hasattr(found, "item") else found
        tally.examples.append(Example(n_before + int(str(row)) + 1, plain(found)))


def _result(name: str, check: str, wanted: str, tally: _Tally, n_rows: int) -> Result:
    message = f"Column '{name}': {tally.n_failed:,} of {n_rows:,} rows are outside: wanted {wanted}."
    return Result(
        name, check, FAILED, message, tally.n_failed, tally.n_failed / n_rows, tuple(tally.examples)
    )
