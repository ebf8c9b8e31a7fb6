"""The parity gate lets right forms through, for every estimator of the catalogue that has one, and no wrong ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from mlregistry.ml.compiling import parity
from mlregistry.ml.compiling.candidates import CANDIDATES, Candidate
from mlregistry.ml.compiling.compiler import compile_model
from mlregistry.ml.compiling.forms import Form
from mlregistry.ml.compiling.parity import Native
from mlregistry.ml.compiling.scoring import CompiledModel
from mlregistry.ml.signature import infer

from . import models
from .models import gated, line_of, rows_of, trained

CLASSIFIERS: dict[str, dict[str, Any]] = {
    "logistic_regression": {}, "decision_tree": {}, "random_forest": {"n_estimators": 12},
    "extra_trees": {"n_estimators": 12}, "hist_gradient_boosting": {"max_iter": 15},
    "gradient_boosting": {"n_estimators": 12}, "ada_boost": {"n_estimators": 12}, "gaussian_naive_bayes": {},
    "linear_discriminant": {}, "mlp": {"max_iter": 20}, "dummy": {},
    "svm": {}, "k_nearest_neighbors": {},
}  # fmt: skip
REGRESSORS: dict[str, dict[str, Any]] = {
    "ridge": {}, "lasso": {}, "huber": {}, "random_forest": {"n_estimators": 12},
    "hist_gradient_boosting": {"max_iter": 15}, "gradient_boosting": {"n_estimators": 12}, "svm": {},
    "mlp": {"max_iter": 20},
    "quantile_boosting": {"max_iter": 8},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    models.quick(monkeypatch)


@pytest.mark.parametrize("estimator", CLASSIFIERS)
def test_a_classifier_of_two_classes_passes(estimator: str) -> None:
    line = line_of(gated(trained(estimator, CLASSIFIERS[estimator])))
    assert (line["verdict"], line["reason"]) == ("passed", "")
    assert line["worst"] <= 1e-9


@pytest.mark.parametrize(
    "estimator", ["logistic_regression", "random_forest", "hist_gradient_boosting", "ada_boost", "mlp", "svm"]
)
def test_a_classifier_of_three_classes_passes(estimator: str) -> None:
    native = trained(estimator, CLASSIFIERS[estimator], target="three")
    line = line_of(gated(native, target="three"))
    assert (line["verdict"], line["reason"]) == ("passed", "")


@pytest.mark.parametrize("estimator", REGRESSORS)
def test_a_regressor_passes(estimator: str) -> None:
    native = trained(estimator, REGRESSORS[estimator], target="number")
    line = line_of(gated(native, target="number"))
    assert (line["verdict"], line["reason"]) == ("passed", "")


def test_every_kind_of_input_is_asked() -> None:
    native = trained("random_forest", {"n_estimators": 5})
    asked = {kind["kind"]: kind["n_inputs"] for kind in line_of(gated(native))["kinds"]}
    wanted = {
        "real rows", "missing values", "unknown categories", "known categories", "odd texts", "large and tiny numbers",
        "infinities and NaN", "odd times", "wrong types", "several at once", "thresholds in rows", "thresholds ± 1 ulp",
    }  # fmt: skip
    assert set(asked) == wanted
    assert all(asked.values())


def changed(form: Form, op: str, change: Any) -> Form:
    """The form with `change` made to every form of this operation in it."""
    parts = tuple(changed(part, op, change) for part in form.parts)
    made = replace(form, parts=parts)
    return change(made) if form.op == op else made


def planted(op: str, change: Any) -> Candidate:
    """The NumPy form with something wrong in it."""
    return replace(
        CANDIDATES["numpy"],
        make=lambda pipeline, signature: changed(compile_model(pipeline, signature), op, change),
    )


def with_array(form: Form, name: str, values: Any) -> Form:
    return replace(form, arrays={**form.arrays, name: values})


def test_a_moved_threshold_is_blocked() -> None:
    def move(form: Form) -> Form:
        threshold = form.arrays["threshold"].copy()
        places = np.flatnonzero(np.isfinite(threshold))
        threshold[places] = np.nextafter(threshold[places], np.float32(-np.inf))
        return with_array(form, "threshold", threshold)

    outcome = gated(trained("random_forest", {"n_estimators": 10}), candidates=[planted("forest", move)])
    line = line_of(outcome)
    assert line["verdict"] == "failed"
    wrong = {kind["kind"]: kind["wrong"] for kind in line["kinds"] if kind["n_wrong"]}
    assert "at the threshold" in wrong["thresholds ± 1 ulp"][0]
    assert outcome.form is None
    assert outcome.report["winner"] == "native"


def test_a_tie_at_a_threshold_that_goes_the_other_way_is_blocked() -> None:
    """Values equal to a threshold go right, as with `<` for `<=`: only the thresholds themselves show it."""

    def turn(form: Form) -> Form:
        threshold = form.arrays["threshold"]
        lower = np.where(
            np.isfinite(threshold), np.nextafter(threshold, threshold.dtype.type(-np.inf)), threshold
        )
        return with_array(form, "threshold", lower)

    outcome = gated(trained("hist_gradient_boosting", {"max_iter": 5}), candidates=[planted("boosted", turn)])
    line = line_of(outcome)
    assert line["verdict"] == "failed"
    wrong = {kind["kind"] for kind in line["kinds"] if kind["n_wrong"]}
    assert "thresholds ± 1 ulp" in wrong
    assert "real rows" not in wrong


def test_numbers_rounded_to_32_bits_are_blocked() -> None:
    def rounded(form: Form) -> Form:
        return with_array(form, "weights", form.arrays["weights"].astype(np.float32).astype(np.float64))

    native = trained("ridge", target="number")
    line = line_of(gated(native, target="number", candidates=[planted("affine", rounded)]))
    assert line["verdict"] == "failed"
    assert "differs by" in line["reason"]


def test_gaps_that_are_filled_with_something_else_are_blocked() -> None:
    def zeros(form: Form) -> Form:
        return with_array(form, "fills", np.zeros_like(form.arrays["fills"]))

    steps = [
        {"step": "impute", "columns": {"type": "numeric"}, "method": "median"},
        {"step": "encode"}, {"step": "dates"},
    ]  # fmt: skip
    native = trained("logistic_regression", steps=steps)
    line = line_of(gated(native, candidates=[planted("fill", zeros)]))
    assert line["verdict"] == "failed"


def test_a_form_that_answers_what_the_native_model_refuses_is_blocked() -> None:
    """Without its guard a forest answers numbers that scikit-learn's refuses as too large."""
    frame = pd.DataFrame({"a": np.linspace(0, 1, 50), "b": np.linspace(1, 0, 50)})
    from_rows = [{"a": float(a), "b": float(b)} for a, b in frame.to_numpy()]
    pipeline = HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=2).fit(frame, frame["a"] > 0.5)
    signature = infer(frame, target="y", output_type="boolean", classes=(False, True))

    class Picky:
        """Refuses what is larger than a million."""

        steps = [("estimator", pipeline)]
        classes_ = pipeline.classes_

        def predict_proba(self, X: Any) -> Any:
            if (np.asarray(X) > 1e6).any():
                raise ValueError("too large")
            return pipeline.predict_proba(X)

    form = compile_model(pipeline, signature)
    prepared = parity.prepare(Native(Picky(), signature), from_rows, None)
    kinds = parity.check(prepared, CompiledModel(form, signature), 1e-9)
    assert any("refuses it" in text for kind in kinds for text in kind.wrong)


