"""Pages of studies: the form, the live page, its buttons, and what they refuse."""

from collections.abc import Callable

import pytest
from django.test import Client

from experiments.actions import studies as actions
from experiments.actions import trials as trial_actions
from experiments.actions.trials import Told
from experiments.models import DatasetVersion, Problem, Study, StudyState, TrialState
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from tests.experiments.conftest import editor, problem, version

__all__ = ["editor", "problem", "version"]
pytestmark = pytest.mark.django_db
Web = Callable[[User], Client]
SPACE = {
    "estimators": {
        "logistic_regression": {"C": {"low": 0.01, "high": 10.0, "log": True}},
        "decision_tree": {"max_depth": {"low": 1, "high": 9}},
    }
}


@pytest.fixture
def study(problem: Problem, version: DatasetVersion, editor: Actor) -> Study:
    plan = {"max_trials": 12, "sampler": "random"}
    made = actions.create_study(problem, version, space=SPACE, plan=plan, by=editor)
    for number in range(10):
        trial = trial_actions.claim_trial(made.pk, worker="w", lease_seconds=60)
        assert trial is not None
        trial_actions.propose(trial.study, trial)
        failed = Told(TrialState.FAILED, error="<b>it broke</b>")
        trial_actions.tell_trial(
            trial, failed if number == 3 else Told(TrialState.COMPLETE, (number / 10,), seconds=1.0)
        )
    return made


def test_few_fields_start_a_search(web: Web, bob: User, problem: Problem, version: DatasetVersion) -> None:
    client = web(bob)
    page = client.get(f"/problems/{problem.pk}/search")
    assert page.status_code == 200
    assert "Histogram gradient boosting" in page.content.decode()
    sent = {"version": version.pk, "max_trials": "7", "minutes": "1.5", "estimator": ["random_forest"]}
    answer = client.post(f"/problems/{problem.pk}/search", sent)
    made = Study.objects.get()
    assert answer["Location"] == f"/studies/{made.pk}/"
    assert (made.max_trials, made.max_seconds) == (7, 90)
    assert list(made.space["estimators"]) == ["random_forest"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"space": "{"}, "no JSON"),
        ({"space": '{"estimators": {"magic": null}}'}, "no estimator"),
        ({"estimator": []}, "empty"),
        ({"max_trials": "many"}, "whole number"),
        ({"minutes": "nan"}, "The minutes lie"),
        ({"sampler": "magic"}, "The sampler is one of"),
        ({"outer_folds": "1"}, "2 or more"),
    ],
)
def test_a_mistake_keeps_the_form(
    web: Web, bob: User, problem: Problem, version: DatasetVersion, change: dict[str, object], said: str
) -> None:
    sent = {"version": version.pk, "estimator": ["ridge", "decision_tree"][1:], "name": "Mine", **change}
    answer = web(bob).post(f"/problems/{problem.pk}/search", sent)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert "Mine" in answer.content.decode()


def test_the_page_shows_the_best_the_charts_and_the_failures(web: Web, vera: User, study: Study) -> None:
    text = web(vera).get(f"/studies/{study.pk}/").content.decode()
    assert "0.9" in text
    for name in ("history", "parallel", "slice_0"):
        assert name == "slice_0" or f'id="chart-{name}"' in text
    assert "&lt;b&gt;it broke&lt;/b&gt;" in text
    assert "10 of 12 trials ended" in text
    assert "best ROC-AUC, trial 9" in text
    assert "roc_auc" not in text
    assert "roc auc" not in text
    assert "Pause" not in text


def test_the_live_part_refreshes_the_page_when_its_charts_change(web: Web, bob: User, study: Study) -> None:
    client = web(bob)
    first = client.get(f"/studies/{study.pk}/?charts=", headers={"HX-Request": "true"})
    assert first["HX-Refresh"] == "true"
    assert "<html" not in first.content.decode()


def test_the_buttons(web: Web, bob: User, vera: User, study: Study) -> None:
    client = web(bob)
    for change, state in (("pause", "PAUSED"), ("resume", "RUNNING"), ("cancel", "CANCELLED")):
        assert web(vera).post(f"/studies/{study.pk}/{change}").status_code == 403
        client.post(f"/studies/{study.pk}/{change}")
        study.refresh_from_db()
        assert study.state == StudyState(state)
    assert "Cancelled." in client.get(f"/studies/{study.pk}/").content.decode()
    client.post(f"/studies/{study.pk}/delete")
    assert not Study.objects.exists()


def test_strangers_find_nothing(web: Web, charlie: User, study: Study) -> None:
    assert web(charlie).get(f"/studies/{study.pk}/").status_code == 404
