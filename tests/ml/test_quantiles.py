"""Regressors that predict quantiles: in order, covering what they promise, served by level."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import QuantileRegressor

from mlregistry.ml import losses, packaging, recipes, training
from mlregistry.ml.quantiles import Quantiles
from tests.ml.frames import PRICE, as_rows, silent


def spread(n_rows: int = 900) -> pd.DataFrame:
    """The spread grows with x, so that one width cannot serve all rows."""
    chance = np.random.default_rng(0)
    x = chance.random(n_rows)
    price = 10 * x + (0.2 + 3 * x) * chance.normal(size=n_rows)
    return pd.DataFrame({"x": x, "noise": chance.random(n_rows), "price": price})


@pytest.mark.parametrize("name", ["quantile_boosting", "linear_quantiles"])
def test_quantiles_are_in_order_cover_their_share_and_are_served(name: str, tmp_path: Path) -> None:
    recipe = recipes.parse({"estimator": name, "params": {"coverage": 0.8, "n_quantiles": 5}})
    result = training.train(PRICE, recipe, spread(), silent)
    model = packaging.load(tmp_path, packaging.save(result.pipeline, tmp_path)[1])
    fresh = spread(5000).iloc[900:]
    rows = result.signature.frame(as_rows(fresh.drop(columns="price")))
    answer = packaging.predict(model, result.signature, rows)
    found = pd.DataFrame(answer["quantiles"])
    assert list(found) == ["0.1", "0.3", "0.5", "0.7", "0.9"]
    assert (np.diff(found.to_numpy(), axis=1) >= 0).all()
    assert found["0.5"].tolist() == answer["predictions"]
    covered = fresh.price.between(found["0.1"].to_numpy(), found["0.9"].to_numpy()).mean()
    assert covered == pytest.approx(0.8, abs=0.06)
    assert 0 < result.metrics["test_pinball"] < result.metrics["test_mae"] / 2
    shares, promised = result.curves["coverage"]["series"]
    assert shares["x"] == promised["y"] == pytest.approx([0.1, 0.3, 0.5, 0.7, 0.9])
    assert shares["y"] == pytest.approx(promised["y"], abs=0.12)


def test_conforming_mends_quantiles_that_cover_too_little() -> None:
    chance = np.random.default_rng(1)
    matrix, target = chance.random((400, 30)), chance.normal(size=400)
    fresh, truth = chance.random((4000, 30)), chance.normal(size=4000)
    covered = []
    for conformal, n in ((False, 120), (True, 400)):
        model = Quantiles(QuantileRegressor(alpha=0, solver="highs"), 0.9, 3, conformal, 0)
        low, _, high = model.fit(matrix[:n], target[:n]).predict_quantiles(fresh).T
        covered.append(((truth >= low) & (truth <= high)).mean())
    assert covered[0] < 0.8
    assert covered[1] == pytest.approx(0.9, abs=0.08)


def test_the_pinball_loss_agrees_with_the_hand() -> None:
    truth, quantiles = np.array([1.0, 4.0]), np.array([[0.0, 2.0], [5.0, 3.0]])
    found = losses.pinball(truth, quantiles, (0.1, 0.9))
    assert found == pytest.approx([(0.1 * 1 + 0.1 * 1) / 2, (0.9 * 1 + 0.9 * 1) / 2])
