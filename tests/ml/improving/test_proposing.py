"""Proposals: which facts ask for which change, in which order, and when nothing is asked."""

from dataclasses import replace

import pytest

from mlregistry.errors import Invalid
from mlregistry.ml.improving import changes, plan
from mlregistry.ml.improving.facts import Facts, weak_slices
from mlregistry.ml.improving.proposing import MOST, Proposal, propose
from tests.ml.improving.tables import facts, ridge


def by_key(known: Facts) -> dict[str, Proposal]:
    return {one.key: one for one in propose(known, ridge(), "regression")}


def test_each_fact_asks_for_its_changes() -> None:
    found = by_key(facts())
    assert {
        "drop:noise", "clip:spent", "bin:spent", "drop:spent", "regroup:region", "frequency:region",
        "parts:height", "product:height:width", "within:region:width:north", "straighten:spent",
    } <= set(found)  # fmt: skip
    assert "misleads" in found["drop:noise"].why
    assert found["drop:noise"].evidence == {"importance": -0.03, "deviation": 0.01}
    assert "8.0 %" in found["regroup:region"].why
    assert found["clip:spent"].evidence["drift"]["figure"] == 0.4
    assert "3.1 (2.4 to 3.8) against 1.9 overall" in found["parts:height"].why


def test_the_most_promising_come_first_and_no_more_than_wanted() -> None:
    found = propose(facts(), ridge(), "regression")
    assert [one.priority for one in found] == sorted((one.priority for one in found), reverse=True)
    assert len(found) <= MOST
    assert propose(facts(), ridge(), "regression", most=2) == found[:2]


def test_nothing_known_asks_for_nothing() -> None:
    known = facts()
    bare = tuple(
        replace(one, importance=None, skewness=None, moved=None, unseen=None) for one in known.columns
    )
    assert propose(replace(known, columns=bare, slices=()), ridge(), "regression") == ()


def test_a_drop_leaves_two_columns_at_least() -> None:
    idle = tuple(
        replace(one, importance=0.0, moved=None, unseen=None, skewness=None) for one in facts().columns
    )
    found = propose(replace(facts(), columns=idle, slices=()), ridge(), "regression")
    assert {one.change["kind"] for one in found} == {"drop"}
    assert max(len(one.change["columns"]) for one in found) == len(idle) - 2


def test_trees_do_not_mind_a_long_tail() -> None:
    assert "straighten:spent" not in by_key(facts(scales=False))


def test_what_the_recipe_has_already_is_not_proposed_again() -> None:
    change = {"kind": "product", "columns": ["height", "width"]}
    recipe = changes.applied(ridge(), change, "regression")
    keys = [one.key for one in propose(facts(), recipe, "regression")]
    assert "product:height:width" not in keys
    assert "parts:height" in keys


def test_only_slices_that_are_shown_to_be_worse_are_weak() -> None:
    one = {"column": "a", "label": "x", "n": 40, "value": 0.7, "interval": [0.6, 0.75]}
    other = {**one, "label": "y", "interval": [0.6, 0.9]}
    without = {**one, "label": "z", "interval": None}
    assert [s.label for s in weak_slices([one, other, without], 0.8, "maximize")] == ["x"]
    assert [s.label for s in weak_slices([one, other, without], 0.5, "minimize")] == ["x", "y"]
    assert weak_slices([one], None, "maximize") == ()


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"folds": 2}, "folds"), ({"folds": 5.5}, "folds"), ({"folds": True}, "folds"), ({"minutes": 0}, "minutes"),
        ({"minutes": "ten"}, "minutes"), ({"repeats": 11}, "repeats"), ({"held_out": 0.9}, "held_out"),
        ({"most_proposals": 0}, "most_proposals"), ({"only": "drop:a"}, "only"), ({"only": [1]}, "only"),
        ({"only": ["a"] * 200}, "only"), ({"budget": 3}, "budget"),
    ],
)  # fmt: skip
def test_a_plan_says_which_field_is_wrong(data: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        plan.parse(data)
    assert caught.value.field == field


def test_a_plan_is_the_same_after_json() -> None:
    wanted = plan.parse({"folds": 4, "minutes": 2.5, "only": ["a", "a", "b"]})
    assert wanted.only == ("a", "b")
    assert plan.parse(wanted.to_json()) == wanted
