"""Formulas on tables: worked by hand, and held against Python's own arithmetic on random trees."""

import math
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlregistry.errors import Invalid
from mlregistry.ml.steps.formulas import FormulaColumn
from mlregistry.ml.steps.frames import ReadColumns
from tests.ml.steps.frames import times

FRAME = pd.DataFrame(
    {
        "a": [1.0, -2.0, np.nan, 0.0],
        "b": [4, 3, 2, 0],
        "flag": [True, False, True, False],
        "name": ["Ann", None, " bob ", "été"],
        "start": times(["2024-01-01", "2024-02-29 12:00", None, "2023-12-31"]),
        "it's `x`": [1, 2, 3, 4],
    }
)


def column(formula: str, frame: pd.DataFrame = FRAME) -> list[Any]:
    table = ReadColumns().fit_transform(frame)
    values = FormulaColumn("made", formula).fit_transform(table).frame()["made"]
    return [None if pd.isna(value) else value for value in values]


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("a + b", [5, 1, None, 0]),
        ("b / a", [4, -1.5, None, None]),
        ("a / a", [1, 1, None, None]),
        ("b % a", [0, -1, None, None]),
        ("a ** 0.5", [1, None, None, 0]),
        ("-a ** 2", [-1, -4, None, 0]),
        ("a > 0", [True, False, None, False]),
        ("a > 0 and b > 3", [True, False, False, False]),
        ("a > 0 or flag", [True, False, True, False]),
        ("isnull(a) or a > 0", [True, False, True, False]),
        ("not (a > 0)", [False, True, None, True]),
        ("if(a > 0, b, -1)", [4, -1, -1, -1]),
        ("coalesce(a, b)", [1, -2, 2, 0]),
        ("isnull(a)", [False, False, True, False]),
        ("log(a)", [0, None, None, None]),
        # NumPy's loops for some processors differ from the C library's in the last bit.
        ("log1p(b)", [pytest.approx(math.log1p(value), rel=4e-16) for value in (4, 3, 2, 0)]),
        ("exp(b * 1000)", [None, None, None, 1]),
        ("sqrt(a)", [1, None, None, 0]),
        ("round(a / 2)", [0, -1, None, 0]),
        ("min(a, b, 1)", [1, -2, None, 0]),
        ("max(a, b)", [4, 3, None, 0]),
        ("clip(b, 1, 3)", [3, 3, 2, 1]),
        ("lower(name)", ["ann", None, " bob ", "été"]),
        ("trim(name) == 'bob'", [False, None, True, False]),
        ("len(name)", [3, None, 5, 3]),
        ("contains(name, 'n')", [True, None, False, False]),
        ("starts_with(name, 'A')", [True, None, False, False]),
        ("year(start)", [2024, 2024, None, 2023]),
        ("weekday(start)", [0, 3, None, 6]),
        ("hour(start)", [0, 12, None, 0]),
        ("days_between(date('2024-01-01'), start)", [0, 59.5, None, -1]),
        ("start < date('2024-01-01')", [False, False, None, True]),
        ("if(flag, name, 'none')", ["Ann", "none", " bob ", "none"]),
        ("name < 'b'", [True, None, True, False]),
        ("flag * 2 + `it's ``x```", [3, 2, 5, 4]),
        ("if(isnull(a), null, b)", [4, 3, None, 0]),
        ("1", [1, 1, 1, 1]),
    ],
)
def test_each_function_on_gaps_zeros_texts_and_times(formula: str, expected: list[Any]) -> None:
    assert column(formula) == expected


def test_infinite_values_count_as_missing() -> None:
    assert column("a + 1", pd.DataFrame({"a": [np.inf, -np.inf, 1.0]})) == [None, None, 2.0]


def test_no_row_and_one_row_are_tables_too() -> None:
    table = ReadColumns().fit_transform(FRAME)
    part = FormulaColumn("made", "a + len(name)").fit(table)
    reader = ReadColumns().fit(FRAME)
    assert len(part.transform(reader.transform(FRAME.head(0)))) == 0
    assert part.transform(reader.transform(FRAME.head(1))).values["made"].tolist() == [4.0]


def test_a_formula_may_replace_a_column_it_reads() -> None:
    made = FormulaColumn("b", "b * 2").fit_transform(ReadColumns().fit_transform(FRAME))
    assert made.values["b"].tolist() == [8, 6, 4, 0]
    assert made.columns == list(FRAME.columns)


def test_a_wrong_date_and_a_wrong_type_are_named() -> None:
    with pytest.raises(Invalid, match="no time"):
        column("date('yesterday')")
    with pytest.raises(Invalid, match="needs a number"):
        column("name * 2")


NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)
LEAVES = st.sampled_from(["a", "b", "c"]) | NUMBERS.map(lambda value: f"({value!r})")
TREES = st.recursive(
    LEAVES,
    lambda part: (
        st.tuples(part, st.sampled_from(["+", "-", "*", "/", "%"]), part).map(
            lambda three: f"({three[0]} {three[1]} {three[2]})"
        )
        | part.map(lambda one: f"(-{one})")
        | st.tuples(part, part).map(lambda two: f"min({two[0]}, {two[1]})")
        | part.map(lambda one: f"abs({one})")
    ),
    max_leaves=12,
)
COMPARED = st.tuples(TREES, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), TREES)


def by_python(formula: str, row: dict[str, float]) -> float | None:
    """Python's own value; what divides by zero or overflows is missing, and so is all that uses it."""
    try:
        found = float(eval(formula, {"__builtins__": {}, "min": min, "abs": abs}, row))  # noqa: S307  # the formula comes from this file
    except (ZeroDivisionError, OverflowError):
        return None
    return found if math.isfinite(found) else None


@settings(max_examples=150, deadline=None)
@given(TREES, st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=4))
def test_arithmetic_is_that_of_python_to_the_bit(formula: str, rows: list[tuple[float, ...]]) -> None:
    frame = pd.DataFrame(rows, columns=["a", "b", "c"])
    expected = [by_python(formula, dict(zip("abc", row, strict=True))) for row in rows]
    assert column(formula, frame) == expected


@settings(max_examples=80, deadline=None)
@given(st.lists(COMPARED, min_size=2, max_size=3), st.tuples(NUMBERS, NUMBERS, NUMBERS))
def test_logic_is_that_of_python_where_nothing_is_missing(
    parts: list[tuple[str, str, str]], row: tuple[float, ...]
) -> None:
    values = dict(zip("abc", row, strict=True))
    if any(by_python(side, values) is None for left, _, right in parts for side in (left, right)):
        return
    formula = " or not ".join(f"{left} {sign} {right} and true" for left, sign, right in parts)
    frame = pd.DataFrame([row], columns=["a", "b", "c"])
    assert column(formula, frame) == [by_python(formula.replace("true", "True"), values) == 1.0]


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_a_formula_or_a_clear_error(text: str) -> None:
    with suppress(Invalid):
        column(text)
