"""Changes of a recipe, each a pure function recipe → recipe in the recipe's own steps. As JSON a change is its kind and
its arguments; `applied` is the only way in. Called by proposing, studies and whoever adopts what won.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mlregistry.errors import Invalid
from mlregistry.lib.formulas.parser import parse as parse_formula
from mlregistry.lib.formulas.trees import columns_of
from mlregistry.ml.recipes import Preparation, Recipe, parse
from mlregistry.ml.steps.catalogue import KINDS as STEPS
from mlregistry.ml.steps.options import LONGEST_NAME
from mlregistry.ml.steps.parsing import MOST_STEPS
from mlregistry.ml.steps.parsing import parse as parse_steps

Step = dict[str, Any]
Steps = list[Step]
FIRST = ("drop", "keep", "drop_useless", "convert")  # what stays before the steps that a change adds
ELSEWHERE = "(elsewhere)"
REMAKE, MAKE, TAKE = 0, 1, 2
READING = ("order", "group", "by")  # options that name columns


@dataclass(frozen=True)
class Kind:
    """`steps` makes what is added from the change's columns and arguments. `order` is that of making several: the
    later one's steps stand before those of the former, so that what is made of a column is made of it as it was.
    `takes`: the columns themselves are gone then, so that later steps cannot name them."""

    title: str
    steps: Callable[[Sequence[str], Mapping[str, Any]], Steps]
    order: int
    takes: bool = False
    first: bool = False  # before all other steps on columns


def applied(recipe: Recipe, change: Mapping[str, Any], problem: str) -> Recipe:
    """The recipe with the change made; Invalid names what stands against it. `problem` is the kind of the problem."""
    kind, columns = _parsed(change)
    steps = [step.to_json() for step in recipe.all_steps]
    place = _place(steps, first=kind.first)
    later = _without(steps[place:], columns) if kind.takes else steps[place:]
    steps = [*steps[:place], *kind.steps(columns, change), *later]
    if len(steps) > MOST_STEPS:
        raise Invalid(f"With it the recipe would have more than {MOST_STEPS} steps.", field="change")
    data = replace(recipe, steps=None, preparation=Preparation()).to_json()
    del data["preparation"]
    return parse({**data, "steps": steps}, kind=problem)


def all_applied(recipe: Recipe, changes: Sequence[Mapping[str, Any]], problem: str) -> Recipe:
    """Together; Invalid where they clash with each other or the recipe."""
    for change in sorted(changes, key=lambda one: KINDS[one["kind"]].order):
        recipe = applied(recipe, change, problem)
    return recipe


def clash(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether either takes away a column that the other reads, or both remake the same."""
    shared = set(one["columns"]) & set(other["columns"])
    kinds = (KINDS[one["kind"]], KINDS[other["kind"]])
    both_remake = all(kind.order == REMAKE for kind in kinds)
    return bool(shared) and (both_remake or any(kind.takes for kind in kinds))


def is_made(recipe: Recipe, change: Mapping[str, Any]) -> bool:
    """Whether the recipe has the steps of the change already."""
    kind, columns = _parsed(change)
    steps = [step.to_json() for step in recipe.all_steps]
    added = [step.to_json() for step in parse_steps(kind.steps(columns, change))]
    return all(step in steps for step in added)


def _parsed(change: Mapping[str, Any]) -> tuple[Kind, list[str]]:
    kind = KINDS.get(str(change.get("kind")))
    if kind is None:
        raise Invalid(f"A change is one of: {', '.join(KINDS)}.", field="kind")
    columns = change.get("columns")
    if not isinstance(columns, list) or not columns or not all(isinstance(name, str) for name in columns):
        raise Invalid("A change names its columns.", field="columns")
    return kind, columns


def _place(steps: Steps, *, first: bool) -> int:
    """Behind the steps on rows, and behind those that choose and convert columns unless it comes `first`."""
    place = 0
    while place < len(steps) and (STEPS[steps[place]["step"]].make is None or (
        not first and steps[place]["step"] in FIRST
    )):  # fmt: skip
        place += 1
    return place


def _without(steps: Steps, columns: Sequence[str]) -> Steps:
    """Later steps that name the columns in a list name them no more; Invalid where one computes with them."""
    gone, kept = set(columns), []
    for step in steps:
        for name in _read_by(step):
            if name in gone:
                raise Invalid(
                    f"The step {step['step']} of the recipe computes with '{name}'.", field="change"
                )
        named = step.get("columns")
        if isinstance(named, list) and gone & set(named):
            left = [name for name in named if name not in gone]
            if not left:
                continue
            step = {**step, "columns": left}
        elif isinstance(named, dict) and gone & set(named.get("except") or ()):
            step = {**step, "columns": {**named, "except": [n for n in named["except"] if n not in gone]}}
        kept.append(step)
    return kept


