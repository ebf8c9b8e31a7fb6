"""The gate on LightGBM and XGBoost, and on ensembles whose members are compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlregistry.ml import estimators
from mlregistry.ml.boosting import packages
from mlregistry.ml.compiling import compiler, converting, probes
from mlregistry.ml.compiling.building import build
from mlregistry.ml.compiling.forms import Unsupported

from . import models
from .models import gated, line_of, trained

Params = dict[str, Any]
QUICK: dict[str, Params] = {
    "lightgbm": {"n_estimators": 12, "num_leaves": 8, "min_child_samples": 5},
    "xgboost": {"n_estimators": 12, "max_depth": 4, "subsample": 0.8},
    "lightgbm_quantiles": {"n_estimators": 8, "min_child_samples": 5},
}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    models.quick(monkeypatch)


def needs(name: str) -> None:
    pytest.importorskip(packages.PACKAGES[name])


def passes(native: Any, target: str) -> float:
    line = line_of(gated(native, target=target))
    assert (line["verdict"], line["reason"]) == ("passed", "")
    return float(line["worst"])


@pytest.mark.parametrize("name", ["lightgbm", "xgboost"])
@pytest.mark.parametrize("target", ["two", "three", "number"])
def test_boosters_pass(name: str, target: str) -> None:
    needs(name)
    assert passes(trained(name, QUICK[name], target=target), target) <= 1e-12


@pytest.mark.parametrize("name", ["lightgbm", "xgboost"])
def test_boosters_with_gaps_weights_and_calibration_pass(name: str) -> None:
    needs(name)
    steps = [{"step": "dates"}, {"step": "encode", "method": "ordinal"}]
    params = {**QUICK[name], "class_weight": "balanced"}
    native = trained(name, params, steps=steps, calibration="isotonic", threshold="tuned")
    assert np.isnan(native.pipeline[:-1].transform(models.mixed().drop(columns="y"))).any()
    passes(native, "two")


def test_light_quantiles_pass() -> None:
    needs("lightgbm_quantiles")
    passes(trained("lightgbm_quantiles", QUICK["lightgbm_quantiles"], target="number"), "number")


def test_scores_of_xgboost_are_equal_to_the_last_bit_at_its_thresholds() -> None:
    needs("xgboost")
    chance = np.random.default_rng(2)
    rows = np.where(chance.random((400, 5)) < 0.1, np.nan, chance.normal(size=(400, 5)))
    truth = np.digitize(np.nan_to_num(rows[:, 0]) + np.nan_to_num(rows[:, 1]) ** 2, [0.3, 1.2])
    for target, kind, wish in (
        (truth, "classification", converting.PROBABILITIES),
        (truth > 0, "classification", converting.PROBABILITIES),
        (truth * 1e6 + 5e6, "regression", converting.VALUES),
    ):
        made: Any = estimators.make(kind, "xgboost", {"n_estimators": 60}, seed=3)
        made.fit(rows, target)
        run = build(compiler.form_of(made, wish))
        odd, _ = probes.threshold_rows(made, rows)
        assert len(odd) > 300
        beyond = np.where(np.isnan(rows), 1e300, rows)
        for part in (rows, odd, rows[:1], beyond):
            native = made.predict_proba(part) if kind == "classification" else made.predict(part)[:, None]
            np.testing.assert_allclose(run(part), native, rtol=1e-14, atol=1e-14)


def test_a_booster_that_its_package_made_otherwise_has_no_form() -> None:
    xgboost = pytest.importorskip("xgboost")
    chance = np.random.default_rng(2)
    rows = np.column_stack([chance.integers(0, 9, 300), chance.normal(size=300)])
    table = xgboost.DMatrix(
        rows, np.isin(rows[:, 0], [1, 4, 7]), feature_types=["c", "q"], enable_categorical=True
    )
    made: Any = estimators.make("classification", "xgboost", {"n_estimators": 2}, seed=3)
    made.fit(rows, rows[:, 1] > 0)
    grown = xgboost.train({"objective": "binary:logistic", "max_cat_to_onehot": 1}, table, 2)
    made._keep(bytes(grown.save_raw("ubj")), 2)
    with pytest.raises(Unsupported, match="categories inside XGBoost"):
        compiler.form_of(made, converting.PROBABILITIES)


def ensemble(*members: tuple[str, Params, float], **more: Any) -> Params:
    named = [{"estimator": name, "params": params, "weight": weight} for name, params, weight in members]
    return {"members": named, **more}


LINE: tuple[str, Params] = ("logistic_regression", {})
FOREST: tuple[str, Params] = ("random_forest", {"n_estimators": 8})
HISTOGRAM: tuple[str, Params] = ("hist_gradient_boosting", {"max_iter": 8})
MIXES: dict[str, Params] = {
    "soft voting": ensemble((*LINE, 0.5), (*FOREST, 0.5)),
    "greedy, calibrated": ensemble((*HISTOGRAM, 0.7), (*FOREST, 0.3), sharpness=1.4, bias=[0.2, -0.2]),
    "stacked": ensemble((*LINE, 0.8), (*HISTOGRAM, 0.6), (*FOREST, 0.0), combine="log", bias=[0.1, -0.1]),
    "members with scaling of their own": ensemble(("svm", {}, 0.5), ("mlp", {"max_iter": 15}, 0.5)),
}


@pytest.mark.parametrize("name", MIXES)
def test_an_ensemble_of_classifiers_passes(name: str) -> None:
    assert passes(trained("ensemble", MIXES[name]), "two") <= 1e-9


def test_a_stacked_ensemble_of_three_classes_passes() -> None:
    params = ensemble((*LINE, 0.8), (*HISTOGRAM, 0.6), combine="log", bias=[0.1, -0.2, 0.1])
    passes(trained("ensemble", params, target="three"), "three")


def test_an_ensemble_of_regressors_with_quantiles_and_a_negative_weight_passes() -> None:
    params = ensemble(
        ("ridge", {}, 0.7), (*FOREST, -0.1), ("quantile_boosting", {"max_iter": 6}, 0.4), bias=[1.5]
    )  # fmt: skip
    passes(trained("ensemble", params, target="number"), "number")


def test_an_ensemble_of_boosters_passes_and_is_asked_at_their_thresholds() -> None:
    needs("lightgbm")
    needs("xgboost")
    light, extreme = ("lightgbm", QUICK["lightgbm"]), ("xgboost", QUICK["xgboost"])
    native = trained("ensemble", ensemble((*light, 0.6), (*extreme, 0.4)))
    line = line_of(gated(native))
    assert (line["verdict"], line["reason"]) == ("passed", "")
    asked = {kind["kind"]: kind["n_inputs"] for kind in line["kinds"]}
    assert asked["thresholds ± 1 ulp"] > 500


def test_an_ensemble_with_a_member_without_a_form_says_which() -> None:
    chance = np.random.default_rng(0)
    rows = chance.normal(size=(60, 2))
    made: Any = estimators.make(
        "classification", "ensemble", ensemble((*LINE, 0.5), ("svm", {}, 0.5)), seed=1
    )
    made.fit(rows, rows[:, 0] > 0)

    class Homemade:
        classes_ = made.classes_

    made.members_[1] = Homemade()
    with pytest.raises(Unsupported, match="Homemade has no compiled form"):
        compiler.form_of(made, converting.PROBABILITIES)
