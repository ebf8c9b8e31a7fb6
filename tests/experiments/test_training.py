"""Training jobs: every recipe a run, a failure stays its own, cancelling and resuming."""

from pathlib import Path
from typing import Any

import pytest

from experiments.actions import experiments as experiment_actions
from experiments.actions import problems as problem_actions
from experiments.actions import training as actions
from experiments.actions.settling import settle_runs
from experiments.models import DatasetVersion, Experiment, Problem, Run, RunStatus
from experiments.queries import runs as queries
from experiments.workers import training as worker
from mlregistry.accounts.actor import Actor
from mlregistry.artifacts import store
from mlregistry.errors import Conflict, Forbidden, Invalid
from mlregistry.jobs.actions import jobs as job_actions
from mlregistry.jobs.context import JobCancelled, JobContext
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State
from mlregistry.ml import packaging
from mlregistry.ml import training as ml_training

pytestmark = pytest.mark.django_db
RECIPES: list[dict[str, Any]] = [
    {"estimator": "logistic_regression"},
    {"estimator": "decision_tree", "params": {"max_depth": 3}},
]


@pytest.fixture
def started(problem: Problem, version: DatasetVersion, editor: Actor) -> tuple[Experiment, list[Run], Job]:
    return actions.start_training(problem, version, recipes=RECIPES, by=editor)


def statuses(experiment: Experiment) -> dict[str, str]:
    return dict(Run.objects.filter(experiment=experiment).values_list("estimator", "status"))


def test_a_job_trains_every_recipe_and_a_baseline(started: Any, problem: Problem, tmp_path: Path) -> None:
    experiment, runs, job = started
    assert [run.estimator for run in runs] == ["dummy", "logistic_regression", "decision_tree"]
    assert set(statuses(experiment).values()) == {"SCHEDULED"}
    done = run_here(job)
    assert (done.state, done.result) == (State.SUCCEEDED, {"n_finished": 3, "n_failed": 0}), done.error
    assert set(statuses(experiment).values()) == {"FINISHED"}
    board = queries.leaderboard(Experiment.objects.select_related("problem").get(pk=experiment.pk))
    assert board[0].is_best
    assert board[0].beats_baseline
    assert board[-1].run.is_baseline
    assert board[0].metrics["test_roc_auc"] == board[0].score
    tree = next(row for row in board if row.run.estimator == "decision_tree")
    assert tree.params["max_depth"] == "3"
    assert tree.params["split.method"] == "train_test"
    assert tree.run.signature is not None
    assert tree.run.input_example
    assert {"roc", "confusion_matrix"} <= set(queries.curves(tree.run))
    assert [file.path for file in queries.artifacts(tree.run)] == [
        "evaluation/test_predictions.parquet", "model/model.joblib", "model/model.skops",
    ]  # fmt: skip
    for artifact in queries.artifacts(tree.run, prefix="model/"):
        name = artifact.path.split("/")[-1]
        with store.local_path(artifact.file) as path:
            (tmp_path / name).write_bytes(path.read_bytes())
        file = packaging.ModelFile(name.split(".")[-1], name, artifact.file.size, artifact.file.sha256)
        assert packaging.load(tmp_path, file) is not None


