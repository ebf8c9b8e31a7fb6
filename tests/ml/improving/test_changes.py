"""Changes of a recipe: what each adds, what it takes away, and what stands against it."""

from typing import Any

import pytest

from mlregistry.errors import Invalid
from mlregistry.ml import pipelines
from mlregistry.ml.improving import changes
from mlregistry.ml.recipes import Recipe
from tests.ml.improving.tables import ridge, table

CHANGES: dict[str, dict[str, Any]] = {
    "drop": {"columns": ["noise"]}, "clip": {"columns": ["spent"]}, "bin": {"columns": ["spent"]},
    "straighten": {"columns": ["spent"]}, "parts": {"columns": ["width"]},
    "product": {"columns": ["width", "height"]}, "group_mean": {"columns": ["region", "spent"]},
    "within": {"columns": ["region", "width"], "value": "north", "numeric": True},
    "regroup": {"columns": ["region"], "most": 3}, "frequency": {"columns": ["region"]},
}  # fmt: skip


@pytest.mark.parametrize("kind", changes.KINDS)
def test_every_kind_makes_a_recipe_that_can_be_fitted(kind: str) -> None:
    recipe, frame = ridge(), table(120)
    change = {"kind": kind, **CHANGES[kind]}
    changed = changes.applied(recipe, change, "regression")
    assert changed.all_steps != recipe.all_steps
    assert changed.to_json() == changes.applied(recipe, change, "regression").to_json()
    assert recipe == ridge()
    assert changes.is_made(changed, change)
    assert not changes.is_made(recipe, change)
    features = frame.drop(columns="y")
    fitted = pipelines.build("regression", changed).fit(features, frame["y"])
    assert len(fitted.predict(features.iloc[:3])) == 3


def names_of(recipe: Recipe) -> list[str]:
    frame = table(120)
    pipeline = pipelines.build("regression", recipe).fit(frame.drop(columns="y"), frame["y"])
    return [str(name) for name in pipeline[:-1].get_feature_names_out()]


def test_an_interaction_is_the_column_where_the_category_is_and_nothing_elsewhere() -> None:
    change = {"kind": "within", "columns": ["region", "width"], "value": "nor'th", "numeric": True}
    changed = changes.applied(ridge(), change, "regression")
    (step,) = [one for one in changed.all_steps if one.kind == "formula"]
    assert step.options["formula"] == "if(`region` == 'nor''th', `width`, 0)"
    assert "width where region is nor'th" in names_of(changed)
    words = {"kind": "within", "columns": ["region", "region"], "value": "north", "numeric": False}
    assert any("(elsewhere)" in name for name in names_of(changes.applied(ridge(), words, "regression")))


def test_a_column_with_a_back_tick_can_be_multiplied() -> None:
    frame = table(60).rename(columns={"width": "wi`dth"})
    change = {"kind": "product", "columns": ["wi`dth", "height"]}
    pipeline = pipelines.build("regression", changes.applied(ridge(), change, "regression"))
    pipeline.fit(frame.drop(columns="y"), frame["y"])
    assert any("×" in name for name in pipeline[:-1].get_feature_names_out())


def test_what_is_dropped_is_named_by_no_later_step() -> None:
    steps = [
        {"step": "scale", "columns": ["noise", "width"]},
        {"step": "clip", "columns": ["noise"]},
        {"step": "impute", "columns": {"type": "numeric", "except": ["noise", "spent"]}},
        {"step": "encode"},
    ]
    changed = changes.applied(ridge(steps=steps), {"kind": "drop", "columns": ["noise"]}, "regression")
    told = [step.to_json() for step in changed.all_steps]
    assert [step["step"] for step in told] == ["drop", "scale", "impute", "encode"]
    assert told[1]["columns"] == ["width"]
    assert told[2]["columns"] == {"type": "numeric", "except": ["spent"]}
    assert not [name for name in names_of(changed) if "noise" in name]


def test_what_a_formula_or_a_group_reads_is_not_dropped() -> None:
    for step in (
        {"step": "formula", "name": "area", "formula": "width * height"},
        {"step": "aggregate", "by": ["width"], "columns": ["spent"]},
    ):
        recipe = ridge(steps=[step, {"step": "encode"}])
        with pytest.raises(Invalid, match="computes with 'width'"):
            changes.applied(recipe, {"kind": "drop", "columns": ["width"]}, "regression")


def test_together_each_is_made_of_the_columns_as_they_were() -> None:
    wanted: list[dict[str, Any]] = [
        {"kind": "drop", "columns": ["noise"]}, {"kind": "product", "columns": ["width", "height"]},
        {"kind": "bin", "columns": ["width"]}, {"kind": "regroup", "columns": ["region"], "most": 3},
    ]  # fmt: skip
    together = changes.all_applied(ridge(), wanted, "regression")
    kinds = [step.kind for step in together.all_steps]
    assert kinds.index("drop") < kinds.index("formula") < kinds.index("bin")
    assert together == changes.all_applied(ridge(), wanted[::-1], "regression")
    assert "width × height" in names_of(together)


def test_changes_clash_that_take_the_same_column_or_both_remake_it() -> None:
    drop, bins = {"kind": "drop", "columns": ["spent"]}, {"kind": "bin", "columns": ["spent"]}
    clip, product = {"kind": "clip", "columns": ["spent"]}, {"kind": "product", "columns": ["spent", "width"]}
    assert changes.clash(drop, product)
    assert changes.clash(bins, clip)
    assert not changes.clash(clip, product)
    assert not changes.clash(drop, {"kind": "clip", "columns": ["width"]})


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "explode", "columns": ["width"]}, "kind"),
        ({"kind": "drop", "columns": []}, "columns"),
        ({"kind": "drop", "columns": "width"}, "columns"),
        ({"kind": "drop", "columns": [3]}, "columns"),
    ],
)
def test_a_change_that_is_none_is_refused(change: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        changes.applied(ridge(), change, "regression")
    assert caught.value.field == field


def test_a_recipe_grows_no_longer_than_a_recipe_may() -> None:
    recipe = ridge(steps=[{"step": "clip", "columns": ["width"]}] * 100)
    with pytest.raises(Invalid, match="more than 100 steps"):
        changes.applied(recipe, {"kind": "clip", "columns": ["spent"]}, "regression")
