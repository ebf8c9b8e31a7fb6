"""Calibrated probabilities, tuned thresholds, balanced classes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from sklearn import metrics as sk

from mlregistry.errors import Invalid
from mlregistry.ml import adjusting, confusion, packaging, recipes, training
from mlregistry.ml.problems import ProblemSpec
from tests.ml.frames import WINE, silent, wine

RARE = ProblemSpec("classification", (), "bad", "f1", "maximize")


def rare(n_rows: int = 1500, seed: int = 0) -> pd.DataFrame:
    """One row in twelve is bad, and hard to tell."""
    chance = np.random.default_rng(seed)
    frame = pd.DataFrame(chance.normal(size=(n_rows, 4)), columns=list("abcd"))
    odds = 1.6 * frame.a - 1.2 * frame.b + chance.logistic(size=n_rows)
    return frame.assign(bad=np.where(odds > np.quantile(odds, 0.92), "yes", "no"))


def test_a_tuned_threshold_beats_the_likeliest_class_and_is_served(tmp_path: Path) -> None:
    plain, tuned = (
        training.train(
            replace(RARE, primary_metric="balanced_accuracy"),
            recipes.parse({"estimator": "logistic_regression", "threshold": threshold}),
            rare(),
            silent,
        )
        for threshold in ("half", "tuned")
    )
    assert tuned.metrics["test_balanced_accuracy"] > plain.metrics["test_balanced_accuracy"] + 0.05
    assert tuned.metrics["test_roc_auc"] == plain.metrics["test_roc_auc"]
    threshold = tuned.pipeline.steps[-1][1].threshold_
    assert 0.01 < threshold < 0.3
    model = packaging.load(tmp_path, packaging.save(tuned.pipeline, tmp_path)[1])
    frame = tuned.signature.frame(tuned.input_example * 1)
    answer = packaging.predict(model, tuned.signature, frame)
    second = np.array(answer["probabilities"])[:, 1]
    assert answer["predictions"] == ["yes" if one >= threshold else "no" for one in second]


def test_the_threshold_is_the_best_of_all_by_hand() -> None:
    truth = np.array([0, 0, 1, 0, 1, 1])
    probability = np.array([0.1, 0.2, 0.3, 0.35, 0.4, 0.9])
    assert adjusting.best_threshold(truth, probability, "f1") == pytest.approx(0.25)
    chance = np.random.default_rng(0)
    truth, probability = chance.integers(0, 2, 200), chance.random(200).round(2)
    found = adjusting.best_threshold(truth, probability, "mcc")
    values = np.unique(probability)
    scores = [sk.matthews_corrcoef(truth, probability >= t) for t in (values[:-1] + values[1:]) / 2]
    assert sk.matthews_corrcoef(truth, probability >= found) == pytest.approx(max(scores))


def test_a_tuned_threshold_for_three_classes_is_refused() -> None:
    recipe = recipes.parse({"estimator": "random_forest", "threshold": "tuned"})
    with pytest.raises(Invalid, match="for two classes"):
        training.train(WINE, recipe, wine(), silent)


def test_only_classifiers_are_adjusted() -> None:
    with pytest.raises(Invalid, match="classification") as caught:
        recipes.parse({"estimator": "ridge", "calibration": "sigmoid"}, kind="regression")
    assert caught.value.field == "calibration"


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_calibration_mends_overconfident_probabilities(method: str, tmp_path: Path) -> None:
    found = [
        training.train(
            replace(RARE, primary_metric="log_loss", direction="minimize"),
            recipes.parse(
                {
                    "estimator": "gaussian_naive_bayes",
                    "params": {"class_weight": "balanced"},
                    "calibration": way,
                }
            ),
            rare(),
            silent,
        )
        for way in ("none", method)
    ]
    assert found[1].metrics["test_calibration_error"] < 0.5 * found[0].metrics["test_calibration_error"]
    assert found[1].metrics["test_brier"] < found[0].metrics["test_brier"]
    files = packaging.save(found[1].pipeline, tmp_path)
    frame = found[1].signature.frame(found[1].input_example)
    answers = [packaging.predict(packaging.load(tmp_path, file), found[1].signature, frame) for file in files]
    assert answers[0] == answers[1]


def test_three_classes_are_calibrated_one_against_the_rest() -> None:
    recipe = recipes.parse({"estimator": "gaussian_naive_bayes", "calibration": "isotonic", "folds": 3})
    result = training.train(WINE, recipe, wine(), silent)
    assert result.metrics["cv_accuracy_mean"] > 0.9
    given = np.array([[0.2, 0.3, 0.5], [0.9, 0.05, 0.05]])
    calibrators = adjusting.fit_calibrators("isotonic", np.array([0, 1]), given)
    assert np.allclose(adjusting.calibrated(given, calibrators).sum(axis=1), 1)


def test_platt_scaling_has_the_least_loss_of_all_lines() -> None:
    chance = np.random.default_rng(1)
    probability = chance.random(400)
    truth = (chance.random(400) < probability**2).astype(float)
    n1, n0 = truth.sum(), 400 - truth.sum()
    target = np.where(truth == 1, (n1 + 1) / (n1 + 2), 1 / (n0 + 2))
    odds = np.log(probability / (1 - probability))

    def loss(line: np.ndarray) -> float:
        p = 1 / (1 + np.exp(-(line[0] * odds + line[1])))
        return float(-(target * np.log(p) + (1 - target) * np.log(1 - p)).sum())

    best = minimize(loss, [1.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-10})
    found = adjusting.Sigmoid().fit(probability, truth)
    assert [found.slope_, found.intercept_] == pytest.approx(best.x, abs=1e-3)


@pytest.mark.parametrize(
    "name",
    [
        "logistic_regression",
        "hist_gradient_boosting",
        "gradient_boosting",
        "ada_boost",
        "gaussian_naive_bayes",
        "mlp",
    ],
)
def test_balanced_classes_find_more_of_the_rare_one(name: str) -> None:
    quick = {"n_estimators": 30} if "boost" in name and name != "hist_gradient_boosting" else {}
    recall = [
        training.train(
            RARE,
            recipes.parse({"estimator": name, "params": {**quick, "class_weight": way}}),
            rare(800),
            silent,
        ).metrics["test_recall"]
        for way in (None, "balanced")
    ]
    assert recall[1] > recall[0]


def test_metrics_of_decisions_agree_with_scikit_learn() -> None:
    chance = np.random.default_rng(2)
    for n_classes in (2, 4):
        truth, predicted = chance.integers(0, n_classes, (2, 60))
        stack = sk.confusion_matrix(truth, predicted, labels=range(n_classes))[None].astype(float)
        average = {"average": "binary" if n_classes == 2 else "macro", "zero_division": 0}
        wanted = {
            "accuracy": sk.accuracy_score(truth, predicted),
            "balanced_accuracy": sk.balanced_accuracy_score(truth, predicted),
            "f1": sk.f1_score(truth, predicted, **average),
            "precision": sk.precision_score(truth, predicted, **average),
            "recall": sk.recall_score(truth, predicted, **average),
            "mcc": sk.matthews_corrcoef(truth, predicted),
        }
        found = {name: float(form(stack)[0]) for name, form in confusion.FORMS.items()}
        assert found == pytest.approx(wanted)
