"""Decoders made from a model's signature: a body that is plainly right is read and checked in one go.

`wire` tries them. What they do not read at once, right or wrong, goes the general way, which words every mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType

from mlregistry.ml.plain_rows import MOST_ORDERS, PlainNumbers, PlainRows
from mlregistry.ml.signature import Field
from serving.hotpath import matrices
from serving.hotpath.records import Columns
from serving.hotpath.row_formats import MAX_ROWS
from serving.hotpath.strict_json import MAX_INTEGER, MIN_INTEGER

WHOLE = Annotated[int, Meta(ge=MIN_INTEGER, le=MAX_INTEGER)]
TYPES: dict[str, Any] = {
    "integer": WHOLE,
    "float": WHOLE | float,
    "boolean": bool,
    "string": str,
    "datetime": str,
}
NUMBERS = frozenset({"integer", "float"})
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
BACKSLASH, NUL = b"\\", b"\\u0000"
NOTHING = Raw(b"")
LONGEST_ORDER = 64 * 1024  # bytes, of columns that are remembered as they were written
Order = tuple[tuple[str, ...], Callable[[bytes], Any]]  # of columns: their names, and what reads their rows


class _Split(msgspec.Struct):
    columns: Raw
    data: Raw


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    dataframe_split: _Split | UnsetType = UNSET
    dataframe_records: Raw = NOTHING
    instances: Raw = NOTHING
    inputs: Raw = NOTHING
    params: dict[str, Any] | UnsetType | None = UNSET
    unit_id: str | int | UnsetType | None = UNSET


class Opened(msgspec.Struct):
    """An envelope that is plainly right; `columns` (as JSON) is None where the format does not name them apart.

    Where the rows are a large matrix of numbers they are read already, and `rows` is what stands in for them;
    `tensor` is its name, if it has one.
    """

    rows: bytes
    columns: bytes | None
    params: dict[str, Any] | None
    unit_id: str | int | None
    matrix: matrices.Matrix | None = None
    tensor: str | None = None


_envelope = msgspec.json.Decoder(_Envelope)
_columns = msgspec.json.Decoder(tuple[str, ...])


def open_envelope(body: bytes) -> Opened | None:
    """The parts of a body in one of MLflow's formats; None where there is any doubt.

    Each name of a JSON object stands before a colon. A text with exactly as many colons as names were read here
    holds no name twice, and none that was passed over.
    """
    if len(body) >= matrices.LEAST_BYTES:
        found = matrices.cut(body)
        opened = _open(found[0]) if found is not None else None
        if found is not None and opened is not None and opened.rows == matrices.STAND_IN:
            opened.matrix = found[1]
            return opened
    return _open(body)


def _open(body: bytes) -> Opened | None:
    if BACKSLASH in body and NUL in body:  # looking for one byte costs a fiftieth
        return None
    try:
        found = _envelope.decode(body)
    except UNREADABLE:
        return None
    split = found.dataframe_split
    if split is not UNSET and found.dataframe_records is found.instances is found.inputs is NOTHING:
        raw, columns, n_names = split.data, bytes(split.columns), 3
    else:
        given = (found.dataframe_records, found.instances, found.inputs)
        others = [raw for raw in given if raw is not NOTHING]
        if split is not UNSET or len(others) != 1:
            return None
        raw, columns, n_names = others[0], None, 1
    rows = bytes(raw)
    if found.unit_id is not UNSET or found.params is not UNSET:
        n_names += _n_names(found)
    n_colons = body.count(b":")
    if n_colons != n_names and n_colons - rows.count(b":") != n_names:
        return None
    return Opened(rows, columns, found.params or None, found.unit_id if found.unit_id is not UNSET else None)


def _n_names(found: _Envelope) -> int:
    """Of what stands beside the rows."""
    n_names = int(found.unit_id is not UNSET)
    if found.params is not UNSET:
        n_names += 1 + len(found.params or ())
    return n_names


class Decoder:
    """Reads the rows of requests to one model."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self._types = {field.name: _type_of(field) for field in fields}
        self._names = Columns(self._types)
        self._lists: dict[tuple[str, ...], Callable[[bytes], Any]] = {}
        self._orders: dict[bytes | None, Order] = {}
        self._newest: tuple[bytes | None, Order | None] = (None, None)
        self._objects = _object_decoder(self._types)
        self._kinds = {field.name: field.type for field in fields}
        self._is_numeric = bool(fields) and NUMBERS.issuperset(self._kinds.values())
        if self._is_numeric:
            matrices.prepare()

    def rows(self, opened: Opened) -> PlainRows | None:
        """None for rows that are not plainly right."""
        try:
            if opened.matrix is not None:
                found = self._of_matrix(opened, opened.matrix)
            elif opened.columns is None and _holds_objects(opened.rows):
                found = self._of_objects(opened)
            else:
                found = self._of_lists(opened)
        except UNREADABLE:
            return None
        return found if found is not None and 0 < len(found) <= MAX_ROWS else None

    def _of_lists(self, opened: Opened) -> PlainRows | None:
        known = self._order_of(opened.columns)
        return None if known is None else PlainRows(known[0], known[1](opened.rows))

    def _order_of(self, columns: bytes | None) -> Order | None:
        """Of columns as a client writes them; None unless each of the signature is there once. Mostly they are the
        last one's, and to compare them costs a tenth of looking them up."""
        newest, known = self._newest
        if known is not None and newest == columns:
            return known
        known = self._orders.get(columns)
        if known is None:
            return self._learnt(columns)
        self._newest = columns, known
        return known

    def _learnt(self, columns: bytes | None) -> Order | None:
        names = self._names if columns is None else _columns.decode(columns)
        decode = self._lists.get(names)
        if decode is None:
            decode = _list_decoder(names, self._types) if len(self._lists) < MOST_ORDERS else None
            if decode is None:
                return None
            self._lists[names] = decode
        known = (self._names if names == self._names else Columns(names), decode)
        if len(columns or b"") <= LONGEST_ORDER:
            if len(self._orders) >= MOST_ORDERS:
                self._orders.clear()
            self._orders[columns] = known
        return known

    def _of_matrix(self, opened: Opened, matrix: matrices.Matrix) -> PlainRows | None:
        """Columns of whole numbers take what is written so and nothing else; a tensor may be named like one column."""
        known = self._order_of(opened.columns)
        if known is None or not self._is_numeric or (opened.tensor in self._types and len(known[0]) > 1):
            return None
        names = known[0]
        whole = [place for place, name in enumerate(names) if self._kinds[name] == "integer"]
        if matrix.numbers.shape[1] != len(names) or (whole and not matrix.whole[:, whole].all()):
            return None
        return PlainNumbers(names, matrix.numbers, matrix.whole if matrix.whole.any() else None)

    def _of_objects(self, opened: Opened) -> PlainRows | None:
        if self._objects is None:
            return None
        found = self._objects(opened.rows)
        if opened.rows.count(b":") != len(found) * len(self._names):
            return None
        return PlainRows(self._names, [msgspec.structs.astuple(row) for row in found])


def _holds_objects(rows: bytes) -> bool:
    return rows[:64].lstrip(b" \t\r\n[")[:1] == b"{"


def _type_of(field: Field) -> Any:
    known = TYPES[field.type]
    return known if field.required else known | None


def _list_decoder(names: tuple[str, ...], types: dict[str, Any]) -> Callable[[bytes], Any] | None:
    """For rows as lists of cells in this order of columns; None unless each column is there once."""
    if len(names) != len(types) or set(names) != set(types):
        return None
    row: Any = tuple.__class_getitem__(tuple(types[name] for name in names))
    return msgspec.json.Decoder(list.__class_getitem__(row)).decode


def _object_decoder(types: dict[str, Any]) -> Callable[[bytes], Any] | None:
    """For rows as objects; None where a name is one that no struct's field may have."""
    places = {f"column_{place}": name for place, name in enumerate(types)}
    fields = [(place, types[name]) for place, name in places.items()]
    try:
        row = msgspec.defstruct("Row", fields, rename=places, forbid_unknown_fields=True, gc=False)
    except (TypeError, ValueError):
        return None
    return msgspec.json.Decoder(list.__class_getitem__(row)).decode
