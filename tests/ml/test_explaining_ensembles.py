"""Importance, partial dependence and Shapley values of ensembles: those of their members, mixed."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlregistry.ml import recipes, training
from mlregistry.ml.explaining import shapley
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.supervised import explaining
from mlregistry.ml.training_result import TrainingResult
from tests.ml.frames import CHURN, PRICE, classification_rows, mixed, regression_rows

BOOSTERS = [name for name in ("lightgbm", "xgboost") if find_spec(name) is not None]
QUICK: dict[str, dict[str, Any]] = {
    "lightgbm": {"n_estimators": 15}, "xgboost": {"n_estimators": 15}, "random_forest": {"n_estimators": 10},
    "mlp": {"max_iter": 30, "hidden_layer_size": 8}, "hist_gradient_boosting": {"max_iter": 10},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _few_predictions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explaining, "MOST_PREDICTIONS", 3_000)
    monkeypatch.setattr(explaining, "MOST_EXPLAINED", 20)


def recipe_of(*weighted: tuple[str, float], **more: Any) -> recipes.Recipe:
    members = [
        {"estimator": name, "params": QUICK.get(name, {}), "weight": weight} for name, weight in weighted
    ]
    return recipes.parse({"estimator": "ensemble", "params": {"members": members, **more}})


def trained(spec: ProblemSpec, frame: pd.DataFrame, recipe: recipes.Recipe) -> TrainingResult:
    return training.train(spec, recipe, frame, lambda *_: None)


def explained(spec: ProblemSpec, frame: pd.DataFrame, recipe: recipes.Recipe, result: TrainingResult) -> Any:
    needed = [field.name for field in result.signature.inputs]
    important = result.curves["importance"]["labels"]
    return explaining.explain(spec, recipe, frame, result.pipeline, needed, important, lambda *_: None)


CASES = {
    "voting": (CHURN, recipe_of(("logistic_regression", 0.5), ("random_forest", 0.5))),
    "stacked": (
        CHURN,
        recipe_of(("hist_gradient_boosting", 0.9), ("mlp", 0.4), combine="log", bias=[0.2, -0.2]),
    ),
    "of numbers": (PRICE, recipe_of(("ridge", 0.6), ("hist_gradient_boosting", 0.4), bias=[2.0])),
    "of boosters": (
        PRICE,
        recipe_of(("ridge", 0.1), ("random_forest", 0.1), *[(name, 0.4) for name in BOOSTERS]),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_an_ensemble_is_explained_by_what_tells(name: str) -> None:
    spec, recipe = CASES[name]
    frame = classification_rows(mixed()) if spec is CHURN else regression_rows(mixed())
    result = trained(spec, frame, recipe)
    drawn = explained(spec, frame, recipe, result)
    assert {"learning_curve", "dependence_1", "shapley"} <= set(drawn)
    json.dumps(drawn, allow_nan=False)
    telling = {"age", "plan", "income"}
    assert set(result.curves["importance"]["labels"][:2]) & telling
    assert set(drawn["shapley"]["labels"][:2]) & telling
    assert drawn["shapley"]["n_walks"] > 0


@pytest.mark.parametrize(("spec", "second"), [(CHURN, "random_forest"), (PRICE, "hist_gradient_boosting")])
def test_shapley_values_of_a_mean_are_the_mean_of_those_of_its_members(
    spec: ProblemSpec, second: str
) -> None:
    frame = classification_rows(mixed()) if spec is CHURN else regression_rows(mixed())
    first = "logistic_regression" if spec is CHURN else "ridge"
    result = trained(spec, frame, recipe_of((first, 0.25), (second, 0.75)))
    pipeline = result.pipeline
    needed = [field.name for field in result.signature.inputs]
    rows, background = frame[needed].iloc[:3], frame[needed].iloc[3:40]

    def values(model: Any) -> Any:
        def predict(part: pd.DataFrame) -> Any:
            matrix = pipeline[:-1].transform(part)
            return model.predict_proba(matrix)[:, 1] if spec is CHURN else model.predict(matrix)

        return shapley.sampled(predict, rows, background, n_walks=6, seed=4)

    ensemble = pipeline.steps[-1][1]
    one, two = (values(member) for member in ensemble.members_)
    assert values(ensemble) == pytest.approx(0.25 * one + 0.75 * two)


def test_shapley_values_of_an_ensemble_of_weighted_sums_are_exact() -> None:
    frame = regression_rows(mixed())
    recipe = recipe_of(("ridge", 0.7), ("lasso", 0.5), bias=[-3.0])
    result = trained(PRICE, frame, recipe)
    needed = [field.name for field in result.signature.inputs]
    rows, background = frame[needed].iloc[:5], frame[needed].iloc[5:60]
    exact = explaining._exact(result.pipeline, result.pipeline.predict, rows, background)
    assert exact is not None
    wanted = result.pipeline.predict(rows) - result.pipeline.predict(background).mean()
    assert np.asarray(exact).sum(axis=1) == pytest.approx(wanted)
    assert explained(PRICE, frame, recipe, result)["shapley"]["n_walks"] == 0
    mixed_kinds = trained(PRICE, frame, recipe_of(("ridge", 0.5), ("random_forest", 0.5)))
    assert explaining._weights(mixed_kinds.pipeline.steps[-1][1]) is None
