"""A recipe for a table by its figures: for each choice a reason. After the idea of skrub's TableVectorizer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from mlregistry.ml.problems import IDENTIFIER_ROWS, IDENTIFIER_SHARE, ProblemSpec
from mlregistry.ml.steps.meanings import REPEATS, is_identifier, unit_of_moment
from mlregistry.ml.steps.parsing import Step, parse
from mlregistry.ml.table_info import NUMERIC_TYPES, Column, TableInfo

FEW_CATEGORIES = 30  # up to here one column per category
MOSTLY_MISSING = 0.9
WORDS_OF_TEXT = 4
FAR_OUT = 20  # times the size of the typical example
SEVERAL_PARTS = ("year", "month", "day", "weekday", "hour", "days")


@dataclass(frozen=True)
class Suggestion:
    """The steps, and per step why it is there."""

    steps: tuple[Step, ...]
    reasons: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return {"steps": [step.to_json() for step in self.steps], "reasons": list(self.reasons)}


def suggest(spec: ProblemSpec, info: TableInfo) -> Suggestion:
    """Sensible steps for the features of the problem by type, gaps and number of different values."""
    names = spec.feature_names([column.name for column in info.columns])
    columns = [column for name in names if (column := info.column(name)) is not None]
    useless = {column.name: reason for column in columns if (reason := _useless(column, info.n_rows))}
    rest = [column for column in columns if column.name not in useless]
    moments = {column.name: unit for column in rest if (unit := unit_of_moment(column))}
    rest = [replace(column, type="datetime") if column.name in moments else column for column in rest]
    keys = [column.name for column in rest if is_identifier(column)]
    rest = [replace(column, type="string") if column.name in keys else column for column in rest]
    chosen = [
        *_rows(), *_dropped(useless), *_moments(moments), *_keys(keys),
        *_times(rest), *_numbers(rest), *_texts(rest), *_categories(rest, spec.kind),
    ]  # fmt: skip
    steps = parse([step for step, _ in chosen])
    return Suggestion(steps, tuple(reason for _, reason in chosen))


Chosen = list[tuple[dict[str, Any], str]]


def _useless(column: Column, n_rows: int) -> str:
    n_known = n_rows - column.n_missing
    if n_known == 0:
        return "is empty"
    if column.n_distinct <= 1:
        return "is constant"
    if column.n_missing > MOSTLY_MISSING * n_rows:
        return f"is missing in {column.n_missing / n_rows:.0%} of the rows"
    if is_identifier(column) and n_known < REPEATS * column.n_distinct:
        return "names each row anew, so its numbers tell nothing of another"
    texts = column.type == "string" and n_known >= IDENTIFIER_ROWS and not _is_text(column)
    return "looks like an identifier" if texts and column.n_distinct > IDENTIFIER_SHARE * n_known else ""


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


def _times(columns: list[Column]) -> Chosen:
    names = [column.name for column in columns if column.type == "datetime"]
    if not names:
        return []
    clock = any(_has_clock(column) for column in columns if column.type == "datetime")
    parts = [part for part in SEVERAL_PARTS if clock or part != "hour"]
    why = (
        "with the hour, since they have a time of day"
        if clock
        else "without the hour, since all are at midnight"
    )
    return [({"step": "dates", "columns": names, "parts": parts}, f"{_list(names)}: times as parts, {why}.")]


def _has_clock(column: Column) -> bool:
    if any(isinstance(value, int | float) for value in column.examples):
        return True  # moments counted from 1970
    texts = [str(value) for value in column.examples]
    return any(len(text) > 10 and text[11:19] not in ("", "00:00:00") for text in texts)


def _is_text(column: Column) -> bool:
    texts = [str(value) for value in column.examples]
    return (
        column.type == "string"
        and bool(texts)
        and sum(len(t.split()) for t in texts) > WORDS_OF_TEXT * len(texts)
    )


def _texts(columns: list[Column]) -> Chosen:
    names = [column.name for column in columns if _is_text(column)]
    step = {"step": "text", "columns": names}
    return [(step, f"{_list(names)}: sentences, so their words are weighed (TF-IDF).")] if names else []


def _numbers(columns: list[Column]) -> Chosen:
    numbers = [column for column in columns if column.type in NUMERIC_TYPES]
    flags = [column for column in columns if column.type == "boolean"]
    found: Chosen = []
    wild = [column.name for column in numbers if _far_out(column)]
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


def _far_out(column: Column) -> bool:
    typical = sorted(abs(float(value)) for value in column.examples if isinstance(value, int | float))
    if column.n_distinct < FEW_CATEGORIES or not typical or not isinstance(column.maximum, int | float):
        return False
    largest = max(abs(float(column.maximum)), abs(float(column.minimum or 0)))
    return largest > FAR_OUT * max(typical[len(typical) // 2], 1e-12)


def _categories(columns: list[Column], kind: str) -> Chosen:
    words = [column for column in columns if column.type == "string" and not _is_text(column)]
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
