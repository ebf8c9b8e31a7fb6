"""A recipe for a table by its figures: for each choice a reason. After the idea of skrub's TableVectorizer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.profiling.document import Profile
from mlregistry.ml.steps import clues
from mlregistry.ml.steps.clues import Clue
from mlregistry.ml.steps.parsing import Step, parse
from mlregistry.ml.table_info import NUMERIC_TYPES, TableInfo

FEW_CATEGORIES = 30  # up to here one column per category
MOSTLY_MISSING = 0.9
REPEATS = 1.5  # rows per identifier from which it is worth something to know it
SEVERAL_PARTS = ("year", "month", "day", "weekday", "hour", "days")


@dataclass(frozen=True)
class Suggestion:
    """The steps, and per step why it is there."""

    steps: tuple[Step, ...]
    reasons: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return {"steps": [step.to_json() for step in self.steps], "reasons": list(self.reasons)}


def suggest(spec: ProblemSpec, info: TableInfo, profile: Profile | None = None) -> Suggestion:
    """Sensible steps for the features of the problem by type, gaps and number of different values."""
    names = spec.feature_names([column.name for column in info.columns])
    columns = [clue for name in names if (clue := _clue(name, info, profile)) is not None]
    useless = {column.name: reason for column in columns if (reason := _useless(column))}
    rest = [column for column in columns if column.name not in useless]
    moments = {column.name: column.moment_unit for column in rest if column.moment_unit}
    rest = [
        replace(column, type="datetime", has_clock=True) if column.name in moments else column
        for column in rest
    ]
    keys = [column.name for column in rest if column.names_things]
    rest = [replace(column, type="string") if column.name in keys else column for column in rest]
    chosen = [
        *_rows(), *_dropped(useless), *_moments(moments), *_keys(keys),
        *_times(rest), *_numbers(rest), *_texts(rest), *_categories(rest, spec.kind),
    ]  # fmt: skip
    steps = parse([step for step, _ in chosen])
    return Suggestion(steps, tuple(reason for _, reason in chosen))


def _clue(name: str, info: TableInfo, profile: Profile | None) -> Clue | None:
    profiled = profile.column(name) if profile is not None else None
    if profiled is not None:
        return clues.of_profile(profiled)
    column = info.column(name)
    return clues.of_info(column, info.n_rows) if column is not None else None


Chosen = list[tuple[dict[str, Any], str]]


def _useless(column: Clue) -> str:
    if column.n_missing == column.n_rows:
        return "is empty"
    if column.n_distinct <= 1:
        return "is constant"
    if column.n_missing > MOSTLY_MISSING * column.n_rows:
        return f"is missing in {column.n_missing / column.n_rows:.0%} of the rows"
    if column.names_things and column.n_rows - column.n_missing < REPEATS * column.n_distinct:
        return "names each row anew, so its numbers tell nothing of another"
    return "looks like an identifier" if column.is_identifier else ""


def _rows() -> Chosen:
    return [({"step": "duplicates"}, "A row that is there twice would count twice in training.")]


def _dropped(useless: dict[str, str]) -> Chosen:
    always = ({"step": "drop_useless"}, "Columns without information in the training rows only cost time.")
    if not useless:
        return [always]
    said = "; ".join(f"'{name}' {reason}" for name, reason in list(useless.items())[:10])
    more = f" and {len(useless) - 10} more" if len(useless) > 10 else ""
    return [({"step": "drop", "columns": list(useless)}, f"{said}{more}."), always]


def _moments(units: dict[str, str]) -> Chosen:
    return [
        (
            {"step": "convert", "columns": names, "to": "time", "unit": unit},
            f"{_list(names)}: {unit} since 1970, so a time.",
        )
        for unit in dict.fromkeys(units.values())
        if (names := [name for name, found in units.items() if found == unit])
    ]


def _keys(names: list[str]) -> Chosen:
    step = {"step": "convert", "columns": names, "to": "text"}
    return [(step, f"{_list(names)}: the numbers are names, so categories.")] if names else []


def _times(columns: list[Clue]) -> Chosen:
    names = [column.name for column in columns if column.type == "datetime"]
    if not names:
        return []
    clock = any(column.has_clock for column in columns if column.type == "datetime")
    parts = [part for part in SEVERAL_PARTS if clock or part != "hour"]
    why = (
        "with the hour, since they have a time of day"
        if clock
        else "without the hour, since all are at midnight"
    )
    return [({"step": "dates", "columns": names, "parts": parts}, f"{_list(names)}: times as parts, {why}.")]


def _texts(columns: list[Clue]) -> Chosen:
    names = [column.name for column in columns if column.is_text]
    step = {"step": "text", "columns": names}
    return [(step, f"{_list(names)}: sentences, so their words are weighed (TF-IDF).")] if names else []


def _numbers(columns: list[Clue]) -> Chosen:
    numbers = [column for column in columns if column.type in NUMERIC_TYPES]
    flags = [column for column in columns if column.type == "boolean"]
    found: Chosen = []
    wild = [column.name for column in numbers if column.is_far_out]
    if wild:
        step = {"step": "clip", "columns": wild, "method": "quantile", "low": 0.005, "high": 0.995}
        found.append((step, f"{_list(wild)}: the largest value is far from the typical one."))
    gaps = [column.name for column in numbers if column.n_missing]
    if numbers or flags or any(column.type == "datetime" for column in columns):
        why = f"{_list(gaps)}: with gaps" if gaps else "No number has gaps now, but a prediction may have"
        step = {
            "step": "impute",
            "columns": {"type": ["numeric", "boolean"]},
            "method": "median",
            "indicator": bool(gaps),
        }
        told = ", and that one is missing may tell something" if gaps else ""
        found.append((step, f"{why}. The median does not mind outliers{told}."))
        scale = {
            "step": "scale",
            "columns": {"type": ["numeric", "boolean"]},
            "method": "robust" if wild else "standard",
        }
        why = "by quartiles because of the outliers" if wild else "to mean 0 and deviation 1"
        found.append((scale, f"Numbers on one scale, {why}: linear models, SVM and neighbours need it."))
    return found


def _categories(columns: list[Clue], kind: str) -> Chosen:
    words = [column for column in columns if column.type == "string" and not column.is_text]
    few = [column.name for column in words if column.n_distinct <= FEW_CATEGORIES]
    many = [column.name for column in words if column.n_distinct > FEW_CATEGORIES]
    found: Chosen = []
    if many and kind == "clustering":
        step = {"step": "encode", "columns": many, "method": "frequency"}
        text = f"{_list(many)}: more than {FEW_CATEGORIES} categories, so how often each occurs."
        found.append((step, text))
    elif many:
        step = {"step": "encode", "columns": many, "method": "target"}
        found.append(
            (
                step,
                f"{_list(many)}: more than {FEW_CATEGORIES} categories, so their mean target, cross-fitted.",
            )
        )
    if few:
        step = {"step": "encode", "columns": few, "method": "one_hot"}
        found.append(
            (step, f"{_list(few)}: up to {FEW_CATEGORIES} categories, one column each; rare ones together.")
        )
    return found


def _list(names: list[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:6])
    return f"{shown} and {len(names) - 6} more" if len(names) > 6 else shown
