"""Evaluations of trained runs: intervals, looks at the test rows, comparisons, pages and the API."""

import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from experiments.actions import datasets, explanations
from experiments.actions import training as actions
from experiments.actions.test_uses import record_test_use
from experiments.models import Artifact, DatasetVersion, Evaluation, Experiment, Problem, Run, TestUse
from experiments.queries import run_comparisons, standing, test_predictions, test_uses
from experiments.queries import runs as run_queries
from mlregistry.accounts.actor import Actor
from mlregistry.errors import Conflict, Forbidden
from mlregistry.jobs.inline import run_here

from .conftest import churn_csv

pytestmark = pytest.mark.django_db
RECIPES: list[dict[str, Any]] = [
    {"estimator": "logistic_regression"},
    {"estimator": "k_nearest_neighbors", "params": {"n_neighbors": 40}},
]


def trained(
    problem: Problem, version: DatasetVersion, by: Actor, **shared: Any
) -> tuple[Experiment, list[Run]]:
    recipes = [{**recipe, **shared} for recipe in RECIPES]
    experiment, runs, job = actions.start_training(problem, version, recipes=recipes, by=by)
    done = run_here(job)
    assert done.result == {"n_finished": 3, "n_failed": 0}, done.error
    related = Run.objects.select_related("problem", "dataset_version", "experiment__problem")
    return experiment, [related.get(pk=run.pk) for run in runs]


def test_a_run_keeps_intervals_predictions_and_the_look_at_its_test_rows(
    problem: Problem, version: DatasetVersion, editor: Actor
) -> None:
    _, (baseline, logistic, tree) = trained(problem, version, editor)
    found = Evaluation.objects.get(run=logistic)
    for name, (low, high) in found.intervals.items():
        value = logistic.latest_metrics.get(key=f"test_{name}").value
        assert low - 1e-6 <= value <= high + 1e-6, name
    assert {"roc_auc", "accuracy", "log_loss", "mcc"} <= set(found.intervals)
    assert found.document["drawn"] == "rows of each class"
    frame = test_predictions.frame(logistic)
    assert frame is not None
    assert len(frame) == found.document["n_test"] == 24
    assert list(frame) == ["truth", "predicted", "probability_0", "probability_1"]
    assert (frame["truth"] == frame["predicted"]).mean() == logistic.latest_metrics.get(
        key="test_accuracy"
    ).value
    digests = set(Evaluation.objects.values_list("document__test_digest", flat=True))
    assert len(digests) == 1
    looks = [test_uses.looks(run) for run in (baseline, logistic, tree)]
    assert [(one.n, one.place, one.first_run) for one in looks if one] == [
        (3, 1, "Baseline"), (3, 2, "Baseline"), (3, 3, "Baseline"),
    ]  # fmt: skip
    record_test_use(tree, digests.pop(), target="churned", by=editor)
    assert TestUse.objects.count() == 3


def test_viewers_record_no_look(
    problem: Problem, version: DatasetVersion, viewer: Actor, editor: Actor
) -> None:
    _, runs = trained(problem, version, editor)
    with pytest.raises(Forbidden):
        record_test_use(runs[0], "0" * 64, target="churned", by=viewer)


def test_runs_on_the_same_test_rows_are_compared_by_paired_resamples(
    problem: Problem, version: DatasetVersion, editor: Actor
) -> None:
    experiment, (baseline, logistic, tree) = trained(problem, version, editor)
    found = run_comparisons.compare(logistic, baseline)
    assert (found.verdict, found.method) == ("better", run_comparisons.RESAMPLES)
    assert found.sentence.startswith(
        "Logistic regression is better than Baseline by more than noise on the same test"
    )
    assert found.difference == pytest.approx(0.5)
    back = run_comparisons.compare(baseline, logistic)
    assert back.verdict == "worse"
    assert back.difference == pytest.approx(-0.5)
    assert found.mcnemar is not None
    assert found.mcnemar["n"] == 24
    assert run_comparisons.compare(logistic, tree).verdict == "no_difference"
    rows = standing.leaderboard(Experiment.objects.get(pk=experiment.pk), metric=None, limit=10)
    by_name = {row.run.name: row for row in rows}
    assert by_name["Baseline"].like_best is False
    assert [row.is_best or row.like_best for row in rows] == [True, True, False]
    assert all(row.low is not None and row.low <= (row.score or 0) + 1e-6 for row in rows)


def test_a_run_is_compared_with_many_by_as_many_queries_as_with_one(
    problem: Problem, version: DatasetVersion, editor: Actor
) -> None:
    _, (baseline, logistic, tree) = trained(problem, version, editor)
    numbers = []
    for others in ([baseline], [baseline, tree]):
        with CaptureQueriesContext(connection) as captured:
            found = run_comparisons.compare_each(logistic, others)
        assert found == [run_comparisons.compare(logistic, other) for other in others]
        assert all(one.mcnemar for one in found)
        numbers.append(len(captured))
    assert numbers == [2, 2]


