"""MLflow's scoring formats: request bodies as rows, scores as an answer. `predict` calls both ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from mlregistry.errors import Invalid, MlregistryError, TooLarge
from serving.hotpath import strict_json
from serving.hotpath.csv_rows import check_columns, read_csv

MAX_BYTES = 16 * 1024 * 1024
MAX_ROWS = 10_000
MAX_UNIT_ID = 256
FORMATS = ("dataframe_split", "dataframe_records", "instances", "inputs")
EXTRAS = ("params", "unit_id")
PARAMS = ("unit_id", "probabilities")

Row = dict[str, Any]


class UnsupportedMedia(MlregistryError):
    """The body is in a form that the prediction path does not read."""

    status = 415
    code = "unsupported_media_type"


@dataclass(frozen=True, slots=True)
class Request:
    """A parsed request: rows as the client named them, the unit it is about, its params."""

    rows: list[Row]
    unit_id: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Body:
    """A body whose envelope is read but whose rows are not: the variant (and so the columns) comes later."""

    unit_id: str | None
    params: Mapping[str, Any]
    rows: Callable[[tuple[Any, ...]], list[Row]]


def read(body: bytes, headers: Mapping[str, str], inputs: tuple[Any, ...]) -> Request:
    """Reads a whole request for a model with these input fields."""
    opened = open_body(body, headers)
    return Request(rows=opened.rows(inputs), unit_id=opened.unit_id, params=opened.params)


def open_body(body: bytes, headers: Mapping[str, str]) -> Body:
    """Reads the envelope: media type, size, format, unit id, params. Header names are lower-case."""
    if len(body) > MAX_BYTES:
        raise TooLarge(f"The body is larger than {MAX_BYTES // 2**20} MB.", field="body")
    media = _media_type(headers)
    unit_id = headers.get("x-unit-id") or None
    if media == "text/csv":
        return Body(_unit(unit_id, "X-Unit-Id"), {}, lambda inputs: _filled(read_csv(body, inputs, max_rows=MAX_ROWS)))
    data = strict_json.decode(body)
    name = _format(data)
    params = _params(data.get("params"))
    given = (("X-Unit-Id", unit_id), ("unit_id", data.get("unit_id")), ("params.unit_id", params.get("unit_id")))
    unit = next((_unit(value, where) for where, value in given if value is not None), None)
    return Body(unit, params, lambda inputs: _checked(READERS[name](data[name], inputs)))


def _media_type(headers: Mapping[str, str]) -> str:
    media, _, options = headers.get("content-type", "application/json").partition(";")
    media = media.strip().lower() or "application/json"
    if media not in ("application/json", "text/csv"):
        raise UnsupportedMedia("Send application/json or text/csv.", field="Content-Type")
    charset = options.lower().replace('"', "").replace(" ", "").partition("charset=")[2].partition(";")[0]
    if charset not in ("", "utf-8", "utf8", "us-ascii"):
        raise UnsupportedMedia("Send the body in UTF-8.", field="Content-Type")
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise UnsupportedMedia("Send the body uncompressed.", field="Content-Encoding")
    return media


def _format(data: Any) -> str:
    if not isinstance(data, dict):
        raise Invalid(f"The body must be a JSON object with exactly one of {', '.join(FORMATS)}.", field="body")
    unknown = [name for name in data if name not in FORMATS and name not in EXTRAS]
    if unknown:
        raise Invalid(f"The field “{_short(unknown[0])}” is not known here.", field=_short(unknown[0]))
    found = [name for name in FORMATS if name in data]
    if len(found) != 1:
        had = f"{len(found)} of them were sent" if found else "none was sent"
        raise Invalid(f"The body must hold exactly one of {', '.join(FORMATS)}; {had}.", field="body")
    return found[0]


def _short(name: str) -> str:
    return name.replace("\x00", "") if len(name) <= 60 else name[:60].replace("\x00", "") + "…"


def _params(params: Any) -> dict[str, Any]:
    if params is None:
        return {}
    if not isinstance(params, dict):
        raise Invalid("“params” must be a JSON object.", field="params")
    unknown = [_short(name) for name in params if name not in PARAMS]
    if unknown:
        raise Invalid(f"The parameter “{unknown[0]}” is not known here.", field=f"params.{unknown[0]}")
    if not isinstance(params.get("probabilities", True), bool):
        raise Invalid("“params.probabilities” must be true or false.", field="params.probabilities")
    return params


def _unit(value: Any, where: str) -> str | None:
    """A unit id is a text or an integer; 42 and "42" are the same unit."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Invalid(f"“{where}” must be a text or an integer.", field=where)
    if isinstance(value, int) and not strict_json.MIN_INTEGER <= value <= strict_json.MAX_INTEGER:
        raise Invalid(f"“{where}” does not fit into 64 bits.", field=where)
    text = str(value)
    if not 0 < len(text) <= MAX_UNIT_ID or not text.isprintable():
        raise Invalid(f"“{where}” must be 1 to {MAX_UNIT_ID} printable characters.", field=where)
    return text


def _split(data: Any, inputs: tuple[Any, ...]) -> list[Row]:
    if not isinstance(data, dict):
        raise Invalid("“dataframe_split” must be an object with “columns” and “data”.", field="dataframe_split")
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
            raise Invalid(f"Row {number} of “{where}” must be an object of column names and values.", field=where)
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
        raise TooLarge(f"One request may hold at most {MAX_ROWS} rows; “{where}” holds {n_rows}.", field=where)


def _checked(rows: list[Row]) -> list[Row]:
    """No row may hold what no column can: nested values, huge integers, NUL."""
    for number, row in enumerate(_filled(rows), start=1):
        for column, value in row.items():
            if isinstance(value, str | int | dict | list):
                strict_json.check_cell(value, row=number, column=_short(column))
    return rows


def _filled(rows: list[Row]) -> list[Row]:
    if not rows:
        raise Invalid("There are no rows to predict.", field="body")
    return rows


READERS: dict[str, Callable[[Any, tuple[Any, ...]], list[Row]]] = {
    "dataframe_split": _split,
    "dataframe_records": _records,
    "instances": _instances,
    "inputs": _inputs,
}


def answer(scores: Mapping[str, Any], *, prediction_ids: list[str], params: Mapping[str, Any]) -> bytes:
    """The body of an answer. Probabilities are sent for every classifier unless the params decline them."""
    extra = {name: value for name, value in scores.items() if name != "predictions" and value is not None}
    if not params.get("probabilities", True):
        extra = {name: value for name, value in extra.items() if name not in ("probabilities", "classes")}
    whole = {"predictions": scores["predictions"], **extra, "prediction_ids": prediction_ids}
    return msgspec.json.encode(whole)
