"""Pages and REST of "Just train it": the form, the live page, its buttons, and what they refuse."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from experiments.actions import auto_closing
from experiments.actions import auto_trainings as actions
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
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from tests.experiments.conftest import editor, problem, version

__all__ = ["editor", "problem", "version"]
pytestmark = pytest.mark.django_db
Web = Callable[[User], Client]
Api = Callable[[User], Client]


@pytest.fixture
def study(problem: Problem, version: DatasetVersion, editor: Actor) -> Study:
    found = actions.just_train(problem, version, minutes=2, by=editor).study
    assert found is not None
    return found


def measured(study: Study, value: float = 0.875) -> None:
    """As if the second starting point had been measured."""
    Trial.objects.filter(study=study, number=1).update(
        state=TrialState.COMPLETE, values=[value], attempt=1, seconds=2.0
    )
    Study.objects.filter(pk=study.pk).update(best_number=1, best_value=value)


def offered(study: Study, editor: Actor) -> AutoTraining:
    """As if the closing job had trained one model and had no time for another."""
    Study.objects.filter(pk=study.pk).update(state=StudyState.COMPLETE)
    auto = AutoTraining.objects.select_related("study__experiment").get(study=study)
    honest = {"mean": 0.871, "error": 0.012, "low": 0.85, "high": 0.89}
    offer: dict[str, Any] = {
        "method": "single", "title": "Best single model", "members": [{"trial": 1, "weight": 1.0}], "value": 0.875,
        "recipe": {"estimator": "logistic_regression"}, "honest": honest, "by_part": [0.86, 0.88], "seconds": 1.0,
    }  # fmt: skip
    late = {**offer, "method": "vote", "title": "Soft voting"}
    rows = auto_closing.keep_offers(auto, [offer, late], by=editor)
    Run.objects.filter(pk=rows[0]["run"]).update(status=RunStatus.FINISHED)
    Run.objects.filter(pk=rows[1]["run"]).update(status=RunStatus.KILLED, error="There was <no> time left.")
    auto_closing.update_offer(auto, rows[0]["run"], ms_per_request=1.5, ms_per_row=0.01, megabytes=0.25)
    auto_closing.choose(auto, rows[0]["run"])
    auto_closing.finish(auto)
    return auto


def test_one_button_on_the_problem_page_leads_to_the_live_page(
    web: Web, bob: User, problem: Problem, version: DatasetVersion
) -> None:
    client = web(bob)
    form = client.get(f"/problems/{problem.pk}/just-train")
    assert form.status_code == 200
    answer = client.post(
        f"/problems/{problem.pk}/just-train", {"version": version.pk, "minutes": "3", "wish": "fast"}
    )
    made = AutoTraining.objects.get()
    assert answer["Location"] == f"/studies/{made.study_id}/"
    assert (made.seconds, made.wish) == (180, "fast")
    page = client.get(answer["Location"]).content.decode()
    assert "Searching" in page
    assert "Waiting for a worker" in page
    assert "first result comes" in page
    assert 'hx-trigger="every 1s"' in page, "the first figure is waited for"
    assert "Finish now" not in page


@pytest.mark.parametrize(("minutes", "said"), [("0", "between 1 and 240"), ("soon", "number")])
def test_a_wrong_form_is_shown_again_with_what_is_wrong(
    web: Web, bob: User, problem: Problem, version: DatasetVersion, minutes: str, said: str
) -> None:
    answer = web(bob).post(f"/problems/{problem.pk}/just-train", {"version": version.pk, "minutes": minutes})
    assert said in answer.content.decode()
    assert not Study.objects.exists()


def test_the_page_shows_the_best_of_each_family_and_then_models_with_prices(
    web: Web, bob: User, study: Study, editor: Actor
) -> None:
    client = web(bob)
    under_way = Trial.objects.filter(study=study, number=2)
    under_way.update(state=TrialState.RUNNING, attempt=1, intermediate=[[1, 0.8125]])
    page = client.get(f"/studies/{study.pk}/").content.decode()
    assert "0.8125" in page
    assert "1 of 5 folds" in page
    assert 'hx-trigger="every 3s"' in page
    measured(study)
    page = client.get(f"/studies/{study.pk}/").content.decode()
    assert "Logistic regression" in page
    assert "Finish now" in page
    offered(study, editor)
    page = client.get(f"/studies/{study.pk}/").content.decode()
    assert "Models to use" in page
    assert "Best single model" in page
    assert "There was &lt;no&gt; time left." in page
    assert "every 3s" not in page
    assert "Train again" in page


def test_its_buttons_finish_and_cancel(web: Web, bob: User, study: Study) -> None:
    client = web(bob)
    measured(study)
    client.post(f"/studies/{study.pk}/finish")
    study.refresh_from_db()
    assert study.state == StudyState.COMPLETE
    client.post(f"/studies/{study.pk}/stop")
    job = AutoTraining.objects.get(study=study).job
    assert job is not None
    assert not job.is_live


def test_the_api_starts_tells_and_refuses(
    api: Api, bob: User, charlie: User, problem: Problem, version: DatasetVersion, editor: Actor
) -> None:
    client = api(bob)
    url = f"/api/v1/problems/{problem.pk}/just-train"
    started = client.post(url, {"dataset_version": version.pk, "minutes": 4}, content_type="application/json")
    assert started.status_code == 202, started.content
    body = started.json()
    assert (body["phase"], body["seconds"], body["offers"]) == ("searching", 240, [])
    study = Study.objects.get(pk=body["study"])
    measured(study)
    offered(study, editor)
    told = client.get(f"/api/v1/just-trainings/{study.pk}").json()
    assert told["leaders"] == [
        {"title": "Logistic regression", "trial": 1, "value": 0.875, "n_trials": 1, "n_folds": None}
    ]
    assert (told["phase"], told["chosen"]) == ("ready", told["offers"][0]["run"])
    assert told["offers"][0]["megabytes"] == 0.25
    assert told["offers"][1]["status"] == "KILLED"
    assert client.post(f"/api/v1/just-trainings/{study.pk}/cancel").status_code == 409
    assert client.post(f"/api/v1/just-trainings/{study.pk}/finish").status_code == 409
    assert api(charlie).get(f"/api/v1/just-trainings/{study.pk}").status_code == 404
    wrong = client.post(url, {"dataset_version": version.pk, "minutes": 900}, content_type="application/json")
    assert (wrong.status_code, wrong.json()["field"]) == (400, "minutes")


def test_a_study_of_another_origin_is_none_of_it(
    api: Api, bob: User, problem: Problem, version: DatasetVersion, study: Study
) -> None:
    AutoTraining.objects.all().delete()
    client = api(bob)
    assert client.get(f"/api/v1/just-trainings/{study.pk}").status_code == 404
    assert client.post(f"/api/v1/just-trainings/{study.pk}/cancel").status_code == 400