def test_runs_with_the_same_folds_are_compared_over_them(
    problem: Problem, version: DatasetVersion, editor: Actor
) -> None:
    _, (baseline, logistic, _) = trained(problem, version, editor, folds=4, repeats=2)
    found = run_comparisons.compare(logistic, baseline)
    assert (found.verdict, found.method) == ("better", run_comparisons.FOLDS)
    document = Evaluation.objects.get(run=logistic).document
    assert len(document["folds"]["roc_auc"]) == 8
    assert document["held_share"] == pytest.approx(1 / 3, abs=0.01)


def test_not_comparable_is_an_answer_with_its_reason(
    problem: Problem, version: DatasetVersion, editor: Actor, experiment: Experiment
) -> None:
    _, (_, one, _) = trained(problem, version, editor)
    _, (_, other, _) = trained(problem, version, editor, seed=7)
    found = run_comparisons.compare(one, other)
    assert found.verdict == "not_comparable"
    assert "neither folds nor test rows in common" in found.sentence
    logged = Run.objects.create(experiment=experiment, name="from code")
    assert "no evaluation" in run_comparisons.compare(one, logged).reason
    one.dataset_version = None
    assert "other data" in run_comparisons.compare(one, other).reason


def noisy(version: DatasetVersion, by: Actor) -> DatasetVersion:
    """Every fifth label turned round, so that no model is perfect."""
    swapped = {"yes": "no", "no": "yes"}
    lines = churn_csv(300).decode().splitlines()
    for place in range(1, len(lines), 5):
        row, _, label = lines[place].rpartition(",")
        lines[place] = f"{row},{swapped[label]}"
    table = io.BytesIO("\n".join(lines).encode())
    return datasets.add_version(version.dataset, table, filename="noisy.csv", by=by)


def test_the_pages_and_the_api_tell(
    problem: Problem, version: DatasetVersion, editor: Actor, client: Client, bob: Any, charlie: Any
) -> None:
    experiment, (baseline, logistic, tree) = trained(problem, noisy(version, editor), editor)
    client.force_login(bob)
    page = client.get(f"/runs/{logistic.pk}/").content.decode()
    assert "were looked at 3 times" in page
    assert "bootstrap resamples of rows of each class" in page
    page = client.get(f"/compare?run={logistic.pk}&run={baseline.pk}").content.decode()
    assert "is better than Baseline by more than noise" in page
    page = client.get(f"/experiments/{experiment.pk}/").content.decode()
    assert "like the best" in page
    assert "±" in page
    answer = client.get(f"/api/v1/runs/{logistic.pk}/evaluation").json()
    assert answer["test_uses"]["n"] == 3
    assert answer["evaluation"]["intervals"]["roc_auc"]
    answer = client.get(f"/api/v1/runs/{logistic.pk}/comparison?with={baseline.pk}").json()
    assert answer["verdict"] == "better"
    assert client.get(f"/api/v1/runs/{logistic.pk}/comparison?with=x").status_code == 400
    board = client.get(f"/api/v1/experiments/{experiment.pk}/leaderboard").json()
    assert [row["like_best"] for row in board][-1] is False
    client.force_login(charlie)
    assert client.get(f"/api/v1/runs/{logistic.pk}/evaluation").status_code == 404
    assert client.get(f"/api/v1/runs/{logistic.pk}/comparison?with={tree.pk}").status_code == 404


def test_predictions_are_a_file_of_the_run(problem: Problem, version: DatasetVersion, editor: Actor) -> None:
    _, runs = trained(problem, version, editor)
    paths = Artifact.objects.filter(run=runs[1]).values_list("path", flat=True)
    assert "evaluation/test_predictions.parquet" in paths


def test_a_run_is_explained_by_a_job(
    problem: Problem, version: DatasetVersion, editor: Actor, viewer: Actor, experiment: Experiment
) -> None:
    _, (_, logistic, _) = trained(problem, version, editor)
    with pytest.raises(Forbidden):
        explanations.start_explanation(logistic, by=viewer)
    job = explanations.start_explanation(logistic, by=editor)
    assert explanations.start_explanation(logistic, by=editor) == job
    done = run_here(job)
    assert done.result is not None, done.error
    assert "shapley" in done.result["curves"]
    assert {"learning_curve", "dependence_1", "shapley"} <= set(run_queries.curves(logistic))
    logged = Run.objects.create(experiment=experiment, name="from code", status="FINISHED")
    with pytest.raises(Conflict, match="trained here"):
        explanations.start_explanation(logged, by=editor)