def _read_by(step: Step) -> list[str]:
    if step["step"] == "formula":
        return columns_of(parse_formula(step["formula"]))
    found: list[str] = []
    for option in READING:
        value = step.get(option)
        found += [value] if isinstance(value, str) else list(value or ())
    return found


def _drop(columns: Sequence[str], options: Mapping[str, Any]) -> Steps:
    return [{"step": "drop", "columns": list(columns)}]


def _clip(columns: Sequence[str], options: Mapping[str, Any]) -> Steps:
    return [{"step": "clip", "columns": list(columns), "method": "quantile", "low": 0.01, "high": 0.99}]


def _bin(columns: Sequence[str], options: Mapping[str, Any]) -> Steps:
    return [{"step": "bin", "columns": list(columns), "method": "quantile", "n_bins": _bins(options)}]


def _parts(columns: Sequence[str], options: Mapping[str, Any]) -> Steps:
    """A copy in bins, one column for each."""
    column = columns[0]
    name = _name(f"{column} in parts")
    return [
        {"step": "formula", "name": name, "formula": quoted(column)},
        {"step": "bin", "columns": [name], "method": "quantile", "n_bins": _bins(options)},
        {"step": "encode", "columns": [name], "method": "one_hot"},
    ]


def _regroup(columns: Sequence[str], options: Mapping[str, Any]) -> Steps:
    most = int(options.get("most", 10))
    return [{"step": "encode", "columns": list(columns), "method": "one_hot", "max_categories": most}]


def _frequency(columns: Sequence[str], options: Mapping[str, Any]) -> Steps:
    return [{"step": "encode", "columns": list(columns), "method": "frequency"}]


def _straighten(columns: Sequence[str], options: Mapping[str, Any]) -> Steps:
    return [{"step": "scale", "columns": list(columns), "method": "power"}]


def _product(columns: Sequence[str], options: Mapping[str, Any]) -> Steps:
    left, right = columns
    name = _name(f"{left} × {right}")
    return [{"step": "formula", "name": name, "formula": f"{quoted(left)} * {quoted(right)}"}]


def _within(columns: Sequence[str], options: Mapping[str, Any]) -> Steps:
    """The second column where the first, a category, has the value; 0 or a category of its own elsewhere."""
    column, other = columns
    name, value = _name(f"{other} where {column} is {options['value']}"), _text(str(options["value"]))
    if options.get("numeric"):
        return [_formula(name, f"if({quoted(column)} == {value}, {quoted(other)}, 0)")]
    made = f"if({quoted(column)} == {value}, {quoted(other)}, {_text(ELSEWHERE)})"
    return [_formula(name, made), {"step": "encode", "columns": [name], "method": "one_hot"}]


def _group_mean(columns: Sequence[str], options: Mapping[str, Any]) -> Steps:
    """The mean of the second, a number, in the group of the first, learnt on the training rows."""
    by, column = columns
    return [{"step": "aggregate", "by": [by], "columns": [column], "statistics": ["mean"]}]


KINDS: dict[str, Kind] = {
    "drop": Kind("drop", _drop, TAKE, takes=True, first=True),
    "clip": Kind("clip", _clip, REMAKE),
    "bin": Kind("bin", _bin, REMAKE),
    "straighten": Kind("straighten", _straighten, REMAKE),
    "parts": Kind("parts of its own", _parts, MAKE),
    "product": Kind("product", _product, MAKE),
    "within": Kind("interaction", _within, MAKE),
    "group_mean": Kind("mean of the group", _group_mean, MAKE),
    "regroup": Kind("group rare categories", _regroup, TAKE, takes=True),
    "frequency": Kind("encode by frequency", _frequency, TAKE, takes=True),
}


def quoted(column: str) -> str:
    """The column as formulas write it."""
    return "`" + column.replace("`", "``") + "`"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _formula(name: str, formula: str) -> Step:
    return {"step": "formula", "name": name, "formula": formula}


def _name(wanted: str) -> str:
    return wanted[:LONGEST_NAME]


def _bins(options: Mapping[str, Any]) -> int:
    return int(options.get("n_bins", 8))
