"""Scoring formats: what is read, and that every mistake is named and none is a server error."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlregistry.errors import Invalid, MlregistryError, TooLarge
from serving.hotpath import row_formats, wire

INPUTS = (
    SimpleNamespace(name="age", type="integer"),
    SimpleNamespace(name="income", type="float"),
    SimpleNamespace(name="city", type="string"),
    SimpleNamespace(name="member", type="boolean"),
)
ROW = {"age": 40, "income": 1.5, "city": "Rome", "member": True}
VALUES = list(ROW.values())
JSON = {"content-type": "application/json"}
CSV = {"content-type": "text/csv; charset=utf-8"}


def rows(body: Any, headers: dict[str, str] = JSON, inputs: Any = INPUTS) -> list[dict[str, Any]]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return list(wire.read(raw, headers, inputs).rows)


def refusal(body: Any, headers: dict[str, str] = JSON, inputs: Any = INPUTS) -> MlregistryError:
    with pytest.raises(MlregistryError) as caught:
        rows(body, headers, inputs)
    assert 400 <= caught.value.status < 500
    return caught.value


def rows_or_status(body: bytes, headers: dict[str, str]) -> Any:
    try:
        return rows(body, headers)
    except MlregistryError as error:
        return error.status


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": {"columns": list(ROW), "data": [VALUES]}},
        {"dataframe_split": {"index": [7], "columns": list(ROW), "data": [VALUES]}},
        {"dataframe_records": [ROW]},
        {"instances": [ROW]},
        {"instances": [VALUES]},
        {"inputs": [VALUES]},
        {"inputs": {name: [value] for name, value in ROW.items()}},
        {"inputs": ROW},
        {"dataframe_records": [ROW], "params": {"probabilities": False}, "unit_id": "u1"},
    ],
)
def test_each_format_gives_the_same_rows(body: dict[str, Any]) -> None:
    assert rows(body) == [ROW]


def test_bare_values_are_rows_of_a_model_with_one_input() -> None:
    assert rows({"instances": [1, 2]}, inputs=INPUTS[:1]) == [{"age": 1}, {"age": 2}]


def test_csv_is_typed_by_the_signature() -> None:
    body = '\ufeffage,income,city,member,extra\r\n40,1.5,Rome,true,x\r\n41.0,,"a,b",0,\r\n\r\n'.encode()
    assert rows(body, CSV) == [
        {**ROW, "extra": "x"},
        {"age": 41, "income": None, "city": "a,b", "member": False, "extra": None},
    ]


@pytest.mark.parametrize(
    ("body", "words", "field"),
    [
        (b"", "empty", "body"),
        (b"age\n", "no rows", "body"),
        (b"age,age\n1,2\n", "stands twice", "age"),
        (b"age,income\n1,2\n3\n", "Row 2 has 1 cells", "body"),
        (b"age\n1\nold\n", "Row 2, column “age”: a whole number", "age"),
        (b"age\n1.5\n", "whole number", "age"),
        (b"age\n1e400\n", "whole number", "age"),
        (b"income\nInfinity\n", "finite number", "income"),
        (b"member\nperhaps\n", "true or false", "member"),
        (b"city\n\xff\n", "UTF-8", "body"),
        (b"city\na\x00b\n", "NUL", "body"),
        (b'city\n"open\n', "cannot be read", "body"),
    ],
)
def test_wrong_csv_is_named(body: bytes, words: str, field: str) -> None:
    error = refusal(body, CSV)
    assert words in error.message
    assert error.field == field


@pytest.mark.parametrize(
    ("body", "words", "field"),
    [
        (b"", "not valid JSON", "body"),
        (b"no", "not valid JSON", "body"),
        (b'{"instances": [[NaN]]}', "not valid JSON", "body"),
        (b'{"instances": [[-Infinity]]}', "not valid JSON", "body"),
        (b'{"instances": [[1e999]]}', "out of range", "body"),
        (b'{"instances": [["\xff"]]}', "UTF-8", "body"),
        (b'{"instances": [["\\ud800"]]}', "not valid JSON", "body"),
        (b"[" * 5000, "nested deeper", "body"),
        (b'{"instances": ' + b"[" * 40 + b"]" * 40 + b"}", "nested deeper", "body"),
        (b"[]", "JSON object with exactly one", "body"),
        ({}, "none was sent", "body"),
        ({"instances": [], "inputs": []}, "2 of them", "body"),
        ({"instance": []}, "“instance” is not known", "instance"),
        ({"instances": []}, "no rows", "body"),
        ({"instances": 3}, "must be a list", "instances"),
        ({"instances": [VALUES, 5]}, "Row 2", "instances"),
        ({"instances": [VALUES, VALUES[:2]]}, "Row 2 of “instances” has 2 values for 4 columns", "instances"),
        ({"instances": [ROW, VALUES]}, "Row 2", "instances"),
        ({"dataframe_records": {"age": 1}}, "list of objects", "dataframe_records"),
        ({"dataframe_records": [ROW, 1]}, "Row 2", "dataframe_records"),
        ({"dataframe_records": [ROW, {"age": [1]}]}, "Row 2, column “age”: one plain value", "age"),
        ({"dataframe_records": [{"age": 2**63}]}, "64 bits", "age"),
        ({"dataframe_records": [{"city": "a\x00"}]}, "NUL", "city"),
        (b'{"dataframe_records": [{"age": 1, "age": 2}]}', "“age” stands twice", "age"),
        (b'{"instances": [[1]], "instances": [[2]]}', "stands twice", "instances"),
        ({"dataframe_split": [1]}, "object with", "dataframe_split"),
        ({"dataframe_split": {"data": [[1]]}}, "columns", "dataframe_split.columns"),
        ({"dataframe_split": {"columns": [1], "data": [[1]]}}, "names", "dataframe_split.columns"),
        ({"dataframe_split": {"columns": ["age"]}}, "list of rows", "dataframe_split.data"),
        (
            {"dataframe_split": {"columns": ["age", "age"], "data": [[1, 2]]}},
            "twice",
            "dataframe_split.columns",
        ),
        ({"dataframe_split": {"columns": ["age"], "data": [[1, 2]]}}, "Row 1", "dataframe_split.data"),
        ({"inputs": {"age": [1, 2], "city": ["x"]}}, "Column “city” holds 1", "inputs.city"),
        ({"inputs": {}}, "no rows", "body"),
        ({"instances": [VALUES], "params": 1}, "params", "params"),
        ({"instances": [VALUES], "params": {"x": 1}}, "“x” is not known", "params.x"),
        ({"instances": [VALUES], "params": {"probabilities": 1}}, "true or false", "params.probabilities"),
        ({"instances": [VALUES], "unit_id": True}, "text or an integer", "unit_id"),
        ({"instances": [VALUES], "unit_id": ""}, "1 to 256", "unit_id"),
        ({"instances": [VALUES], "unit_id": "a\x00"}, "printable", "unit_id"),
        ({"instances": [VALUES], "unit_id": 2**70}, "64 bits", "unit_id"),
        ({"instances": [VALUES], "params": {"unit_id": [1]}}, "text or an integer", "params.unit_id"),
    ],
)
def test_wrong_json_is_named(body: Any, words: str, field: str) -> None:
    error = refusal(body)
    assert words in error.message
    assert error.field == field


def test_nan_comes_with_advice() -> None:
    assert refusal(b'{"instances": [[NaN]]}').details == ["NaN is not JSON: send null for a missing number."]


def test_errors_do_not_echo_the_payload() -> None:
    assert "secret" not in str(refusal(b'{"instances": [["secret", oops]]}'))


def test_a_colon_in_a_text_is_no_doubled_name() -> None:
    assert rows({"dataframe_records": [{"city": "a:b::c"}]}) == [{"city": "a:b::c"}]


def test_more_rows_than_the_limit_are_refused() -> None:
    lines = [[1]] * (row_formats.MAX_ROWS + 1)
    assert isinstance(refusal({"instances": lines}, inputs=INPUTS[:1]), TooLarge)
    assert isinstance(refusal({"inputs": {"age": [1] * len(lines)}}), TooLarge)
    assert isinstance(refusal(b"age\n" + b"1\n" * len(lines), CSV), TooLarge)


def test_a_body_over_the_limit_is_refused_before_it_is_read() -> None:
    assert isinstance(refusal(b" " * (wire.MAX_BYTES + 1)), TooLarge)


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "application/xml"},
        {"content-type": "application/json; charset=latin-1"},
        {"content-type": "application/json", "content-encoding": "gzip"},
    ],
)
def test_other_media_are_refused(headers: dict[str, str]) -> None:
    assert refusal({"instances": [VALUES]}, headers).status == 415


def test_the_unit_comes_from_header_body_or_params_in_this_order() -> None:
    body: dict[str, Any] = {"instances": [VALUES], "unit_id": 42, "params": {"unit_id": "p"}}
    raw = json.dumps(body).encode()
    assert wire.read(raw, {**JSON, "x-unit-id": "h"}, INPUTS).unit_id == "h"
    assert wire.read(raw, JSON, INPUTS).unit_id == "42"
    del body["unit_id"]
    assert wire.read(json.dumps(body).encode(), JSON, INPUTS).unit_id == "p"
    assert wire.read(b"age\n1\n", {**CSV, "x-unit-id": "h"}, INPUTS).unit_id == "h"


def test_a_wrong_unit_in_the_header_is_refused() -> None:
    with pytest.raises(Invalid, match="X-Unit-Id"):
        wire.open_body(b'{"instances": [[1]]}', {**JSON, "x-unit-id": "x" * 300})


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([*wire.FORMATS, "columns", "data", "params", "unit_id", "age"]), inner
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from([*wire.FORMATS, *wire.EXTRAS]), anything, max_size=3))
def test_no_json_value_gets_past_as_anything_but_rows_or_a_client_error(body: Any) -> None:
    found = rows_or_status(json.dumps(body).encode(), JSON)
    assert found in (400, 413) or all(isinstance(row, dict) for row in found)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60), st.sampled_from([JSON, CSV]))
def test_no_bytes_get_past_as_anything_but_rows_or_a_client_error(
    body: bytes, headers: dict[str, str]
) -> None:
    found = rows_or_status(body, headers)
    assert found in (400, 413) or found


def test_an_answer_carries_probabilities_unless_declined() -> None:
    scores = {"predictions": [1], "probabilities": [[0.2, 0.8]]}
    told = json.loads(wire.answer(scores, prediction_ids=["i-0"], params={}))
    assert told == {**scores, "prediction_ids": ["i-0"]}
    declined = json.loads(wire.answer(scores, prediction_ids=["i-0"], params={"probabilities": False}))
    assert declined == {"predictions": [1], "prediction_ids": ["i-0"]}