def test_a_failing_estimator_fails_its_own_run_and_the_others_go_on(
    started: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment, _, job = started
    train = ml_training.train

    def sometimes(spec: Any, recipe: Any, *rest: Any) -> Any:
        if recipe.estimator == "logistic_regression":
            raise ZeroDivisionError("no luck")
        return train(spec, recipe, *rest)

    monkeypatch.setattr(ml_training, "train", sometimes)
    assert run_here(job).result == {"n_finished": 2, "n_failed": 1}
    failed = Run.objects.get(experiment=experiment, status=RunStatus.FAILED)
    assert (failed.estimator, failed.error) == ("logistic_regression", "ZeroDivisionError: no luck")
    assert failed.ended_at is not None


def test_a_job_whose_runs_all_fail_has_failed(started: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> None:
        raise Invalid("Bad numbers.")

    monkeypatch.setattr(ml_training, "train", fail)
    done = run_here(started[2])
    assert done.state == State.FAILED
    assert "Bad numbers." in done.error


def context(job: Job, *, stop_after: int = 10**9, events: list[dict[str, Any]] | None = None) -> JobContext:
    """A context of the job's current attempt that is cancelled after so many reports."""
    told = events if events is not None else []
    return JobContext(
        job_id=str(job.pk), attempt=job.attempt, send=told.append, stopped=lambda: len(told) >= stop_after
    )


def test_progress_grows_and_carries_the_run_s_name(started: Any) -> None:
    events: list[dict[str, Any]] = []
    worker.train(context(started[2], events=events), **started[2].args)
    fractions = [event["progress"] for event in events]
    assert fractions == sorted(fractions)
    assert any(event["message"].startswith("Decision tree: ") for event in events)


def test_a_cancelled_job_marks_the_remaining_runs_killed(started: Any) -> None:
    experiment, _, job = started
    events: list[dict[str, Any]] = []

    def stopped() -> bool:
        return any(event["message"].startswith("Logistic regression") for event in events)

    stopping = JobContext(job_id=str(job.pk), attempt=job.attempt, send=events.append, stopped=stopped)
    with pytest.raises(JobCancelled):  # as when the worker alone stops
        worker.train(stopping, **job.args)
    assert statuses(experiment) == {
        "dummy": "FINISHED", "logistic_regression": "SCHEDULED", "decision_tree": "SCHEDULED",
    }  # fmt: skip
    Job.objects.filter(pk=job.pk).update(cancel_requested_at=job.created_at)
    events.clear()
    with pytest.raises(JobCancelled):
        worker.train(stopping, **job.args)
    assert statuses(experiment) == {
        "dummy": "FINISHED", "logistic_regression": "KILLED", "decision_tree": "KILLED",
    }  # fmt: skip


def test_a_job_run_again_leaves_finished_runs_alone(started: Any) -> None:
    experiment, runs, job = started
    Run.objects.filter(pk=runs[0].pk).update(status=RunStatus.FINISHED, note="kept")
    Run.objects.filter(pk=runs[1].pk).update(status=RunStatus.RUNNING)
    events: list[dict[str, Any]] = []
    worker.train(context(job, events=events), **job.args)
    assert set(statuses(experiment).values()) == {"FINISHED"}
    assert not any(event["message"].startswith("Dummy") for event in events)
    first = next(event["message"] for event in events if ": " in event["message"])
    assert first.startswith("Decision tree")  # the interrupted one comes last
    assert not Run.objects.get(pk=runs[0].pk).latest_metrics.exists()


def test_a_worker_that_lost_the_job_writes_nothing(started: Any) -> None:
    experiment, _, job = started
    stale = context(job)
    Job.objects.filter(pk=job.pk).update(attempt=job.attempt + 1)
    with pytest.raises(JobCancelled):
        worker.train(stale, **job.args)
    assert set(statuses(experiment).values()) == {"SCHEDULED"}


def test_runs_of_a_job_cancelled_in_the_queue_are_killed(started: Any, editor: Actor) -> None:
    experiment, _, job = started
    actions.cancel_training(job, by=editor)
    assert set(statuses(experiment).values()) == {"KILLED"}


def test_runs_of_a_job_that_died_carry_its_reason(started: Any, editor: Actor) -> None:
    experiment, _, job = started
    assert settle_runs(editor.team) == 0
    Job.objects.filter(pk=job.pk).update(state=State.FAILED, error="It used more than 2,048 MB.")
    assert settle_runs(editor.team) == 3
    run = Run.objects.filter(experiment=experiment).first()
    assert run is not None
    assert (run.status, run.error) == ("FAILED", "It used more than 2,048 MB.")


def test_every_training_of_an_experiment_is_cancelled_at_once(
    started: Any, editor: Actor, viewer: Actor
) -> None:
    with pytest.raises(Forbidden):
        actions.cancel_trainings(started[0], by=viewer)
    assert actions.cancel_trainings(started[0], by=editor) == 1
    assert actions.cancel_trainings(started[0], by=editor) == 0


def test_a_cancelled_job_can_run_again(started: Any, editor: Actor) -> None:
    experiment, _, job = started
    actions.cancel_training(job, by=editor)
    assert run_here(job_actions.retry(job, by=editor)).state == State.SUCCEEDED
    assert set(statuses(experiment).values()) == {"FINISHED"}


def test_a_second_training_gets_an_experiment_of_its_own_or_the_one_named(
    started: Any, problem: Problem, version: DatasetVersion, editor: Actor
) -> None:
    again, _, _ = actions.start_training(problem, version, recipes=RECIPES, by=editor)
    assert again.name == f"{started[0].name} 2"
    same, runs, _ = actions.start_training(
        problem, version, recipes=[{"estimator": "dummy"}], experiment=again, by=editor
    )
    assert same.pk == again.pk
    assert len(runs) == 1


@pytest.mark.parametrize(
    ("recipes", "field"),
    [
        ([], "recipes"),
        ([{"estimator": "oracle"}], "recipes.0.estimator"),
        ([{"estimator": "dummy"}, {"estimator": "dummy", "seed": -1}], "recipes.1.seed"),
        ([{"estimator": "decision_tree", "params": {"depth": 1}}], "recipes.0.params.depth"),
        ([{"estimator": "dummy"}] * 101, "recipes"),
    ],
)
def test_a_bad_recipe_is_named_and_nothing_starts(
    problem: Problem, version: DatasetVersion, editor: Actor, recipes: Any, field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        actions.start_training(problem, version, recipes=recipes, by=editor)
    assert caught.value.field == field
    assert not Job.objects.filter(kind="experiments.train").exists()
    assert not Experiment.objects.exists()


def test_a_table_that_does_not_fit_the_problem_is_refused(version: DatasetVersion, editor: Actor) -> None:
    problem = problem_actions.create_problem("P", kind="classification", target="gone", by=editor)
    with pytest.raises(Invalid) as caught:
        actions.start_training(problem, version, recipes=RECIPES, by=editor)
    assert caught.value.field == "dataset_version"
    assert "gone" in caught.value.message


def test_a_deleted_or_foreign_experiment_and_a_viewer_are_refused(
    problem: Problem,
    version: DatasetVersion,
    experiment: Experiment,
    editor: Actor,
    viewer: Actor,
    stranger: Actor,
) -> None:
    with pytest.raises(Forbidden):
        actions.start_training(problem, version, recipes=RECIPES, by=viewer)
    with pytest.raises(Invalid):
        actions.start_training(problem, version, recipes=RECIPES, by=stranger)
    foreign = experiment_actions.create_experiment("x", by=stranger)
    with pytest.raises(Invalid):
        actions.start_training(problem, version, recipes=RECIPES, experiment=foreign, by=editor)
    experiment_actions.delete_experiment(experiment, by=editor)
    with pytest.raises(Conflict):
        actions.start_training(problem, version, recipes=RECIPES, experiment=experiment, by=editor)


def test_metrics_and_the_look_at_the_test_rows_are_kept_before_the_charts(
    started: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment, _, job = started
    train = ml_training.train

    def breaks_late(*rest: Any) -> Any:
        train(*rest)
        raise ZeroDivisionError("no chart")

    monkeypatch.setattr(ml_training, "train", breaks_late)
    run_here(job)
    for run in Run.objects.filter(experiment=experiment):
        assert run.status == RunStatus.FAILED
        assert run.latest_metrics.filter(key="test_roc_auc").exists()
        assert run.test_uses.count() == 1
        assert not run.curves.exists()


def test_a_metric_that_was_told_early_is_logged_once(started: Any) -> None:
    experiment, _, job = started
    run_here(job)
    for run in Run.objects.filter(experiment=experiment):
        assert run.metric_points.filter(key="test_roc_auc").count() == 1
