"""LightGBM and XGBoost as estimators, where they are installed, and what is said where they are not."""

from __future__ import annotations

import copy
import json
import pickle
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from mlregistry.errors import Invalid
from mlregistry.ml import estimators, packaging, recipes, training
from mlregistry.ml.boosting import booster, packages
from mlregistry.ml.boosting import estimators as rows_of
from mlregistry.ml.boosting.holding_out import parted
from mlregistry.ml.estimators import CATALOGUE
from mlregistry.ml.search import space
from mlregistry.ml.supervised.table import SUPERVISED
from tests.ml.frames import CHURN, PRICE, classification_rows, mixed, regression_rows, silent

N = 400
CHANCE = np.random.default_rng(0)
WHOLE = CHANCE.normal(size=(N, 5))
ROWS = np.where(CHANCE.random((N, 5)) < 0.1, np.nan, WHOLE)
SCORE = WHOLE[:, 0] + WHOLE[:, 1] ** 2
TARGETS: dict[str, tuple[str, Any]] = {
    "two": ("classification", np.where(SCORE > 0.7, "yes", "no")),
    "three": ("classification", np.digitize(SCORE, [0.3, 1.2])),
    "number": ("regression", SCORE * 1e6 + 5e6),
}
BOTH = pytest.mark.parametrize("name", ["lightgbm", "xgboost"])


def made(name: str, target: str, **params: Any) -> Any:
    """Fitted on rows with gaps."""
    pytest.importorskip(packages.PACKAGES[name])
    kind, truth = TARGETS[target]
    return estimators.make(kind, name, {"n_estimators": 40, **params}, seed=7).fit(ROWS, truth)


def answers(model: Any, rows: Any = ROWS) -> Any:
    return model.predict_proba(rows) if hasattr(model, "classes_") else model.predict(rows)


@BOTH
@pytest.mark.parametrize("target", TARGETS)
def test_it_learns_from_rows_with_gaps_and_the_same_seed_gives_the_same_bits(name: str, target: str) -> None:
    model = made(name, target, subsample=0.7, colsample_bytree=0.7)
    found = answers(model)
    assert (found == answers(made(name, target, subsample=0.7, colsample_bytree=0.7))).all()
    truth = TARGETS[target][1]
    if target == "number":
        assert np.sqrt(np.mean((found - truth) ** 2)) < 0.5 * truth.std()
    else:
        assert found.sum(axis=1) == pytest.approx(1.0)
        assert (model.predict(ROWS) == truth).mean() > 0.85
        assert list(model.classes_) == sorted(set(truth.tolist()))


@BOTH
@pytest.mark.parametrize("target", TARGETS)
def test_a_copy_and_what_was_pickled_answer_alike_and_a_clone_is_unfitted(name: str, target: str) -> None:
    model = made(name, target)
    expected = answers(model)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):  # noqa: S301  # bytes that were just made here
        assert booster.LOADED not in vars(other), "the package's own memory is not copied"
        assert (answers(other) == expected).all()
        assert (answers(other, ROWS[:1]) == expected[:1]).all()
    assert not hasattr(clone(model), "model_")


@BOTH
def test_a_fit_anew_forgets_the_trees_before(name: str) -> None:
    model = made(name, "number")
    before = answers(model)
    model.fit(ROWS, -TARGETS["number"][1])
    assert not np.allclose(answers(model), before)


@BOTH
def test_it_stops_where_more_trees_do_not_help(name: str) -> None:
    stopped = made(name, "two", n_estimators=2000, learning_rate=0.3, early_stopping_rounds=10)
    trees = stopped.booster_.num_trees() if name == "lightgbm" else stopped.booster_.num_boosted_rounds()
    assert 3 <= trees < 300
    assert (stopped.predict(ROWS) == TARGETS["two"][1]).mean() > 0.8


def test_a_tenth_of_each_class_is_kept_back_and_none_of_a_small_table() -> None:
    truth = np.repeat([0, 1], [900, 100])
    fitted, held = parted(truth, 5, seed=1, is_class=True)
    assert (len(fitted), len(held)) == (900, 100)
    assert truth[held].sum() == 10
    assert not set(fitted) & set(held)
    assert len(parted(truth[:150], 5, seed=1, is_class=True)[1]) == 0
    assert len(parted(truth, None, seed=1, is_class=True)[1]) == 0


@BOTH
def test_balanced_classes_weigh_the_rare_one_up(name: str) -> None:
    pytest.importorskip(packages.PACKAGES[name])
    truth = (SCORE + np.random.default_rng(3).normal(size=N) > 3.0).astype(int)
    found = [
        estimators.make(
            "classification", name, {"n_estimators": 20, "learning_rate": 0.05, "class_weight": weight}, seed=1
        ).fit(ROWS, truth)
        for weight in (None, "balanced")
    ]  # fmt: skip
    plain, balanced = (answers(model)[:, 1].mean() for model in found)
    assert truth.mean() < 0.2
    assert balanced > plain + 0.1


@BOTH
def test_a_single_class_is_refused_in_words(name: str) -> None:
    pytest.importorskip(packages.PACKAGES[name])
    with pytest.raises(ValueError, match="single class"):
        estimators.make("classification", name, {}, seed=1).fit(ROWS, np.ones(N))


