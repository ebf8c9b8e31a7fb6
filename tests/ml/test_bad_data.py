"""Tables that are hard on a training: many classes, classes in one group, values never seen, empty columns."""

import numpy as np
import pandas as pd
import pytest

from mlregistry.errors import Invalid
from mlregistry.ml import packaging, recipes, training
from mlregistry.ml.training_result import TrainingResult
from tests.ml.frames import CHURN, PRICE, classification_rows, mixed, regression_rows, silent


def train(frame: pd.DataFrame, **recipe: object) -> TrainingResult:
    return training.train(CHURN, recipes.parse({"estimator": "decision_tree", **recipe}), frame, silent)


def many(n_classes: int) -> pd.DataFrame:
    chance = np.random.default_rng(0)
    label = np.repeat(np.arange(n_classes), 10)
    return pd.DataFrame(
        {"x": label + chance.normal(0, 0.4, len(label)), "y": chance.random(len(label)), "churn": label}
    )


def test_a_hundred_classes_are_trained_and_measured_and_one_more_is_refused() -> None:
    result = train(many(100), params={"max_depth": None})
    assert result.metrics["test_accuracy"] > 0.3
    assert {"accuracy", "roc_auc", "log_loss"} <= set(result.evaluation["intervals"])
    with pytest.raises(Invalid, match="at most 100 classes"):
        train(many(101))


def test_a_class_that_lives_in_one_group_ends_in_figures_or_a_reason() -> None:
    frame = classification_rows(mixed()).assign(team=np.arange(200) // 20)
    frame["churn"] = np.where(frame.team == 3, "rare", frame.churn)
    for seed in range(4):
        result = train(frame, split={"group": "team"}, seed=seed, folds=3)
        assert 0 <= result.metrics["test_accuracy"] <= 1
        assert result.evaluation["drawn"] == "groups of team"


def test_a_class_without_training_rows_cannot_be_calibrated() -> None:
    frame = classification_rows(mixed()).assign(team=np.arange(200) // 20)
    frame["churn"] = np.where(frame.team == 3, "rare", frame.churn)
    reasons = []
    for seed in range(6):
        try:
            train(frame, split={"group": "team"}, seed=seed, calibration="sigmoid")
        except Invalid as error:
            reasons.append(error.message)
    assert all("no training row" in reason for reason in reasons)


def test_a_category_that_only_the_test_rows_have_is_predicted() -> None:
    frame = classification_rows(mixed()).sort_values("since", ignore_index=True)
    frame.loc[160:, "plan"] = "new"
    result = train(frame, split={"method": "by_time", "order": "since"})
    assert result.n_rows["test"] == 40
    assert result.evaluation["drawn"] == "blocks of time"
    answer = packaging.predict(
        result.pipeline, result.signature, result.signature.frame(result.input_example)
    )
    assert len(answer["predictions"]) == 5


def test_an_empty_group_column_is_named() -> None:
    frame = classification_rows(mixed()).assign(empty=None)
    with pytest.raises(Invalid, match="'empty' has gaps"):
        train(frame, split={"group": "empty"})


def test_a_test_part_with_a_constant_target_still_has_what_is_defined() -> None:
    frame = regression_rows(mixed()).sort_values("since", ignore_index=True)
    frame.loc[150:, "price"] = 0.0
    recipe = recipes.parse({"estimator": "ridge", "split": {"method": "by_time", "order": "since"}})
    result = training.train(PRICE, recipe, frame, silent)
    assert "mape" not in result.evaluation["intervals"]
    assert "rmse" in result.evaluation["intervals"]


def test_one_slice_stands_out_where_the_model_is_worse() -> None:
    chance = np.random.default_rng(0)
    frame = pd.DataFrame({"x": chance.normal(size=1200), "shop": chance.choice(["a", "b", "c"], 1200)})
    noise = np.where(frame["shop"] == "c", 5.0, 0.1)
    frame["price"] = 3 * frame["x"] + noise * chance.normal(size=1200)
    result = training.train(PRICE, recipes.parse({"estimator": "ridge"}), frame, silent)
    worst = result.evaluation["slices"][0]
    assert (worst["column"], worst["label"]) == ("shop", "c")
    assert worst["interval"][0] < worst["value"] < worst["interval"][1]
    assert worst["interval"][0] > result.metrics["test_rmse"]
