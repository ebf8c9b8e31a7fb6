"""Problems of recommendation and clustering: their own words for columns, baselines, what they have not."""

import io
from typing import Any

import pytest
from django.test import Client

from experiments.actions import datasets, problems, training
from experiments.models import DatasetVersion, Problem
from experiments.queries import recipes as recipe_queries
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.errors import Conflict, Invalid
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import State
from mlregistry.ml.steps import parsing
from tests.ml.clustering.test_clustering import blobs
from tests.ml.recommendation.tables import two_tastes

pytestmark = pytest.mark.django_db


def version_of(frame: Any, by: Actor) -> DatasetVersion:
    dataset = datasets.create_dataset("Table", by=by)
    return datasets.add_version(
        dataset, io.BytesIO(frame.to_csv(index=False).encode()), filename="t.csv", by=by
    )


def recommendation(by: Actor, **fields: Any) -> Problem:
    keys = {"user_column": "user", "item_column": "item", "time_column": "moment"}
    return problems.create_problem("Next", kind="recommendation", by=by, **{**keys, **fields})


def test_a_recommendation_names_its_user_and_item_columns(editor: Actor) -> None:
    problem = recommendation(editor)
    assert problem.granularity == ["user", "item"]
    assert (problem.primary_metric, problem.direction) == ("ndcg_at_10", "maximize")
    assert (problem.key_column(0), problem.key_column(1)) == ("user", "item")
    changed = problems.update_problem(problem, item_column="product", by=editor)
    assert changed.granularity == ["user", "product"]
    with pytest.raises(Invalid, match="names its item column") as caught:
        problems.create_problem("Half", kind="recommendation", user_column="user", by=editor)
    assert caught.value.field == "item_column"
    with pytest.raises(Invalid, match="Only a recommendation has"):
        problems.create_problem("Other", kind="regression", target="y", user_column="user", by=editor)


def test_its_columns_stay_once_runs_were_trained(editor: Actor) -> None:
    problem = recommendation(editor)
    _, runs, job = training.start_training(
        problem, version_of(two_tastes(), editor), recipes=[{"estimator": "ease"}], by=editor
    )
    assert [(run.estimator, run.is_baseline) for run in runs] == [("popularity", True), ("ease", False)]
    assert run_here(job).state == State.SUCCEEDED
    with pytest.raises(Conflict, match="granularity stays"):
        problems.update_problem(problem, item_column="moment2", by=editor)


def test_a_clustering_has_no_baseline_and_needs_no_target(editor: Actor) -> None:
    problem = problems.create_problem("Groups", kind="clustering", by=editor)
    version = version_of(blobs().drop(columns="group"), editor)
    _, runs, job = training.start_training(
        problem, version, recipes=[{"estimator": "agglomerative"}], by=editor
    )
    assert [run.is_baseline for run in runs] == [False]
    assert run_here(job).state == State.SUCCEEDED
    steps = recipe_queries.suggest(problem, version).steps
    assert recipe_queries.preview(problem, version, steps)
    with pytest.raises(Invalid, match="problems with a target"):
        recipe_queries.python(problem, parsing.parse([{"step": "scale"}]))


def test_a_recommendation_has_no_recipe_of_columns(editor: Actor) -> None:
    with pytest.raises(Invalid, match="no columns to prepare"):
        recipe_queries.suggest(recommendation(editor), version_of(two_tastes(), editor))


def test_the_forms_speak_of_users_items_and_known_groups(client: Client, bob: User) -> None:
    client.force_login(bob)
    form = {"name": "Next", "kind": "recommendation", "user_column": "user", "primary_metric": "ndcg_at_10"}
    refused = client.post("/problems/new", form)
    assert refused.status_code == 400
    assert "names its item column" in refused.content.decode()
    made = client.post("/problems/new", {**form, "item_column": "item", "rating_column": "stars"})
    assert made.status_code == 302
    problem = Problem.objects.get(name="Next")
    assert (problem.target, problem.granularity) == ("stars", ["user", "item"])
    page = client.get(f"/problems/{problem.pk}/").content.decode()
    assert "Rating column" in page
    assert "Select features" not in page
    edit = client.get(f"/problems/{problem.pk}/edit").content.decode()
    assert 'value="stars"' in edit
    train = client.get(f"/problems/{problem.pk}/train").content.decode()
    assert "Preparation of the columns" not in train
    group = {"name": "Groups", "kind": "clustering", "label_column": "group", "primary_metric": "silhouette"}
    assert client.post("/problems/new", group).status_code == 302
    assert Problem.objects.get(name="Groups").target == "group"
