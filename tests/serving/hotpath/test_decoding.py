"""Decoders made from the signature: what they take equals what the general way reads, and doubts are left to it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlregistry.errors import MlregistryError
from mlregistry.ml.compiling import cells
from mlregistry.ml.plain_rows import MOST_ORDERS, PlainRows, as_dicts
from mlregistry.ml.signature import Field, Signature
from serving.hotpath import decoding, wire
from serving.hotpath.decoding import Decoder
from serving.hotpath.row_formats import MAX_ROWS

INPUTS = (
    Field("age", "integer"), Field("income", "float", required=False), Field("city", "string"),
    Field("member", "boolean"), Field("since", "datetime", required=False),
)  # fmt: skip
NAMES = [field.name for field in INPUTS]
ROW = {"age": 40, "income": 1.5, "city": "a: b", "member": True, "since": "2024-01-31T12:00:00"}
VALUES = list(ROW.values())
JSON = {"content-type": "application/json"}
DECODER = Decoder(INPUTS)


def taken(body: Any) -> PlainRows | None:
    opened = decoding.open_envelope(body if isinstance(body, bytes) else json.dumps(body).encode())
    return None if opened is None else DECODER.rows(opened)


def in_general(body: bytes) -> Any:
    try:
        opened = wire.open_body(body, JSON)
        return opened.read(INPUTS), opened.unit_id, dict(opened.params)
    except MlregistryError as error:
        return error.status


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": {"columns": NAMES, "data": [VALUES, VALUES]}},
        {"dataframe_split": {"data": [VALUES[::-1]], "columns": NAMES[::-1]}},
        {"instances": [VALUES]},
        {"inputs": [VALUES]},
        {"instances": [VALUES], "unit_id": "u1", "params": {"probabilities": False}},
        {"instances": [[40, None, "Rome", False, None]], "params": None},
    ],
)
def test_what_is_plainly_right_is_taken_at_once(body: dict[str, Any]) -> None:
    found = taken(body)
    assert found is not None
    assert list(found) == in_general(json.dumps(body).encode())[0]


@pytest.mark.parametrize("name", ["dataframe_records", "instances", "inputs"])
def test_objects_are_taken_whatever_the_order_of_their_names(name: str) -> None:
    row = {**ROW, "city": "Rome", "since": None}
    body = {name: [row, dict(reversed(row.items()))]}
    assert list(taken(body) or ()) == [row, row]


@pytest.mark.parametrize(
    "body",
    [
        b'{"instances": [[40, 1, "x", true, null]], "instances": [[40, 1, "x", true, null]]}',
        b'{"dataframe_split": {"columns": ["age"], "columns": ["city"], "data": [[1]]}}',
        b'{"instances": [{"age": 1, "age": 2, "income": 1, "city": "x", "member": true, "since": null}]}',
        b'{"instances": [[40, 1, "\\u0000", true, null]]}',
        b'{"instances": [[40, 1e999, "x", true, null]]}',
        b'{"instances": [[9223372036854775808, 1, "x", true, null]]}',
        b'{"instances": [[40, 99999999999999999999, "x", true, null]]}',
        b'{"instances": [[40, 1, "\\ud800", true, null]]}',
        b'{"instances": [[40, 1, "\xff", true, null]]}',
        b'{"instances": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        {"instances": []},
        {"instances": [VALUES] * (MAX_ROWS + 1)},
        {"instances": [VALUES], "inputs": [VALUES]},
        {"instances": [VALUES], "extra": 1},
        {"instances": [[None, *VALUES[1:]]]},
        {"instances": [[40.5, *VALUES[1:]]]},
        {"instances": [[True, *VALUES[1:]]]},
        {"instances": [["40", *VALUES[1:]]]},
        {"instances": [VALUES[:4]]},
        {"instances": [{**ROW, "extra": 1}]},
        {"instances": [{"age": 1}]},
        {"dataframe_split": {"columns": [*NAMES, "extra"], "data": [[*VALUES, 1]]}},
        {"dataframe_split": {"columns": ["age"] * 5, "data": [VALUES]}},
        {"dataframe_split": {"columns": NAMES, "data": [VALUES], "index": [0]}},
        {"instances": [VALUES], "params": {"n": {"a": 1}}},
        [VALUES],
    ],
)  # fmt: skip
def test_doubts_are_left_to_the_general_way(body: Any) -> None:
    assert taken(body) is None


cell = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.just("2024-01-31")
near = st.tuples(
    st.integers(-5, 5) | cell, st.floats(allow_nan=False, allow_infinity=False) | cell, st.text(max_size=4) | cell,
    st.booleans() | cell, st.none() | cell,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.lists(near, max_size=3), st.sampled_from(["split", "records", "instances", "inputs"]),
    st.permutations(NAMES), st.none() | st.text(max_size=3) | st.integers(),
)  # fmt: skip
def test_whatever_is_taken_the_general_way_reads_alike(
    rows: list[tuple[Any, ...]], form: str, names: list[str], unit_id: Any
) -> None:
    body: dict[str, Any] = {form: [list(row) for row in rows]}
    if form == "split":
        body = {"dataframe_split": {"columns": names, "data": body[form]}}
    elif form == "records":
        body = {"dataframe_records": [dict(zip(names, row, strict=True)) for row in rows]}
    if unit_id is not None:
        body["unit_id"] = unit_id
    raw = json.dumps(body).encode()
    found = taken(raw)
    if found is None:
        return
    general = in_general(raw)
    if general == 400:  # a unit id that is too long or cannot be printed
        return
    assert list(found) == general[0]
    assert [_types(row) for row in found] == [_types(row) for row in general[0]]


def _types(row: dict[str, Any]) -> dict[str, type]:
    return {name: type(value) for name, value in row.items()}


def test_many_orders_of_columns_do_not_fill_the_memory() -> None:
    decoder = Decoder([Field(f"x{place}", "float") for place in range(6)])
    for turn in range(2 * MOST_ORDERS):
        names = [f"x{(place * (turn % 5 + 1) + turn) % 6}" for place in range(6)]
        body = json.dumps({"dataframe_split": {"columns": names, "data": [[1] * 6]}}).encode()
        opened = decoding.open_envelope(body)
        assert opened is not None
        decoder.rows(opened)
    assert len(decoder._lists) <= MOST_ORDERS


def test_an_order_is_the_same_however_its_columns_are_spaced_and_is_remembered_unless_it_is_long() -> None:
    decoder = Decoder([Field("a", "float"), Field("b", "float")])
    for n_spaces in (0, 1, decoding.LONGEST_ORDER):
        columns = f'["b",{" " * n_spaces}"a"]'
        opened = decoding.open_envelope(
            f'{{"dataframe_split": {{"columns": {columns}, "data": [[1, 2]]}}}}'.encode()
        )
        assert opened is not None
        for _ in range(2):
            assert list(decoder.rows(opened) or ()) == [{"b": 1, "a": 2}]
    assert len(decoder._lists) == 1
    assert set(decoder._orders) == {b'["b","a"]', b'["b", "a"]'}


def test_a_name_that_no_struct_may_have_is_read_in_general() -> None:
    decoder = Decoder([Field('quoted "x"', "float")])
    opened = decoding.open_envelope(json.dumps({"instances": [{'quoted "x"': 1}]}).encode())
    assert opened is not None
    assert decoder.rows(opened) is None


def test_plain_rows_and_dicts_give_the_same_registers_in_any_order_of_columns() -> None:
    signature = Signature(INPUTS, Field("y", "float"))
    read = cells.reader(signature)
    rows = [ROW, {**ROW, "age": 2, "income": None, "since": None}]
    for names in (NAMES, NAMES[::-1]):
        plain = PlainRows(tuple(names), [tuple(row[name] for name in names) for row in rows])
        numbers, texts, times = read(plain)
        for found, wanted in zip((numbers, times), (read(rows)[0], read(rows)[2]), strict=True):
            assert found.tobytes() == wanted.tobytes()
        assert texts == read(rows)[1]
        assert as_dicts(plain) == [
            dict(zip(names, (row[name] for name in names), strict=True)) for row in rows
        ]
        assert plain[1]["age"] == 2
