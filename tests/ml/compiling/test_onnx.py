"""ONNX forms, where the extra is installed: right ones pass, the silently wrong export of categories is blocked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from mlregistry.ml.compiling import measuring, onnx_forms
from mlregistry.ml.compiling.candidates import CANDIDATES
from mlregistry.ml.compiling.parity import Native
from mlregistry.ml.compiling.probes import plain_rows
from mlregistry.ml.signature import infer
from tests.ml.compiling import models

pytestmark = pytest.mark.skipif(not onnx_forms.is_installed(), reason="the extra onnx is not installed")


def frame() -> tuple[pd.DataFrame, Any]:
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"code": rng.integers(0, 9, 300).astype(float), "size": rng.normal(size=300)})
    return data, np.where((data["code"] % 3 == 1) ^ (data["size"] > 0.5), "yes", "no")


@pytest.mark.parametrize(
    ("estimator", "name", "verdict"),
    [
        (LogisticRegression(), "onnx_float64", "passed"),
        (RandomForestClassifier(5, random_state=0), "onnx_float32", "passed"),
        (HistGradientBoostingClassifier(max_iter=5, categorical_features=[0]), "onnx_float32", "failed"),
    ],
    ids=["logistic", "forest", "categories"],
)
def test_verdict(
    estimator: Any, name: str, verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models.quick(monkeypatch)
    data, target = frame()
    signature = infer(data, target="y", output_type="string", classes=("no", "yes"))
    native = Native(estimator.fit(data, target), signature)
    tried = [CANDIDATES["numpy"], CANDIDATES[name]]
    outcome = measuring.compile_best(native, plain_rows(data, signature, 300), tmp_path, tried=tried)
    line = models.line_of(outcome, name)
    assert line["verdict"] == verdict, line
    assert models.line_of(outcome)["verdict"] == "passed"
