"""Training a recommender end to end: splits by time, estimators, models as arrays, data that cannot be used."""

import json
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlregistry.errors import Invalid
from mlregistry.ml import packaging, problems, recipes, tables, training
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.recommendation import interactions
from mlregistry.ml.recommendation.estimators import NEED_EXTRA, NEED_RATINGS, RECOMMENDATION
from mlregistry.ml.recommendation.recommender import Recommender, Wish, load, popular
from mlregistry.ml.training_result import TrainingResult
from tests.ml.frames import silent
from tests.ml.recommendation.tables import EXPLICIT, IMPLICIT, two_tastes

LEARNING = [name for name in RECOMMENDATION if name not in {"popularity", *NEED_RATINGS, *NEED_EXTRA}]


def train(spec: ProblemSpec, frame: pd.DataFrame, estimator: str = "ease", **recipe: Any) -> TrainingResult:
    parsed = recipes.parse({"estimator": estimator, **recipe}, kind="recommendation")
    return training.train(spec, parsed, frame, silent)


@pytest.mark.parametrize("name", LEARNING)
def test_every_recommender_beats_what_is_popular(name: str) -> None:
    frame = two_tastes()
    baseline = train(IMPLICIT, frame, "popularity").metrics["test_ndcg_at_10"]
    result = train(IMPLICIT, frame, name)
    assert result.metrics["test_ndcg_at_10"] > baseline
    assert {"test_recall_at_5", "test_map_at_20", "test_coverage_at_10"} <= set(result.metrics)
    json.dumps([result.curves, result.input_example, result.signature.to_json()], allow_nan=False)
    assert set(result.curves) == {"by_length", "by_activity", "concentration"}


@pytest.mark.parametrize("name", sorted(NEED_RATINGS))
def test_models_of_ratings_are_measured_on_ratings_too(name: str) -> None:
    result = train(EXPLICIT, two_tastes(), name)
    assert 0 < result.metrics["test_mae"] <= result.metrics["test_rmse"] < 3
    assert any("count as liked" in warning for warning in result.warnings)
    with pytest.raises(Invalid, match="predicts ratings, but the problem has no target"):
        train(IMPLICIT, two_tastes(), name)


@pytest.mark.parametrize("name", sorted(NEED_EXTRA))
def test_models_of_the_extra_say_what_to_install_where_it_is_not(name: str) -> None:
    if find_spec("implicit"):
        assert train(IMPLICIT, two_tastes(), name).metrics["test_ndcg_at_10"] > 0
        return
    with pytest.raises(Invalid, match=r"pip install 'mlregistry\[recommendation\]'"):
        train(IMPLICIT, two_tastes(), name)


@pytest.mark.parametrize("name", ["item_neighbours", "ease", "svd", "nmf"])
def test_the_same_recipe_gives_the_same_result(name: str) -> None:
    one, two = (train(IMPLICIT, two_tastes(), name, seed=3).metrics for _ in range(2))
    assert one == two


def parted(
    frame: pd.DataFrame, spec: ProblemSpec = IMPLICIT, **split: Any
) -> tuple[pd.DataFrame, pd.DataFrame]:
    plan = recipes.parse({"estimator": "ease", "split": split}, kind="recommendation").split
    found = interactions.read(spec, plan, frame)
    parts = interactions.part(found, plan, 0)
    assert len(parts.train) + len(parts.validation) + len(parts.test) == len(found)
    return frame.iloc[parts.train], frame.iloc[parts.test]


def test_each_user_s_last_rows_are_the_test() -> None:
    before, after = parted(two_tastes().sample(frac=1, random_state=1).reset_index(drop=True))
    last, first = before.groupby("user")["moment"].max(), after.groupby("user")["moment"].min()
    assert (last < first).all()
    assert len(after) / (len(before) + len(after)) == pytest.approx(0.2, abs=0.05)


def test_leave_last_keeps_so_many_of_each_user_and_one_for_training() -> None:
    frame = two_tastes()
    _, after = parted(frame, method="leave_last", n_last=3)
    assert set(after.groupby("user").size()) == {3}
    before, _ = parted(frame, method="leave_last", n_last=500)
    assert set(before.groupby("user").size()) == {1}


def test_a_cut_at_one_moment_lets_nothing_later_be_learned() -> None:
    before, after = parted(two_tastes(), method="by_time", order="moment", test_fraction=0.25)
    assert before["moment"].max() < after["moment"].min()


