"""Just train it: planned, searched, ended by ensembles that predict, cancelled, refused."""

import pytest

from experiments.actions import auto_trainings as actions
from experiments.models import (
    AutoTraining,
    DatasetVersion,
    Problem,
    RunStatus,
    Study,
    StudyState,
    TrialState,
)
from experiments.queries import auto_trainings as queries
from mlregistry.accounts.actor import Actor
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State

pytestmark = pytest.mark.django_db
FEW = 3


@pytest.fixture
def study(problem: Problem, version: DatasetVersion, editor: Actor) -> Study:
    found = actions.just_train(problem, version, minutes=2, by=editor).study
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
    assert study.max_seconds < auto.seconds == 120
    assert "folds" in auto.reasons[0]
    assert study.recipe["steps"], "the suggested steps are the recipe"


def test_from_the_button_to_a_prediction_through_the_ensemble(study: Study) -> None:
    search(shortened(study))
    assert study.state == StudyState.COMPLETE, study.reason
    assert queries.standing(auto_of(study)).phase == queries.ENSEMBLES
    auto = closed(study)
    assert auto.job is not None
    assert auto.job.state == State.SUCCEEDED, auto.job.error
    assert queries.standing(auto).phase == queries.READY
    rows = queries.offers(auto)
    assert rows[0]["method"] == "single"
    assert len(rows) > 1
    for row in rows:
        assert row["status"] == RunStatus.FINISHED, row["error"]
        assert row["ms_per_request"] > 0
        assert row["megabytes"] > 0
        assert 0 <= row["test"] <= 1
    assert sum(row["chosen"] for row in rows) == 1
    study.refresh_from_db()
    assert study.winner_id == auto.chosen_id
