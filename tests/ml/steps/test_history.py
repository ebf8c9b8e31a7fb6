"""Lags and windows: nothing of the same moment or later, groups apart, history at serving."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlregistry.errors import Invalid
from mlregistry.ml import packaging, recipes, training
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.training_result import TrainingResult
from tests.ml.frames import silent
from tests.ml.steps.frames import features, fitted, made

FRAME = pd.DataFrame(
    {"t": [3, 1, 2, 1, 2, 2], "g": ["a", "a", "a", "b", "b", "b"], "x": [30.0, 10.0, 20.0, 1.0, 2.0, 4.0]}
)
DROP: dict[str, Any] = {"step": "drop", "columns": ["g"]}
PRICE = ProblemSpec("regression", (), "price", "rmse", "minimize")


def test_a_lag_is_the_row_before_in_the_group_and_not_of_the_same_moment() -> None:
    found = made(
        [
            {
                "step": "lag",
                "columns": ["x"],
                "order": "t",
                "group": ["g"],
                "lags": [1, 2],
                "short_history": "missing",
            },
            DROP,
        ],
        FRAME,
    )
    assert found["x lag 1"] == [20, None, 10, None, 1, 1]
    assert found["x lag 2"] == [10, None, None, None, None, None]


def test_a_window_ends_before_the_row() -> None:
    step = {"step": "rolling", "columns": ["x"], "order": "t", "group": ["g"], "window": 2,
            "statistics": ["mean", "sum", "min", "max", "count", "std"], "short_history": "missing"}  # fmt: skip
    found = made([step, DROP], FRAME)
    assert found["x mean of last 2"] == [15, None, 10, None, 1, 1]
    assert found["x sum of last 2"] == [30, None, 10, None, 1, 1]
    assert found["x min of last 2"] == [10, None, 10, None, 1, 1]
    assert found["x max of last 2"] == [20, None, 10, None, 1, 1]
    assert found["x count of last 2"] == [2, 0, 1, 0, 1, 1]
    assert found["x std of last 2"] == [pytest.approx(50**0.5), None, None, None, None, None]


@pytest.mark.parametrize("step", [{"step": "lag", "lags": [1, 3]}, {"step": "rolling", "window": 4}])
def test_what_comes_later_never_changes_what_was_made_before(step: dict[str, Any]) -> None:
    chance = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "t": chance.permutation(np.repeat(np.arange(50), 2)),
            "g": chance.choice(["a", "b"], 100),
            "x": chance.normal(size=100),
        }
    )
    steps = [{"columns": ["x"], "order": "t", "group": ["g"], "short_history": "missing", **step}, DROP]
    part = fitted(steps, frame)
    whole = part.transform(frame)
    for moment in (5, 20, 40):
        changed = frame.assign(x=np.where(frame.t >= moment, 1e9, frame.x))
        seen = (frame.t <= moment).to_numpy()
        names = [place for place, name in enumerate(part.get_feature_names_out()) if name not in ("x", "t")]
        assert np.array_equal(part.transform(changed)[seen][:, names], whole[seen][:, names], equal_nan=True)
        cut = part.transform(frame[seen])
        assert np.array_equal(cut, whole[seen], equal_nan=True)


def test_the_order_of_the_rows_in_a_call_does_not_matter() -> None:
    steps = [{"step": "lag", "columns": ["x"], "order": "t", "short_history": "missing"}, DROP]
    part = fitted(steps, FRAME.drop_duplicates("t"))
    shuffled = FRAME.drop_duplicates("t").sample(frac=1, random_state=3)
    assert features(part, shuffled.sort_index()) == features(part, FRAME.drop_duplicates("t"))


def test_a_call_without_history_is_refused_with_what_to_send() -> None:
    part = fitted([{"step": "lag", "columns": ["x"], "order": "t", "group": ["g"]}, DROP], FRAME)
    with pytest.raises(Invalid, match="needs 1 earlier rows"):
        part.transform(FRAME.head(1))
    with pytest.raises(Invalid, match="has gaps"):
        part.transform(FRAME.assign(t=[1.0, np.nan, 2, 3, 4, 5]))
    assert features(part, FRAME.iloc[[0, 2]])["x lag 1"] == [20, None]


def series(n_days: int = 120) -> pd.DataFrame:
    """A price that is yesterday's demand."""
    chance = np.random.default_rng(0)
    demand = chance.normal(size=n_days)
    frame = pd.DataFrame(
        {"day": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(n_days), unit="D"), "demand": demand,
         "price": np.append(0, demand[:-1]) * 10}
    )  # fmt: skip
    return frame.sample(frac=1, random_state=1).reset_index(drop=True)


STEPS: list[dict[str, Any]] = [
    {"step": "lag", "columns": ["demand"], "order": "day"},
    {"step": "drop", "columns": ["day"]},
    {"step": "impute"},
]


def trained(**changes: Any) -> TrainingResult:
    recipe = {
        "estimator": "linear_regression",
        "steps": STEPS,
        "split": {"method": "by_time", "order": "day"},
    }
    return training.train(PRICE, recipes.parse({**recipe, **changes}), series(), silent)


def test_training_by_time_learns_what_a_random_split_could_not() -> None:
    result = trained(folds=4)
    assert result.metrics["test_r2"] > 0.999
    assert result.metrics["cv_r2_mean"] > 0.999
    assert result.n_rows["test"] == 24
    assert result.curves["importance"]["labels"][0] in ("demand", "day")


def test_a_served_model_takes_history_and_refuses_without() -> None:
    result = trained()
    frame = series().sort_values("day").tail(3)
    days, demand = frame["day"].astype(str), frame["demand"]
    rows = [{"day": day, "demand": value} for day, value in zip(days, demand, strict=True)]
    answer = packaging.predict(result.pipeline, result.signature, result.signature.frame(rows))
    assert answer["predictions"][-1] == pytest.approx(frame.price.iloc[-1], abs=0.1)
    with pytest.raises(Invalid, match="send the history"):
        packaging.predict(result.pipeline, result.signature, result.signature.frame(rows[:1]))
    example = result.signature.frame(result.input_example)
    assert len(packaging.predict(result.pipeline, result.signature, example)["predictions"]) > 1


BY_DAY = {"method": "by_time", "order": "day"}
GROUPED = [{"step": "lag", "columns": ["demand"], "order": "day", "group": ["day"]}]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"split": {}}, "split.method"),
        ({"split": {"method": "by_time"}}, "split.order"),
        ({"split": {**BY_DAY, "order": "gone"}}, "split.order"),
        ({"split": BY_DAY, "steps": GROUPED}, "steps.0.group"),
    ],
)
def test_looking_back_needs_a_split_by_time(change: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        trained(**change)
    assert caught.value.field == field
