"""Forms of LightGBM's estimators, where the package is installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlregistry.ml.compiling import compiler, converting, probes
from mlregistry.ml.compiling.building import build

lightgbm = pytest.importorskip("lightgbm")
RNG = np.random.default_rng(4)
X = RNG.normal(size=(300, 4))
WITH_GAPS = np.where(RNG.random(X.shape) < 0.1, np.nan, X)
SCORE = X[:, 0] + X[:, 1] ** 2
QUIET = {"n_estimators": 8, "verbose": -1, "n_jobs": 1}


@pytest.mark.parametrize("rows", [X, WITH_GAPS], ids=["whole", "gaps"])
@pytest.mark.parametrize("edges", [[1.0], [0.5, 1.5]], ids=["two", "three"])
@pytest.mark.parametrize("boosting", ["gbdt", "rf"])
def test_classifiers(rows: Any, edges: list[float], boosting: str) -> None:
    more = {"boosting_type": "rf", "subsample": 0.6, "subsample_freq": 1} if boosting == "rf" else {}
    estimator = lightgbm.LGBMClassifier(**QUIET, **more).fit(rows, np.digitize(SCORE, edges))
    run = build(compiler.form_of(estimator, converting.PROBABILITIES))
    odd, _ = probes.threshold_rows(estimator, X)
    for part in (X, WITH_GAPS, X[:1], odd):
        np.testing.assert_allclose(run(part), estimator.predict_proba(part), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("objective", ["regression", "quantile", "poisson"])
def test_regressors(objective: str) -> None:
    estimator = lightgbm.LGBMRegressor(objective=objective, **QUIET).fit(WITH_GAPS, np.abs(SCORE))
    run = build(compiler.form_of(estimator, converting.VALUES))
    for part in (X, WITH_GAPS, X[:1]):
        np.testing.assert_allclose(run(part)[:, 0], estimator.predict(part), rtol=1e-9, atol=1e-9)
