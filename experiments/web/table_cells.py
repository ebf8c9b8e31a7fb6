"""Cells of a runs table as text: figures, times, states. Called by its pages and its export."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from experiments.models import Run
from experiments.queries.runs_table import TableRow
from experiments.queries.table_groups import Group, Groups, Measure
from experiments.queries.table_state import DURATION, Column
from mlregistry.ml.table_export import neutral
from mlregistry.ui.templatetags.pages import DASH, ago, badge, duration, exact, figure

CUT, KEPT = 60, 400


@dataclass(frozen=True, slots=True)
class Cell:
    """`title` says in full what `text` cuts short or rounds."""

    css: str
    text: Any
    title: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    run: Run
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class GroupLine:
    """`names` of its values, then `cells`: a mean and a best for each measure, dots while it is not measured."""

    names: list[str]
    n: int
    cells: list[Cell]
    filter: str | None


WAITING = (Cell("n none waiting", "…"), Cell("n none waiting", "…"))


def lines(columns: tuple[Column, ...], rows: list[TableRow]) -> list[Line]:
    return [
        Line(row.run, [cell(column, value) for column, value in zip(columns, row.values, strict=True)])
        for row in rows
    ]


def cell(column: Column, value: Any) -> Cell:
    is_duration = (column.entity, column.key) == ("attribute", DURATION)
    if value is None or value == "":
        return Cell("n none" if column.is_number or is_duration else "none", DASH)
    if column.is_number:
        return Cell("n", figure(value), exact(value))
    if isinstance(value, datetime):
        return Cell("tight", ago(value))
    if is_duration:
        return Cell("n", duration(value))
    if column.key == "status" and column.entity == "attribute":
        return Cell("tight", badge(value))
    text = str(value)
    return Cell("text", text, "") if len(text) <= CUT else Cell("text", f"{text[:CUT]}…", text[:KEPT])


def group_lines(found: Groups, direction: str) -> list[GroupLine]:
    """The best follows the problem's direction, and where there is none, both ends are shown."""
    return [_group_line(found, group, direction) for group in found.groups]


def exported(row: TableRow) -> list[str]:
    """One line of a CSV file: numbers with all their digits, and no text that a spreadsheet would calculate."""
    values = [_plain(value) for value in row.values]
    return [row.run.pk.hex, neutral(row.run.name), *values]


def _group_line(found: Groups, group: Group, direction: str) -> GroupLine:
    by_place = dict(zip(found.places, group.measures, strict=True))
    cells = [
        part
        for place in range(len(found.columns))
        for part in (_measured(by_place[place], direction) if place in by_place else WAITING)
    ]
    names = ["none" if value is None else value if value else "empty" for value in group.values]
    return GroupLine(names, group.n, cells, group.filter)


def _measured(measure: Measure, direction: str) -> tuple[Cell, Cell]:
    if not measure.n:
        return Cell("n none", DASH), Cell("n none", DASH)
    spread = f" ± {figure(measure.deviation)}" if measure.deviation is not None else ""
    best = {"maximize": measure.high, "minimize": measure.low}.get(direction)
    ends = f"{figure(measure.low)} … {figure(measure.high)}" if best is None else figure(best)
    title = f"{measure.n:,} runs have it; from {exact(measure.low)} to {exact(measure.high)}"
    return Cell("n", f"{figure(measure.mean)}{spread}", title), Cell("n", ends, title)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    return repr(value) if isinstance(value, float) else neutral(str(value))
