"""Boosted trees as plain numbers, and errors of a regression estimated from rows of JSON values."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor

from mlregistry.errors import Invalid
from mlregistry.ml.monitoring import loss_models, trees

TYPES = {"size": "float", "town": "string"}


def test_trees_say_what_scikit_learn_s_model_says_missing_values_too() -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(3_000, 4))
    rows[rng.random(rows.shape) < 0.1] = np.nan
    target = np.nan_to_num(rows) @ [1.0, -2.0, 0.5, 0.0] + np.isnan(rows[:, 0])
    model = HistGradientBoostingRegressor(max_iter=30, max_leaf_nodes=12, early_stopping=False).fit(
        rows, target
    )
    found = trees.checked(trees.trees_of(model))
    np.testing.assert_allclose(found.predict(rows), model.predict(rows), rtol=0, atol=1e-12)
    with pytest.raises(Invalid, match="4 figures"):
        found.predict(rows[:, :3])
    first = found.trees[0]
    for damaged in (replace(first, left=(99, *first.left[1:])), replace(first, feature=(7, *first.feature[1:])),
                    replace(first, value=first.value[1:]), replace(first, depth=10**9)):  # fmt: skip
        with pytest.raises(Invalid, match="damaged"):
            trees.checked(replace(found, trees=(damaged,)))


def some_rows(n: int, seed: int, large: float) -> tuple[list[dict[str, Any]], np.ndarray, np.ndarray]:
    """Errors are small in Ulm, and grow with the size elsewhere."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = [
        {"size": float(size), "town": "Ulm" if in_ulm else "Bonn"}
        for size, in_ulm in zip(rng.uniform(0, 1, n), rng.random(n) > large, strict=True)
    ]
    predicted = np.array([row["size"] for row in rows])
    spread = np.array([0.1 if row["town"] == "Ulm" else 1 + row["size"] for row in rows])
    return rows, predicted, predicted + spread * rng.normal(size=n)


def test_errors_are_estimated_from_inputs_before_truths_come() -> None:
    learnt = loss_models.learnt(TYPES, *some_rows(4_000, 1, large=0.3))
    again = loss_models.from_json(json.loads(json.dumps(learnt.to_json())))
    for large in (0.3, 0.9):
        rows, predicted, truth = some_rows(4_000, 2, large)
        found = again.estimate(rows, predicted)
        assert found.mae == pytest.approx(np.abs(truth - predicted).mean(), rel=0.1)
        assert found.rmse == pytest.approx(np.sqrt(((truth - predicted) ** 2).mean()), rel=0.1)


def test_odd_rows_are_estimated_all_the_same_and_other_documents_refused() -> None:
    learnt = loss_models.learnt(TYPES, *some_rows(400, 1, large=0.3))
    odd: list[dict[str, Any]] = [
        {},
        {"size": "seven", "town": 3},
        {"size": 10**400, "town": [1]},
        {"size": None},
    ]
    assert np.isfinite(learnt.estimate(odd, np.zeros(4)).mae)
    document = learnt.to_json()
    for other in ({"format": 9}, {**document, "columns": 3}):
        with pytest.raises(Invalid):
            loss_models.from_json(other)
    with pytest.raises(Invalid, match="at least 100 rows"):
        loss_models.learnt(TYPES, *some_rows(20, 1, large=0.3))
