"""What is said of a model from outside: formats by name, signatures from three places, rows for the gate, findings."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlregistry.errors import Invalid
from mlregistry.ml.compiling import storing
from mlregistry.ml.compiling.forms import Form
from mlregistry.ml.intake import describing, findings, formats, gate_rows, onnx_files, signatures
from mlregistry.ml.intake.findings import Findings
from mlregistry.ml.intake.opening import rows_of
from mlregistry.ml.signature import Field, Signature
from models_app.workers.compilations import onnx_of
from tests.models_app import foreign

AGE = {"name": "age", "type": "double"}


def completed(said: dict[str, Any] | None, **known: Any) -> Signature:
    facts: dict[str, Any] = {
        "names": [], "n_features": None, "classes": [], "is_clusterer": False, "known": {}, **known,
    }  # fmt: skip
    return signatures.completed(signatures.wanted(said) if said else None, **facts)


def test_what_runs_no_code_is_chosen_of_a_folder() -> None:
    assert formats.chosen(["MLmodel", "model.pkl", "model.skops"]) == "model.skops"
    assert formats.chosen(["a.joblib"]) == "a.joblib"
    assert formats.chosen(["conda.yaml"]) is None
    assert [formats.needs_approval(one) for one in ("pickle", "joblib", "skops", "onnx")] == [
        True,
        True,
        False,
        False,
    ]


def test_a_signature_is_put_into_the_models_own_order() -> None:
    said = {"inputs": [{"name": "b", "type": "long"}, {"name": "a", "type": "string", "required": False}]}
    found = completed(said, names=["a", "b"], classes=[np.int64(0), np.int64(1)], known={"a": ["x", "y"]})
    assert [(one.name, one.type, one.required, one.categories) for one in found.inputs] == [
        ("a", "string", False, ("x", "y")),
        ("b", "integer", True, ()),
    ]
    assert (found.output.type, found.classes) == ("integer", (0, 1))


def test_without_a_signature_the_model_is_asked() -> None:
    names = completed(None, names=["age", "plan"], known={"plan": ["gold"]})
    assert [(one.name, one.type) for one in names.inputs] == [("age", "float"), ("plan", "string")]
    matrix = completed(None, n_features=2)
    assert [one.name for one in matrix.inputs] == ["x0", "x1"]
    assert completed(None, n_features=1, is_clusterer=True).output.type == "cluster"


@pytest.mark.parametrize(
    ("said", "known", "told"),
    [
        (None, {}, "does not say what columns"),
        ({"inputs": [AGE]}, {"names": ["age", "plan"]}, "lacks the column “plan”"),
        ({"inputs": [AGE, {**AGE, "name": "x"}]}, {"names": ["age"]}, "names the column “x”"),
        ({"inputs": [AGE]}, {"n_features": 3}, "1 inputs; the model was fitted on 3 columns"),
        (
            {"inputs": [AGE], "classes": ["b", "a"]},
            {"classes": ["a", "b"]},
            "classes are a, b, in this order",
        ),
        (None, {"n_features": 10_000}, "1 to 5,000 can be served"),
    ],
)
def test_a_signature_that_does_not_fit_the_model_is_named(
    said: dict[str, Any] | None, known: dict[str, Any], told: str
) -> None:
    with pytest.raises(Invalid, match=told):
        completed(said, **known)


def test_mlmodel_tells_columns_or_a_matrix() -> None:
    columns = json.dumps([{"type": "long", "name": "age", "required": False}])
    found = signatures.of_mlmodel({"signature": {"inputs": columns}})
    assert found is not None
    assert found.inputs == (Field("age", "integer", False),)
    tensor = json.dumps([{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 2]}}])
    matrix = signatures.of_mlmodel({"signature": {"inputs": tensor}})
    assert matrix is not None
    assert [one.name for one in matrix.inputs] == ["x0", "x1"]
    for odd in ("[", "[]", "5", json.dumps([{"type": "tensor", "tensor-spec": {"shape": [-1, 8, 8]}}])):
        assert signatures.of_mlmodel({"signature": {"inputs": odd}}) is None
    assert signatures.of_mlmodel({}) is None


def test_a_signature_out_of_the_jail_is_held_to_what_can_be_served() -> None:
    good = completed({"inputs": [AGE]}).to_json()
    assert signatures.checked(good) == Signature.from_json(good)
    for odd in (None, {}, {**good, "output": {"name": "y", "type": "picture"}}, {**good, "inputs": "age"}):
        with pytest.raises(Invalid):
            signatures.checked(odd)


def test_rows_are_drawn_around_the_example_and_fit_the_signature() -> None:
    inputs = (
        Field("age", "float"), Field("n", "integer", False), Field("plan", "string", True, ("gold",)),
        Field("ok", "boolean"), Field("at", "datetime"),
    )  # fmt: skip
    signature = Signature(inputs, Field("y", "float"))
    example = [{"age": 1000.0, "n": 3, "plan": "basic", "ok": True, "at": "2024-01-01T00:00:00"}]
    made = gate_rows.rows(signature, example)
    assert made[0] == example[0]
    assert len(signature.frame(made, strict=True)) == gate_rows.N_ROWS + 1
    assert any(row["n"] is None for row in made)
    assert {"gold", "basic", gate_rows.UNSEEN} <= {row["plan"] for row in made}
    assert 500 < float(np.median([row["age"] for row in made])) < 1500


def test_logged_examples_of_every_shape_become_rows() -> None:
    wanted = [{"a": 1, "b": 2}]
    for told in (
        {"columns": ["a", "b"], "data": [[1, 2]]},
        {"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2]]}},
        {"inputs": [[1, 2]]},
        [[1, 2]],
        wanted,
    ):
        assert rows_of(told, ["a", "b"]) == wanted
    assert rows_of("text", ["a"]) == []


def test_a_model_tells_what_it_is() -> None:
    model = foreign.pipeline()
    assert describing.steps_of(model) == ["ColumnTransformer", "RandomForestClassifier"]
    assert describing.categories(model) == {"plan": ["basic", "gold"]}
    assert describing.classes_of(model) == ["leaves", "stays"]
    assert describing.n_features(foreign.line()) == 2
    for odd in (7, {"a": 1}, int):
        with pytest.raises(Invalid, match="does not hold a model"):
            describing.checked_model(odd)


@pytest.mark.parametrize("text", ["{}x", '{"problem": 5}', '{"nothing": 1}', "[" * 5000])
def test_findings_that_are_none_are_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / findings.REPORT).write_text(text)
    with pytest.raises(Invalid):
        findings.read(tmp_path)


def test_findings_go_out_and_in_and_lose_what_no_column_holds(tmp_path: Path) -> None:
    assert findings.read(tmp_path) is None
    findings.write(Findings(estimator="a\x00b", notes=["x" * 5000]), tmp_path)
    found = findings.read(tmp_path)
    assert found is not None
    assert (found.shown()["estimator"], len(found.shown()["notes"][0])) == ("ab", findings.LONGEST_TEXT)
    (tmp_path / findings.REPORT).write_bytes(b" " * (findings.MOST_BYTES + 1))
    with pytest.raises(Invalid, match="too long"):
        findings.read(tmp_path)


def test_without_the_extra_it_is_said_what_onnx_files_need() -> None:
    assert onnx_files.why_not() == "" or "mlregistry[onnx]" in onnx_files.why_not()


def test_a_graph_that_passed_the_gate_becomes_a_file(tmp_path: Path) -> None:
    head = Form("onnx", {"precision": "float32", "output": 0}, {"graph": np.frombuffer(b"graph", np.uint8)})
    storing.save(
        Form("model", {"answers": "values"}, parts=(Form("same"), head)), tmp_path / "onnx_float32.npz"
    )
    lines = [{"name": "onnx_float64", "verdict": "failed"}, {"name": "onnx_float32", "verdict": "passed"}]
    path = onnx_of({"candidates": lines}, tmp_path)
    assert path is not None
    assert path.read_bytes() == b"graph"
    assert onnx_of({"candidates": lines[:1]}, tmp_path) is None
