"""A study on tables whose truth is known: what it finds, what it does not, its folds, its budget and its end."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count

import numpy as np
import pandas as pd
import pytest

from mlregistry.errors import Invalid
from mlregistry.jobs.context import JobCancelled
from mlregistry.ml import metrics, pipelines
from mlregistry.ml.comparing.paired import estimate
from mlregistry.ml.improving import changes, rows
from mlregistry.ml.improving.plan import Plan
from mlregistry.ml.improving.results import BETTER, FAILED, UNCLEAR, UNTRIED, Result
from mlregistry.ml.improving.study import Candidate, improve
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.recipes import parse
from mlregistry.ml.supervised import table as supervised_table
from mlregistry.ml.supervised.crossing import predict_fold
from tests.ml.improving.tables import SPEC, ridge, table

PLAN = Plan(folds=4, repeats=2)
PRODUCT = Candidate("product", "Multiply", {"kind": "product", "columns": ["width", "height"]})
NOISE = Candidate("noise", "Drop noise", {"kind": "drop", "columns": ["noise"]})
CLIP = Candidate("clip", "Clip spent", {"kind": "clip", "columns": ["spent"]})
BROKEN = Candidate("broken", "Multiply a word", {"kind": "product", "columns": ["width", "region"]})


def quiet(fraction: float, message: str) -> None:
    assert 0 <= fraction <= 1


@pytest.fixture(scope="module")
def result() -> Result:
    live = table(200, seed=9)
    return improve(SPEC, ridge(), table(), [PRODUCT, NOISE, CLIP, BROKEN], PLAN, quiet, live=live)


def test_what_makes_the_target_is_found_and_confirmed_on_unseen_rows(result: Result) -> None:
    trials = {trial.key: trial for trial in result.trials}
    assert trials["product"].verdict == BETTER
    assert result.winner[0] == "product"
    assert result.held_out.verdict == BETTER
    assert result.held_out.n == 64
    assert result.live.verdict == BETTER
    assert result.live.n == 200
    assert result.recipe is not None
    assert "better" in result.advice
    assert result.advice.endswith("Use it.")
    assert trials["product"].live is not None
    assert trials["product"].live.low > 0
    found = result.held_out
    assert found.unchanged is not None
    assert found.winner is not None
    assert found.difference is not None
    assert found.difference.mean == pytest.approx(found.unchanged - found.winner)


def test_what_is_not_worth_anything_is_not_said_to_be(result: Result) -> None:
    trials = {trial.key: trial for trial in result.trials}
    assert trials["noise"].verdict == UNCLEAR
    assert trials["clip"].verdict == UNCLEAR
    for trial in trials.values():
        if trial.p is not None:
            assert trial.p_adjusted is not None
            assert trial.p_adjusted >= trial.p


def test_one_that_cannot_be_fitted_says_why_and_the_others_go_on(result: Result) -> None:
    broken = next(trial for trial in result.trials if trial.key == "broken")
    assert broken.verdict == FAILED
    assert broken.error


def test_the_differences_are_those_of_the_same_folds(result: Result) -> None:
    work = supervised_table.prepare(SPEC, ridge(), table(), quiet)
    found = rows.bench(work, PLAN, quiet, lambda: 0.0, 0.0, 1)
    assert not set(found.searched) & set(found.held)
    rmse = metrics.metric("regression", "rmse").function
    recipe = changes.applied(ridge(), PRODUCT.change, "regression")
    pairs = []
    for inside, outside in found.parts:
        assert set(inside) | set(outside) == set(found.searched)
        values = [
            rmse(predict_fold(replace(work, recipe=one), pipelines.build("regression", one), inside, outside))
            for one in (work.recipe, recipe)
        ]
        pairs.append(values[0] - values[1])
    expected = estimate(pairs, found.held_share)
    trial = result.trials[0]
    assert trial.difference is not None
    assert trial.difference.mean == pytest.approx(expected.mean)
    assert (trial.difference.low, trial.difference.high) == pytest.approx((expected.low, expected.high))
    assert result.n_folds == 8


def test_the_test_rows_of_the_recipe_are_never_looked_at() -> None:
    work = supervised_table.prepare(SPEC, ridge(), table(), quiet)
    test = supervised_table.part(work).test
    spoilt = table()
    spoilt.loc[test, "y"] = 1e6
    spoilt.loc[test, "width"] = -1e6
    plan = Plan(folds=3, repeats=1)
    alike = [
        improve(SPEC, ridge(), frame, [PRODUCT], plan, quiet, clock=lambda: 0.0)
        for frame in (table(), spoilt)
    ]
    assert alike[0].trials == alike[1].trials
    assert alike[0].held_out == alike[1].held_out


def ticking(seconds: float) -> Callable[[], float]:
    steps: Iterator[int] = count()
    return lambda: seconds * next(steps)


def test_what_has_not_had_its_turn_in_time_is_not_tried() -> None:
    plan = Plan(folds=3, repeats=1, minutes=1.0)
    found = improve(SPEC, ridge(), table(200), [PRODUCT, NOISE, CLIP], plan, quiet, clock=ticking(6.0))
    assert [trial.verdict for trial in found.trials][-1] == UNTRIED
    assert "time was used up" in found.trials[-1].error


def test_without_a_winner_nothing_is_checked() -> None:
    found = improve(SPEC, ridge(), table(200), [BROKEN], Plan(folds=3, repeats=1), quiet)
    assert (found.recipe, found.additions, found.winner) == (None, [], [])
    assert found.held_out.verdict == UNTRIED
    assert "Keep the recipe" in found.advice
    assert found.to_json()["held_out"]["why_not"]


def test_a_study_that_is_cancelled_stops_at_the_next_fold() -> None:
    def cancel(fraction: float, message: str) -> None:
        if "fold 2" in message:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        improve(SPEC, ridge(), table(200), [PRODUCT], PLAN, cancel)


def test_progress_only_rises() -> None:
    told: list[float] = []
    improve(
        SPEC, ridge(), table(200), [PRODUCT], Plan(folds=3, repeats=1), lambda share, text: told.append(share)
    )
    assert told == sorted(told)


def test_time_parts_folds_and_held_out_rows() -> None:
    frame = table(300).assign(day=pd.date_range("2026-01-01", periods=300, freq="h"))
    recipe = ridge(split={"method": "by_time", "order": "day"})
    work = supervised_table.prepare(SPEC, recipe, frame, quiet)
    found = rows.bench(work, PLAN, quiet, lambda: 0.0, 0.0, 1)
    assert found.searched.max() < found.held.min()
    assert len(found.parts) == PLAN.folds
    assert all(inside.max() < outside.min() for inside, outside in found.parts)


def test_a_group_is_on_one_side() -> None:
    frame = table(300).assign(shop=np.arange(300) % 40)
    recipe = ridge(split={"group": "shop"})
    work = supervised_table.prepare(SPEC, recipe, frame, quiet)
    found = rows.bench(work, PLAN, quiet, lambda: 0.0, 0.0, 1)
    shops = work.frame["shop"].to_numpy()
    assert not set(shops[found.searched]) & set(shops[found.held])


def live_check(live: pd.DataFrame | None) -> str:
    plan = Plan(folds=3, repeats=1)
    return improve(SPEC, ridge(), table(200), [PRODUCT], plan, quiet, live=live).live.why_not


def test_live_rows_that_cannot_be_used_say_why() -> None:
    assert "No prediction" in live_check(None)
    assert "does not hold 'width'" in live_check(table(100).drop(columns="width"))
    assert "40 rows have their truth" in live_check(table(40))
    assert live_check(table(90).astype({"y": object})) == ""
    assert live_check(table(90).assign(width="many")) == ""  # what is no number is missing


def test_live_truths_that_training_never_saw_are_left_out() -> None:
    frame, live = table(300), table(120, seed=5)
    for each in (frame, live):
        each["y"] = np.where(each["y"] > 0, "high", "low")
    live.loc[:9, "y"] = "medium"
    spec = ProblemSpec("classification", (), "y", "roc_auc", "maximize", None)
    recipe = parse({"estimator": "logistic_regression"}, kind="classification")
    found = improve(spec, recipe, frame, [PRODUCT], Plan(folds=3, repeats=1), quiet, live=live)
    assert found.trials[0].verdict == BETTER
    assert found.live.n == 110
    assert found.live.verdict == BETTER


def test_a_table_that_cannot_be_studied_is_refused() -> None:
    with pytest.raises(Invalid, match="no column 'y'"):
        improve(SPEC, ridge(), table(100).drop(columns="y"), [PRODUCT], PLAN, quiet)
