"""Large matrices of numbers, read by machine code: no answer, error or log line differs from the general way's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlregistry.errors import MlregistryError
from mlregistry.ml.compiling import cells
from mlregistry.ml.plain_rows import PlainNumbers, PlainRows, as_dicts
from mlregistry.ml.signature import Field, Signature
from serving.hotpath import decoding, matrices, records, redaction, segments
from serving.hotpath.admission import Admission
from serving.hotpath.counters import Counters
from serving.hotpath.decoding import Decoder
from serving.hotpath.inference import Inference
from serving.hotpath.log import PredictionLog
from serving.hotpath.models import load_model
from serving.hotpath.predict import Means, predict
from serving.hotpath.protocols import SCORING, Wording
from serving.hotpath.records import Record
from serving.hotpath.row_formats import MAX_ROWS
from serving.hotpath.snapshot import Address, LogPolicy, ModelHandle, Snapshot, snapshot_of, with_models

JSON = {"content-type": "application/json"}
INPUTS = (Field("a", "float"), Field("b", "integer"), Field("c", "float", required=False))
NAMES = ["a", "b", "c"]
DECODER = Decoder(INPUTS)
ROWS = [[round(place * 0.37 - 50, 3), place, float(place)] for place in range(400)]


def split(rows: Any = ROWS, names: Sequence[str] = NAMES, **more: Any) -> bytes:
    return json.dumps({"dataframe_split": {"columns": names, "data": rows}, **more}).encode()


def outcome(
    body: bytes, decoder: Decoder | None, inputs: tuple[Field, ...] = INPUTS, wording: Wording = SCORING
) -> Any:
    """Values with their types, unit and params; or the error in its words."""
    try:
        opened = wording.open_body(body, JSON)
        rows = opened.rows(inputs, decoder)
    except MlregistryError as error:
        return type(error), error.message, error.field
    return (
        [[(name, repr(value)) for name, value in row.items()] for row in rows],
        opened.unit_id,
        opened.params,
    )


def in_general(body: bytes, inputs: tuple[Field, ...] = INPUTS) -> Any:
    return outcome(body, None, inputs)


def taken(body: bytes) -> PlainNumbers | None:
    opened = decoding.open_envelope(body)
    found = None if opened is None else DECODER.rows(opened)
    return found if isinstance(found, PlainNumbers) else None


@pytest.mark.parametrize(
    "body",
    [
        split(),
        split([row[::-1] for row in ROWS], NAMES[::-1]),
        split(unit_id="u1", params={"probabilities": False}),
        json.dumps({"dataframe_split": {"data": ROWS, "columns": NAMES}}, indent=2).encode(),
        json.dumps({"instances": ROWS, "params": None}).encode(),
        b'{"unit_id": 7, "inputs":\r\n[ [' + b"],[".join(b"-1e-3 ,\t2, 5.0" for _ in ROWS) + b"] ] }",
    ],
)
def test_a_large_matrix_is_taken_and_holds_what_the_general_way_reads(body: bytes) -> None:
    assert taken(body) is not None
    assert outcome(body, DECODER) == in_general(body)


def with_cell(cell: str, row: int = 300, column: int = 0) -> bytes:
    rows: list[list[Any]] = [list(one) for one in ROWS]
    rows[row][column] = "HERE"
    return split(rows).replace(b'"HERE"', cell.encode())


ODD = (
    "null", "true", '"1"', "[1]", "{}", "NaN", "1e400", "1e-400", "01", "-0", "9007199254740993",
    "9223372036854775808", "99999999999999999999", "1.5e", "",
)  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        *map(with_cell, ODD),
        with_cell("2.0", column=1), with_cell("2.5", column=1), with_cell("null", column=2), with_cell("1, 2"),
        split([row[:2] for row in ROWS]), split([*ROWS[:-1], [1]]), split([*ROWS, []]), split([*ROWS, 5]),
        split(names=["a", "b"]), split(names=["a", "b", "b"]), split(names=["a", "b", "x"]), split(names=["a", "b",
        "c", "d"]),
        split(ROWS * (MAX_ROWS // len(ROWS) + 1)), split(extra=1), split(instances=[[1, 2, 3]]), split(unit_id="\x00"),
        split(params={"unknown": 1}), split(params={"matrix": [[]]}), split(unit_id="[[1,2]]"),
        split(unit_id="cut out"), split(instances="cut out"),
        json.dumps({"instances": [[]], "params": {"x": ROWS}}).encode(),
        json.dumps({"instances": [], "unit_id": json.dumps(ROWS)}).encode(),
        json.dumps({"params": {"x": ROWS}, "instances": [[1, 2, 3]]}).encode(),
        json.dumps({"params": {"x": ROWS}, "instances": "cut out"}).encode(),
        json.dumps({"dataframe_split": {"columns": ROWS, "data": "cut out"}}).encode(),
        json.dumps({"inputs": {"a": ROWS}}).encode(),
        json.dumps({"instances": ROWS, "inputs": ROWS}).encode(), json.dumps(ROWS).encode(),
        split()[:-1], split()[:-2], split() + b" x", split()[:-1] + b', "instances": [[1, 2, 3]]}',
        split().replace(b'{"columns"', b'{"columns": ["a"], "columns"'),
        split().replace(b'"data"', b'"data": [[]], "data"'), split().replace(b'"data"', b'"d\\u0061ta"'),
        split().replace(b'"a"', b'"\\u0000"'), split().replace(b'"a"', b'"\xff"'),
    ],
)  # fmt: skip
def test_whatever_is_odd_is_answered_and_worded_as_before(body: bytes) -> None:
    assert outcome(body, DECODER) == in_general(body)


def test_columns_of_other_types_are_left_to_the_general_way() -> None:
    for kind in ("boolean", "string", "datetime"):
        inputs = (*INPUTS[:2], Field("c", kind))
        assert outcome(split(), Decoder(inputs), inputs) == in_general(split(), inputs)


cuts = st.tuples(
    st.integers(0, 6_000), st.integers(0, 3),
    st.sampled_from([b"", b",", b"]", b"[", b"],[", b"]]", b"[[", b" ", b"0", b"-", b".", b"e", b"1e5", b"null",
    b'"', b"}", b":"]),
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(cuts, min_size=1, max_size=2), st.sampled_from(["split", "instances"]))
def test_a_body_with_anything_wrong_anywhere_is_answered_as_the_general_way_does(
    changes: list[tuple[int, int, bytes]], form: str
) -> None:
    body = split(unit_id="u") if form == "split" else json.dumps({"instances": ROWS}).encode()
    for place, n_gone, new in changes:
        body = body[:place] + new + body[place + n_gone :]
    assert outcome(body, DECODER) == in_general(body)


FLAT = [value for row in ROWS for value in row]
TENSOR = {"name": "x", "shape": [len(ROWS), 3], "datatype": "FP64", "data": FLAT}


def tensor(more: dict[str, Any] | None = None, **changes: Any) -> bytes:
    return json.dumps({"inputs": [TENSOR | changes]} | (more or {})).encode()


@pytest.mark.parametrize(
    "body",
    [
        tensor(), tensor(data=ROWS), tensor(datatype="FP32"), tensor({"id": "7", "parameters": {"unit_id": "u"}}),
        tensor(shape=[len(ROWS), 3], parameters={"content_type": "np"}),
        json.dumps({"inputs": [dict(reversed(TENSOR.items()))]}, indent=1).encode(),
    ],
)  # fmt: skip
def test_a_tensor_of_numbers_is_taken_and_holds_what_the_general_way_reads(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Inference().open_body(body, JSON)
    assert isinstance(opened.rows(INPUTS, DECODER), PlainNumbers)
    found = outcome(body, DECODER, wording=Inference())
    monkeypatch.setattr(matrices, "_readers", [])
    assert found == outcome(body, DECODER, wording=Inference())


@pytest.mark.parametrize(
    "body",
    [
        tensor(shape=[3, len(ROWS)]), tensor(shape=[len(ROWS)]), tensor(shape=[len(ROWS) + 1, 3]), tensor(shape=[0, 3]),
        tensor(shape=[-1, -3]), tensor(shape=[len(ROWS), 3, 1]), tensor(shape=[len(FLAT), 1]), tensor(shape=None),
        tensor(datatype="INT64"), tensor(datatype="BYTES"), tensor(datatype="FP65"), tensor(name="a"), tensor(name=""),
        tensor(name="cut out"), tensor(data="cut out"), tensor(parameters={"data": FLAT}, data="cut out"),
        tensor(parameters={"data": FLAT}, data=[[]]), tensor(parameters=5), tensor(more_data=FLAT),
        tensor({"id": 5}), tensor({"id": "cut out"}), tensor({"extra": 1}), tensor({"parameters": {"unknown": 1}}),
        tensor({"outputs": [{"name": "x"}]}), tensor({"parameters": {"unit_id": "\\"}}), tensor()[:-2], tensor() + b",",
        json.dumps({"inputs": [TENSOR, TENSOR]}).encode(), json.dumps({"inputs": TENSOR}).encode(),
        json.dumps({"data": FLAT}).encode(), tensor()[:-1] + b', "inputs": []}',
        tensor(data=FLAT * 30, shape=[len(ROWS) * 30, 3]),
        *(tensor(data=[*FLAT[:-1], "HERE"]).replace(b'"HERE"', cell.encode()) for cell in ODD),
    ],
)  # fmt: skip
def test_a_tensor_that_is_odd_is_answered_and_worded_as_before(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = outcome(body, DECODER, wording=Inference())
    monkeypatch.setattr(matrices, "_readers", [])
    assert found == outcome(body, DECODER, wording=Inference())


def test_an_array_gives_the_same_registers_and_dicts_as_lists_in_any_order_of_columns() -> None:
    signature = Signature(INPUTS, Field("y", "float"))
    for names in (NAMES, NAMES[::-1], ["b", "c", "a"]):
        places = [NAMES.index(name) for name in names]
        rows = [tuple(row[place] for place in places) for row in ROWS]
        found = taken(split(rows, names))
        assert found is not None
        plain = PlainRows(tuple(names), rows)
        for one, other in zip(cells.reader(signature)(found), cells.reader(signature)(plain), strict=True):
            assert np.asarray(one).tobytes() == np.asarray(other).tobytes()
        assert repr(as_dicts(found)) == repr(as_dicts(plain))
        assert repr(found[3]) == repr(plain[3])
        assert len(found) == len(plain)


def test_machine_code_is_there_when_a_model_of_numbers_is_loaded_and_not_before(
    classifier: ModelHandle, regressor: ModelHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matrices, "_readers", [])
    load_model(classifier)  # has a column of texts
    assert matrices._readers == []
    load_model(regressor)
    assert taken(split()) is not None


def test_a_process_that_serves_no_numbers_does_without_the_compiler() -> None:
    code = (
        "import sys; from serving.hotpath import decoding, inference, live, models, predict, records;"
        "from mlregistry.ml.signature import Field;"
        "decoding.Decoder([Field('a', 'string'), Field('b', 'float')]); assert 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_machine_code_all_is_answered_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrices, "_readers", [])
    assert taken(split()) is None
    assert outcome(split(), DECODER) == in_general(split())


@pytest.fixture
def means(tmp_path: Path) -> Means:
    return Means(PredictionLog(tmp_path / "predictions"), Counters(), Admission(64))


def spend(
    routed: Snapshot, means: Means, rows: list[list[Any]], policy: LogPolicy
) -> tuple[Any, Record, bytes]:
    """The answer of a model of one integer and one float column, its record, and the bytes of the log."""
    endpoints = [replace(one, log=policy) for one in routed.endpoints.values()]
    snapshot = with_models(snapshot_of(endpoints, routed.tokens, epoch=4), routed.models)
    headers = {"authorization": "Bearer mlr_predict", **JSON}
    body = split(rows, ["charge", "months"])
    status, _, answer = predict(Address(None, "spend"), body, headers, snapshot, means=means)
    assert status == 200, answer
    means.log.close()
    (segment,) = segments.listing(means.log.folder)
    (record,) = segments.read_all(segment.path)
    raw = segment.path.read_bytes()
    segments.remove(segment)
    return json.loads(answer), record, raw


PAIRS = [[place * 0.25 if place % 3 else place, place % 70] for place in range(9_000)]


def test_answer_and_record_of_many_rows_are_those_of_few(routed: Snapshot, means: Means) -> None:
    answer, record, _ = spend(routed, means, PAIRS, LogPolicy("durable"))
    assert record.numbers
    assert record.cells == []
    few = [spend(routed, means, PAIRS[at : at + 100], LogPolicy("durable")) for at in range(0, 1_000, 100)]
    assert not any(one.numbers for _, one, _ in few)
    assert answer["predictions"][:1_000] == [value for one, _, _ in few for value in one["predictions"]]
    assert answer["prediction_ids"] == [f"{record.id}-{row}" for row in range(len(PAIRS))]
    stored = [msgspec.json.encode(row) for row in record.given()]
    assert stored[:1_000] == [msgspec.json.encode(row) for _, one, _ in few for row in one.given()]
    assert stored[3] == b'{"charge":3,"months":3}'
    assert stored[4] == b'{"charge":1.0,"months":4}'


def test_columns_are_redacted_and_left_out_as_the_policy_has_it(routed: Snapshot, means: Means) -> None:
    key = "ab" * 32
    rules = {"charge": "drop", "months": "hash"}
    _, record, raw = spend(routed, means, PAIRS, LogPolicy("durable", redact=rules, key=key))
    assert (record.numbers, record.cells) == (b"", [])
    assert list(record.given())[:80] == [{"months": redaction.digest(row[1], key)} for row in PAIRS[:80]]
    assert np.float64(PAIRS[7001][0]).tobytes() not in raw
    _, record, _ = spend(routed, means, PAIRS, LogPolicy("durable", redact={"unit_id": "hash"}, key=key))
    assert record.given()[7001] == {"charge": PAIRS[7001][0], "months": PAIRS[7001][1]}
    _, record, raw = spend(routed, means, PAIRS, LogPolicy("durable", inputs=False))
    assert (record.numbers, record.cells, record.inputs) == (b"", [], None)
    assert list(record.given()) == [{}] * len(PAIRS)
    assert np.float64(PAIRS[7001][0]).tobytes() not in raw


def test_records_of_former_releases_are_read(tmp_path: Path) -> None:
    former = ["a" * 32, 1.5, 1, 2, "v", 3, "r", None, 2, 0.01]
    for fields, wanted in (
        ([[{"x": 1}, {"x": 2}], [1, 2]], [{"x": 1}, {"x": 2}]),
        ([None, [1, 2], None, ["x"], [[1], [2.0]]], [{"x": 1}, {"x": 2.0}]),
        ([None, [1, 2], None], [{}, {}]),
    ):
        assert list(records.decode(msgspec.msgpack.encode(former + fields)).given()) == wanted


def test_a_large_frame_that_is_written_in_part_leaves_nothing(
    routed: Snapshot, means: Means, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.pwrite
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", lambda file, data, at: write(file, data[:9_999], at))
        headers = {"authorization": "Bearer mlr_predict", **JSON}
        status, _, _ = predict(
            Address(None, "spend"), split(PAIRS, ["charge", "months"]), headers, routed, means=means
        )
        assert status == 503
    (segment,) = segments.listing(means.log.folder)
    batch = segments.read_batch(segment.path)
    assert (batch.records, batch.n_torn_bytes) == ([], 0)
    assert not segment.path.read_bytes()[batch.next_offset :].strip(b"\0")
