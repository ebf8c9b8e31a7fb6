"""Quality estimated without truth, under covariate shift where the truth is known: within 0.02 of the real figures."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

from mlregistry.errors import Invalid
from mlregistry.ml.monitoring import estimated


def binary(n: int, *, shift: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The truth follows the inputs by one rule; only where the inputs lie moves."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(shift, 1 + shift / 2, size=(n, 3))
    chance = 1 / (1 + np.exp(-(inputs @ [1.5, -1.0, 0.5] - 0.5)))
    return inputs, (rng.random(n) < chance).astype(np.int64)


@pytest.mark.parametrize("shift", [0.0, 0.4, -0.6])
def test_a_classifiers_figures_are_estimated_under_covariate_shift(shift: float) -> None:
    model = LogisticRegression().fit(*binary(4000, shift=0, seed=1))
    inputs, truth = binary(20_000, shift=0, seed=2)
    calibration = estimated.calibrated(model.predict_proba(inputs), truth)
    inputs, truth = binary(20_000, shift=shift, seed=3)
    scores, predicted = model.predict_proba(inputs), model.predict(inputs)
    found = estimated.classification(calibration, scores, predicted)
    assert found.accuracy == pytest.approx(accuracy_score(truth, predicted), abs=0.02)
    assert found.f1 == pytest.approx(f1_score(truth, predicted), abs=0.03)
    assert found.roc_auc == pytest.approx(roc_auc_score(truth, scores[:, 1]), abs=0.02)
    assert np.sum(found.confusion) == pytest.approx(20_000)


def test_expected_figures_are_worked_by_hand() -> None:
    """Four rows that are right with 0.9, 0.8, 0.6 and 0.7: the accuracy is 0.75, hits of the second class are 1.5."""
    scores = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7]])
    ladder = np.linspace(0, 1, 1001)
    truth = np.tile([0] * 10 + [1] * 10, 5)
    calibration = estimated.calibrated(np.tile(scores, (25, 1)), truth)
    identity = [curve.fit(ladder, ladder) for curve in calibration.curves]
    found = estimated.classification(estimated.Calibration(tuple(identity)), scores, np.array([0, 1, 0, 1]))
    assert found.accuracy == pytest.approx(0.75)
    assert found.f1 == pytest.approx(2 * 1.5 / (2.0 + 2.0))
    pairs = [(0.1, 0.8, 0.4, 0.7)[i] * (1 - (0.1, 0.8, 0.4, 0.7)[j]) * (1 if a > b else 0.5 if a == b else 0)
             for i, a in enumerate(scores[:, 1]) for j, b in enumerate(scores[:, 1])]  # fmt: skip
    assert found.roc_auc == pytest.approx(sum(pairs) / (2.0 * 2.0))


def test_three_classes_are_means_over_them() -> None:
    rng = np.random.default_rng(5)
    inputs = rng.normal(size=(6000, 2))
    truth = np.argmax(inputs @ rng.normal(size=(2, 3)) + rng.gumbel(size=(6000, 3)), axis=1)
    model = LogisticRegression().fit(inputs[:2000], truth[:2000])
    calibration = estimated.calibrated(model.predict_proba(inputs[2000:4000]), truth[2000:4000])
    scores, predicted = model.predict_proba(inputs[4000:]), model.predict(inputs[4000:])
    found = estimated.classification(calibration, scores, predicted)
    assert found.accuracy == pytest.approx(accuracy_score(truth[4000:], predicted), abs=0.03)
    assert found.f1 == pytest.approx(f1_score(truth[4000:], predicted, average="macro"), abs=0.03)


def test_a_regressions_errors_are_estimated_where_they_grow_with_the_inputs() -> None:
    def rows(n: int, shift: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        inputs = rng.uniform(0, 2 + shift, size=(n, 2)) * (0.5 + shift / 4)
        return inputs, inputs @ [2.0, 1.0] + rng.normal(size=n) * (0.5 + inputs[:, 0])

    inputs, truth = rows(6000, 2.0, 1)
    model = LinearRegression().fit(inputs, truth)
    loss = estimated.regression(inputs, model.predict(inputs), truth)
    for shift in (2.0, 1.0):
        inputs, truth = rows(6000, shift, 2)
        predicted = model.predict(inputs)
        found = loss.estimate(inputs, predicted)
        assert found.mae == pytest.approx(np.abs(truth - predicted).mean(), rel=0.08)
        assert found.rmse == pytest.approx(np.sqrt(((truth - predicted) ** 2).mean()), rel=0.08)


def test_too_few_and_uneven_rows_are_refused() -> None:
    with pytest.raises(Invalid, match="at least 100 rows"):
        estimated.calibrated(np.full((20, 2), 0.5), np.zeros(20, dtype=np.int64))
    with pytest.raises(Invalid, match="one row of figures"):
        estimated.calibrated(np.full((200, 2), 0.5), np.zeros(199, dtype=np.int64))
    calibration = estimated.calibrated(np.full((200, 2), 0.5), np.tile([0, 1], 100))
    with pytest.raises(Invalid, match="at least 1 row"):
        estimated.classification(calibration, np.zeros((0, 2)), np.zeros(0, dtype=np.int64))
    assert (
        estimated.classification(calibration, np.full((4, 2), 0.5), np.zeros(4, dtype=np.int64)).roc_auc
        == 0.5
    )
