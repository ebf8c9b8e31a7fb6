"""Studies: created with defaults, worked on by lanes, ended by their budgets; trials with leases and fencing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from experiments.actions import lanes
from experiments.actions import problems as problem_actions
from experiments.actions import studies as actions
from experiments.actions import trials as trial_actions
from experiments.actions.trials import Told
from experiments.models import (
    DatasetVersion,
    Param,
    Problem,
    Run,
    RunStatus,
    Study,
    StudyState,
    Trial,
    TrialState,
)
from experiments.queries import budgets
from experiments.queries import trials as trial_queries
from experiments.queries.study_contours import contour
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.errors import Conflict, Forbidden, Invalid
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State
from mlregistry.jobs.prices import Prices
from mlregistry.jobs.queue import enqueue
from tests.ml.clustering.test_clustering import blobs
from tests.ml.recommendation.tables import two_tastes

from .test_kinds import version_of

pytestmark = pytest.mark.django_db
SPACE: dict[str, Any] = {
    "estimators": {
        "logistic_regression": {"C": {"low": 0.01, "high": 10.0, "log": True}, "max_iter": 200},
        "decision_tree": {"max_depth": {"low": 1, "high": 4}},
    }
}
RECIPE = {"folds": 3}


@pytest.fixture
def study(problem: Problem, version: DatasetVersion, editor: Actor) -> Study:
    plan = {"max_trials": 4, "n_lanes": 1, "sampler": "random"}
    return actions.create_study(problem, version, space=SPACE, recipe=RECIPE, plan=plan, by=editor)


@pytest.fixture
def outside(editor: Actor) -> Study:
    """Trials are asked for and told from outside."""
    plan = {
        "objectives": [{"metric": "loss", "direction": "minimize"}],
        "max_trials": 20,
        "sampler": "random",
    }
    space = {"parameters": {"x": {"low": -1.0, "high": 1.0}}}
    return actions.create_study(None, None, name="Own code", space=space, plan=plan, by=editor)


def run_of(study: Study) -> Run:
    assert study.run is not None
    study.run.refresh_from_db()
    return study.run


def lane(study: Study) -> Job:
    job = run_here(study.lanes.select_related("job").latest("pk").job)
    study.refresh_from_db()
    return job


def claimed(study: Study, worker: str = "one", lease_seconds: float = 60) -> Trial:
    trial = trial_actions.claim_trial(study.pk, worker=worker, lease_seconds=lease_seconds)
    assert trial is not None
    return trial_actions.propose(trial.study, trial)


def told(value: float) -> Told:
    return Told(TrialState.COMPLETE, (value,), cpu_seconds=2.0)


def expire(trial: Trial) -> None:
    Trial.objects.filter(pk=trial.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_a_lane_measures_every_trial_and_the_best_is_trained_once(
    study: Study, bob: User, web: Callable[[User], Client]
) -> None:
    job = lane(study)
    assert (job.state, job.result) == (State.SUCCEEDED, {"n_trials": 4})
    assert (study.state, study.reason) == (StudyState.COMPLETE, "All 4 trials are done.")
    rows = list(study.trials.order_by("number"))
    assert [(row.number, row.state, row.attempt) for row in rows] == [
        (number, TrialState.COMPLETE, 1) for number in range(4)
    ]
    best = max(rows, key=lambda row: row.values[0] if row.values else 0)
    assert (study.best_number, study.best_value) == (best.number, best.values[0] if best.values else None)
    assert study.cpu_seconds == pytest.approx(sum(row.cpu_seconds or 0 for row in rows))
    assert study.winner is not None
    assert study.winner.job is not None
    run_here(study.winner.job)
    study.winner.refresh_from_db()
    assert study.winner.status == RunStatus.FINISHED, study.winner.error
    assert study.winner.latest_metrics.filter(key="test_roc_auc").exists()
    assert not Run.objects.filter(parent=study.run, latest_metrics__key="test_roc_auc").exclude(
        pk=study.winner.pk
    )
    page = web(bob).get(f"/studies/{study.pk}/").content.decode()
    assert "Register it as" in page
    assert f'action="/runs/{study.winner.pk}/register"' in page


def test_two_numeric_params_make_a_contour_and_one_does_not(editor: Actor) -> None:
    space = {"parameters": {name: {"low": 0.01, "high": 10.0, "log": True} for name in ("rate", "decay")}}
    objectives = [{"metric": "loss", "direction": "minimize"}]
    plan = {"objectives": objectives, "max_trials": 20, "sampler": "random"}
    found = actions.create_study(None, None, name="Two", space=space, plan=plan, by=editor)
    rows = [
        Trial(study=found, number=n, params={"rate": 0.1 * n + 0.1, "decay": 0.2 * n + 0.1}, values=[n / 10])
        for n in range(8)
    ]
    drawn = contour(found, rows, ["decay", "rate"])
    assert drawn is not None
    assert (drawn["x_title"], drawn["y_title"], drawn["log"], len(drawn["values"])) == (
        "decay",
        "rate",
        True,
        8,
    )
    assert contour(found, rows, ["decay"]) is None
    assert contour(found, rows[:4], ["decay", "rate"]) is None


def test_trials_are_child_runs_that_mlflow_clients_see(study: Study) -> None:
    lane(study)
    trial = study.trials.select_related("run").get(number=1)
    assert trial.run is not None
    assert trial.run.parent_id == study.run_id
    assert trial.run.status == RunStatus.FINISHED
    params = dict(Param.objects.filter(run=trial.run).values_list("key", "value"))
    assert params == {name: str(value) for name, value in (trial.params or {}).items()}
    keys = set(trial.run.latest_metrics.values_list("key", flat=True))
    assert {"roc_auc", "cv_roc_auc_mean", "cv_accuracy_mean"} <= keys


def test_the_same_study_alone_gives_the_same_trials(
    problem: Problem, version: DatasetVersion, editor: Actor
) -> None:
    plan = {"max_trials": 12, "n_lanes": 1, "sampler": "tpe"}
    space = {
        "estimators": {
            "decision_tree": {"max_depth": {"low": 1, "high": 4}, "min_samples_leaf": {"low": 1, "high": 20}}
        }
    }
    found = []
    for _ in range(2):
        one = actions.create_study(problem, version, space=space, recipe={"folds": 2}, plan=plan, by=editor)
        lane(one)
        found.append(list(one.trials.order_by("number").values_list("params", "values", "state")))
    assert found[0] == found[1]
    assert {state for _, _, state in found[0]} == {TrialState.COMPLETE}


def test_defaults_come_from_the_problem_alone(
    problem: Problem, version: DatasetVersion, editor: Actor
) -> None:
    made = actions.create_study(problem, version, by=editor)
    assert made.objectives == [{"metric": "roc_auc", "direction": "maximize"}]
    assert (made.sampler, made.max_trials, made.lanes.count()) == ("tpe", 50, 2)
    assert "hist_gradient_boosting" in made.space["estimators"]
    assert made.recipe["folds"] == 5


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"space": {"estimators": {}}}, "space.estimators"),
        ({"plan": {"sampler": "magic"}}, "sampler"),
        ({"plan": {"pruner": "magic"}}, "pruner"),
        ({"plan": {"max_trials": 0}}, "max_trials"),
        ({"plan": {"max_trials": True}}, "max_trials"),
        ({"plan": {"objectives": [{"metric": "rmse"}]}}, "objectives"),
        ({"plan": {"objectives": [{"metric": "roc_auc", "direction": "minimize"}]}}, "objectives"),
        ({"plan": {"warm_from": [99]}}, "warm_from"),
        ({"plan": {"max_cost": 5}}, "max_cost"),
        ({"plan": {"shares": [0.5, 0.1]}}, "shares"),
        ({"plan": {"colour": 1}}, "colour"),
        ({"recipe": {"folds": 0}}, "recipe.folds"),
        ({"recipe": {"estimator": "svm"}}, "recipe.estimator"),
    ],
)
def test_a_wrong_wish_names_its_field(
    problem: Problem, version: DatasetVersion, editor: Actor, change: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        actions.create_study(problem, version, **change, by=editor)
    assert caught.value.field == field
    assert not Study.objects.exists()


def test_others_are_refused(
    problem: Problem, version: DatasetVersion, viewer: Actor, stranger: Actor
) -> None:
    with pytest.raises(Forbidden):
        actions.create_study(problem, version, by=viewer)
    with pytest.raises(Invalid):
        actions.create_study(problem, version, by=stranger)


def test_a_trial_of_a_dead_worker_is_taken_again_with_its_params(outside: Study) -> None:
    first = claimed(outside)
    expire(first)
    second = claimed(outside, "two")
    assert (second.number, second.attempt, second.params) == (0, 2, first.params)
    assert second.run_id == Trial.objects.get(pk=first.pk).run_id
    with pytest.raises(Conflict, match="attempt 2"):
        trial_actions.tell_trial(first, told(0.5))
    with pytest.raises(Conflict):
        trial_actions.report_trial(outside, first, 1, 0.5, lease_seconds=60)
    assert not trial_actions.renew_trial(first, lease_seconds=60)
    trial_actions.tell_trial(second, told(0.25))
    outside.refresh_from_db()
    assert (outside.best_value, outside.cpu_seconds) == (0.25, 2.0)


def test_telling_twice_counts_once(outside: Study) -> None:
    trial = claimed(outside)
    trial_actions.tell_trial(trial, told(0.5))
    trial_actions.tell_trial(trial, told(0.5))
    with pytest.raises(Conflict):
        trial_actions.tell_trial(trial, told(0.4))
    outside.refresh_from_db()
    assert (outside.cpu_seconds, outside.best_value) == (2.0, 0.5)


def test_a_trial_that_takes_its_workers_with_it_is_given_up(outside: Study) -> None:
    for _ in range(3):
        expire(claimed(outside))
    assert claimed(outside).number == 1
    lost = outside.trials.get(number=0)
    assert lost.state == TrialState.FAILED
    assert "3 attempts" in lost.error


def test_a_report_is_kept_once_and_the_median_prunes(outside: Study) -> None:
    outside.pruner = "median"
    outside.save()
    for place in range(5):
        trial = claimed(outside)
        assert not trial_actions.report_trial(outside, trial, 1, 0.1 * place, lease_seconds=60)
        trial_actions.tell_trial(trial, told(0.1 * place))
    bad = claimed(outside)
    assert trial_actions.report_trial(outside, bad, 1, 5.0, lease_seconds=60)
    assert trial_actions.report_trial(outside, bad, 1, 5.0, lease_seconds=60)
    assert outside.trials.get(pk=bad.pk).intermediate == [[1, 5.0]]


def test_paused_it_gives_out_nothing_and_resumed_it_goes_on_where_it_was(study: Study, editor: Actor) -> None:
    trial = claimed(study)
    actions.pause_study(study, by=editor)
    assert trial_actions.claim_trial(study.pk, worker="x", lease_seconds=9) is None
    trial_actions.tell_trial(trial, told(0.9))
    assert lane(study).result == {"n_trials": 0}
    assert study.state == StudyState.PAUSED
    actions.resume_study(study, by=editor)
    assert lane(study).result == {"n_trials": 3}
    assert study.state == StudyState.COMPLETE
    assert sorted(study.trials.values_list("number", flat=True)) == [0, 1, 2, 3]


def test_cancelled_it_ends_at_once_and_trains_no_winner(study: Study, editor: Actor) -> None:
    trial = claimed(study)
    actions.cancel_study(study, by=editor)
    study.refresh_from_db()
    assert (study.state, study.winner) == (StudyState.CANCELLED, None)
    assert study.trials.get(pk=trial.pk).state == TrialState.FAILED
    assert {row.job.state for row in study.lanes.select_related("job")} == {State.CANCELLED}
    assert run_of(study).status == RunStatus.KILLED
    with pytest.raises(Conflict):
        trial_actions.tell_trial(trial, told(1.0))
    with pytest.raises(Conflict):
        actions.resume_study(study, by=editor)


def test_it_ends_after_trials_without_improvement(outside: Study) -> None:
    outside.patience = 3
    outside.save()
    for value in (0.5, 0.6, 0.7, 0.8):
        trial_actions.tell_trial(claimed(outside), told(value))
    assert trial_actions.claim_trial(outside.pk, worker="x", lease_seconds=9) is None
    closed = lanes.close(outside.pk)
    assert closed is not None
    assert (closed.state, closed.reason) == (StudyState.COMPLETE, "The last 3 trials were no better.")


def test_time_that_is_used_up_ends_it_by_the_chore(outside: Study) -> None:
    trial_actions.tell_trial(claimed(outside), told(0.5))
    Study.objects.filter(pk=outside.pk).update(
        max_seconds=60, resumed_at=timezone.now() - timedelta(seconds=61)
    )
    assert lanes.tend() == 1
    outside.refresh_from_db()
    assert (outside.state, outside.reason) == (StudyState.COMPLETE, "Its time of 1 minutes is used up.")
    assert outside.used_seconds == pytest.approx(61, abs=5)


def test_money_that_is_spent_ends_it(outside: Study, settings: Settings) -> None:
    settings.PRICES = Prices(cpu_hour=3600.0)
    outside.max_cost = 3.0
    outside.save()
    for _ in range(2):
        trial_actions.tell_trial(claimed(outside), told(0.5))
    outside.refresh_from_db()
    assert budgets.cost(outside) == 4.0
    assert trial_actions.claim_trial(outside.pk, worker="x", lease_seconds=9) is None


def test_an_earlier_study_is_told_in_first(
    study: Study, problem: Problem, version: DatasetVersion, editor: Actor
) -> None:
    for value in (0.7, 0.8, 0.9, 0.6):
        trial_actions.tell_trial(claimed(study), told(value))
    plan = {"max_trials": 2, "n_lanes": 1, "warm_from": [study.pk]}
    later = actions.create_study(problem, version, space=SPACE, recipe=RECIPE, plan=plan, by=editor)
    space = trial_queries.space_of(later)
    assert len(trial_queries.past(later, space, apart=0)) == 4


def test_a_dataset_deleted_on_the_way_ends_it_with_the_reason(study: Study, version: DatasetVersion) -> None:
    claimed(study)
    version.delete()
    Trial.objects.filter(study=study).update(lease_until=timezone.now() - timedelta(seconds=1))
    lane(study)
    assert study.state == StudyState.FAILED
    assert "Customers v1 was deleted" in study.reason


def test_where_every_trial_fails_the_study_fails_with_the_reason(
    version: DatasetVersion, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = problem_actions.create_problem(
        "P", kind="classification", target="churned", primary_metric="accuracy", by=editor
    )
    plan = {"max_trials": 2, "n_lanes": 1}
    made = actions.create_study(about, version, space=SPACE, recipe=RECIPE, plan=plan, by=editor)

    def broken(*args: Any, **named: Any) -> Any:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("mlregistry.ml.search.measuring.measure", broken)
    lane(made)
    assert made.state == StudyState.FAILED
    assert "the disk is full" in made.reason
    assert run_of(made).status == RunStatus.FAILED


def test_a_lane_is_started_where_all_have_died(study: Study) -> None:
    Job.objects.filter(pk__in=study.lanes.values("job")).update(state=State.FAILED, error="worker died")
    assert lanes.tend() == 1
    assert study.lanes.count() == 2
    assert lanes.tend() == 0
    Study.objects.filter(pk=study.pk).update(n_revived=10)
    Job.objects.filter(pk__in=study.lanes.values("job")).update(state=State.FAILED, error="worker died")
    lanes.tend()
    study.refresh_from_db()
    assert study.state == StudyState.FAILED
    assert "worker died" in study.reason


def test_params_of_ones_own_are_taken_before_proposals(outside: Study, editor: Actor) -> None:
    actions.enqueue_trial(outside, {"x": 0.125}, by=editor)
    assert claimed(outside).params == {"x": 0.125}
    with pytest.raises(Invalid):
        actions.enqueue_trial(outside, {"x": 9.0}, by=editor)


def test_a_clustering_is_searched_on_held_out_training_rows(editor: Actor) -> None:
    frame = blobs(240)
    problem = problem_actions.create_problem("Groups", kind="clustering", by=editor)
    space = {"estimators": {"k_means": {"n_clusters": {"low": 2, "high": 6}, "n_init": 2}}}
    plan = {"sampler": "grid", "max_trials": 5, "n_lanes": 1}
    study = actions.create_study(problem, version_of(frame, editor), space=space, plan=plan, by=editor)
    assert lane(study).state == State.SUCCEEDED
    assert (study.state, study.recipe["folds"]) == (StudyState.COMPLETE, 0)
    best = study.trials.get(number=study.best_number or 0)
    assert best.params == {"k_means.n_clusters": 3}
    assert best.run is not None
    logged = dict(best.run.latest_metrics.values_list("key", "value"))
    assert logged["validation_silhouette"] == study.best_value
    assert "validation_stability" not in logged
    assert study.winner is not None
    assert study.winner.job is not None
    assert run_here(study.winner.job).state == State.SUCCEEDED
    assert study.winner.latest_metrics.filter(key="test_silhouette").exists()


def test_a_recommendation_is_searched_on_each_users_latest_training_rows(editor: Actor) -> None:
    problem = problem_actions.create_problem(
        "Next", kind="recommendation", user_column="user", item_column="item", time_column="moment", by=editor
    )
    version = version_of(two_tastes(), editor)
    plan = {"max_trials": 4, "n_lanes": 1, "sampler": "random"}
    study = actions.create_study(problem, version, plan=plan, by=editor)
    assert set(study.space["estimators"]) == {"item_neighbours", "user_neighbours", "ease", "svd"}
    assert lane(study).state == State.SUCCEEDED
    assert study.state == StudyState.COMPLETE
    best = study.trials.get(number=study.best_number or 0)
    assert best.run is not None
    assert best.run.latest_metrics.get(key="validation_ndcg_at_10").number == study.best_value
    assert study.winner is not None
    assert study.winner.job is not None
    assert run_here(study.winner.job).state == State.SUCCEEDED


def test_what_only_folds_have_is_refused_for_other_kinds(editor: Actor) -> None:
    problem = problem_actions.create_problem("Groups", kind="clustering", by=editor)
    version = version_of(blobs(60), editor)
    with pytest.raises(Invalid, match="measured once") as caught:
        actions.create_study(problem, version, plan={"pruner": "median"}, by=editor)
    assert caught.value.field == "pruner"
    with pytest.raises(Invalid, match="instead of folds") as caught:
        actions.create_study(problem, version, recipe={"folds": 3}, by=editor)
    assert caught.value.field == "recipe.folds"


def test_a_lane_lets_others_go_first_after_its_turn_and_the_clock_rests(
    study: Study, settings: Settings
) -> None:
    settings.JOB_TURN_SECONDS = 0
    other = enqueue("experiments.profile", args={}, team=study.team, title="Another's", by=None)
    Job.objects.filter(pk=other.pk).update(queued_at=timezone.now() - timedelta(minutes=1))
    assert (study.resumed_at, budgets.seconds_used(study)) == (None, 0.0), (
        "the wait for a worker costs no time"
    )
    assert lane(study).state == State.QUEUED
    assert (study.trials.count(), study.state, study.resumed_at) == (1, StudyState.RUNNING, None)
    assert study.used_seconds > 0
    used = 1000.0
    Study.objects.filter(pk=study.pk).update(used_seconds=used)
    Job.objects.exclude(kind=lanes.KIND).update(state=State.CANCELLED)
    assert lane(study).state == State.SUCCEEDED
    assert (study.trials.count(), study.state) == (4, StudyState.COMPLETE)
    assert study.used_seconds > used
    assert study.lanes.count() == 1