def test_numbers_beyond_32_bits_are_taken_as_the_largest() -> None:
    model = made("xgboost", "number")
    beyond = ROWS[:1].copy()
    beyond[0, 0] = 1e300
    largest = ROWS[:1].copy()
    largest[0, 0] = 3e38
    assert answers(model, beyond) == answers(model, largest)


def test_light_quantiles_cover_what_they_promise_and_are_in_order() -> None:
    pytest.importorskip("lightgbm")
    chance = np.random.default_rng(5)
    rows = chance.uniform(-2, 2, size=(1500, 2))
    truth = 100 + rows[:, 0] * 10 + chance.normal(size=1500) * (1 + np.abs(rows[:, 0])) * 5
    model: Any = estimators.make("regression", "lightgbm_quantiles", {"coverage": 0.8}, seed=1)
    model.fit(rows[:1000], truth[:1000])
    found = model.predict_quantiles(rows[1000:])
    assert (np.diff(found, axis=1) >= 0).all()
    covered = ((truth[1000:] >= found[:, 0]) & (truth[1000:] <= found[:, -1])).mean()
    assert 0.74 < covered < 0.87


@pytest.mark.parametrize("name", sorted(packages.PACKAGES))
def test_a_trained_pipeline_predicts_alike_from_both_files(name: str, tmp_path: Path) -> None:
    pytest.importorskip(packages.PACKAGES[name])
    kinds = [kind for kind in SUPERVISED if name in CATALOGUE[kind]]
    frame = mixed(120)
    for kind in kinds:
        spec, table = (CHURN, classification_rows(frame))
        if kind == "regression":
            spec, table = PRICE, regression_rows(frame)
        steps = [{"step": "dates"}, {"step": "encode"}]  # gaps of numbers reach the estimator
        recipe = recipes.parse({"estimator": name, "params": {"n_estimators": 10}, "steps": steps}, kind=kind)
        result = training.train(spec, recipe, table, silent)
        again = training.train(spec, recipe, table, silent)
        assert json.dumps(result.metrics, sort_keys=True) == json.dumps(again.metrics, sort_keys=True)
        rows = result.signature.frame(result.input_example)
        expected = packaging.predict(result.pipeline, result.signature, rows)
        for file in packaging.save(result.pipeline, tmp_path):
            assert packaging.predict(packaging.load(tmp_path, file), result.signature, rows) == expected


def test_the_rows_stand_in_the_catalogue_where_the_package_is_there() -> None:
    for kind, rows in (("classification", rows_of.CLASSIFIERS), ("regression", rows_of.REGRESSORS)):
        for row in rows:
            there = packages.is_installed(packages.PACKAGES[row.name])
            assert (row.name in CATALOGUE[kind]) == there
            assert any(rule.search for rule in row.allowed.values())


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "is_installed", lambda package: False)
    for kind in SUPERVISED:
        for name in packages.PACKAGES:
            monkeypatch.delitem(CATALOGUE[kind], name, raising=False)


@pytest.mark.usefixtures("nothing_installed")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("lightgbm", r"LightGBM is an extra .*pip install 'mlregistry\[lightgbm\]'"),
        ("lightgbm_quantiles", r"LightGBM is an extra"),
        ("xgboost", r"XGBoost is an extra .*pip install 'mlregistry\[xgboost\]'"),
    ],
)
def test_without_the_package_it_is_said_which_extra_brings_it(name: str, words: str) -> None:
    assert rows_of.installed(rows_of.REGRESSORS) == []
    for refused in (
        lambda: recipes.parse({"estimator": name}, kind="regression"),
        lambda: recipes.parse({"estimator": name}),
        lambda: estimators.make("regression", name, {}, seed=1),
        lambda: space.parse({"estimators": {name: None}}, kind="regression"),
        lambda: recipes.parse(
            {"estimator": "ensemble", "params": {"members": [{"estimator": name}]}}, kind="regression"
        ),
    ):
        with pytest.raises(Invalid, match=words):
            refused()


def test_a_name_that_no_extra_brings_is_unknown_as_ever() -> None:
    with pytest.raises(Invalid, match="'catboost' is no estimator for regression; known"):
        recipes.parse({"estimator": "catboost"}, kind="regression")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ImportError("No module named 'lightgbm'"), "is an extra that is not installed"),
        (OSError("libgomp.so.1: cannot open shared object file"), "libgomp.so.1.*apt-get install libgomp1"),
    ],
)
def test_a_package_that_cannot_be_loaded_says_why(
    error: Exception, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str) -> Any:
        raise error

    monkeypatch.setattr(packages, "import_module", fail)
    with pytest.raises(Invalid, match=words):
        packages.load("lightgbm")


def test_a_script_of_an_ensemble_requires_what_its_members_do() -> None:
    members = {"members": [{"estimator": "lightgbm"}, {"estimator": "ridge"}]}
    asked = packages.distributions("ensemble", members)
    try:
        metadata.version("lightgbm")
    except metadata.PackageNotFoundError:
        assert asked == set()
    else:
        assert asked == {"lightgbm"}
    assert packages.distributions("ridge", {}) == set()
