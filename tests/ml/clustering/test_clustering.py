"""Clustering end to end: every estimator, metrics by hand, choice of the number, profiles, rows that cannot be used."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_blobs

from mlregistry.errors import Invalid
from mlregistry.ml import metrics, packaging, problems, recipes, tables, training
from mlregistry.ml.clustering.clusterers import DensityReach, DensityTree, Means, Mixture
from mlregistry.ml.clustering.estimators import CLUSTERING
from mlregistry.ml.clustering.metrics import Clusters
from mlregistry.ml.clustering.stability import stability
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.signature import kind_of
from mlregistry.ml.steps import suggesting
from mlregistry.ml.training_result import TrainingResult
from tests.ml.frames import silent

SPEC = ProblemSpec("clustering", (), "group", "silhouette", "maximize")


def blobs(n_rows: int = 150, seed: int = 3) -> pd.DataFrame:
    """Three clear groups in two numbers, a category that goes along, a time, a gap, and the known group."""
    centres = [(-8, 0), (8, 0), (0, 12)]
    values, groups = make_blobs(n_rows, centers=centres, cluster_std=1.0, random_state=seed)
    frame = pd.DataFrame(values, columns=["east", "north"])
    frame["plan"] = np.array(["basic", "plus", "pro"])[groups]
    frame.loc[0, "east"] = np.nan
    return frame.assign(empty=np.nan, constant=1, group=np.array(["x", "y", "z"])[groups])


def train(
    frame: pd.DataFrame, estimator: str = "k_means", spec: ProblemSpec = SPEC, **recipe: Any
) -> TrainingResult:
    return training.train(
        spec, recipes.parse({"estimator": estimator, **recipe}, kind="clustering"), frame, silent
    )


@pytest.mark.parametrize("name", CLUSTERING)
def test_every_clustering_finds_three_clear_groups(name: str, tmp_path: Path) -> None:
    result = train(blobs(), name)
    assert result.n_rows["clusters"] == 3
    assert result.metrics["test_adjusted_rand"] > 0.9
    assert result.metrics["test_silhouette"] > 0.6
    assert result.metrics["train_stability"] > 0.8
    assert {"sizes", "map", "profiles"} <= set(result.curves)
    json.dumps([result.curves, result.input_example, result.signature.to_json()], allow_nan=False)
    names = [field.name for field in result.signature.inputs]
    assert "group" not in names
    assert kind_of(result.signature.to_json()) == "clustering"
    frame = result.signature.frame([{**row} for row in result.input_example])
    answers = []
    for file in packaging.save(result.pipeline, tmp_path):
        answers.append(packaging.predict(packaging.load(tmp_path, file), result.signature, frame))
    assert answers[0] == answers[1]
    assert all(isinstance(label, int) and -1 <= label < 3 for label in answers[0]["predictions"])


def test_the_number_of_clusters_is_chosen_and_drawn() -> None:
    rows = blobs()[["east", "north"]].dropna().to_numpy()
    for estimator in (Means(random_state=0), Mixture(random_state=0)):
        estimator.fit(rows)
        assert estimator.k_ == 3
        (series,) = estimator.choice_["choice_of_k"]["series"]
        assert 3 in series["x"]
    knee = DensityReach().fit(rows)
    assert 0.1 < knee.eps_ < 4
    assert "choice_of_eps" in knee.choice_
    assert Means(n_clusters=5, random_state=0).fit(rows).k_ == 5


def test_a_point_far_from_everything_is_noise_and_a_near_one_is_not() -> None:
    rows = blobs()[["east", "north"]].dropna().to_numpy()
    for estimator in (DensityReach(), DensityTree()):
        estimator.fit(rows)
        far, near = estimator.predict(np.array([[500.0, 500.0], [8.0, 0.0]]))
        assert far == -1
        assert near >= 0


def test_metrics_follow_their_formulas() -> None:
    matrix = np.array([[0.0], [1.0], [10.0], [11.0], [500.0]])
    labels = np.array([0, 0, 1, 1, -1])
    found = metrics.measure("clustering", Clusters(matrix, labels, np.array([0, 0, 1, 1, 2]), 0.5))
    one, two = 1 - 1 / 10.5, 1 - 1 / 9.5  # a is 1; b is the mean distance to the other cluster
    assert found["silhouette"] == pytest.approx((one + two) / 2)
    assert found["davies_bouldin"] == pytest.approx((0.5 + 0.5) / 10)
    assert found["calinski_harabasz"] == pytest.approx((2 * 2 * 25 / 1) / (4 * 0.25 / 2))
    assert (found["noise_share"], found["stability"]) == (0.2, 0.5)
    assert found["adjusted_rand"] == found["normalized_mutual_info"] == pytest.approx(1.0)
    alone = metrics.measure("clustering", Clusters(matrix, np.zeros(5, dtype=int)))
    assert set(alone) == {"noise_share"}


def test_what_is_no_cluster_is_not_steady() -> None:
    chance = np.random.default_rng(0)
    blurred = stability(Means(n_clusters=6, random_state=0), chance.uniform(size=(200, 4)), 0)
    clear = stability(Means(n_clusters=3, random_state=0), blobs()[["east", "north"]].dropna().to_numpy(), 0)
    assert blurred < 0.8 < clear


def test_profiles_say_what_tells_a_cluster_apart() -> None:
    profiles = train(blobs()).curves["profiles"]["clusters"]
    assert sum(cluster["n_rows"] for cluster in profiles) == 120
    for cluster in profiles:
        told = {column["name"]: column for column in cluster["columns"]}
        assert told["plan"]["values"][0]["share"] == 1.0
        assert "group" not in told
        assert "empty" not in told
        assert abs(told["east"]["distance"]) > 1 or abs(told["north"]["distance"]) > 1


def test_the_same_recipe_gives_the_same_result() -> None:
    one, two = (train(blobs(), "k_means", seed=5) for _ in range(2))
    assert (one.metrics, one.curves) == (two.metrics, two.curves)


def test_steps_prepare_the_columns_and_those_that_need_a_target_are_refused() -> None:
    steps: list[dict[str, Any]] = [
        {"step": "duplicates"}, {"step": "drop", "columns": ["empty", "constant", "plan"]},
        {"step": "drop_rows", "columns": ["east"]}, {"step": "scale"},
        {"step": "select", "method": "variance"},
    ]  # fmt: skip
    steps.sort(key=lambda step: step["step"] not in ("duplicates", "drop_rows"))
    result = train(blobs(), steps=steps)
    assert [field.name for field in result.signature.inputs] == ["east", "north"]
    for bad in ({"step": "encode", "method": "target"}, {"step": "select", "method": "forest"}):
        with pytest.raises(Invalid, match="learns from the target, and a clustering has none"):
            train(blobs(), steps=[*steps, bad])


def test_suggested_steps_need_no_target(tmp_path: Path) -> None:
    frame = blobs(600).assign(town=[f"t{i % 60}" for i in range(600)])
    frame.to_csv(tmp_path / "t.csv", index=False)
    info = tables.convert(tmp_path / "t.csv", "t.csv", tmp_path / "t.parquet")
    steps = [step.to_json() for step in suggesting.suggest(SPEC, info).steps]
    assert any(step.get("method") == "frequency" for step in steps)
    assert train(frame, steps=steps).metrics["test_silhouette"] > 0


@pytest.mark.parametrize(
    ("frame", "estimator", "params", "words"),
    [
        (blobs(12), "k_means", {"n_clusters": 50}, "50 clusters were asked for, but the training rows hold"),
        (blobs(), "dbscan", {"eps": 1e-6}, "Every training row is noise"),
        (blobs(40), "hdbscan", {"min_cluster_size": 5000}, "larger than the 32 training rows"),
        (blobs()[["constant", "empty", "group"]], "k_means", {}, "The training rows are all alike"),
        (blobs()[["group"]], "k_means", {}, "no feature column"),
        (blobs().assign(east=np.inf), "k_means", {}, "'east' holds infinite values"),
        (blobs().drop(columns="group"), "k_means", {}, "no column 'group'"),
        (blobs(9), "k_means", {}, "at least 10 are needed"),
    ],
)  # fmt: skip
def test_rows_that_cannot_be_clustered_are_named(frame: Any, estimator: str, params: Any, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        train(frame, estimator, params=params)


def test_too_many_rows_for_a_method_are_refused() -> None:
    with pytest.raises(Invalid, match="at most 20,000 training rows"):
        CLUSTERING["agglomerative"].make({"n_clusters": 2, "most_clusters": 3, "linkage": "ward"}, 0).fit(
            np.arange(40_002.0).reshape(-1, 2)
        )


def test_a_problem_without_target_is_well_formed_and_checked(tmp_path: Path) -> None:
    assert problems.validate(replace(SPEC, target="")).target == ""
    with pytest.raises(Invalid, match="cannot be a feature"):
        problems.validate(replace(SPEC, features=("group",)))
    with pytest.raises(Invalid, match="stability over resampling instead of folds"):
        train(blobs(), folds=3)
    blobs().to_csv(tmp_path / "t.csv", index=False)
    info = tables.convert(tmp_path / "t.csv", "t.csv", tmp_path / "t.parquet")
    found = problems.check(replace(SPEC, target="segment"), info, tmp_path / "t.parquet")
    assert [row.column for row in found if row.severity == "error"] == ["segment"]
    assert not [row for row in problems.check(SPEC, info, tmp_path / "t.parquet") if row.severity == "error"]
    assert (
        "test_adjusted_rand"
        not in train(blobs().drop(columns="group"), spec=replace(SPEC, target="")).metrics
    )
