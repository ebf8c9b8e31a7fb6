"""MLflow's four JSON formats as rows, with the place of every mistake. `wire` calls `read_rows`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlregistry.errors import Invalid, TooLarge
from serving.hotpath import strict_json
from serving.hotpath.csv_rows import check_columns

MAX_ROWS = 10_000
HARMLESS = frozenset({float, bool, type(None)})

Row = dict[str, Any]


def read_rows(name: str, data: Any, inputs: tuple[Any, ...]) -> list[Row]:
    """The rows of the format `name`, for a model with these input fields; none is no request."""
    rows = READERS[name](data, inputs)
    check_filled(rows)
    _check_cells(rows)
    return rows


def short(name: str) -> str:
    """A client's name, fit to be quoted in an error."""
    clean = name.replace("\x00", "")
    return clean if len(clean) <= 60 else clean[:60] + "…"


def _split(data: Any, inputs: tuple[Any, ...]) -> list[Row]:
    if not isinstance(data, dict):
        raise Invalid(
            "“dataframe_split” must be an object with “columns” and “data”.", field="dataframe_split"
        )
    columns, lines = data.get("columns"), data.get("data")
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise Invalid("“dataframe_split.columns” must be a list of names.", field="dataframe_split.columns")
    if not isinstance(lines, list):
        raise Invalid("“dataframe_split.data” must be a list of rows.", field="dataframe_split.data")
    check_columns(columns, field="dataframe_split.columns")
    return _positional(lines, columns, "dataframe_split.data")


def _records(data: Any, inputs: tuple[Any, ...]) -> list[Row]:
    return _objects(data, "dataframe_records")


def _instances(data: Any, inputs: tuple[Any, ...]) -> list[Row]:
    return _by_row(data, inputs, "instances")


def _inputs(data: Any, inputs: tuple[Any, ...]) -> list[Row]:
    """Columns by name, or what `instances` takes."""
    if not isinstance(data, dict):
        return _by_row(data, inputs, "inputs")
    columns = {name: values if isinstance(values, list) else [values] for name, values in data.items()}
    lengths = {len(values) for values in columns.values()}
    if len(lengths) > 1:
        first = len(next(iter(columns.values())))
        odd = next(name for name, values in columns.items() if len(values) != first)
        message = f"Column “{odd}” holds {len(columns[odd])} values, the columns before it {first}."
        raise Invalid(message, field=f"inputs.{odd}")
    _check_length(max(lengths, default=0), "inputs")
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _by_row(data: Any, inputs: tuple[Any, ...], where: str) -> list[Row]:
    """Rows as objects, as lists in the order of the signature, or as bare values for a model of one input."""
    if not isinstance(data, list):
        raise Invalid(f"“{where}” must be a list of rows.", field=where)
    names = [str(item.name) for item in inputs]
    if data and isinstance(data[0], dict):
        return _objects(data, where)
    if data and not isinstance(data[0], list) and len(names) == 1:
        return _positional([[value] for value in data], names, where)
    return _positional(data, names, where)


def _objects(data: Any, where: str) -> list[Row]:
    if not isinstance(data, list):
        raise Invalid(f"“{where}” must be a list of objects, one per row.", field=where)
    _check_length(len(data), where)
    for number, row in enumerate(data, start=1):
        if not isinstance(row, dict):
            raise Invalid(
                f"Row {number} of “{where}” must be an object of column names and values.", field=where
            )
    return data


def _positional(lines: list[Any], columns: list[str], where: str) -> list[Row]:
    _check_length(len(lines), where)
    for number, line in enumerate(lines, start=1):
        if not isinstance(line, list):
            raise Invalid(f"Row {number} of “{where}” must be a list of values.", field=where)
        if len(line) != len(columns):
            message = f"Row {number} of “{where}” has {len(line)} values for {len(columns)} columns."
            raise Invalid(message, field=where)
    return [dict(zip(columns, line, strict=True)) for line in lines]


def _check_length(n_rows: int, where: str) -> None:
    if n_rows > MAX_ROWS:
        raise TooLarge(
            f"One request may hold at most {MAX_ROWS} rows; “{where}” holds {n_rows}.", field=where
        )


def _check_cells(rows: list[Row]) -> None:
    """No row may hold what no column can: nested values, huge integers, NUL."""
    for number, row in enumerate(rows, start=1):
        for column, value in row.items():
            if type(value) not in HARMLESS:
                strict_json.check_cell(value, row=number, column=short(column))


def check_filled(rows: list[Row]) -> None:
    if not rows:
        raise Invalid("There are no rows to predict.", field="body")


READERS: dict[str, Callable[[Any, tuple[Any, ...]], list[Row]]] = {
    "dataframe_split": _split,
    "dataframe_records": _records,
    "instances": _instances,
    "inputs": _inputs,
}
