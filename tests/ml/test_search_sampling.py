"""Proposals: the same rows give the same params, parallel workers differ, and learning samplers learn."""

import math
from itertools import pairwise
from statistics import median
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from mlregistry.errors import Invalid
from mlregistry.ml.search import pruning, space
from mlregistry.ml.search.sampling import BY_NUMBER, COMPLETE, RUNNING, SAMPLERS, Past, check_sampler, propose
from mlregistry.ml.search.space import Space

TWO = space.parse(
    {"parameters": {"x": {"low": -5.0, "high": 5.0}, "y": {"low": -5.0, "high": 5.0}}}, kind=None
)
MIXED = space.parse(
    {
        "estimators": {
            "ridge": {"alpha": {"low": 0.01, "high": 100, "log": True}},
            "random_forest": {
                "min_samples_leaf": {"low": 1, "high": 9},
                "max_features": {"choices": [0.5, 0.9]},
            },
        },
        "preparation": {"scaling": {"choices": ["standard", "none"]}},
    },
    kind="regression",
)


def searched(where: Space, sampler: str, n: int, seed: int = 1, score: Any = None) -> list[Past]:
    """A study by itself: one trial after the other, each told before the next is asked."""
    past: list[Past] = []
    for number in range(n):
        made = propose(where, sampler, seed=seed, number=number, directions=["minimize"], past=past)
        value = score(made.params) if score else float(number % 7)
        past.append(Past(COMPLETE, made.params, (value,), system_attrs=made.system_attrs))
    return past


def bowl(params: dict[str, Any]) -> float:
    return float((params["x"] - 2) ** 2 + (params["y"] + 1) ** 2)


@pytest.mark.parametrize("sampler", list(SAMPLERS))
def test_the_same_study_alone_gives_the_same_trials(sampler: str) -> None:
    first = [one.params for one in searched(MIXED, sampler, 18)]
    assert first == [one.params for one in searched(MIXED, sampler, 18)]
    assert all(MIXED.admits(params) for params in first)
    assert first != [one.params for one in searched(MIXED, sampler, 18, seed=2)]


@pytest.mark.parametrize("sampler", [name for name in SAMPLERS if name != "grid"])
def test_neighbouring_trials_differ(sampler: str) -> None:
    found = [one.params["x"] for one in searched(TWO, sampler, 14)]
    assert all(one != other for one, other in pairwise(found))


def test_a_grid_tries_every_point_once() -> None:
    points = [BY_NUMBER["grid"](MIXED, 3, number) for number in range(MIXED.cardinality)]
    assert len({tuple(sorted(point.items(), key=str)) for point in points}) == MIXED.cardinality
    assert {point["estimator"] for point in points[:6]} == {"ridge", "random_forest"}
    with pytest.raises(Invalid, match="all were tried"):
        BY_NUMBER["grid"](MIXED, 3, MIXED.cardinality)


@pytest.mark.parametrize("sampler", ["tpe", "cmaes"])
def test_a_learning_sampler_beats_chance_on_a_bowl(sampler: str) -> None:
    def late(name: str) -> float:
        return sum(math.sqrt(one.values[0]) for one in searched(TWO, name, 60, score=bowl)[40:]) / 20

    assert late(sampler) < late("random") / 2


def planted(params: dict[str, Any]) -> float:
    """Best with the forest at 4 rows a leaf and no scaling; ridge is worse wherever it stands."""
    scaled = 0.2 * (params["preparation.scaling"] == "standard")
    if params["estimator"] == "ridge":
        return float(2.0 + abs(math.log(params["ridge.alpha"])) / 10 + scaled)
    off = abs(params["random_forest.min_samples_leaf"] - 4) / 4
    return float(off + 0.5 * (params["random_forest.max_features"] == 0.5) + scaled)


def test_the_gaussian_process_beats_chance_on_a_planted_function() -> None:
    def best(sampler: str, seed: int) -> float:
        return min(one.values[0] for one in searched(TWO, sampler, 22, seed, bowl))

    assert (
        median(best("gp", seed) for seed in range(5)) < median(best("random", seed) for seed in range(5)) / 10
    )


def test_the_gaussian_process_finds_its_way_in_a_conditional_space_of_choices() -> None:
    late = [
        one.params["estimator"] for seed in range(3) for one in searched(MIXED, "gp", 24, seed, planted)[12:]
    ]
    assert late.count("random_forest") > 11  # of 16


