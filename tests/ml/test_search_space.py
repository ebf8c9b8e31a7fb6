"""Search spaces: what their JSON may say, the points they hold, the recipes they make."""

from typing import Any

import pytest

from mlregistry.errors import Invalid
from mlregistry.ml import recipes
from mlregistry.ml.estimators import CATALOGUE
from mlregistry.ml.search import ranges, space
from mlregistry.ml.search_range import Range

SPACE: dict[str, Any] = {
    "estimators": {
        "ridge": {"alpha": {"low": 0.01, "high": 100, "log": True}},
        "random_forest": {"n_estimators": 20, "min_samples_leaf": {"low": 1, "high": 9}, "max_features": 0.5},
    },
    "preparation": {"scaling": {"choices": ["standard", "none"]}},
}


def test_a_space_survives_the_way_through_json() -> None:
    found = space.parse(SPACE, kind="regression")
    assert space.parse(found.to_json(), kind="regression") == found
    assert list(found.all_dimensions) == [
        "estimator",
        "ridge.alpha",
        "random_forest.min_samples_leaf",
        "preparation.scaling",
    ]


def test_an_estimator_brings_its_own_params_only() -> None:
    found = space.parse(SPACE, kind="regression")
    assert list(found.dimensions("ridge")) == ["ridge.alpha", "preparation.scaling"]
    point = {"estimator": "ridge", "ridge.alpha": 2.0, "preparation.scaling": "none"}
    assert found.admits(point)
    assert not found.admits(point | {"random_forest.min_samples_leaf": 2})
    assert not found.admits(point | {"ridge.alpha": 2000.0})
    assert not found.admits({**point, "estimator": "lasso"})


def test_a_point_makes_a_recipe_over_the_base() -> None:
    found = space.parse(SPACE, kind="regression")
    point = {"estimator": "random_forest", "random_forest.min_samples_leaf": 3, "preparation.scaling": "none"}
    recipe = recipes.parse(
        space.recipe_of(found, {"folds": 4, "preparation": {"encoding": "ordinal"}}, point), kind="regression"
    )
    assert recipe.params == {**recipe.params, "n_estimators": 20, "min_samples_leaf": 3, "max_features": 0.5}
    assert (recipe.folds, recipe.preparation.scaling, recipe.preparation.encoding) == (4, "none", "ordinal")


def test_options_of_steps_are_searched_by_their_place() -> None:
    base = {"steps": [{"step": "impute"}, {"step": "scale"}]}
    data = {"estimators": {"ridge": {}}, "steps": {"1.method": {"choices": ["median", "mean"]}}}
    found = space.parse(data, kind="regression", recipe=base)
    made = space.recipe_of(found, base, {"steps.1.method": "mean"})
    assert made["steps"][0]["method"] == "mean"
    assert "method" not in base["steps"][0]


def test_null_stands_for_the_usual_ranges() -> None:
    found = space.parse({"estimators": {"ridge": None}}, kind="regression")
    assert found.estimators["ridge"] == space.searched("regression", "ridge")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"estimators": {}}, "space.estimators"),
        ({"estimators": {"magic": {}}}, "space.estimators.magic"),
        ({"estimators": {"ridge": 3}}, "space.estimators.ridge"),
        ({"estimators": {"ridge": {"alpha": {"low": 2, "high": 1}}}}, "space.estimators.ridge.alpha.low"),
        (
            {"estimators": {"ridge": {"alpha": {"low": 0, "high": 1, "log": True}}}},
            "space.estimators.ridge.alpha.low",
        ),
        ({"estimators": {"ridge": {"alpha": {"low": -1, "high": 1}}}}, "space.estimators.ridge"),
        ({"estimators": {"ridge": {"beta": {"low": 1, "high": 2}}}}, "space.estimators.ridge"),
        ({"estimators": {"ridge": {"alpha": {"low": "a", "high": 1}}}}, "space.estimators.ridge.alpha.low"),
        ({"estimators": {"ridge": {"alpha": {"choices": []}}}}, "space.estimators.ridge.alpha.choices"),
        ({"estimators": {"ridge": {"alpha": {"choices": [1, 1]}}}}, "space.estimators.ridge.alpha.choices"),
        ({"estimators": {"ridge": {"alpha": {"low": 1, "high": 2, "step": 5}}}}, None),
        ({"preparation": {"scaling": {"choices": ["standard", "huge"]}}}, "space.preparation.scaling"),
        ({"preparation": {"colour": {"choices": [1, 2]}}}, None),
        ({"steps": {"9.method": {"choices": ["a", "b"]}}}, "space.steps"),
        ({"colour": {}}, "space"),
    ],
)
def test_an_error_names_its_place(change: Any, field: str | None) -> None:
    with pytest.raises(Invalid) as caught:
        space.parse({**SPACE, **change}, kind="regression")
    assert field is None or caught.value.field == field


def test_a_space_of_one_point_is_empty() -> None:
    with pytest.raises(Invalid, match="empty"):
        space.parse({"estimators": {"ridge": {}}}, kind="regression")


def test_a_space_for_other_code_has_parameters() -> None:
    found = space.parse({"parameters": {"rate": {"low": 0.1, "high": 1.0}}}, kind=None)
    assert found.common == {"rate": Range(0.1, 1.0)}
    with pytest.raises(Invalid):
        space.parse(SPACE, kind=None)


@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_the_default_space_holds_for_each_kind(kind: str) -> None:
    found = space.default(kind, 1000)
    assert space.parse(found.to_json(), kind=kind) == found
    assert set(found.estimators) < set(CATALOGUE[kind])


def test_a_grid_counts_its_points() -> None:
    found = space.parse(SPACE, kind="regression")
    assert found.cardinality == 2 * (5 + 5)
    assert ranges.levels(Range(1, 9, whole=True)) == (1, 3, 5, 7, 9)
    assert ranges.levels(Range(0.01, 100, log=True)) == (0.01, 0.1, 1.0, 10.0, 100.0)
    assert ranges.levels(Range(0.0, 1.0, step=0.25)) == (0.0, 0.25, 0.5, 0.75, 1.0)
    assert ranges.levels(Range(2, 4, whole=True)) == (2, 3, 4)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.999999])
@pytest.mark.parametrize(
    "found",
    [Range(1, 9, whole=True), Range(0.01, 100, log=True), Range(0, 1, step=0.3), Range(choices=(1, None))],
)
def test_a_share_picks_a_value_within(found: Range, share: float) -> None:
    assert ranges.holds(found, ranges.pick(found, share))