def test_validation_lies_between_training_and_test() -> None:
    result = train(IMPLICIT, two_tastes(), split={"method": "train_validation_test"})
    assert {"validation_ndcg_at_10", "test_ndcg_at_10"} <= set(result.metrics)


def test_without_a_time_column_rows_are_drawn_and_it_is_told() -> None:
    result = train(replace(IMPLICIT, time_column=""), two_tastes())
    assert any("no time column" in warning for warning in result.warnings)


def test_what_a_user_had_before_counts_neither_as_recommended_nor_as_relevant() -> None:
    frame = two_tastes()
    again = frame.groupby("user").head(1).assign(moment=10**9)
    with_repeats = train(IMPLICIT, pd.concat([frame, again]), split={"method": "leave_last", "n_last": 2})
    assert with_repeats.n_rows["test"] == 2 * 60
    assert with_repeats.metrics["test_recall_at_20"] <= 1


def test_new_users_are_measured_on_what_they_are_served() -> None:
    frame = two_tastes()
    late = two_tastes().assign(  # as many rows, so that half of all are theirs
        user=lambda rows: "new" + rows["user"], moment=lambda rows: rows["moment"] + 10**9
    )
    result = train(
        IMPLICIT,
        pd.concat([frame, late]),
        split={"method": "by_time", "order": "moment", "test_fraction": 0.5},
    )
    assert result.n_rows["test_new_users"] == result.n_rows["test_users"] > 50
    assert result.metrics["test_recall_at_20"] > 0


# The model that is served


@pytest.fixture(scope="module")
def model() -> Any:
    return train(IMPLICIT, two_tastes()).pipeline


def test_a_list_leaves_out_what_the_user_had_and_what_is_excluded(model: Any) -> None:
    had = set(two_tastes().query("user == 'u1'")["item"])
    (first,), notes = model.recommend(["u1"], Wish(n=5))
    assert notes == []
    assert len(first) == 5
    assert [entry["score"] for entry in first] == sorted((entry["score"] for entry in first), reverse=True)
    (without,), _ = model.recommend(["u1"], Wish(n=5, exclude=(first[0]["item"],)))
    assert [entry["item"] for entry in without][:4] == [entry["item"] for entry in first][1:]
    (everything,), _ = model.recommend(["u1"], Wish(n=40, exclude_seen=False))
    assert len(everything) == 40
    (new,), _ = model.recommend(["u1"], Wish(n=40))
    trained = {entry["item"] for entry in everything} - {entry["item"] for entry in new}
    assert trained <= had


def test_an_unknown_user_gets_what_is_popular_or_what_goes_with_their_items(model: Any) -> None:
    lists, notes = model.recommend(["nobody", None], Wish(n=3))
    assert lists[0] == lists[1]
    assert "2 of 2 users are unknown" in notes[0]
    (odd,), notes = model.recommend([None], Wish(n=5, items=(1, 3, 5, 7, 999)))
    assert {entry["item"] % 2 for entry in odd} == {1}
    assert any("1 of 5 items are unknown to the model and were ignored" in note for note in notes)


@pytest.mark.parametrize("name", [*LEARNING, "popularity", "rating_factors"])
def test_a_model_is_stored_as_arrays_and_answers_as_before(name: str, tmp_path: Path) -> None:
    result = train(EXPLICIT, two_tastes(), name)
    (file,) = packaging.save(result.pipeline, tmp_path)
    assert (file.format, file.name) == ("arrays", "model.npz")
    again = packaging.load(tmp_path, file)
    for wish in (Wish(), Wish(items=(1, 2), n=3)):
        assert again.recommend(["u1", "u2", None], wish) == result.pipeline.recommend(
            ["u1", "u2", None], wish
        )
    frame = result.signature.frame([{"user": "u1"}, {"user": None}])
    answer = packaging.predict(again, result.signature, frame, {"n": 2})
    assert [len(row) for row in answer["predictions"]] == [2, 2]


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"PK\x03\x04 no archive", b"x" * 1000):
        (tmp_path / "model.npz").write_bytes(content)
        with pytest.raises(Invalid, match="is no recommender"):
            load(tmp_path / "model.npz")
    np.savez(tmp_path / "pickled.npz", format=np.array([object()], dtype=object))
    with pytest.raises(Invalid, match="is no recommender"):
        load(tmp_path / "pickled.npz")


