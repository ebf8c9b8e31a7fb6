"""The Open Inference Protocol over the same core: named tensors in and out, errors in its words."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from serving.hotpath.admission import Admission
from serving.hotpath.counters import Counters
from serving.hotpath.inference import Inference, is_ready, metadata
from serving.hotpath.log import PredictionLog
from serving.hotpath.predict import BY_VERSION, Means, predict
from serving.hotpath.protocols import SCORING, Answer, Wording
from serving.hotpath.snapshot import Address, Snapshot, with_models

Ask = Callable[..., Answer]
COLUMNS: list[dict[str, Any]] = [
    {"name": "months", "shape": [2], "datatype": "INT64", "data": [3, 70]},
    {"name": "charge", "shape": [2, 1], "datatype": "FP32", "data": [[80.5], [None]]},
    {"name": "contract", "shape": [2], "datatype": "BYTES", "data": ["monthly", "yearly"]},
]
ROWS = [
    {"months": 3, "charge": 80.5, "contract": "monthly"},
    {"months": 70, "charge": None, "contract": "yearly"},
]


@pytest.fixture
def ask(routed: Snapshot, tmp_path: Path) -> Ask:
    means = (PredictionLog(tmp_path / "predictions"), Counters(), Admission(64))

    def send(body: Any, *, name: str = "churn", wording: Wording | None = None, **headers: str) -> Answer:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"authorization": "Bearer mlr_predict", "content-type": "application/json"}
        sent |= {key.replace("_", "-"): value for key, value in headers.items()}
        chosen = Means(*means, wording or Inference())
        return predict(Address(None, name), raw, sent, routed, means=chosen)

    return send


def test_tensors_get_the_answers_that_rows_get(ask: Ask) -> None:
    status, headers, body = ask({"id": "42", "inputs": COLUMNS}, x_unit_id="u1")
    answer = json.loads(body)
    rows = json.loads(ask({"dataframe_records": ROWS}, wording=SCORING, x_unit_id="u1")[2])
    assert status == 200
    assert {key: answer[key] for key in ("model_name", "model_version", "id")} == {
        "model_name": "churn", "model_version": "1", "id": "42"
    }  # fmt: skip
    predictions, probabilities = answer["outputs"]
    assert predictions == {
        "name": "predictions", "shape": [2], "datatype": "BYTES", "data": rows["predictions"]
    }  # fmt: skip
    assert probabilities["data"] == [value for row in rows["probabilities"] for value in row]
    assert (probabilities["shape"], probabilities["datatype"]) == ([2, 2], "FP64")
    assert probabilities["parameters"] == {"classes": ["No", "Yes"]}
    assert headers["X-Model-Version"] == "1"


def test_one_matrix_stands_for_all_columns_in_order(ask: Ask) -> None:
    flat = {"name": "x", "shape": [2, 2], "datatype": "FP64", "data": [3, 1.5, 4, 2.5]}
    nested = {**flat, "data": [[3, 1.5], [4, 2.5]]}
    rows = {"instances": [[3, 1.5], [4, 2.5]]}
    answers = [json.loads(ask({"inputs": [one]}, name="spend")[2])["outputs"] for one in (flat, nested)]
    assert answers[0] == answers[1]
    assert answers[0][0]["datatype"] == "FP64"
    assert answers[0][0]["data"] == json.loads(ask(rows, name="spend", wording=SCORING)[2])["predictions"]


def test_only_the_outputs_that_were_asked_for_are_sent(ask: Ask) -> None:
    whole = {"inputs": COLUMNS, "outputs": [{"name": "probabilities"}]}
    assert [one["name"] for one in json.loads(ask(whole)[2])["outputs"]] == ["probabilities"]
    status, _, body = ask({**whole, "outputs": [{"name": "quantiles"}]})
    assert (status, "quantiles" in json.loads(body)["error"]) == (400, True)


def test_a_version_in_the_address_answers_outside_the_split(ask: Ask) -> None:
    status, headers, _ = ask({"inputs": COLUMNS}, wording=Inference(1))
    assert (status, headers["X-Variant"]) == (200, BY_VERSION)
    status, _, body = ask({"inputs": COLUMNS}, wording=Inference(7))
    assert (status, json.loads(body)) == (404, {"error": "Version 7 does not stand behind “churn”."})


def tensor(**changes: Any) -> dict[str, Any]:
    return {"inputs": [{**COLUMNS[0], **changes}, *COLUMNS[1:]]}


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"{", "JSON"),
        ([], "object"),
        ({}, "inputs"),
        ({"inputs": []}, "inputs"),
        ({"inputs": [5]}, "Tensor 1"),
        ({"inputs": COLUMNS, "more": 1}, "more"),
        ({"inputs": COLUMNS, "id": 5}, "id"),
        ({"inputs": COLUMNS, "parameters": []}, "parameters"),
        ({"inputs": COLUMNS, "parameters": {"speed": 1}}, "speed"),
        ({"inputs": COLUMNS, "outputs": 5}, "outputs"),
        ({"inputs": COLUMNS, "outputs": [{"name": "x"}]}, "outputs.name"),
        ({"inputs": [*COLUMNS, COLUMNS[0]]}, "months"),
        ({"inputs": COLUMNS[1:]}, "months"),
        (tensor(name=5), "name"),
        (tensor(odd=1), "odd"),
        (tensor(shape=None), "months"),
        (tensor(shape=[-1]), "months"),
        (tensor(shape=[True]), "months"),
        (tensor(shape=[3]), "2 elements"),
        (tensor(shape=[1], data=[3]), "charge"),
        (tensor(shape=[2, 2], data=[1, 2, 3, 4]), "one column"),
        (tensor(datatype="INT128"), "INT64"),
        (tensor(datatype="INT8", data=[3, 300]), "Row 2, column “months”"),
        (tensor(datatype="UINT8", data=[3, -1]), "Row 2"),
        (tensor(data=["3", "4"]), "Row 1"),
        (tensor(data="3"), "list"),
        (tensor(data=[[3], 4]), "evenly"),
        (tensor(data=[[[[[3]]]], [[[[4]]]]]), "deeper"),
    ],
)
def test_a_malformed_request_is_told_what_is_wrong_where(ask: Ask, body: Any, named: str) -> None:
    status, headers, answer = ask(body)
    error = json.loads(answer)
    assert (status, list(error)) == (400, ["error"])
    assert named in error["error"]
    assert headers["Content-Type"] == "application/json"


def test_too_many_rows_and_other_media_are_refused(ask: Ask) -> None:
    assert ask(tensor(shape=[10_001], data=[1] * 10_001))[0] == 413
    assert ask(b"a,b", content_type="text/csv")[0] == 415
    assert ask({"inputs": COLUMNS}, inference_header_content_length="10")[0] == 415


def test_the_metadata_name_inputs_outputs_and_versions(routed: Snapshot) -> None:
    endpoint = routed.endpoints["acme", "churn"]
    found = metadata(endpoint, routed, version=None)
    assert (found["name"], found["versions"], found["platform"]) == ("churn", ["1"], "mlregistry")
    assert found["inputs"] == [
        {"name": "months", "datatype": "INT64", "shape": [-1]},
        {"name": "charge", "datatype": "FP64", "shape": [-1]},
        {"name": "contract", "datatype": "BYTES", "shape": [-1]},
    ]
    assert [one["shape"] for one in found["outputs"]] == [[-1], [-1, 2]]
    assert is_ready(endpoint, routed, version=1)
    assert not is_ready(endpoint, with_models(routed, {}), version=None)
