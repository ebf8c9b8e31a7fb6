"""Training end to end on bundled and made-up data, and every kind of data that cannot be trained."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets

from mlregistry.errors import Invalid
from mlregistry.ml import curves, packaging, recipes, training
from mlregistry.ml.estimators import CATALOGUE
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.training_result import TrainingResult
from tests.ml.frames import CHURN, PRICE, WINE, classification_rows, mixed, regression_rows, silent, wine


def train(spec: ProblemSpec, frame: pd.DataFrame, **recipe: object) -> TrainingResult:
    return training.train(spec, recipes.parse({"estimator": "logistic_regression", **recipe}), frame, silent)


@pytest.mark.parametrize("name", [name for name in CATALOGUE["classification"] if name != "dummy"])
def test_every_classifier_beats_the_baseline_on_a_mixed_table(name: str) -> None:
    result = train(CHURN, classification_rows(mixed()), estimator=name)
    assert result.metrics["test_roc_auc"] > 0.7
    assert {"test_accuracy", "test_f1", "test_pr_auc", "test_log_loss", "train_recall"} <= set(result.metrics)


@pytest.mark.parametrize("name", [name for name in CATALOGUE["regression"] if name != "dummy"])
def test_every_regressor_beats_the_baseline_on_a_mixed_table(name: str) -> None:
    frame = regression_rows(mixed())
    params = {"params": {"max_iter": 500}} if name == "mlp" else {}
    result = train(PRICE, frame, estimator=name, **params)
    baseline = train(PRICE, frame, estimator="dummy")
    assert result.metrics["test_rmse"] < baseline.metrics["test_rmse"]


def test_the_baseline_knows_nothing() -> None:
    assert train(CHURN, classification_rows(mixed()), estimator="dummy").metrics["test_roc_auc"] == 0.5


def test_breast_cancer_is_separated() -> None:
    bundle = datasets.load_breast_cancer(as_frame=True)
    frame = bundle.frame.assign(target=np.where(bundle.target == 0, "malignant", "benign"))
    result = train(replace(WINE, primary_metric="roc_auc"), frame)
    assert result.metrics["test_roc_auc"] > 0.98
    assert result.signature.classes == ("benign", "malignant")


def test_three_classes_get_every_metric_and_curve() -> None:
    result = train(WINE, wine(), estimator="random_forest", folds=3)
    assert result.metrics["test_accuracy"] > 0.9
    assert result.metrics["cv_roc_auc_mean"] > 0.95
    assert result.metrics["cv_roc_auc_std"] >= 0
    assert len(result.curves["roc"]["series"]) == 3
    assert np.array(result.curves["confusion_matrix"]["values"]).sum() == result.n_rows["test"]
    assert result.signature.classes == (0, 1, 2)


def test_the_same_recipe_gives_the_same_result_and_another_seed_another() -> None:
    frame = classification_rows(mixed())
    first, second, other = (train(CHURN, frame, estimator="random_forest", seed=seed) for seed in (7, 7, 8))
    assert first.metrics == second.metrics
    assert first.curves == second.curves
    assert first.metrics != other.metrics


def test_curves_and_examples_are_json_of_at_most_200_points() -> None:
    for result in (
        train(CHURN, classification_rows(mixed(3000))),
        train(PRICE, regression_rows(mixed(3000)), estimator="ridge"),
    ):
        json.dumps(
            [result.curves, result.input_example, result.metrics, result.signature.to_json()], allow_nan=False
        )
        for curve in result.curves.values():
            for series in curve.get("series", [curve]):
                assert len(series.get("x", [])) <= 200


def test_the_most_telling_column_is_the_most_important() -> None:
    frame = pd.DataFrame({"noise": np.random.default_rng(0).normal(size=300), "signal": np.arange(300.0)})
    result = train(PRICE, frame.assign(price=frame.signal * 2), estimator="linear_regression")
    assert result.curves["importance"]["labels"] == ["signal", "noise"]


def test_three_parts_hold_all_rows_once_and_each_is_measured() -> None:
    result = train(CHURN, classification_rows(mixed()), split={"method": "train_validation_test"})
    assert (result.n_rows["train"], result.n_rows["validation"], result.n_rows["test"]) == (120, 40, 40)
    assert {"train_f1", "validation_f1", "test_f1"} <= set(result.metrics)


def test_dropped_columns_and_rows_are_named() -> None:
    frame = classification_rows(mixed())
    frame = pd.concat([frame.drop(columns="key"), frame.drop(columns="key").head(50)], ignore_index=True)
    frame["key"] = [f"k{i}" for i in range(len(frame))]
    frame.loc[0, "churn"] = None
    result = train(CHURN, frame.assign(empty=None))
    text = " ".join(result.warnings)
    for words in (
        "'key' looks like an identifier",
        "'country' is constant",
        "'empty' is empty",
        "1 rows without target",
    ):
        assert words in text
    assert result.n_rows["without_target"] == 1
    assert "key" not in [field.name for field in result.signature.inputs]


def test_duplicates_leave_the_training_rows_only() -> None:
    frame = classification_rows(mixed()).drop(columns="key")
    result = train(CHURN, pd.concat([frame, frame], ignore_index=True))
    assert result.n_rows["duplicates"] > 0
    assert result.n_rows["test"] == 80
    assert result.n_rows["train"] + result.n_rows["duplicates"] == 320


@pytest.mark.parametrize("encoding", ["one_hot", "ordinal"])
def test_gaps_and_unknown_categories_are_predicted(encoding: str) -> None:
    result = train(
        CHURN, classification_rows(mixed()), preparation={"encoding": encoding, "missing_indicator": True}
    )
    row = {**result.input_example[0], "plan": "never seen", "income": None}
    answer = packaging.predict(
        result.pipeline, result.signature, result.signature.frame([row, {**row, "plan": None}])
    )
    assert len(answer["predictions"]) == 2
    assert np.allclose(np.sum(answer["probabilities"], axis=1), 1)


@pytest.mark.parametrize("scaling", ["standard", "min_max", "robust", "none"])
@pytest.mark.parametrize("datetimes", ["parts", "drop"])
def test_every_preparation_trains(scaling: str, datetimes: str) -> None:
    preparation = {
        "scaling": scaling, "datetimes": datetimes, "missing_numbers": "zero",
        "missing_categories": "most_frequent",
        "drop_constant": False, "drop_identifiers": False, "drop_duplicates": False,
    }  # fmt: skip
    assert train(CHURN, classification_rows(mixed()), preparation=preparation).metrics["test_roc_auc"] > 0.7


def test_a_boolean_target_and_boolean_gaps_work() -> None:
    frame = classification_rows(mixed())
    frame["churn"] = frame["churn"] == "yes"
    frame["active"] = frame["active"].astype(object).where(frame["age"] > 25, None)
    result = train(CHURN, frame)
    assert result.signature.classes == (False, True)
    assert next(field for field in result.signature.inputs if field.name == "active").required is False


def test_progress_is_reported_upwards() -> None:
    seen: list[float] = []
    recipe = recipes.parse({"estimator": "ridge", "folds": 3})
    training.train(PRICE, recipe, regression_rows(mixed()), lambda fraction, message: seen.append(fraction))
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("spec", "change", "field", "words"),
    [
        (CHURN, lambda f: f.drop(columns="churn"), "churn", "no column 'churn'"),
        (CHURN, lambda f: f.assign(churn="yes"), "churn", "constant"),
        (CHURN, lambda f: f.assign(churn=None), "churn", "0 rows have the target"),
        (CHURN, lambda f: f.head(2), "churn", "2 rows"),
        (CHURN, lambda f: f.assign(churn=["rare", *f.churn[1:]]), "churn", "class 'rare'"),
        (CHURN, lambda f: f.assign(churn=[f"c{i}" for i in range(len(f))]), "churn", "200 different values"),
        (CHURN, lambda f: f.assign(churn=f.since), "churn", "times"),
        (PRICE, lambda f: f.assign(price="much"), "price", "constant"),
        (PRICE, lambda f: f.assign(price=f.churn), "price", "needs numbers"),
        (CHURN, lambda f: f.assign(age=np.where(f.age > 70, np.inf, f.age)), "age", "infinite"),
        (PRICE, lambda f: f.assign(price=[np.inf, *f.price[1:]]), "price", "infinite"),
        (CHURN, lambda f: f[["country", "churn"]], "features", "No usable feature"),
        (CHURN, lambda f: f[["churn"]], "features", "no feature column"),
        (replace(CHURN, features=("gone",)), lambda f: f, "gone", "no column 'gone'"),
        (replace(CHURN, primary_metric="rmse"), lambda f: f, "primary_metric", "no metric"),
        (replace(CHURN, kind="clustering"), lambda f: f, "primary_metric", "no metric for clustering"),
    ],
)
def test_data_that_cannot_be_trained_is_named(
    spec: ProblemSpec, change: object, field: str, words: str
) -> None:
    assert callable(change)
    with pytest.raises(Invalid, match=words) as caught:
        train(spec, change(mixed()), estimator="dummy")
    assert caught.value.field == field


def test_too_many_folds_for_a_small_class_are_refused() -> None:
    frame = classification_rows(mixed())
    frame["churn"] = ["rare"] * 5 + ["usual"] * 195
    with pytest.raises(Invalid, match="folds"):
        train(CHURN, frame, folds=10)


def test_an_estimator_that_cannot_fit_says_so() -> None:
    frame = classification_rows(mixed(12)).drop(columns="key")
    with pytest.raises(Invalid, match="Support vector machine could not be trained"):
        train(CHURN, frame.assign(churn=["a", "a"] + ["b"] * 10), estimator="svm")


def test_a_split_by_group_trains_and_says_that_the_group_is_a_feature() -> None:
    frame = classification_rows(mixed()).assign(team=np.arange(200) // 8)
    result = train(CHURN, frame, folds=3, repeats=2, split={"group": "team"})
    assert result.metrics["cv_roc_auc_mean"] > 0.6
    assert any("'team' tells the groups" in line for line in result.warnings)


@pytest.mark.parametrize(
    ("change", "group", "words"),
    [
        (lambda f: f, "gone", "no column 'gone'"),
        (lambda f: f, "plan", "has gaps"),
        (lambda f: f.assign(country="DE"), "country", "one group only"),
        (lambda f: f.assign(country=np.arange(200) % 4), "country", "too few for 5 folds"),
    ],
)
def test_groups_that_cannot_be_parted_are_named(change: Any, group: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        train(CHURN, change(classification_rows(mixed())), folds=5, split={"group": group})


def test_rows_in_the_gap_are_counted() -> None:
    split = {"method": "by_time", "order": "since", "gap": "60 days"}
    result = train(CHURN, classification_rows(mixed()), split=split)
    assert result.n_rows["gap"] > 0
    assert result.n_rows["train"] + result.n_rows["gap"] + result.n_rows["test"] == 200


def test_the_metrics_are_told_before_folds_and_charts_with_the_digest_of_the_test_rows() -> None:
    heard: list[Any] = []
    recipe = recipes.parse({"estimator": "decision_tree", "folds": 2})
    result = training.train(
        CHURN,
        recipe,
        classification_rows(mixed()),
        lambda share, message: heard.append(message),
        lambda measured, digest: heard.append((dict(measured), digest)),
    )
    place = next(n for n, one in enumerate(heard) if isinstance(one, tuple))
    measured, digest = heard[place]
    assert measured == {name: value for name, value in result.metrics.items() if not name.startswith("cv_")}
    assert digest == result.evaluation["test_digest"]
    assert any("Cross-validation" in message for message in heard[place + 1 :])
    assert not any("Cross-validation" in str(message) for message in heard[:place])


def test_a_slow_model_is_shuffled_on_fewer_rows() -> None:
    ticks = iter([0.0, 10.0])
    rated: list[int] = []

    def scores(pieces: list[pd.DataFrame]) -> list[float]:
        rated.append(len(pieces[0]))
        return [0.0] * len(pieces)

    frame = pd.DataFrame({"a": range(400), "b": range(400)})
    drawn = curves.importance(scores, frame, gain=1, metric="R²", seed=1, clock=lambda: next(ticks))
    assert rated == [400, 100, 100]  # 10 s × 6 shuffles: a quarter of the rows takes less than 20
    assert drawn["labels"] == ["a", "b"]
