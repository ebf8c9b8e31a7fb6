"""Ensembles: the arithmetic by hand, greedy never worse, honest estimates, ordinary recipes, bad members refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn import metrics as sk
from sklearn.linear_model import LogisticRegression

from mlregistry.errors import Invalid
from mlregistry.ml import packaging, pipelines, recipes
from mlregistry.ml.ensembling import blends, held, mixing, offering, weighing
from mlregistry.ml.ensembling.choosing import Priced, choice
from mlregistry.ml.ensembling.held import Held
from mlregistry.ml.ensembling.mixing import LOG, Mix
from mlregistry.ml.ensembling.pooling import Candidate
from mlregistry.ml.ensembling.weighing import Bench
from mlregistry.ml.metrics import Outcome
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.training import train

Array = npt.NDArray[Any]
N = 600


def noisy(n_models: int = 5, seed: int = 0) -> tuple[Array, list[Array]]:
    """A target and models that each err on their own, the first the least."""
    chance = np.random.default_rng(seed)
    truth = chance.normal(size=N)
    return truth, [truth + (0.5 + 0.1 * i) * chance.normal(size=N) for i in range(n_models)]


def mse(outcome: Outcome) -> float:
    return float(np.mean((outcome.truth - outcome.predicted) ** 2))


def log_loss(outcome: Outcome) -> float:
    return float(sk.log_loss(outcome.truth, outcome.probabilities, labels=range(outcome.n_classes)))


def bench(truth: Array, predicted: list[Array], n_classes: int = 0) -> Bench:
    names = tuple(f"model {i}" for i in range(len(predicted)))
    return Bench(truth, tuple(predicted), n_classes, names, log_loss if n_classes else mse)


def classes(n_models: int = 4, sharp: float = 1.0) -> tuple[Array, list[Array]]:
    chance = np.random.default_rng(1)
    truth = chance.integers(0, 3, N)
    found = []
    for i in range(n_models):
        logs = 2.0 * (truth[:, None] == np.arange(3)) + (1 + 0.3 * i) * chance.normal(size=(N, 3))
        found.append(mixing.softmax(sharp * logs))
    return truth, found


def candidates(truth: Array, predicted: list[Array], n_classes: int = 0, n_folds: int = 5) -> list[Candidate]:
    rows = np.arange(len(truth))
    score = sk.r2_score if not n_classes else lambda t, p: -sk.log_loss(t, p)
    return [
        Candidate(
            i,
            {"estimator": ["ridge", "random_forest", "hist_gradient_boosting"][i % 3] if not n_classes else "mlp",
             "params": {}, "seed": 42, "folds": 0},
            Held(rows, rows % n_folds, truth, one, n_classes),
            float(score(truth, one)),
            10.0,
        )
        for i, one in enumerate(predicted)
    ]  # fmt: skip


def test_the_mean_of_probabilities_and_their_product_by_hand() -> None:
    two = [np.array([[0.8, 0.2]]), np.array([[0.5, 0.5]])]
    assert mixing.probabilities(two, Mix((1.0, 1.0)))[0] == pytest.approx([0.65, 0.35])
    assert mixing.probabilities(two, Mix((3.0, 1.0)))[0] == pytest.approx([0.725, 0.275])
    product = mixing.probabilities(two, Mix((1.0, 1.0), LOG))[0]  # 0.4 to 0.1
    assert product == pytest.approx([0.8, 0.2])
    moved = mixing.probabilities(two, Mix((1.0, 1.0), LOG, (0.0, np.log(4))))[0]
    assert moved == pytest.approx([0.5, 0.5])
    sharp = mixing.probabilities([two[0]], Mix((1.0,), sharpness=2.0))[0]  # 0.64 to 0.04
    assert sharp == pytest.approx([16 / 17, 1 / 17])


def test_numbers_are_summed_by_weight() -> None:
    two = [np.array([1.0, 2.0]), np.array([3.0, 6.0])]
    assert mixing.numbers(two, Mix((0.5, 0.25), bias=(1.0,))) == pytest.approx([2.25, 3.5])


def test_greedy_is_never_worse_than_the_best_single_on_its_own_rows() -> None:
    for seed in range(8):
        truth, predicted = noisy(seed=seed)
        one = bench(truth, predicted)
        found = one.score(one.mixed(weighing.greedy(one)))
        assert found <= min(one.score(model) for model in predicted)
    truth, predicted = noisy(1)
    assert weighing.greedy(bench(truth, predicted)).weights == (1.0,)


def test_greedy_leaves_out_a_model_that_is_only_noise() -> None:
    truth, predicted = noisy(3)
    predicted.append(np.random.default_rng(9).normal(size=N) * 5)
    mix = weighing.greedy(bench(truth, predicted))
    assert mix.weights[3] == 0
    assert len(mix.used) >= 2
    assert sum(mix.weights) == pytest.approx(1)


def test_stacking_finds_the_planted_weights_and_the_intercept() -> None:
    chance = np.random.default_rng(4)
    one, two, noise = (chance.normal(size=N) for _ in range(3))
    truth = 0.7 * one + 0.3 * two + 5.0
    mix = weighing.stack(bench(truth, [one, two, noise]))
    assert mix.weights[:2] == pytest.approx((0.7, 0.3), abs=0.01)
    assert mix.weights[2] == 0
    assert mix.bias[0] == pytest.approx(5.0, abs=0.01)


def test_stacking_of_classes_is_the_logistic_regression_of_the_log_odds() -> None:
    chance = np.random.default_rng(5)
    odds = chance.normal(size=(3000, 2)) * 1.5
    truth = (chance.random(3000) < 1 / (1 + np.exp(-(1.2 * odds[:, 0] + 0.5 * odds[:, 1] + 0.3)))).astype(int)
    predicted = [np.column_stack([1 - p, p]) for p in (1 / (1 + np.exp(-odds))).T]
    mix = weighing.stack(bench(truth, predicted, 2))
    line = LogisticRegression(C=1e6).fit(odds, truth)
    assert mix.weights == pytest.approx(tuple(line.coef_[0]), abs=0.05)
    assert mix.bias[1] - mix.bias[0] == pytest.approx(line.intercept_[0], abs=0.05)


def test_calibration_mends_probabilities_that_are_too_sure() -> None:
    truth, predicted = classes(sharp=4.0)
    one = bench(truth, predicted, 3)
    plain = weighing.single(one)
    mended = weighing.calibrate(one, plain)
    assert mended.sharpness < 0.9
    assert one.score(one.mixed(mended)) < one.score(one.mixed(plain))


def test_the_honest_estimate_of_a_choice_among_noise_is_not_fooled() -> None:
    chance = np.random.default_rng(6)
    truth = chance.normal(size=200)
    noise = [chance.normal(size=200) * 0.3 for _ in range(20)]
    found = offering.offers("regression", "r2", candidates(truth, noise), seed=1)
    single = next(one for one in found if one.method == "single")
    assert single.honest.mean < single.value, "the best of twenty is best by chance"


def test_offers_name_their_members_and_make_recipes_that_hold() -> None:
    truth, predicted = noisy()
    found = offering.offers("regression", "r2", candidates(truth, predicted), seed=1)
    assert {one.method for one in found} == {"single", "vote", "greedy", "stack"}
    assert found[0].method != "single", "the mean of errors of their own is better than one"
    assert found == sorted(found, key=lambda one: -one.honest.mean)
    for one in found:
        parsed = recipes.parse(json.loads(json.dumps(one.recipe)), kind="regression")
        assert (parsed.estimator == "ensemble") == (one.method != "single")
    assert found == offering.offers("regression", "r2", candidates(truth, predicted), seed=1)


def test_members_that_there_is_no_time_to_fit_are_left_out() -> None:
    truth, predicted = noisy()
    found = offering.offers("regression", "r2", candidates(truth, predicted), seed=1, most_seconds=6.0)
    assert max(one.seconds for one in found) <= 6.0
    only = offering.offers("regression", "r2", candidates(truth, predicted), seed=1, most_seconds=0.0)
    assert [one.method for one in only] == ["single"]


def test_trials_that_were_stopped_after_fewer_folds_are_compared_on_those() -> None:
    truth, predicted = noisy()
    rows = candidates(truth, predicted)
    cut = Candidate(9, rows[0].recipe, rows[0].held.first(2), rows[0].value + 0.001, 4.0)
    found = offering.offers("regression", "r2", [*rows[1:], cut], seed=1)
    assert any(number == 9 for one in found for number, _ in one.members)


def test_parts_on_which_the_metric_is_not_defined_are_left_out() -> None:
    chance = np.random.default_rng(8)
    truth = (np.arange(N) % 5 > 0) & (chance.random(N) < 0.5)  # no second class in the first fold
    score = np.clip(0.5 * truth + 0.5 * chance.random((2, N)), 0, 1)
    both = [np.column_stack([1 - one, one]) for one in score]
    rows = candidates(truth.astype(int), both, 2)
    found = offering.offers("classification", "roc_auc", rows, seed=1)
    assert all(len(one.by_part) == 4 and np.isfinite(one.by_part).all() for one in found)
    never = [Candidate(0, rows[0].recipe, rows[0].held.first(1), 0.5)]
    with pytest.raises(Invalid, match="not defined"):
        offering.offers("classification", "roc_auc", never, seed=1)


def test_no_candidates_are_refused() -> None:
    with pytest.raises(Invalid, match="No trial"):
        offering.offers("regression", "r2", [], seed=1)


def test_held_out_predictions_are_read_back_as_written(tmp_path: Path) -> None:
    truth, predicted = classes(1)
    parts = [
        (rows, Outcome(truth[rows], predicted[0][rows].argmax(axis=1), predicted[0][rows], 3))
        for rows in (np.arange(1, N, 2), np.arange(0, N, 2))
    ]
    kept = held.collect(parts)
    kept.save(tmp_path / "held.npz")
    back = held.load(tmp_path / "held.npz")
    assert (back.predicted == predicted[0]).all()
    assert (back.truth == truth).all()
    assert (back.fold == (np.arange(N) + 1) % 2).all()
    assert len(back.first(1).rows) == N / 2
    (tmp_path / "held.npz").write_bytes(b"no numbers")
    with pytest.raises(Invalid, match="cannot be read"):
        held.load(tmp_path / "held.npz")


def table(kind: str) -> tuple[ProblemSpec, pd.DataFrame]:
    chance = np.random.default_rng(7)
    frame = pd.DataFrame({"a": chance.normal(size=160), "b": chance.choice(["x", "y"], 160)})
    score = frame["a"] + (frame["b"] == "x") + 0.3 * chance.normal(size=160)
    frame["target"] = np.where(score > 0.5, "yes", "no") if kind == "classification" else score
    metric = "roc_auc" if kind == "classification" else "r2"
    return ProblemSpec(kind, (), "target", metric, "maximize"), frame


MEMBERS = {
    "classification": [
        {"estimator": "logistic_regression", "params": {"C": 2.0}, "weight": 0.75},
        {"estimator": "decision_tree", "weight": 0.25},
    ],
    "regression": [
        {"estimator": "ridge", "params": {"alpha": 2.0}, "weight": 0.75},
        {"estimator": "decision_tree", "weight": 0.25},
    ],
}


@pytest.mark.parametrize("kind", MEMBERS)
def test_an_ensemble_is_trained_stored_and_asked_like_any_model(kind: str, tmp_path: Path) -> None:
    spec, frame = table(kind)
    recipe = recipes.parse({"estimator": "ensemble", "params": {"members": MEMBERS[kind]}}, kind=kind)
    result = train(spec, recipe, frame, lambda share, text: None)
    assert result.metrics[f"test_{spec.primary_metric}"] > 0.7
    files = {file.format: file for file in packaging.save(result.pipeline, tmp_path)}
    rows = frame.drop(columns="target").iloc[:7]
    answers = [
        packaging.predict(packaging.load(tmp_path, files[format]), result.signature, rows)
        for format in ("skops", "joblib")
    ]
    assert answers[0] == answers[1]
    again = train(spec, recipe, frame, lambda share, text: None)
    assert again.metrics == result.metrics


def test_the_ensemble_mixes_what_its_members_predict_alone() -> None:
    spec, frame = table("regression")
    features, target = frame.drop(columns="target"), frame["target"].to_numpy()

    def predicted(recipe: dict[str, Any]) -> Array:
        pipeline = pipelines.build(spec.kind, recipes.parse(recipe, kind=spec.kind))
        return np.asarray(pipeline.fit(features, target).predict(features))

    whole = predicted({"estimator": "ensemble", "params": {"members": MEMBERS["regression"], "bias": [2.0]}})
    alone = [
        predicted({"estimator": one["estimator"], "params": one.get("params") or {}})
        for one in MEMBERS["regression"]
    ]
    assert whole == pytest.approx(0.75 * alone[0] + 0.25 * alone[1] + 2.0)


def test_members_fitted_on_the_same_rows_are_fitted_once() -> None:
    spec, frame = table("regression")
    recipe = recipes.parse(
        {"estimator": "ensemble", "params": {"members": MEMBERS["regression"]}}, kind=spec.kind
    )
    features, target = frame.drop(columns="target"), frame["target"].to_numpy()
    with blends.sharing():
        one, two, other = (pipelines.build(spec.kind, recipe) for _ in range(3))
        one.fit(features, target)
        two.fit(features, target)
        other.fit(features.iloc[1:], target[1:])
    members = [pipeline.steps[-1][1].members_[0] for pipeline in (one, two, other)]
    assert members[0] is members[1]
    assert members[0] is not members[2]


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ([], "1 to 50 members"),
        ("all", "1 to 50 members"),
        ([{"estimator": "ensemble"}], "no ensemble itself"),
        ([{"estimator": "magic"}], "Member 1: 'magic' is no estimator"),
        ([{"estimator": "ridge", "params": {"alpha": "x"}}], "Member 1: Ridge"),
        ([{"estimator": "ridge", "weight": "much"}], "weight of a member is a number"),
        ([{"estimator": "ridge", "weight": float("nan")}], "weight of a member is a number"),
        ([{"estimator": "ridge", "weight": 0}], "above 0"),
        ([{"estimator": "ridge", "share": 1}], "A member is"),
    ],
)
def test_wrong_members_are_named(members: Any, said: str) -> None:
    with pytest.raises(Invalid, match=said) as caught:
        recipes.parse({"estimator": "ensemble", "params": {"members": members}}, kind="regression")
    assert str(caught.value.field).startswith("params.members")


def test_a_wrong_bias_is_named() -> None:
    with pytest.raises(Invalid, match="list of numbers"):
        recipes.parse({"estimator": "ensemble", "params": {"bias": "none"}}, kind="regression")


def test_of_models_as_good_the_fastest_is_chosen_when_asked() -> None:
    best = Priced((0.90, 0.92, 0.88), 30.0)
    near = Priced((0.91, 0.90, 0.885), 1.0)
    worse = Priced((0.80, 0.82, 0.78), 0.1)
    rows = [worse, near, best]
    assert choice(rows, direction="maximize") == 2
    assert choice(rows, direction="maximize", fast=True) == 1
    assert choice([worse], direction="maximize", fast=True) == 0
    assert choice([], direction="maximize") is None
    assert choice(rows, direction="minimize") == 0
