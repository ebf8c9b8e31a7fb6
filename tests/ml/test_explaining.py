"""Shapley values against brute force and additivity, partial dependence, learning curves, the whole explanation."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlregistry.ml import recipes, training
from mlregistry.ml.explaining import dependence, shapley
from mlregistry.ml.supervised import explaining
from tests.ml.frames import CHURN, PRICE, classification_rows, mixed, regression_rows


def crossed(frame: pd.DataFrame) -> Any:
    """Interactions, and a feature that does nothing."""
    return (frame.a * frame.b + 2 * frame.c + (frame.a > 0) * 1.0).to_numpy()


@pytest.fixture
def rows() -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(0).normal(size=(40, 4)), columns=list("abcd"))


def test_sampled_values_agree_with_brute_force(rows: pd.DataFrame) -> None:
    found = shapley.sampled(crossed, rows.iloc[:2], rows, n_walks=4000, seed=0)
    for place in range(2):
        exact = shapley.brute(crossed, rows.iloc[[place]], rows)
        assert found[place] == pytest.approx(exact, abs=0.06)
        assert exact[3] == pytest.approx(0, abs=1e-12)
        mean = crossed(rows).mean()
        assert exact.sum() == pytest.approx(crossed(rows.iloc[[place]])[0] - mean)


def test_every_walk_adds_up_to_the_prediction(rows: pd.DataFrame) -> None:
    one = rows.iloc[[5]]
    found = shapley.sampled(crossed, rows, one, n_walks=2, seed=1)
    assert found.sum(axis=1) == pytest.approx(crossed(rows) - crossed(one)[0])
    again = shapley.sampled(crossed, rows, one, n_walks=2, seed=1)
    assert (found == again).all()


def test_values_of_a_weighted_sum_are_exact(rows: pd.DataFrame) -> None:
    weights = np.array([1.0, -2, 0.5, 0])
    found = shapley.linear(weights, rows.to_numpy()[:1], rows.to_numpy())
    exact = shapley.brute(lambda frame: frame.to_numpy() @ weights, rows.iloc[[0]], rows)
    assert found[0] == pytest.approx(exact)


def test_partial_dependence_of_a_straight_line_is_that_line(rows: pd.DataFrame) -> None:
    drawn = dependence.curve(
        lambda frame: 3 * frame.a.to_numpy() + frame.b.to_numpy(), rows, "a", predicted="y", seed=0
    )
    assert drawn is not None
    series = drawn["series"][0]
    assert np.diff(series["y"]) == pytest.approx(3 * np.diff(series["x"]))
    frame = pd.DataFrame({"a": ["x", "y"] * 20, "b": 1.0})
    drawn = dependence.curve(
        lambda frame: (frame.a == "x").to_numpy() * 1.0, frame, "a", predicted="y", seed=0
    )
    assert drawn is not None
    assert dict(zip(drawn["labels"], drawn["values"], strict=True)) == {"x": 1.0, "y": 0.0}
    assert dependence.curve(lambda frame: frame.b.to_numpy(), frame, "b", predicted="y", seed=0) is None


@pytest.mark.parametrize(
    ("spec", "frame"), [(CHURN, classification_rows(mixed())), (PRICE, regression_rows(mixed()))]
)
def test_a_trained_model_is_explained_and_again_alike(spec: Any, frame: pd.DataFrame) -> None:
    recipe = recipes.parse({"estimator": "decision_tree"})
    seen: list[float] = []
    result = training.train(spec, recipe, frame, lambda *_: None)
    needed = [field.name for field in result.signature.inputs]
    important = result.curves["importance"]["labels"]
    both = [
        explaining.explain(
            spec, recipe, frame, result.pipeline, needed, important, lambda share, _: seen.append(share)
        )
        for _ in range(2)
    ]
    assert both[0] == both[1]
    assert {"learning_curve", "dependence_1", "shapley"} <= set(both[0])
    json.dumps(both[0], allow_nan=False)
    half = seen[: len(seen) // 2]
    assert half == sorted(half)
    assert set(both[0]["shapley"]["labels"][:2]) & {"age", "plan", "income"}
    sizes = both[0]["learning_curve"]["series"][0]["x"]
    assert sizes == sorted(sizes)


def test_shapley_values_of_weighted_sums_are_exact_and_those_of_others_sampled() -> None:
    frame = regression_rows(mixed())
    found = {}
    for name in ("ridge", "decision_tree"):
        recipe = recipes.parse({"estimator": name})
        result = training.train(PRICE, recipe, frame, lambda *_: None)
        needed = [field.name for field in result.signature.inputs]
        drawn = explaining.explain(PRICE, recipe, frame, result.pipeline, needed, [], lambda *_: None)
        found[name] = drawn["shapley"]
        if name == "ridge":
            rows, background = frame[needed].iloc[:5], frame[needed].iloc[5:60]
            exact = explaining._exact(result.pipeline, result.pipeline.predict, rows, background)
            near = shapley.sampled(result.pipeline.predict, rows, background, n_walks=600, seed=0)
            assert exact == pytest.approx(near, abs=0.15 * np.abs(near).max())
    assert found["ridge"]["n_walks"] == 0
    assert found["decision_tree"]["n_walks"] > 0