def test_a_recipe_with_every_kind_of_step_is_compiled() -> None:
    steps = [
        {"step": "formula", "name": "ratio", "formula": "if(isnull(age), 0, income / age)"},
        {"step": "impute", "method": "mean", "indicator": True},
        {"step": "aggregate", "by": ["plan"], "columns": ["income"], "statistics": ["mean", "max"]},
        {"step": "clip", "columns": ["income"]},
        {"step": "scale", "columns": ["age"], "method": "robust"},
        {"step": "scale", "columns": ["ratio"], "method": "power"},
        {"step": "bin", "columns": ["visits"], "keep": True},
        {"step": "encode", "columns": ["city"], "method": "target"},
        {"step": "encode", "columns": ["plan"], "method": "frequency"},
        {"step": "dates", "cyclic": True},
        {"step": "polynomial", "columns": ["age", "income"]},
        {"step": "select", "method": "univariate", "n_features": 12},
    ]
    line = line_of(gated(trained("random_forest", {"n_estimators": 5}, steps=steps)))
    assert (line["verdict"], line["reason"]) == ("passed", "")


def test_a_calibrated_classifier_with_a_threshold_passes() -> None:
    native = trained("random_forest", {"n_estimators": 8}, calibration="sigmoid", threshold="tuned")
    assert line_of(gated(native))["verdict"] == "passed"


def test_what_has_no_compiled_form_stays_native() -> None:
    outcome = gated(trained("dummy", {"strategy": "uniform"}))
    assert outcome.report["winner"] == "native"
    assert line_of(outcome)["verdict"] == "unsupported"
    assert "by chance" in line_of(outcome)["reason"]


def test_a_row_alone_is_answered_to_the_byte_as_natively() -> None:
    native = trained("logistic_regression")
    model = CompiledModel(compile_model(native.pipeline, native.signature), native.signature)
    row = rows_of(native)[0]
    assert model.score([row]) == native.score([row])
