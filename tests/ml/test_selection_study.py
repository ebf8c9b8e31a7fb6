"""The study: nothing leaks, figures are those of a plain pipeline, categories count as one feature."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import Pipeline

from mlregistry.errors import Invalid
from mlregistry.jobs.context import JobCancelled
from mlregistry.ml import pipelines
from mlregistry.ml.comparing.paired import Estimate
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.recipes import parse
from mlregistry.ml.selection.advice import advise
from mlregistry.ml.selection.methods import METHODS, make
from mlregistry.ml.selection.plan import Plan, recipe_of
from mlregistry.ml.selection.results import Result, Row
from mlregistry.ml.selection.study import compare_methods

from .frames import CHURN, PRICE, classification_rows, mixed, regression_rows, silent

QUICK = ("variance", "correlation", "forest", "l1", "pca")
SPEC = ProblemSpec("classification", (), "y", "roc_auc", "maximize")


def study(spec: ProblemSpec, frame: pd.DataFrame, report: Any = silent, **plan: Any) -> Result:
    return compare_methods(spec, recipe_of(spec.kind, {}), frame, Plan(**plan), report)


def noise(n_rows: int = 80, n_columns: int = 60) -> pd.DataFrame:
    """Nothing tells anything about the label."""
    chance = np.random.default_rng(5)
    frame = pd.DataFrame(chance.normal(size=(n_rows, n_columns))).add_prefix("x")
    frame["y"] = chance.permutation(np.arange(n_rows) % 2)
    return frame


def test_selection_inside_the_folds_stays_at_chance_on_noise() -> None:
    frame = noise()
    found = study(SPEC, frame, sizes=(5,), own_choice=False, folds=3)
    scores = {row.method: row.score.mean for row in found.rows}
    assert set(scores) == set(METHODS)
    assert max(scores.values()) < 0.66, scores
    assert "not shown to be better than guessing" in found.advice.text
    # The same chosen on all rows beforehand looks like knowledge:
    X, y = frame.drop(columns="y"), frame["y"]
    outside = SelectKBest(f_classif, k=5).fit_transform(X, y)
    leaked = cross_val_score(LogisticRegression(), outside, y, cv=5, scoring="roc_auc").mean()
    assert leaked > 0.7


def test_the_metric_is_that_of_a_pipeline_with_the_selector_in_it() -> None:
    frame = noise().assign(x0=lambda table: table["y"] + table["x0"])
    recipe = recipe_of("classification", {})
    found = compare_methods(SPEC, recipe, frame, Plan(("forest",), (2,), False), silent)
    X, y = frame.drop(columns="y"), frame["y"].to_numpy()
    *steps, estimator = pipelines.build("classification", recipe).steps
    selector = make("forest", kind="classification", n_features=2, seed=recipe.seed)
    pipeline = Pipeline([*steps, ("select", selector), estimator])
    folds = StratifiedKFold(5, shuffle=True, random_state=recipe.seed)
    scores = cross_val_score(pipeline, X, y, cv=folds, scoring="roc_auc")
    np.testing.assert_allclose(found.rows[0].folds, scores)


def test_the_columns_of_a_category_or_a_time_count_as_one_feature() -> None:
    found = study(CHURN, classification_rows(mixed()), methods=QUICK, sizes=(1, 2), folds=3)
    assert found.features == ["age", "income", "plan", "active", "since"]
    assert found.n_columns > 8
    assert any("key" in line and "country" in line for line in found.warnings)
    for row in found.rows:
        if row.method != "pca":
            assert set(row.features) <= set(found.features)
            assert sum(row.kept.values()) == sum(row.n_kept)
            assert row.n_features is None or set(row.n_kept) == {row.n_features}
    assert set(found.correlation["labels"]) == set(found.features)
    assert sum(found.pca["ratios"]) == pytest.approx(1.0, abs=1e-4)


def test_the_same_study_gives_the_same_figures_and_grows_its_progress() -> None:
    told: list[float] = []
    frame = regression_rows(mixed(120))
    options: dict[str, Any] = {"methods": ("l1", "mutual_information"), "sizes": (1, 3), "folds": 3}
    one = study(PRICE, frame, lambda fraction, message: told.append(fraction), **options)
    two = study(PRICE, frame, **options)
    assert [row.folds for row in one.rows] == [row.folds for row in two.rows]
    assert told == sorted(told)
    assert 0 <= told[0] < told[-1] <= 1
    assert one.direction == "minimize"
    best = min(one.rows, key=lambda row: row.score.mean)
    assert best.difference is not None
    assert best.difference.mean == pytest.approx(one.reference.score.mean - best.score.mean)


def test_a_useless_column_is_advised_away_and_a_needed_one_is_kept() -> None:
    chance = np.random.default_rng(3)
    frame = pd.DataFrame(chance.normal(size=(300, 6)), columns=list("abcdef"))
    frame["y"] = np.where(frame["a"] + frame["b"] + chance.normal(0, 0.3, 300) > 0, "yes", "no")
    found = study(SPEC, frame, methods=("l1", "rfe"), sizes=(1, 2, 3))
    assert found.advice.size == 2
    assert found.advice.text.startswith("2 of 6 features")
    chosen = next(
        row for row in found.rows
        if (row.method, row.n_features) == (found.advice.method, found.advice.n_features)
    )  # fmt: skip
    assert set(chosen.features) == {"a", "b"}
    assert chosen.kept == {"a": 5, "b": 5}
    single = next(row for row in found.rows if row.n_features == 1)
    assert single.verdict == "worse"


def test_a_cancelled_study_stops() -> None:
    def stop(fraction: float, message: str) -> None:
        if message.startswith("Fold 2"):
            raise JobCancelled

    with pytest.raises(JobCancelled):
        study(SPEC, noise(40, 4), stop, methods=("variance",), sizes=(1,), folds=3)


@pytest.mark.parametrize(
    ("frame", "spec", "field"),
    [
        (noise(40, 1), SPEC, "features"),
        (noise(40, 3).assign(x1=np.inf), SPEC, "x1"),
        (noise(40, 3).drop(columns="y"), SPEC, "y"),
        (noise(6, 3), SPEC, "y"),
        (noise(40, 3).assign(x0=1, x1=2), SPEC, "features"),
        (noise(40, 501), SPEC, "features"),
    ],
)
def test_a_table_that_cannot_be_studied_says_why(frame: pd.DataFrame, spec: ProblemSpec, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        study(spec, frame, methods=("variance",), folds=3)
    assert caught.value.field == field


def test_the_baseline_measures_no_selection() -> None:
    with pytest.raises(Invalid):
        recipe_of("classification", {"estimator": "dummy"})
    with pytest.raises(Invalid):
        recipe_of("clustering", {})
    assert recipe_of("regression", {}).estimator == "ridge"


def test_a_row_that_kept_everything_in_a_fold_is_never_advised() -> None:
    score, none = Estimate(0.9, 0.01, 0.87, 0.93), Estimate(0.0, 0.0, 0.0, 0.0)
    reference = Row("all", 3, score, [0.9] * 3, [3] * 3, ["a", "b", "c"], {})
    own = Row("l1", None, score, [0.9] * 3, [3, 3, 2], ["a", "b"], {}, difference=none)
    guess = Estimate(0.5, 0.0, 0.5, 0.5)
    options: dict[str, Any] = {"title": "ROC-AUC", "direction": "maximize"}
    assert advise(reference, guess, [own], 3, **options).method is None
    steady = replace(own, n_kept=[2, 2, 2])
    assert advise(reference, guess, [own, steady], 3, **options).size == 2


def test_a_row_whose_folds_scatter_does_not_win_by_its_scatter() -> None:
    names = [f"x{n}" for n in range(30)]
    reference = Row(
        "all", 30, Estimate(0.9953, 0.002, 0.991, 0.999), [0.9953] * 5, [30] * 5, names, {}
    )  # fmt: skip
    one = Row("permutation", 1, Estimate(0.9446, 0.05, 0.8, 1.0), [0.9446] * 5, [1] * 5, names[:1], {},
              difference=Estimate(-0.0507, 0.051, -0.192, 0.0911))  # fmt: skip
    eight = Row("l1", 8, Estimate(0.9949, 0.002, 0.99, 0.999), [0.9949] * 5, [8] * 5, names[:8], {},
                difference=Estimate(-0.0004, 0.001, -0.003, 0.002))  # fmt: skip
    guess = Estimate(0.5, 0.0, 0.5, 0.5)
    found = advise(reference, guess, [one, eight], 30, title="ROC-AUC", direction="maximize")
    assert found.text.startswith("8 of 30 features, chosen by L1 (Lasso), are enough")
    alone = replace(one, difference=Estimate(-0.001, 0.001, -0.003, 0.001))
    only = advise(reference, guess, [alone], 30, title="ROC-AUC", direction="maximize")
    assert only.text.startswith("1 of 30 features, chosen by Permutation importance, is enough")


def test_a_step_that_mixes_columns_is_refused_by_name() -> None:
    recipe = parse({"estimator": "logistic_regression", "steps": [
        {"step": "formula", "formula": "x0 + x1", "name": "sum"},
    ]}, kind="classification")  # fmt: skip
    with pytest.raises(Invalid, match="'sum' is made of several columns \\(x0, x1\\)"):
        compare_methods(SPEC, recipe, noise(), Plan(("forest",), (2,), False), silent)
