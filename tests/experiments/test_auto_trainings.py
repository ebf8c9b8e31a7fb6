"""Just train it: planned, searched, ended by ensembles that predict, cancelled, refused."""

from typing import Any

import pytest

from experiments.actions import auto_trainings as actions
from experiments.actions import problems as problem_actions
from experiments.actions import trials as trial_actions
from experiments.models import (
    AutoTraining,
    DatasetVersion,
    Problem,
    Run,
    RunStatus,
    Study,
    StudyState,
    Trial,
    TrialState,
)
from experiments.queries import auto_trainings as queries
from mlregistry.accounts.actor import Actor
from mlregistry.errors import Conflict, Forbidden, Invalid
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State
from mlregistry.ml.search import measuring

pytestmark = pytest.mark.django_db
FEW = 3


@pytest.fixture
def study(problem: Problem, version: DatasetVersion, editor: Actor) -> Study:
    found = actions.just_train(problem, version, minutes=30, by=editor).study
    assert found is not None
    return found


def shortened(study: Study, n: int = FEW) -> Study:
    """The same with the first few starting points only."""
    study.trials.filter(number__gte=n).delete()
    study.max_trials = study.next_number = n
    study.save(update_fields=["max_trials", "next_number"])
    return study


def search(study: Study) -> Job:
    job = run_here(study.lanes.select_related("job").latest("pk").job)
    study.refresh_from_db()
    return job


def auto_of(study: Study) -> AutoTraining:
    found = queries.of_study(study)
    assert found is not None
    return found


def closed(study: Study) -> AutoTraining:
    job = auto_of(study).job
    assert job is not None
    run_here(job)
    return auto_of(study)


def test_the_portfolio_waits_in_an_order_that_gives_a_first_result_soon(study: Study) -> None:
    rows = list(study.trials.order_by("number"))
    assert [(row.params or {})["estimator"] for row in rows[:3]] == [
        "dummy", "logistic_regression", "hist_gradient_boosting",
    ]  # fmt: skip
    assert {row.state for row in rows} == {TrialState.WAITING}
    assert (study.sampler, study.pruner) == ("portfolio", "racing")
    auto = auto_of(study)
    assert study.max_seconds is not None
    assert study.max_seconds < auto.seconds == 1800
    assert "folds" in auto.reasons[0]
    assert study.recipe["steps"], "the suggested steps are the recipe"


def test_the_wait_for_a_worker_costs_nothing_of_the_time(study: Study) -> None:
    assert study.resumed_at is None, "its clock starts with the first claim"
    first = trial_actions.claim_trial(study.pk, worker="one", lease_seconds=60)
    assert first is not None
    assert first.number == 0
    study.refresh_from_db()
    assert study.used_seconds == 0.0
    assert first.study.resumed_at == study.resumed_at
    assert study.resumed_at is not None


def test_from_the_button_to_a_prediction_through_the_ensemble(study: Study) -> None:
    search(shortened(study))
    assert study.state == StudyState.COMPLETE, study.reason
    assert queries.standing(auto_of(study)).phase == queries.ENSEMBLES
    auto = closed(study)
    assert auto.job is not None
    assert auto.job.state == State.SUCCEEDED, auto.job.error
    assert queries.standing(auto).phase == queries.READY
    rows = queries.offers(auto)
    assert "single" in [row["method"] for row in rows[:2]]
    assert len(rows) > 1
    for row in rows:
        assert row["status"] == RunStatus.FINISHED, row["error"]
        assert row["ms_per_request"] > 0
        assert row["megabytes"] > 0
        assert 0 <= row["test"] <= 1
    assert sum(row["chosen"] for row in rows) == 1
    study.refresh_from_db()
    assert study.winner_id == auto.chosen_id


def test_figures_of_folds_and_of_a_first_look_are_shown_before_a_trial_is_complete(study: Study) -> None:
    def told(number: int, **columns: Any) -> None:
        study.trials.filter(number=number).update(state=TrialState.RUNNING, attempt=1, **columns)

    assert queries.leaders(study) == []
    told(0, intermediate=[])
    told(1, intermediate=[[0, 0.7], [1, 0.8], [2, 0.81]])
    told(2, intermediate=[[0, 0.75]])
    assert [(one["title"], one["value"], one["n_folds"], one["n_trials"]) for one in queries.leaders(study)] == [
        ("Logistic regression", 0.81, 2, 0), ("Histogram gradient boosting", 0.75, 0, 0),
    ]  # fmt: skip
    study.trials.filter(number=2).update(state=TrialState.COMPLETE, values=[0.9])
    told(3, intermediate=[[1, 0.95]], params={"estimator": "hist_gradient_boosting"})
    assert [(one["value"], one["n_folds"], one["n_trials"]) for one in queries.leaders(study)] == [
        (0.9, None, 1), (0.81, 2, 0),
    ]  # fmt: skip


