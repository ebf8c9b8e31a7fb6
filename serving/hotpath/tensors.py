"""Named tensors of the Open Inference Protocol as rows, and answers as tensors. `inference` calls both ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from mlregistry.errors import Invalid, TooLarge
from serving.hotpath.row_formats import MAX_ROWS, Row, short
from serving.hotpath.strict_json import check_cell

MOST_TENSORS = 5_000
DEEPEST = 4
DATATYPES = {"integer": "INT64", "float": "FP64", "boolean": "BOOL", "string": "BYTES", "datetime": "BYTES"}
BITS = {f"{kind}INT{bits}": (kind, bits) for kind in ("", "U") for bits in (8, 16, 32, 64)}
FLOATS = frozenset({"FP16", "FP32", "FP64"})


def rows_of(tensors: list[Any], inputs: tuple[Any, ...]) -> list[Row]:
    """One tensor a column, of shape [n] or [n, 1]; or one tensor [n, columns] in the order of the signature."""
    names = [str(item.name) for item in inputs]
    if len(tensors) > MOST_TENSORS:
        raise TooLarge(f"One request may hold at most {MOST_TENSORS} tensors.", field="inputs")
    columns: dict[str, list[Any]] = {}
    for number, tensor in enumerate(tensors, start=1):
        name = _name(tensor, number)
        if name in columns:
            raise Invalid(f"The tensor “{short(name)}” stands twice.", field=f"inputs.{short(name)}")
        shape, values = _shape(tensor, name), _values(tensor, name)
        if len(tensors) == 1 and name not in names and len(shape) == 2 and shape[1] == len(names):
            return _matrix(values, names, shape[0])
        if len(shape) > 2 or (len(shape) == 2 and shape[1] != 1):
            raise Invalid(
                f"The tensor “{short(name)}” is one column: its shape is [rows] or [rows, 1].",
                field=f"inputs.{short(name)}.shape",
            )
        columns[name] = values
    return _rows(columns)


def _name(tensor: Any, number: int) -> str:
    if not isinstance(tensor, dict):
        raise Invalid(f"Tensor {number} of “inputs” must be an object.", field="inputs")
    name = tensor.get("name")
    if not isinstance(name, str) or not name:
        raise Invalid(f"Tensor {number} of “inputs” needs a name.", field="inputs.name")
    unknown = [key for key in tensor if key not in ("name", "shape", "datatype", "parameters", "data")]
    if unknown:
        raise Invalid(
            f"The field “{short(unknown[0])}” is not known in a tensor.", field=f"inputs.{short(name)}"
        )
    if not isinstance(tensor.get("parameters", {}), dict):
        raise Invalid("“parameters” must be an object.", field=f"inputs.{short(name)}.parameters")
    return name


def _shape(tensor: Mapping[str, Any], name: str) -> list[int]:
    shape = tensor.get("shape")
    whole = isinstance(shape, list) and 0 < len(shape) <= DEEPEST
    if not whole or any(isinstance(n, bool) or not isinstance(n, int) or n < 0 for n in shape or ()):
        raise Invalid(
            f"The tensor “{short(name)}” needs a shape: a list of 1 to {DEEPEST} whole numbers.",
            field=f"inputs.{short(name)}.shape",
        )
    assert isinstance(shape, list)  # noqa: S101 - for the type checker
    if shape[0] > MAX_ROWS:
        raise TooLarge(f"One request may hold at most {MAX_ROWS} rows.", field=f"inputs.{short(name)}.shape")
    return shape


def _values(tensor: Mapping[str, Any], name: str) -> list[Any]:
    """The data, flat in row-major order, each element of the declared type or null."""
    where = f"inputs.{short(name)}"
    datatype, data = tensor.get("datatype"), tensor.get("data")
    fits = _check_of(datatype, where)
    if not isinstance(data, list):
        raise Invalid(f"The tensor “{short(name)}” needs its data as a list.", field=f"{where}.data")
    values = _flat(data, f"{where}.data")
    n = 1
    for size in tensor["shape"]:
        n *= size
    if len(values) != n:
        raise Invalid(
            f"The tensor “{short(name)}” has {len(values)} elements, but its shape asks for {n}.",
            field=f"{where}.data",
        )
    for number, value in enumerate(values, start=1):
        if value is not None and not fits(value):
            raise Invalid(
                f"Row {number}, column “{short(name)}”: the element is no {datatype}.", field=f"{where}.data"
            )
    return values


def _flat(data: list[Any], where: str) -> list[Any]:
    for _ in range(DEEPEST):
        if not any(isinstance(item, list) for item in data):
            return data
        if not all(isinstance(item, list) for item in data):
            raise Invalid("The data must be nested evenly, or flat.", field=where)
        data = [value for item in data for value in item]
    raise Invalid(f"The data is nested deeper than {DEEPEST} levels.", field=where)


def _check_of(datatype: Any, where: str) -> Callable[[Any], bool]:
    if datatype in FLOATS:
        return lambda value: isinstance(value, int | float) and not isinstance(value, bool)
    if datatype == "BOOL":
        return lambda value: isinstance(value, bool)
    if datatype == "BYTES":
        return lambda value: isinstance(value, str)
    if not isinstance(datatype, str) or datatype not in BITS:
        known = ", ".join([*BITS, *sorted(FLOATS), "BOOL", "BYTES"])
        raise Invalid(f"The datatype must be one of {known}.", field=f"{where}.datatype")
    kind, bits = BITS[datatype]
    low, high = (0, 2**bits - 1) if kind else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _matrix(values: list[Any], names: list[str], n_rows: int) -> list[Row]:
    width = len(names)
    return _checked(
        [dict(zip(names, values[at * width : (at + 1) * width], strict=True)) for at in range(n_rows)]
    )


def _rows(columns: dict[str, list[Any]]) -> list[Row]:
    lengths = {name: len(values) for name, values in columns.items()}
    first = next(iter(lengths.values()), 0)
    for name, length in lengths.items():
        if length != first:
            raise Invalid(
                f"The tensor “{short(name)}” has {length} rows, the ones before it {first}.",
                field=f"inputs.{short(name)}.shape",
            )
    return _checked(
        [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    )


def _checked(rows: list[Row]) -> list[Row]:
    if not rows:
        raise Invalid("There are no rows to predict.", field="inputs")
    for number, row in enumerate(rows, start=1):
        for column, value in row.items():
            if isinstance(value, str | int):
                check_cell(value, row=number, column=short(column))
    return rows


def column_tensor(name: str, values: list[Any]) -> dict[str, Any]:
    """A list of answers as a tensor; lists and objects (recommendations) become JSON text."""
    if values and isinstance(values[0], dict | list):
        texts = [msgspec.json.encode(value).decode() for value in values]
        return _tensor(name, "BYTES", [len(values)], texts, {"content_type": "json"})
    return _tensor(name, datatype_of(values), [len(values)], values)


def matrix_tensor(name: str, rows: list[list[float]], labels: list[Any], *, label: str) -> dict[str, Any]:
    """Numbers by row and label, flat; the labels stand in the parameters."""
    flat = [value for row in rows for value in row]
    return _tensor(name, "FP64", [len(rows), len(labels)], flat, {label: labels})


def _tensor(
    name: str, datatype: str, shape: list[int], data: list[Any], parameters: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    extra = {"parameters": dict(parameters)} if parameters else {}
    return {"name": name, "shape": shape, "datatype": datatype, **extra, "data": data}


def datatype_of(values: list[Any]) -> str:
    """Of answers or classes, which are of one type."""
    kinds = {type(value) for value in values}
    if kinds <= {bool}:
        return "BOOL"
    if kinds <= {int}:
        return "INT64"
    return "FP64" if kinds <= {int, float} else "BYTES"
