"""Where each feature comes from, what a preview shows, what a suggestion says."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlregistry.errors import Invalid
from mlregistry.ml import recipes, tables, training
from mlregistry.ml.profiling import building
from mlregistry.ml.steps import parsing, previewing, suggesting
from mlregistry.ml.steps.catalogue import Making
from mlregistry.ml.steps.lineage import lineage
from mlregistry.ml.table_info import TableInfo
from tests.ml.frames import CHURN, PRICE, classification_rows, mixed, regression_rows, silent
from tests.ml.steps.frames import fitted

FRAME = pd.DataFrame({"c1": ["c0 x", "b", "b"], "c0": [1.0, 2.0, np.nan], "c10": [3.0, 1.0, 2.0]})


def test_each_feature_knows_its_columns_and_steps_whatever_they_are_called() -> None:
    steps: list[dict[str, Any]] = [
        {"step": "formula", "name": "ratio", "formula": "c0 / c10"},
        {"step": "impute", "indicator": True},
        {"step": "polynomial", "columns": ["c10", "ratio"]},
        {"step": "encode", "columns": ["c1"]},
    ]
    found = lineage(fitted(steps, FRAME).steps)
    assert found["ratio is missing"].columns == ("c0", "c10")
    assert found["c10 × ratio"].columns == ("c10", "c0")
    assert found["c10 × ratio"].steps == ("2_impute", "1_formula", "3_polynomial")
    assert found["c1_c0 x"].columns == ("c1",)
    assert found["c0"].steps == ("2_impute",)


def test_a_model_asks_for_the_columns_it_needs_and_no_others() -> None:
    steps: list[dict[str, Any]] = [
        {"step": "drop_useless"},
        {"step": "formula", "name": "age", "formula": "income * 2"},
        {"step": "keep", "columns": ["age", "plan"]},
        {"step": "impute"},
        {"step": "encode"},
    ]
    result = training.train(
        CHURN,
        recipes.parse({"estimator": "logistic_regression", "steps": steps}),
        classification_rows(mixed()),
        silent,
    )
    assert [field.name for field in result.signature.inputs] == ["income", "plan"]
    rows = result.signature.frame([{"income": 50.0, "plan": "pro"}])
    assert result.pipeline.predict(rows).shape == (1,)


def test_rows_with_gaps_leave_training_only() -> None:
    steps: list[dict[str, Any]] = [
        {"step": "drop_rows", "columns": ["income"]}, {"step": "drop", "columns": ["key", "since", "country"]},
        {"step": "encode"},
    ]  # fmt: skip
    recipe = recipes.parse({"estimator": "logistic_regression", "steps": steps, "folds": 3})
    result = training.train(CHURN, recipe, classification_rows(mixed()), silent)
    assert result.n_rows["left_out_for_gaps"] > 5
    assert (result.n_rows["train"], result.n_rows["test"]) == (160, 40)
    assert "training rows with gaps were left out" in " ".join(result.warnings)
    rows = result.signature.frame([{"age": 50, "income": None, "plan": "pro", "active": True}])
    assert np.isfinite(result.pipeline.predict_proba(rows)).all()


def test_a_preview_shows_before_after_and_origin() -> None:
    steps = parsing.parse(
        [
            {"step": "drop_rows", "columns": ["income"]},
            {"step": "dates", "parts": ["year", "month"]},
            {"step": "drop", "columns": ["key", "country"]},
            {"step": "encode"},
        ]
    )
    found = previewing.preview(steps, classification_rows(mixed()), "churn", Making())
    rows, dates, drop, encode = found
    assert rows.n_rows[0] == 200
    assert rows.n_rows[1] < 200
    assert dates.before["since"][0] is not None
    assert list(dates.after) == ["since year", "since month"]
    assert dates.made[0].sources == ("since",)
    assert drop.dropped["key"] == "is left out by the recipe"
    assert encode.made[0].origin.steps == ("4_encode",)
    json.dumps([one.to_json() for one in found], allow_nan=False)


def test_a_preview_ends_at_the_step_that_fails_and_says_what_is_left_to_do() -> None:
    frame = classification_rows(mixed())
    steps = parsing.parse(
        [{"step": "scale"}, {"step": "formula", "name": "n", "formula": "plan + 1"}, {"step": "encode"}]
    )
    found = previewing.preview(steps, frame, "churn", Making())
    assert len(found) == 2
    assert found[1].error is not None
    assert found[1].error.field == "steps.1.formula"
    open_end = previewing.preview(parsing.parse([{"step": "scale"}]), frame, "churn", Making())
    assert open_end[-1].error is not None
    assert "still holds text" in open_end[-1].error.message


def test_a_preview_that_takes_too_long_ends_with_a_word() -> None:
    moments = iter([0.0, 5.0, 21.0])
    steps = parsing.parse([{"step": "dates"}, {"step": "impute"}, {"step": "encode"}])
    found = previewing.preview(
        steps, classification_rows(mixed()), "churn", Making(), clock=lambda: next(moments)
    )
    assert [one.error is None for one in found] == [True, False]
    assert "ends here, after 20 seconds" in str(found[1].error)


@pytest.mark.parametrize("n_rows", [0, 1])
def test_a_sample_of_hardly_a_row_is_refused(n_rows: int) -> None:
    with pytest.raises(Invalid, match="fewer than 2 rows"):
        previewing.preview((), classification_rows(mixed()).head(n_rows), "churn", Making())


def described(frame: pd.DataFrame, folder: Path) -> TableInfo:
    frame.to_csv(folder / "table.csv", index=False)
    return tables.convert(folder / "table.csv", "table.csv", folder / "table.parquet")


@pytest.mark.parametrize("profiled", [True, False])
def test_a_suggestion_fits_the_columns_and_gives_a_reason_for_each_step(
    profiled: bool, tmp_path: Path
) -> None:
    frame = classification_rows(mixed(300)).assign(
        note=[f"the quick brown fox number {place % 90} jumps" for place in range(300)],
        city=[f"city {place % 60}" for place in range(300)],
        wild=np.append(np.random.default_rng(0).normal(size=299), 1e6),
    )
    info = described(frame, tmp_path)
    profile = building.profile([tmp_path / "table.parquet"]) if profiled else None
    found = suggesting.suggest(CHURN, info, profile)
    assert len(found.steps) == len(found.reasons)
    by_kind = {(step.kind, step.options.get("method")): step for step in found.steps}
    assert by_kind["drop", None].columns == ["key", "country"]
    assert by_kind["text", None].columns == ["note"]
    assert by_kind["encode", "target"].columns == ["city"]
    assert by_kind["encode", "one_hot"].columns == ["plan"]
    assert by_kind["clip", "quantile"].columns == ["wild"]
    assert "hour" not in by_kind["dates", None].options["parts"]
    assert any("'key' looks like an identifier" in reason for reason in found.reasons)


def test_numbers_that_are_names_or_moments_are_not_taken_for_amounts(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "userId": chance.integers(1, 60, 300),
            "order_id": np.arange(300),
            "paid": chance.integers(1, 60, 300),
            "timestamp": [0, *chance.integers(1_100_000_000, 1_400_000_000, 299)],
            "seen_at": chance.integers(1_100_000_000_000, 1_400_000_000_000, 300),
            "churn": chance.permutation(300) % 2,
        }
    )
    found = suggesting.suggest(CHURN, described(frame, tmp_path))
    steps = [step.to_json() for step in found.steps]
    assert {"step": "drop", "columns": ["order_id"]} in steps
    converted = {
        step["to"] + " " + step["unit"]: step["columns"] for step in steps if step["step"] == "convert"
    }
    assert converted == {
        "time seconds": ["timestamp"], "time milliseconds": ["seen_at"], "text seconds": ["userId"],
    }  # fmt: skip
    assert [step["columns"] for step in steps if step["step"] == "dates"] == [["timestamp", "seen_at"]]
    assert [step["columns"] for step in steps if step["step"] == "encode"] == [["userId"]]
    shown = previewing.preview(found.steps, frame, "churn", Making())
    assert [one.error for one in shown] == [None] * len(found.steps)


def test_a_preview_shows_the_made_columns_beside_those_they_come_from() -> None:
    frame = pd.DataFrame({f"c{place}": list("abcd") * 10 for place in range(20)}).assign(churn=[0, 1] * 20)
    shown = previewing.preview(parsing.parse([{"step": "encode"}]), frame, "churn", Making())[0]
    assert list(shown.before) == ["c0", "c1", "c2"]
    assert len(shown.after) == 12


def test_a_suggested_recipe_trains_as_well_as_the_options(tmp_path: Path) -> None:
    for spec, frame, estimator, metric in (
        (CHURN, classification_rows(mixed()), "logistic_regression", "test_roc_auc"),
        (PRICE, regression_rows(mixed()), "ridge", "test_r2"),
    ):
        steps = [step.to_json() for step in suggesting.suggest(spec, described(frame, tmp_path)).steps]
        suggested = training.train(
            spec, recipes.parse({"estimator": estimator, "steps": steps}), frame, silent
        )
        flat = training.train(spec, recipes.parse({"estimator": estimator}), frame, silent)
        assert suggested.metrics[metric] > flat.metrics[metric] - 0.02