def test_a_file_whose_arrays_do_not_fit_together_is_refused(tmp_path: Path, model: Recommender) -> None:
    broken = popular(model.user_keys, model.item_keys, model.seen)
    broken.popularity = broken.popularity[:-1]
    broken.save(tmp_path / "model.npz")
    with pytest.raises(Invalid, match="fit together"):
        load(tmp_path / "model.npz")


# Data that cannot be used


@pytest.mark.parametrize(
    ("spec", "change", "words"),
    [
        (IMPLICIT, lambda frame: frame.assign(user="u"), "holds 1 user"),
        (IMPLICIT, lambda frame: frame.assign(item=7), "holds 1 item"),
        (EXPLICIT, lambda frame: frame.assign(stars=3), "Every rating in 'stars' is 3"),
        (EXPLICIT, lambda frame: frame.assign(stars="good"), "holds no numbers"),
        (IMPLICIT, lambda frame: frame.assign(item=frame["item"] + 0.5), "text or a whole number"),
        (IMPLICIT, lambda frame: frame.drop(columns="item"), "no column 'item'"),
        (IMPLICIT, lambda frame: frame.assign(moment=None), "no readable time"),
        (IMPLICIT, lambda frame: frame.groupby("user").head(1), "No user has enough rows"),
        (IMPLICIT, lambda frame: frame.iloc[::90], "at least 10 are needed"),
    ],
)
def test_interactions_that_cannot_be_learned_from_are_named(
    spec: ProblemSpec, change: Any, words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        train(spec, change(two_tastes()))


def test_rows_with_gaps_are_left_out_and_told() -> None:
    frame = two_tastes()
    frame.loc[:4, "item"] = None
    result = train(IMPLICIT, frame)
    assert "5 rows without user, item or rating were left out." in result.warnings


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"granularity": ()}, "user_column", "names two columns"),
        ({"granularity": ("user",)}, "item_column", "names two columns"),
        ({"features": ("age",)}, "features", "no feature columns"),
        ({"time_column": "user"}, "time_column", "neither"),
        ({"primary_metric": "rmse"}, "direction", "to minimize"),
        ({"primary_metric": "roc_auc"}, "primary_metric", "no metric for recommendation"),
    ],
)
def test_a_problem_that_is_no_recommendation_is_refused(
    change: dict[str, Any], field: str, words: str
) -> None:
    with pytest.raises(Invalid, match=words) as caught:
        problems.validate(replace(IMPLICIT, **change))
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("spec", "change", "severity", "words"),
    [
        (EXPLICIT, lambda frame: frame, "", ""),
        (IMPLICIT, lambda frame: frame.assign(user="u"), "error", "nothing to tell apart"),
        (IMPLICIT, lambda frame: frame.drop(columns="user"), "error", "user column 'user' is not in the table"),
        (EXPLICIT, lambda frame: frame.assign(stars=3), "error", "is the same"),
        (EXPLICIT, lambda frame: frame.assign(stars="a"), "error", "a rating is a number"),
        (IMPLICIT, lambda frame: frame.assign(item=range(len(frame))), "error", "have an item in common"),
        (IMPLICIT, lambda frame: frame.groupby("user").head(1), "error", "nothing to hold back"),
        (IMPLICIT, lambda frame: frame.groupby("user").head(2), "warning", "little better than popularity"),
        (IMPLICIT, lambda frame: frame.assign(moment=frame["moment"].where(lambda x: x > 5)), "error", "have no order"),
    ],
)  # fmt: skip
def test_a_table_is_checked_as_interactions(
    tmp_path: Path, spec: ProblemSpec, change: Any, severity: str, words: str
) -> None:
    change(two_tastes()).to_csv(tmp_path / "t.csv", index=False)
    info = tables.convert(tmp_path / "t.csv", "t.csv", tmp_path / "t.parquet")
    found = problems.check(spec, info, tmp_path / "t.parquet")
    if not severity:
        assert found == []
        return
    assert any(row.severity == severity and words in row.message for row in found), found


def test_recipes_of_other_kinds_are_refused() -> None:
    for recipe, words in (
        ({"folds": 3}, "no cross-validation"),
        ({"steps": [{"step": "impute"}]}, "no steps"),
        ({"params": {"regularization": -1}}, "regularization"),
    ):
        with pytest.raises(Invalid, match=words):
            train(IMPLICIT, two_tastes(), **recipe)
    with pytest.raises(Invalid, match="for a recommendation only"):
        recipes.parse({"estimator": "ridge", "split": {"method": "leave_last"}}, kind="regression")
