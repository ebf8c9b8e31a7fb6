"""Metrics and curves against hand-worked values."""

import math

import numpy as np
import pytest

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
