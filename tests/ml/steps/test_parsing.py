"""What a list of steps may say, which path an error names, and that the flat preparation is the same mechanism."""

from dataclasses import fields, replace
from typing import Any

import jsonschema
import pytest

from mlregistry.errors import Invalid
from mlregistry.ml import recipes
from mlregistry.ml.recipes import CHOICES, Preparation
from mlregistry.ml.steps import flat, parsing
from mlregistry.ml.steps.catalogue import KINDS

NEEDED: dict[str, dict[str, Any]] = {
    "drop": {"columns": ["a"]}, "keep": {"columns": ["a"]}, "convert": {"columns": "numeric"},
    "bin": {"columns": ["a"]}, "polynomial": {"columns": ["a"]},
    "formula": {"name": "n", "formula": "a / b"}, "aggregate": {"by": ["g"]},
    "lag": {"columns": ["a"], "order": "t"}, "rolling": {"columns": ["a"], "order": "t"},
}  # fmt: skip


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_has_defaults_and_survives_the_way_through_json(kind: str) -> None:
    step = {"step": kind, **NEEDED.get(kind, {})}
    found = parsing.parse([step])
    stored = [one.to_json() for one in found]
    assert parsing.parse(stored) == found
    jsonschema.validate([step], parsing.schema())
    jsonschema.validate(stored, parsing.schema())


@pytest.mark.parametrize(
    ("steps", "field"),
    [
        ("impute", "steps"),
        ({"step": "impute"}, "steps"),
        ([{"step": "impute"}] * 101, "steps"),
        (["impute"], "steps.0"),
        ([{}], "steps.0.step"),
        ([{"step": "magic"}], "steps.0.step"),
        ([{"step": ["impute"]}], "steps.0.step"),
        ([{"step": "impute"}, {"step": "impute", "method": "magic"}], "steps.1.method"),
        ([{"step": "impute", "colour": 1}], "steps.0.colour"),
        ([{"step": "impute", "columns": 5}], "steps.0.columns"),
        ([{"step": "impute", "columns": "wide"}], "steps.0.columns.type"),
        ([{"step": "impute", "columns": {"type": ["all", "text"]}}], "steps.0.columns.type"),
        ([{"step": "impute", "columns": {"types": "text"}}], "steps.0.columns.types"),
        ([{"step": "impute", "columns": {"except": "a"}}], "steps.0.columns.except"),
        ([{"step": "impute", "columns": ["a", 5]}], "steps.0.columns.1"),
        ([{"step": "impute", "columns": ["a", "a"]}], "steps.0.columns"),
        ([{"step": "impute", "columns": ["a" * 201]}], "steps.0.columns.0"),
        ([{"step": "impute", "columns": ["a"] * 2001}], "steps.0.columns"),
        ([{"step": "impute", "indicator": 1}], "steps.0.indicator"),
        ([{"step": "impute", "neighbors": 0}], "steps.0.neighbors"),
        ([{"step": "impute", "neighbors": 2.5}], "steps.0.neighbors"),
        ([{"step": "impute", "fill": [1]}], "steps.0.fill"),
        ([{"step": "impute", "fill": float("nan")}], "steps.0.fill"),
        ([{"step": "clip", "low": float("nan")}], "steps.0.low"),
        ([{"step": "clip", "factor": True}], "steps.0.factor"),
        ([{"step": "drop"}], "steps.0.columns"),
        ([{"step": "formula", "formula": "a"}], "steps.0.name"),
        ([{"step": "formula", "name": "n", "formula": "a +"}], "steps.0.formula"),
        ([{"step": "formula", "name": "n", "formula": "a", "columns": ["a"]}], "steps.0.columns"),
        ([{"step": "bin", "columns": ["a"], "method": "edges"}], "steps.0.edges"),
        ([{"step": "bin", "columns": ["a"], "edges": [2, 1]}], "steps.0.edges"),
        ([{"step": "bin", "columns": ["a"], "edges": [1, float("inf")]}], "steps.0.edges"),
        ([{"step": "dates", "parts": []}], "steps.0.parts"),
        ([{"step": "dates", "parts": ["week"]}], "steps.0.parts.0"),
        ([{"step": "aggregate", "by": []}], "steps.0.by"),
        ([{"step": "lag", "columns": ["a"], "order": "t", "lags": [0]}], "steps.0.lags.0"),
        ([{"step": "lag", "columns": ["a"], "order": "t", "group": ["t"]}], "steps.0.group"),
        ([{"step": "scale"}, {"step": "duplicates"}], "steps.1"),
    ],
)
def test_a_wrong_step_names_its_path(steps: Any, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        parsing.parse(steps)
    assert caught.value.field == field


def test_a_bare_type_is_written_out() -> None:
    assert parsing.parse([{"step": "scale", "columns": "numeric"}])[0].columns == {"type": "numeric"}


def test_a_recipe_has_steps_or_a_preparation() -> None:
    with pytest.raises(Invalid, match="either steps or a preparation"):
        recipes.parse({"estimator": "ridge", "steps": [], "preparation": {}})
    recipe = recipes.parse({"estimator": "ridge", "steps": [{"step": "impute"}]})
    assert "preparation" not in recipe.to_json()
    assert recipes.parse(recipe.to_json()) == recipe
    assert "steps" not in recipes.parse({"estimator": "ridge"}).to_json()


def test_every_flat_option_stands_for_steps() -> None:
    default = flat.expand(Preparation())
    for option in fields(Preparation):
        words = CHOICES.get(f"preparation.{option.name}")
        value = getattr(Preparation(), option.name)
        others = (
            [word for word in words if word != value]
            if words
            else [not value if isinstance(value, bool) else 7]
        )
        for other in others:
            changed: dict[str, Any] = {option.name: other}
            assert flat.expand(replace(Preparation(), **changed)) != default, (option.name, other)
