"""The Pareto front by hand, importance on scores of known make, and trials measured step by step."""

import random
from typing import Any

import pytest

from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.recipes import parse
from mlregistry.ml.search.front import front
from mlregistry.ml.search.importance import ranked
from mlregistry.ml.search.measuring import measure

from .frames import wine


def test_the_front_keeps_what_nothing_beats() -> None:
    points = [(1, 5), (2, 3), (3, 4), (4, 1), (2, 3)]
    assert front(points, ["minimize", "minimize"]) == [0, 1, 3, 4]
    assert front(points, ["maximize", "maximize"]) == [0, 2, 3]
    assert front([], ["minimize"]) == []


def test_importance_finds_what_made_the_score() -> None:
    chance = random.Random(1)
    params: list[dict[str, Any]] = [
        {"x": chance.random(), "kind": chance.choice("ab"), "idle": chance.random()} for _ in range(300)
    ]
    values = [4 * (one["x"] - 0.5) ** 2 + (1.0 if one["kind"] == "a" else 0.0) for one in params]
    found = dict(ranked(params, values))
    # By hand: the choice adds 1/4 of variance, 4(x - 1/2)² adds 16/180; shares 0.738 and 0.262.
    assert found["kind"] == pytest.approx(0.738, abs=0.05)
    assert found["x"] == pytest.approx(0.262, abs=0.05)
    assert found.get("idle", 0.0) < 0.02


def test_importance_of_little_or_equal_scores_is_none() -> None:
    assert ranked([{"x": 1.0}] * 3, [1.0, 2.0, 3.0]) == []
    assert ranked([{"x": float(n)} for n in range(20)], [1.0] * 20) == []


def test_a_trial_is_measured_share_by_share_then_fold_by_fold() -> None:
    frame = wine()
    target = str(frame.columns[-1])
    spec = ProblemSpec("classification", (), target, "accuracy", "maximize")
    recipe = parse({"estimator": "logistic_regression", "folds": 3}, kind="classification")
    steps = list(measure(spec, recipe, frame, (0.5,)))
    assert [(step.number, step.is_last) for step in steps] == [(1, False), (2, False), (3, False), (4, True)]
    assert {"cv_accuracy_mean", "cv_accuracy_std"} <= set(steps[-1].metrics)
    again = list(measure(spec, recipe, frame, (0.5,)))
    assert [step.metrics for step in again] == [step.metrics for step in steps]
