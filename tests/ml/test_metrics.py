"""Metrics and curves against hand-worked values."""

import math

import numpy as np
import pytest
from sklearn import metrics as sk

from mlregistry.errors import Invalid
from mlregistry.ml import curves, metrics
from mlregistry.ml.metrics import Outcome


def test_binary_metrics_agree_with_the_hand() -> None:
    scores = np.array([0.1, 0.4, 0.35, 0.8])
    outcome = Outcome(
        np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]), np.column_stack([1 - scores, scores]), 2
    )
    found = metrics.measure("classification", outcome)
    assert found["roc_auc"] == 0.75
    assert found["pr_auc"] == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert (found["accuracy"], found["precision"], found["recall"]) == (0.75, 1.0, 0.5)
    assert found["f1"] == pytest.approx(2 / 3)
    assert found["log_loss"] == pytest.approx(
        -(math.log(0.9) + math.log(0.6) + math.log(0.35) + math.log(0.8)) / 4
    )


def test_several_classes_are_averaged_over_classes() -> None:
    outcome = Outcome(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 2]), np.eye(3)[[0, 1, 1, 2]], 3)
    found = metrics.measure("classification", outcome)
    assert found["recall"] == pytest.approx((0.5 + 1 + 1) / 3)
    assert found["precision"] == pytest.approx((1 + 0.5 + 1) / 3)
    assert found["balanced_accuracy"] == pytest.approx(2.5 / 3)


def test_regression_metrics_agree_with_the_hand() -> None:
    found = metrics.measure("regression", Outcome(np.array([1.0, 2, 3, 6]), np.array([1.0, 3, 3, 4])))
    assert found["rmse"] == pytest.approx(math.sqrt(5 / 4))
    assert (found["mae"], found["median_absolute_error"]) == (0.75, 0.5)
    assert found["r2"] == pytest.approx(1 - 5 / 14)


def test_a_metric_that_is_not_defined_is_left_out() -> None:
    found = metrics.measure(
        "classification", Outcome(np.ones(3, int), np.ones(3, int), np.tile([0.4, 0.6], (3, 1)), 2)
    )
    assert "roc_auc" not in found
    assert found["accuracy"] == 1


def test_an_unknown_metric_lists_the_known() -> None:
    with pytest.raises(Invalid, match="rmse, mae"):
        metrics.metric("regression", "roc_auc")


def test_calibration_bins_hold_all_rows() -> None:
    scores = np.array([0.0, 0.05, 0.55, 1.0])
    outcome = Outcome(
        np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), np.column_stack([1 - scores, scores]), 2
    )
    series = curves.classification(outcome, ["no", "yes"])["calibration"]["series"][0]
    assert (series["counts"], series["y"]) == ([2, 1, 1], [0.0, 1.0, 1.0])
    assert series["x"] == pytest.approx([0.025, 0.55, 1.0])


def test_probabilities_are_scored_as_by_hand() -> None:
    scores = np.array([0.1, 0.45, 0.42, 0.8])
    truth = np.array([0, 0, 1, 1])
    outcome = Outcome(truth, (scores > 0.5).astype(int), np.column_stack([1 - scores, scores]), 2)
    found = metrics.measure("classification", outcome)
    assert found["brier"] == pytest.approx((0.1**2 + 0.45**2 + 0.58**2 + 0.2**2) / 4)
    assert found["brier"] == pytest.approx(sk.brier_score_loss(truth, scores))
    assert found["mcc"] == pytest.approx(1 / math.sqrt(3))
    bins = abs(0 - 0.1) * 1 + abs(0.5 - 0.435) * 2 + abs(1 - 0.8) * 1
    assert found["calibration_error"] == pytest.approx(bins / 4)


def test_three_classes_are_scored_as_scikit_learn_does() -> None:
    chance = np.random.default_rng(0)
    truth, probabilities = chance.integers(0, 3, 50), chance.dirichlet(np.ones(3), 50)
    outcome = Outcome(truth, probabilities.argmax(axis=1), probabilities, 3)
    found = metrics.measure("classification", outcome)
    assert found["brier"] == pytest.approx(sk.brier_score_loss(truth, probabilities, labels=[0, 1, 2]))
    assert found["mcc"] == pytest.approx(sk.matthews_corrcoef(truth, outcome.predicted))


def test_percentages_leave_out_rows_whose_true_value_is_0() -> None:
    found = metrics.measure("regression", Outcome(np.array([0.0, 2, -4]), np.array([1.0, 3, -3])))
    assert found["mape"] == pytest.approx((0.5 + 0.25) / 2)
    assert "mape" not in metrics.measure("regression", Outcome(np.zeros(3), np.ones(3)))


def test_the_pinball_loss_of_one_value_is_half_its_absolute_error() -> None:
    found = metrics.measure("regression", Outcome(np.array([1.0, 5]), np.array([2.0, 3])))
    assert found["pinball"] == found["mae"] / 2
