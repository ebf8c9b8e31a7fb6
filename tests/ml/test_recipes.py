"""Recipes: what a JSON recipe may say, and which field an error names."""

import pytest

from mlregistry.errors import Invalid
from mlregistry.ml import recipes
from mlregistry.ml.estimators import CATALOGUE, make
from mlregistry.ml.supervised.table import SUPERVISED


def test_a_recipe_survives_the_way_through_json() -> None:
    recipe = recipes.parse(
        {"estimator": "random_forest", "params": {"n_estimators": 10}, "split": {"stratify": False}}
    )
    assert recipes.parse(recipe.to_json()) == recipe


def test_a_kind_fills_in_the_default_params() -> None:
    recipe = recipes.parse({"estimator": "ridge"}, kind="regression")
    assert recipe.params == {"alpha": 1.0}


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "estimator"),
        ({"estimator": "magic"}, "estimator"),
        ({"estimator": "ridge", "colour": 1}, "colour"),
        ({"estimator": "ridge", "seed": -1}, "seed"),
        ({"estimator": "ridge", "seed": True}, "seed"),
        ({"estimator": "ridge", "folds": 1}, "folds"),
        ({"estimator": "ridge", "folds": 2.5}, "folds"),
        ({"estimator": "ridge", "split": 3}, "split"),
        ({"estimator": "ridge", "split": {"method": "half"}}, "split.method"),
        ({"estimator": "ridge", "split": {"method": ["x"]}}, "split.method"),
        ({"estimator": "ridge", "split": {"test_fraction": 0.9}}, "split.test_fraction"),
        ({"estimator": "ridge", "split": {"test_fraction": float("nan")}}, "split.test_fraction"),
        ({"estimator": "ridge", "repeats": 2}, "repeats"),
        ({"estimator": "ridge", "folds": 20, "repeats": 6}, "repeats"),
        ({"estimator": "ridge", "split": {"gap": "5 rows"}}, "split.gap"),
        ({"estimator": "ridge", "split": {"method": "by_time", "order": "t", "gap": "soon"}}, "split.gap"),
        (
            {"estimator": "ridge", "split": {"method": "by_time", "order": "t", "gap": "1.5 rows"}},
            "split.gap",
        ),
        ({"estimator": "ridge", "split": {"method": "by_time", "order": "t", "gap": 3}}, "split.gap"),
        ({"estimator": "ridge", "split": {"method": "by_time", "order": "t", "group": "g"}}, "split.group"),
        (
            {"estimator": "ridge", "folds": 3, "repeats": 2, "split": {"method": "by_time", "order": "t"}},
            "repeats",
        ),
        ({"estimator": "ridge", "preparation": {"scaling": "big"}}, "preparation.scaling"),
        ({"estimator": "ridge", "preparation": {"drop_constant": 1}}, "preparation.drop_constant"),
        ({"estimator": "ridge", "params": [1]}, "params"),
        ({"estimator": "ridge", "params": {"alpha": "much"}}, "params.alpha"),
        ({"estimator": "ridge", "params": {"alpha": -1}}, "params.alpha"),
        ({"estimator": "ridge", "params": {"beta": 1}}, "params.beta"),
        ({"estimator": "k_nearest_neighbors", "params": {"p": 1.5}}, "params.p"),
        ({"estimator": "random_forest", "params": {"n_estimators": 1.5}}, "params.n_estimators"),
    ],
)
def test_a_wrong_recipe_names_its_field(data: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        recipes.parse(data)
    assert caught.value.field == field


def test_an_estimator_of_another_kind_is_refused() -> None:
    with pytest.raises(Invalid, match="no estimator for classification"):
        recipes.parse({"estimator": "ridge"}, kind="classification")


@pytest.mark.parametrize("kind", SUPERVISED)
def test_each_kind_has_a_baseline_and_at_least_eight_estimators_that_can_be_made(kind: str) -> None:
    assert "dummy" in CATALOGUE[kind]
    assert len(CATALOGUE[kind]) >= 9
    for name, entry in CATALOGUE[kind].items():
        assert name == entry.name
        assert set(entry.params) == set(entry.allowed)
        make(kind, name, {}, seed=1)