def test_a_large_table_shows_a_figure_of_a_few_rows_before_its_first_fold(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "LOOK_ROWS", 20)
    search(shortened(study, 4))
    reported = [[step for step, _ in row.intermediate] for row in study.trials.order_by("number")]
    assert [steps[:2] for steps in reported[:3]] == [[0, 1]] * 3
    assert reported[3][0] == 1
    assert all(row.values for row in study.trials.all()), "the look counts for nothing"


def test_what_there_was_no_time_for_says_so_and_a_quick_model_is_trained_all_the_same(study: Study) -> None:
    search(shortened(study, 2))
    AutoTraining.objects.filter(study=study).update(seconds=1)
    *rows, quick = queries.offers(closed(study))
    assert (quick["method"], quick["status"], quick["chosen"]) == ("quick", RunStatus.FINISHED, True)
    assert rows
    assert all("time" in row["error"] for row in rows)


def test_a_worker_that_dies_leaves_its_finished_models_and_the_next_goes_on(study: Study) -> None:
    search(shortened(study, 2))
    auto = closed(study)
    first = Run.objects.get(pk=auto.offers[0]["run"])
    ended = first.ended_at
    assert auto.job_id is not None
    Job.objects.filter(pk=auto.job_id).update(state=State.QUEUED, finished_at=None)
    AutoTraining.objects.filter(pk=auto.pk).update(ended_at=None)
    again = closed(study)
    first.refresh_from_db()
    assert [one["run"] for one in again.offers] == [one["run"] for one in auto.offers]
    assert first.ended_at == ended, "a finished model is not trained again"
    assert again.ended_at is not None


def test_cancelling_the_search_keeps_what_is_measured(study: Study, editor: Actor) -> None:
    search(shortened(study, 1))
    Study.objects.filter(pk=study.pk).update(state=StudyState.RUNNING)
    study.refresh_from_db()
    study = actions.cancel(study, by=editor)
    assert study.state == StudyState.CANCELLED
    assert study.trials.filter(state=TrialState.COMPLETE).count() == 1
    assert queries.standing(auto_of(study)).phase == queries.STOPPED


def test_cancelling_the_ensembles_ends_their_runs(study: Study, editor: Actor) -> None:
    search(shortened(study, 2))
    actions.cancel(study, by=editor)
    auto = auto_of(study)
    assert auto.job is not None
    assert auto.job.state == State.CANCELLED
    assert queries.standing(auto).phase == queries.FAILED
    with pytest.raises(Conflict, match="ended already"):
        actions.cancel(study, by=editor)


def test_finishing_now_needs_a_first_result_and_builds_from_it(study: Study, editor: Actor) -> None:
    with pytest.raises(Conflict, match="Nothing has been measured"):
        actions.finish_now(study, by=editor)
    search(shortened(study, 1))
    Study.objects.filter(pk=study.pk).update(state=StudyState.RUNNING, max_trials=50, ended_at=None)
    AutoTraining.objects.filter(pk=study.pk).update(job=None)
    study.refresh_from_db()
    actions.finish_now(study, by=editor)
    assert study.state == StudyState.COMPLETE
    assert auto_of(study).job is not None


def test_starting_points_that_nobody_came_to_are_no_failures(study: Study, editor: Actor) -> None:
    shortened(study, 3)
    trial = study.trials.get(number=0)
    Trial.objects.filter(pk=trial.pk).update(state=TrialState.COMPLETE, values=[0.5], attempt=1)
    Study.objects.filter(pk=study.pk).update(best_number=0, best_value=0.5)
    study.refresh_from_db()
    actions.finish_now(study, by=editor)
    assert list(study.trials.values_list("number", flat=True)) == [0]
    auto = closed(study)
    assert auto.job is not None
    assert "kept its predictions" in auto.job.error
    assert queries.standing(auto).phase == queries.FAILED


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"minutes": 0.5}, "minutes"),
        ({"minutes": 241.0}, "minutes"),
        ({"wish": "cheap"}, "wish"),
        ({"recipe": {"split": {"test_fraction": 0.9}}}, "split.test_fraction"),
        ({"recipe": {"magic": 1}}, "magic"),
        ({"n_lanes": 1000}, "n_lanes"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(
    problem: Problem, version: DatasetVersion, editor: Actor, asked: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        actions.just_train(problem, version, by=editor, **asked)
    assert caught.value.field == field
    assert not Study.objects.exists()


def test_a_viewer_may_look_only(
    problem: Problem, version: DatasetVersion, study: Study, viewer: Actor
) -> None:
    for forbidden in (
        lambda: actions.just_train(problem, version, by=viewer),
        lambda: actions.cancel(study, by=viewer),
        lambda: actions.finish_now(study, by=viewer),
    ):
        with pytest.raises(Forbidden):
            forbidden()


def test_a_clustering_is_trained_side_by_side_and_says_why(version: DatasetVersion, editor: Actor) -> None:
    groups = problem_actions.create_problem(
        "Groups", kind="clustering", features=["age", "usage"], primary_metric="silhouette", by=editor
    )
    started = actions.just_train(groups, version, by=editor)
    assert started.study is None
    assert "side by side" in started.reasons[0]
    assert Run.objects.filter(experiment=started.experiment).count() >= 3