def test_the_gaussian_process_looks_away_from_running_trials_and_worse_ones() -> None:
    past = searched(TWO, "gp", 15, score=bowl)
    alone = propose(TWO, "gp", seed=1, number=15, directions=["minimize"], past=past)
    beside = propose(
        TWO, "gp", seed=1, number=15, directions=["minimize"], past=[*past, Past(RUNNING, alone.params)]
    )
    assert beside.params != alone.params
    turned = propose(TWO, "gp", seed=1, number=15, directions=["maximize"], past=past)
    assert bowl(turned.params) > bowl(alone.params)


def test_cmaes_goes_on_from_the_attributes_kept_with_each_trial() -> None:
    past = searched(TWO, "cmaes", 30, score=bowl)
    assert any("optimizer" in key for one in past for key in one.system_attrs)
    bare = [Past(one.state, one.params, one.values) for one in past]
    told = propose(TWO, "cmaes", seed=1, number=30, directions=["minimize"], past=past)
    forgot = propose(TWO, "cmaes", seed=1, number=30, directions=["minimize"], past=bare)
    assert told.params != forgot.params


def test_a_running_trial_keeps_others_away() -> None:
    past = searched(TWO, "tpe", 20, score=bowl)
    alone = propose(TWO, "tpe", seed=1, number=20, directions=["minimize"], past=past)
    crowd = [Past(RUNNING, {"x": alone.params["x"], "y": alone.params["y"]})] * 4
    beside = propose(TWO, "tpe", seed=1, number=20, directions=["minimize"], past=[*past, *crowd])
    assert beside.params != alone.params


@pytest.mark.parametrize("sampler", ["tpe", "nsga2"])
def test_several_objectives_are_told_together(sampler: str) -> None:
    past: list[Past] = []
    for number in range(30):
        made = propose(TWO, sampler, seed=4, number=number, directions=["minimize", "maximize"], past=past)
        values = (bowl(made.params), made.params["x"])
        past.append(Past(COMPLETE, made.params, values, system_attrs=made.system_attrs))
    assert all(TWO.admits(one.params) for one in past)


def test_a_sampler_that_cannot_is_refused_with_a_sentence() -> None:
    with pytest.raises(Invalid, match="one of"):
        check_sampler("magic", n_objectives=1)
    for name in ("cmaes", "gp"):
        with pytest.raises(Invalid, match="one objective"):
            check_sampler(name, n_objectives=2)


def oracle(pruner: optuna.pruners.BasePruner, own: dict[int, float], others: list[dict[int, float]]) -> bool:
    study = optuna.create_study(direction="maximize")
    for one in others:
        study.add_trial(
            optuna.trial.create_trial(value=one[max(one)], intermediate_values=one, state=TrialState.COMPLETE)
        )
    trial = optuna.trial.create_trial(state=TrialState.RUNNING, intermediate_values=own)
    return bool(pruner.prune(study, trial))


@pytest.mark.parametrize("value", [0.1, 0.4, 0.55, 0.6, 0.9])
def test_the_median_rule_agrees_with_optuna(value: float) -> None:
    others = [{1: 0.3 + place / 10, 2: 0.4 + place / 20} for place in range(6)]
    for own in ({1: value}, {1: 0.2, 2: value}):
        theirs = oracle(optuna.pruners.MedianPruner(n_startup_trials=5), own, others)
        assert pruning.should_prune("median", own, others, direction="maximize") is theirs


def test_halving_lets_the_best_third_past_each_rung() -> None:
    others = [{1: place / 10} for place in range(8)]
    passed = [
        value / 20
        for value in range(20)
        if not pruning.should_prune("halving", {1: value / 20}, others, direction="maximize")
    ]
    assert min(passed) == 0.5
    assert not pruning.should_prune("halving", {1: 0.9, 2: 0.0}, [{2: 1.0}] * 9, direction="maximize")
    assert not pruning.should_prune("halving", {1: 0.0}, [{1: 1.0}], direction="maximize")


def test_nothing_is_pruned_too_early_or_without_a_pruner() -> None:
    assert not pruning.should_prune("median", {1: 0.0}, [{1: 1.0}] * 4, direction="maximize")
    assert not pruning.should_prune("none", {1: 0.0}, [{1: 1.0}] * 9, direction="maximize")
    assert not pruning.should_prune("median", {}, [{1: 1.0}] * 9, direction="maximize")
