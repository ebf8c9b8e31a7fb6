"""Each step worked by hand: values, names, unseen categories, empty columns, one row, none."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from mlregistry.errors import Invalid
from mlregistry.ml.steps import compiling, parsing, previewing
from mlregistry.ml.steps.catalogue import Making
from mlregistry.ml.steps.frames import ReadColumns
from tests.ml.steps.frames import features, fitted, made, times

N = None
NUMBERS = pd.DataFrame({"x": [1.0, 2.0, np.nan, 5.0], "y": [10.0, np.nan, np.nan, 40.0]})


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"method": "mean"}, [1, 2, 8 / 3, 5]),
        ({"method": "median"}, [1, 2, 2, 5]),
        ({"method": "mode"}, [1, 2, 1, 5]),
        ({"method": "constant"}, [1, 2, 0, 5]),
        ({"method": "constant", "fill": -1}, [1, 2, -1, 5]),
    ],
)
def test_gaps_are_filled(options: dict[str, Any], expected: list[float]) -> None:
    assert made([{"step": "impute", **options}], NUMBERS)["x"] == expected


def test_neighbours_and_rounds_fill_gaps_too() -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0, np.nan], "y": [2.0, 4.0, 6.0, 6.1]})
    assert made([{"step": "impute", "method": "knn", "neighbors": 1}], frame)["x"][3] == 3.0
    assert made([{"step": "impute", "method": "iterative"}], frame)["x"][3] == pytest.approx(3.05, abs=0.05)


def test_a_mark_is_added_where_training_had_gaps() -> None:
    frame = NUMBERS.assign(z=[1.0, 2.0, 3.0, 4.0])
    found = made([{"step": "impute", "indicator": True}], frame)
    assert list(found) == ["x", "y", "z", "x is missing", "y is missing"]
    assert found["y is missing"] == [0, 1, 1, 0]


def test_texts_booleans_and_times_have_a_mode() -> None:
    frame = pd.DataFrame(
        {
            "t": ["b", "a", "b", None],
            "f": [True, None, True, False],
            "d": times(["2024-01-01", None, "2024-01-03", "2024-01-01"]),
        }
    )
    steps = [{"step": "impute", "method": "mode", "columns": "all"}, {"step": "encode"}, {"step": "dates"}]
    found = made(steps, frame)
    assert found["t_b"] == [1, 0, 1, 1]
    assert found["f"] == [1, 1, 1, 0]
    assert found["d day"] == [1, 1, 3, 1]


def test_a_constant_of_the_wrong_kind_is_refused_with_the_step() -> None:
    with pytest.raises(Invalid, match=r"Step 1 \(Fill missing values\): column 'x'") as caught:
        made([{"step": "impute", "method": "constant", "fill": "a"}], NUMBERS)
    assert caught.value.field == "steps.0"


@pytest.mark.parametrize(
    ("options", "low", "high"),
    [
        ({"method": "quantile", "low": 0.25, "high": 0.75}, 3.0, 7.0),
        ({"method": "iqr", "factor": 0.5}, 1.0, 9.0),
        ({"method": "sigma", "factor": 1.0}, 5 - math.sqrt(20 / 3), 5 + math.sqrt(20 / 3)),
    ],
)
def test_outliers_are_clipped(options: dict[str, Any], low: float, high: float) -> None:
    frame = pd.DataFrame({"x": [float(value) for value in range(1, 10)]})
    found = made([{"step": "clip", **options}], frame)["x"]
    assert (min(found), max(found)) == pytest.approx((low, high))  # type: ignore[type-var]  # tuples compare by their numbers


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("standard", [-1.2247448714, 0, 1.2247448714]),
        ("min_max", [0, 0.5, 1]),
        ("robust", [-1, 0, 1]),
        ("quantile", [0, 0.5, 1]),
    ],
)
def test_numbers_are_scaled(method: str, expected: list[float]) -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0]})
    assert made([{"step": "scale", "method": method}], frame)["x"] == pytest.approx(expected)


def test_a_power_makes_a_skewed_column_even() -> None:
    frame = pd.DataFrame({"x": np.exp(np.linspace(0, 3, 50))})
    found = np.array(made([{"step": "scale", "method": "power"}], frame)["x"], dtype=float)
    assert abs(float(np.mean(((found - found.mean()) / found.std()) ** 3))) < 0.2


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"method": "uniform", "n_bins": 2}, [0, 0, 0, 1, 1]),
        ({"method": "quantile", "n_bins": 2}, [0, 0, 1, 1, 1]),
        ({"method": "k_means", "n_bins": 2}, [0, 0, 0, 1, 1]),
        ({"method": "edges", "edges": [2, 100]}, [0, 1, 1, 1, 2]),
    ],
)
def test_numbers_fall_into_bins(options: dict[str, Any], expected: list[float]) -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0, 90.0, 100.0]})
    part = fitted([{"step": "bin", "columns": ["x"], **options}], frame)
    assert features(part, frame)["x"] == expected
    wild = features(part, pd.DataFrame({"x": [-1e9, 1e9, np.nan]}))["x"]
    assert wild == [0, max(expected), None]


WORDS = pd.DataFrame({"w": ["a", "b", "a", None, "c", "a"]})


@pytest.mark.parametrize(
    ("options", "expected", "unseen"),
    [
        ({"method": "label"}, [1, 2, 1, 0, 3, 1], -1),
        ({"method": "ordinal", "order": ["c", "b", "a"]}, [2, 1, 2, -1, 0, 2], -1),
        ({"method": "frequency"}, [1 / 2, 1 / 6, 1 / 2, 1 / 6, 1 / 6, 1 / 2], 0),
    ],
)
def test_categories_become_one_number(options: dict[str, Any], expected: list[float], unseen: float) -> None:
    part = fitted([{"step": "encode", **options}], WORDS)
    assert features(part, WORDS)["w"] == expected
    assert features(part, pd.DataFrame({"w": ["never seen"]}))["w"] == [unseen]


def test_one_hot_has_a_column_for_gaps_and_zeros_for_the_unseen() -> None:
    part = fitted([{"step": "encode"}], WORDS)
    assert features(part, WORDS)["w_(missing)"] == [0, 0, 0, 1, 0, 0]
    assert [column[0] for column in features(part, pd.DataFrame({"w": ["new"]})).values()] == [0, 0, 0, 0]


def test_rare_categories_go_together() -> None:
    found = made([{"step": "encode", "max_categories": 2}], WORDS)
    assert list(found) == ["w_a", "w_infrequent_sklearn"]
    assert found["w_infrequent_sklearn"] == [0, 1, 0, 1, 1, 0]


def test_hashes_are_the_same_everywhere() -> None:
    part = fitted([{"step": "encode", "method": "hash", "n_columns": 4}], WORDS)
    found = np.array(list(features(part, WORDS).values())).T
    assert found.shape == (6, 4)
    assert np.abs(found).sum(axis=1).tolist() == [1] * 6
    assert found[0].tolist() == found[2].tolist()
    assert list(features(part, WORDS)) == ["w #0", "w #1", "w #2", "w #3"]


def test_a_training_row_never_sees_its_own_target() -> None:
    """Each category is there once: its own target would give all away; cross-fitted it is the mean of others."""
    frame = pd.DataFrame({"w": [f"c{place}" for place in range(40)]})
    y = np.array([0.0, 1.0] * 20)
    parts = compiling.features(parsing.parse([{"step": "encode", "method": "target"}]), Making("regression"))
    table: Any = frame
    for _, part in parts:
        table = part.fit_transform(table, y)
    assert abs(np.corrcoef(table[:, 0], y)[0, 1]) < 0.5
    unseen = parts[1][1].transform(parts[0][1].transform(pd.DataFrame({"w": ["never"]})))
    assert unseen.values["w"][0] == pytest.approx(0.5)


def test_times_fall_apart_and_go_in_circles() -> None:
    frame = pd.DataFrame({"t": times(["2024-01-31 06:00", None, "1970-01-02"])})
    parts = ["year", "quarter", "month", "weekday", "hour", "day_of_year", "days"]
    found = made([{"step": "dates", "parts": parts}], frame)
    assert [column[0] for column in found.values()] == [2024, 1, 1, 2, 6, 31, 19753.25]
    assert found["t year"][1] is None
    circle = made([{"step": "dates", "parts": ["hour", "year"], "cyclic": True}], frame)
    assert list(circle) == ["t hour sin", "t hour cos", "t year"]
    assert circle["t hour sin"][0] == pytest.approx(1)
    assert circle["t hour cos"][2] == 1


def test_texts_are_weighed_and_measured() -> None:
    texts = ["the quick brown fox jumps", "the lazy dog sleeps all day", None]
    part = fitted([{"step": "text", "columns": ["t"], "max_terms": 3}], pd.DataFrame({"t": texts}))
    found = features(part, pd.DataFrame({"t": texts}))
    assert list(found)[-2:] == ["t characters", "t words"]
    assert found["t words"] == [5, 6, 0]
    assert [column[2] for column in found.values()] == [0, 0, 0, 0, 0]
    weights = np.array(list(found.values())[:-2])
    assert np.linalg.norm(weights[:, 0]) == pytest.approx(1)


def test_texts_without_a_word_have_lengths_only() -> None:
    assert list(made([{"step": "text", "columns": ["t"]}], pd.DataFrame({"t": ["!", "?", None]}))) == [
        "t characters", "t words",
    ]  # fmt: skip


def test_a_power_keeps_columns_apart_that_lie_far_from_zero() -> None:
    chance = np.random.default_rng(0)
    longitude = np.concatenate([chance.normal(-122, 0.5, 8000), chance.normal(-118, 0.5, 12000)])
    found = np.array(
        made([{"step": "scale", "method": "power"}], pd.DataFrame({"x": longitude}))["x"], dtype=float
    )
    assert found.std() == pytest.approx(1.0)
    assert np.array_equal(np.argsort(found, kind="stable"), np.argsort(longitude, kind="stable"))


def test_numbers_and_texts_become_times() -> None:
    frame = pd.DataFrame(
        {
            "t": [0, 86_400, -1, 1e300, N],
            "s": ["2024-01-31", "2024-01-31T12:30+02:00", "no", "31/1/24", None],
        }
    )

    def read(column: str, **options: Any) -> list[str | None]:
        step = parsing.parse([{"step": "convert", "columns": [column], "to": "time", **options}])
        table = ReadColumns().fit_transform(frame)
        shown = compiling.transformer(step[0], Making()).fit_transform(table)
        return previewing.cells(shown, column, list(range(5)))

    assert read("t") == ["1970-01-01T00:00:00", "1970-01-02T00:00:00", "1969-12-31T23:59:59", N, N]
    assert read("t", unit="milliseconds")[1] == "1970-01-01T00:01:26"
    assert read("t", unit="days")[2] == "1969-12-31T00:00:00"
    assert read("s") == ["2024-01-31T00:00:00", "2024-01-31T10:30:00", N, N, N]


def test_products_and_powers_have_names() -> None:
    frame = pd.DataFrame({"a b": [2.0, 3.0], "c": [5.0, 7.0]})
    found = made([{"step": "polynomial", "columns": ["a b", "c"]}], frame)
    assert found == {"a b": [2, 3], "c": [5, 7], "a b^2": [4, 9], "a b × c": [10, 21], "c^2": [25, 49]}
    only = made([{"step": "polynomial", "columns": ["a b", "c"], "interactions_only": True}], frame)
    assert list(only) == ["a b", "c", "a b × c"]


def test_too_many_factors_are_refused() -> None:
    frame = pd.DataFrame(np.ones((4, 101)), columns=[f"x{place}" for place in range(101)])
    with pytest.raises(Invalid, match="101 columns are too many"):
        made([{"step": "polynomial", "columns": "numeric"}], frame)


def test_too_many_terms_are_refused() -> None:
    words = [" ".join(f"w{n}x{column}" for n in range(2000)) for column in range(11)]
    frame = pd.DataFrame({f"t{column}": [text, text] for column, text in enumerate(words)})
    with pytest.raises(Invalid, match="22,000 terms in all are too many"):
        made([{"step": "text", "max_terms": 2000}], frame)


def test_groups_know_their_figures_and_strangers_those_of_all() -> None:
    frame = pd.DataFrame({"g": ["a", "a", "b", None], "x": [1.0, 3.0, 10.0, np.nan]})
    part = fitted(
        [
            {"step": "aggregate", "by": ["g"], "statistics": ["mean", "count", "max"]},
            {"step": "drop", "columns": ["g"]},
        ],
        frame,
    )
    found = features(part, frame)
    assert found["x mean by g"] == [2, 2, 10, None]
    assert found["x count by g"] == [2, 2, 1, 0]
    unseen = features(part, pd.DataFrame({"g": ["z"], "x": [0.0]}))
    assert unseen["x mean by g"] == [pytest.approx(14 / 3)]
    assert unseen["x max by g"] == [10]


def test_two_keys_do_not_run_into_each_other() -> None:
    frame = pd.DataFrame({"g": ["a", "ab"], "h": ["bc", "c"], "x": [1.0, 2.0]})
    found = made([{"step": "aggregate", "by": ["g", "h"]}, {"step": "drop", "columns": ["g", "h"]}], frame)
    assert found["x mean by g, h"] == [1, 2]


def test_selection_keeps_names_and_order() -> None:
    y = np.array([0, 1] * 10)
    frame = pd.DataFrame({"noise": np.tile([1.0, 1, 2, 2], 5), "signal": y * 2.0, "constant": 1.0})
    assert list(made([{"step": "select", "method": "variance"}], frame, y=y)) == ["noise", "signal"]
    assert list(made([{"step": "select", "method": "univariate", "n_features": 1}], frame, y=y)) == ["signal"]


@pytest.mark.parametrize("method", ["univariate", "l1", "rfe", "permutation"])
def test_without_a_number_a_method_keeps_as_many_as_it_finds(method: str) -> None:
    chance = np.random.default_rng(0)
    frame = pd.DataFrame(chance.normal(size=(200, 6)), columns=list("abcdef"))
    y = (frame["a"] - frame["d"] + chance.normal(0, 0.2, 200) > 0).to_numpy().astype(int)
    found = made([{"step": "select", "method": method, "n_features": None}], frame, y=y)
    assert list(found) == ["a", "d"]


def test_numbers_turn_into_categories_alike_in_training_and_serving() -> None:
    part = fitted(
        [{"step": "convert", "columns": ["code"]}, {"step": "encode"}], pd.DataFrame({"code": [1, 2, 1]})
    )
    assert list(features(part, pd.DataFrame({"code": [1.0]}))) == ["code_1", "code_2"]
    assert features(part, pd.DataFrame({"code": [1.0]}))["code_1"] == [1]
    text = pd.DataFrame({"t": ["1", "2.5", "x", None, "inf"]})
    assert made([{"step": "convert", "columns": ["t"], "to": "number"}], text)["t"] == [1, 2.5, N, N, N]


def test_empty_columns_pass_through_every_step_of_their_type() -> None:
    frame = pd.DataFrame({"x": [np.nan] * 4, "k": [1.0, 2.0, 3.0, 4.0], "w": [None] * 4})
    steps: list[dict[str, Any]] = [
        {"step": "clip"}, {"step": "bin", "columns": ["k"]}, {"step": "impute", "indicator": True},
        {"step": "scale"}, {"step": "encode"},
    ]  # fmt: skip
    found = made(steps, frame)
    assert found["x"] == [0, 0, 0, 0]
    assert found["w_(missing)"] == [1, 1, 1, 1]


def test_one_row_and_no_row_go_through_a_fitted_pipeline() -> None:
    frame = pd.DataFrame(
        {
            "x": [1.0, 2.0, np.nan],
            "w": ["a", "b", None],
            "t": pd.to_datetime(["2024-01-01"] * 3),
            "f": [True, False, True],
        }
    )
    steps: list[dict[str, Any]] = [
        {"step": "dates"}, {"step": "aggregate", "by": ["w"], "columns": ["x"]}, {"step": "impute"},
        {"step": "formula", "name": "r", "formula": "x / 2"}, {"step": "encode"}, {"step": "clip"},
    ]  # fmt: skip
    part = fitted(steps, frame)
    assert part.transform(frame.head(1)).shape == (1, len(part.get_feature_names_out()))
    assert np.array_equal(part.transform(frame.head(1)), part.transform(frame)[:1], equal_nan=True)
    gaps = frame.head(1).astype(object)
    gaps.loc[0] = [None, None, pd.NaT, None]
    assert part.transform(gaps).shape[0] == 1


def test_useless_columns_go_with_a_reason() -> None:
    frame = pd.DataFrame(
        {
            "empty": None,
            "same": 1,
            "id": [f"k{place}" for place in range(60)],
            "x": range(60),
            "thin": [1.0] + [None] * 58 + [2.0],
        }
    )
    part = fitted([{"step": "drop_useless", "missing_share": 0.9}], frame)
    assert list(part.get_feature_names_out()) == ["x"]
    assert part.steps[1][1].dropped_ == {
        "empty": "is empty", "same": "is constant", "id": "looks like an identifier",
        "thin": "is missing in 97% of the rows",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([], "column 'w' still holds text"),
        ([{"step": "encode"}], "column 'x' still has missing values"),
        ([{"step": "dates", "columns": ["w"]}], "holds no times"),
        ([{"step": "scale", "columns": ["w"]}], "holds no numbers"),
        ([{"step": "drop", "columns": ["gone"]}], "there is no column 'gone'"),
        ([{"step": "formula", "name": "n", "formula": "gone + 1"}], "no column 'gone'"),
    ],
)
def test_a_recipe_that_does_not_fit_the_table_says_so(steps: list[dict[str, Any]], words: str) -> None:
    frame = pd.DataFrame({"x": [1.0, np.nan], "w": ["a", "b"]})
    parts = compiling.features(parsing.parse(steps), Making())
    pipeline = Pipeline([*parts, ("estimator", None)])
    with pytest.raises(Invalid, match="(?i)" + words):
        compiling.fit_features(pipeline, frame, np.array([0, 1]))


def test_ten_thousand_columns_take_seconds() -> None:
    frame = pd.DataFrame(
        np.random.default_rng(0).normal(size=(30, 10_000)), columns=[f"x{n}" for n in range(10_000)]
    )
    frame.iloc[0, :100] = np.nan
    part = fitted([{"step": "drop_useless"}, {"step": "impute", "indicator": True}, {"step": "scale"}], frame)
    assert part.transform(frame.head(2)).shape == (2, 10_100)


def test_the_callers_frame_stays_as_it_was() -> None:
    frame = pd.DataFrame(
        {"w": ["a", None, "b"], "o": pd.Series(["x", None, 5], dtype=object), "x": [1.0, np.nan, 3.0]}
    )
    sliced = frame.iloc[[0, 1, 2, 1]].reset_index(drop=True)
    for table in (frame, sliced, frame.drop_duplicates()):
        before = table.copy(deep=True)
        part = fitted([{"step": "impute"}, {"step": "clip"}, {"step": "encode"}], table)
        part.transform(table)
        pd.testing.assert_frame_equal(table, before)
