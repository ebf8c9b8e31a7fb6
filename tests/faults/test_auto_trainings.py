"""Just train it with a model whose last fit never ends: it is ended, and there is a model to use all the same."""

from typing import Any

import pytest

from experiments.actions import auto_trainings as actions
from experiments.models import AutoTraining, DatasetVersion, Problem, Run, RunStatus, StudyState
from experiments.queries import auto_trainings as queries
from experiments.queries import budgets
from experiments.workers import auto_trainings as worker
from mlregistry.accounts.actor import Actor
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import State
from mlregistry.ml.estimators import CATALOGUE
from tests.experiments.conftest import editor, problem, version

from . import hostile

__all__ = ["editor", "problem", "version"]
pytestmark = pytest.mark.django_db(transaction=True)
SECONDS_LEFT = 8
SLOW = {
    "estimator": "hostile",
    "hostile.hang_above": 80,
}  # the folds are fitted on fewer rows, the last fit on more
QUICK = {"estimator": "logistic_regression", "logistic_regression.C": 0.001}
BASELINE = {"estimator": "dummy"}


@pytest.fixture(autouse=True)
def plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    for row in hostile.rows()["classification"]:
        monkeypatch.setitem(CATALOGUE["classification"], row.name, row)


def searched(problem: Problem, version: DatasetVersion, by: Actor, *starts: dict[str, Any]) -> AutoTraining:
    """These points measured, and a few seconds left for the last fits."""
    study = actions.just_train(problem, version, minutes=5, by=by).study
    assert study is not None
    study.trials.filter(number__gte=len(starts)).delete()
    for number, start in enumerate(starts):
        study.trials.filter(number=number).update(params=start)
    study.space["estimators"]["hostile"] = {"hang_above": {"low": 80, "high": 1000, "whole": True}}
    study.max_trials = study.next_number = len(starts)
    study.save(update_fields=["space", "max_trials", "next_number"])
    run_here(study.lanes.select_related("job").latest("pk").job)
    study.refresh_from_db()
    assert study.state == StudyState.COMPLETE, study.reason
    spent = round(budgets.seconds_used(study))
    AutoTraining.objects.filter(study=study).update(seconds=spent + SECONDS_LEFT)
    auto = queries.of_study(study)
    assert auto is not None
    return auto


def ended(auto: AutoTraining) -> AutoTraining:
    assert auto.job is not None
    job = run_here(auto.job, alone=True)
    assert job.state == State.SUCCEEDED, job.error
    auto.refresh_from_db()
    assert queries.standing(auto).phase == queries.READY
    return auto


def test_a_best_model_that_is_never_ready_is_ended_or_left_out_after_a_quick_one(
    problem: Problem, version: DatasetVersion, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "LEAST_QUICK_SECONDS", 100.0)  # however busy the machine is
    auto = searched(problem, version, editor, BASELINE, SLOW, QUICK)
    auto.study.trials.filter(number=1).update(seconds=1000)  # so long took its folds
    rows = {row["method"]: row for row in queries.offers(ended(auto))}
    assert rows["single"]["status"] == RunStatus.KILLED
    assert "give a longer budget" in rows["single"]["error"]
    assert (rows["quick"]["status"], rows["quick"]["chosen"]) == (RunStatus.FINISHED, True)
    run = Run.objects.get(pk=rows["quick"]["run"])
    assert run.estimator == "logistic_regression"
    assert run.artifacts.filter(path__startswith="model/").exists()


def test_where_no_model_is_ever_ready_it_is_the_baseline(
    problem: Problem, version: DatasetVersion, editor: Actor
) -> None:
    auto = ended(searched(problem, version, editor, BASELINE, SLOW))
    assert auto.chosen is not None
    assert auto.chosen.estimator == "dummy"
    assert auto.chosen.status == RunStatus.FINISHED
    late = [row["error"] for row in queries.offers(auto) if not row["chosen"]]
    assert any("not ready within the time" in error for error in late), "one was under way, and ended"
