"""Improvement studies of an endpoint: proposals by facts, the job, adoption, and the doors to all of it."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from experiments.models import Dataset, DatasetVersion, Run
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, Team, User
from mlregistry.errors import Conflict, Invalid
from mlregistry.jobs.context import JobCancelled, JobContext
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State
from mlregistry.ml.recipes import parse
from models_app.models import ModelVersion
from serving.actions import improvements as actions
from serving.actions.endpoints import update_endpoint
from serving.actions.improvement_adoptions import adopt_improvement
from serving.models import Endpoint, Feedback, Improvement, Prediction
from serving.queries import improvements as queries
from serving.queries.labelled_tables import labelled_rows
from serving.workers.improvements import improve_features
from tests.models_app.trained import FEATURES
from tests.serving.drifting import log_rows, some_rows
from tests.serving.improving import QUICK, with_facts

Api = Callable[..., APIClient]
Web = Callable[[User], Client]


@pytest.fixture
def facts(watched: Endpoint, known: ModelVersion, by: Actor, tmp_path: Path) -> Endpoint:
    with_facts(watched, known, tmp_path, by=by)
    return watched


def started(facts: Endpoint, known: ModelVersion, by: Actor, **plan: Any) -> Improvement:
    return actions.start_improvement(facts, known, plan={**QUICK, **plan}, by=by)


def done(row: Improvement) -> Improvement:
    assert row.job is not None
    job = run_here(row.job)
    assert job.state == State.SUCCEEDED, job.error
    row.refresh_from_db()
    return row


def test_facts_propose_changes_with_their_figures(facts: Endpoint, vera: User, api: Api) -> None:
    found = api(vera).get(f"/api/v1/endpoints/{facts.name}/improvement-proposals").json()
    proposals = {one["key"]: one for one in found["proposals"]}
    assert {f"clip:{FEATURES[0]}", f"bin:{FEATURES[0]}", f"drop:{FEATURES[1]}"} <= set(proposals)
    assert f"drop:{FEATURES[0]}" not in proposals  # it is worth too much
    clip = proposals[f"clip:{FEATURES[0]}"]
    assert "has drifted" in clip["why"]
    assert clip["evidence"]["drift"]["figure"] <= clip["evidence"]["drift"]["threshold"]
    assert proposals[f"drop:{FEATURES[1]}"]["evidence"]["importance"] == -0.004
    assert found["recipe"]["estimator"] == "logistic_regression"
    assert any("profile" in note for note in found["notes"])
    assert not Job.objects.filter(kind=actions.KIND).exists()


def test_a_study_tells_what_each_is_worth(
    facts: Endpoint, bob: User, vera: User, api: Api, web: Web, capsys: pytest.CaptureFixture[str]
) -> None:
    place = f"/api/v1/endpoints/{facts.name}/improvements/"
    sent = {**QUICK, "most_proposals": 3}
    assert api(vera).post(place, sent, format="json").status_code == 403
    answer = api(bob).post(place, sent, format="json")
    assert answer.status_code == 202, answer.json()
    assert api(bob).post(place, sent, format="json").status_code == 409
    page = f"/improvements/{answer.json()['id']}/"
    assert "Waiting for a worker" in web(vera).get(page).content.decode()
    row = done(Improvement.objects.get())
    found = api(vera).get(f"/api/v1/improvements/{row.pk}").json()
    assert found["state"] == "SUCCEEDED"
    assert len(found["result"]["trials"]) == 3
    for trial in found["result"]["trials"]:
        assert trial["difference"]["low"] <= trial["difference"]["mean"] <= trial["difference"]["high"]
    shown = web(vera).get(page).content.decode()
    assert shown.count('class="forest') >= 3
    assert "Nadeau and Bengio" in shown
    assert web(vera).get(page, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    listed = api(vera).get(place).json()
    assert listed["results"][0]["id"] == row.pk
    assert f"Clip {FEATURES[0]}: " in capsys.readouterr().out  # the job's log


def with_winner(row: Improvement, recipe: dict[str, Any] | None = None) -> Improvement:
    """What a job would have found."""
    won = recipe or {**row.recipe, "params": {"C": 3.0}}
    Improvement.objects.filter(pk=row.pk).update(
        result={"recipe": won, "winner": ["drop:x"], "advice": "Take it."}
    )
    Job.objects.filter(args__improvement_id=row.pk).update(state=State.SUCCEEDED)
    row.refresh_from_db()
    return row


def test_the_adopted_recipe_is_that_of_the_next_retraining(
    facts: Endpoint, known: ModelVersion, bob: User, vera: User, api: Api, web: Web, by: Actor
) -> None:
    assert queries.adopted_recipe(facts) is None
    first, second = with_winner(started(facts, known, by)), with_winner(started(facts, known, by))
    where = f"/api/v1/improvements/{first.pk}"
    assert api(vera).post(f"{where}/adopt").status_code == 403
    answer = api(bob).post(f"{where}/adopt", {"why": "less drift"}, format="json")
    assert (answer.status_code, answer.json()["adopted_by"]) == (200, "bob")
    adopted = queries.adopted_recipe(facts)
    assert adopted is not None
    assert parse(adopted, kind="classification").params["C"] == 3.0
    assert "“less drift”" in web(vera).get(f"/endpoints/{facts.name}/improvements/").content.decode()
    assert api(bob).delete(where).status_code == 409
    adopt_improvement(second, by=by)
    assert [row.pk for row in Improvement.objects.filter(adopted_recipe__isnull=False)] == [second.pk]
    assert api(bob).post(f"/api/v1/improvements/{second.pk}/withdraw").status_code == 200
    assert queries.adopted_recipe(facts) is None
    assert api(bob).post(f"/api/v1/improvements/{second.pk}/withdraw").status_code == 409
    assert api(bob).delete(where).status_code == 204
    told = list(AuditEvent.objects.filter(action__startswith="improvement.").values_list("action", flat=True))
    assert told.count("improvement.adopt") == 2
    assert {"improvement.start", "improvement.withdraw", "improvement.delete"} <= set(told)


def test_what_has_no_winner_is_not_adopted(
    facts: Endpoint, known: ModelVersion, by: Actor, bob: User, api: Api
) -> None:
    row = started(facts, known, by)
    with pytest.raises(Conflict, match="no result yet"):
        adopt_improvement(row, by=by)
    Improvement.objects.filter(pk=row.pk).update(result={"recipe": None, "winner": [], "advice": ""})
    answer = api(bob).post(f"/api/v1/improvements/{row.pk}/adopt")
    assert (answer.status_code, "no winner" in answer.json()["detail"]) == (409, True)
    with pytest.raises(Invalid, match="at most"):
        adopt_improvement(with_winner(row), why="x" * 2000, by=by)


def test_changes_are_taken_by_name_whatever_the_study_says_of_them(
    facts: Endpoint, known: ModelVersion, bob: User, api: Api, by: Actor
) -> None:
    row = with_winner(started(facts, known, by))
    place, wanted = f"/api/v1/improvements/{row.pk}/adopt", [f"clip:{FEATURES[0]}", f"drop:{FEATURES[1]}"]
    for wrong in (["clip:nothing"], [], "all"):
        answer = api(bob).post(place, {"changes": wrong}, format="json")
        assert (answer.status_code, answer.json()["field"]) == (400, "changes")
    assert queries.adopted_recipe(facts) is None
    assert api(bob).post(place, {"changes": wanted}, format="json").status_code == 200
    adopted = queries.adopted_recipe(facts)
    assert adopted is not None
    assert [step["step"] for step in adopted["steps"]][:2] == ["duplicates", "drop"]
    assert {"step": "clip", "columns": [FEATURES[0]]}.items() <= adopted["steps"][3].items()
    assert AuditEvent.objects.get(action="improvement.adopt").details["changes"] == wanted


def test_the_page_starts_adopts_withdraws_and_deletes(
    facts: Endpoint, known: ModelVersion, bob: User, vera: User, web: Web
) -> None:
    page = f"/endpoints/{facts.name}/improvements/"
    shown = web(vera).get(page).content.decode()
    assert f"Drop {FEATURES[1]}" in shown
    assert "Start the study" not in shown
    assert web(vera).post(page).status_code == 403
    refused = web(bob).post(page, {"proposed": "1", "minutes": "5"})
    assert (refused.status_code, "Tick at least one" in refused.content.decode()) == (400, True)
    sent = {"proposed": "1", "only": f"drop:{FEATURES[1]}", "minutes": "5", "folds": "3", "repeats": "1"}
    assert web(bob).post(page, sent).status_code == 302
    row = Improvement.objects.get()
    assert [one["key"] for one in row.proposals] == [f"drop:{FEATURES[1]}"]
    assert web(bob).post(f"/improvements/{row.pk}/cancel").status_code == 302
    assert "It was cancelled" in web(vera).get(f"/improvements/{row.pk}/").content.decode()
    with_winner(row, row.recipe)
    for button in ("adopt", "withdraw"):
        assert web(vera).post(f"/improvements/{row.pk}/{button}").status_code == 403
        assert web(bob).post(f"/improvements/{row.pk}/{button}").status_code == 302
    assert web(bob).post(f"/improvements/{row.pk}/delete").status_code == 302
    assert not Improvement.objects.exists()
    assert web(vera).get(f"/improvements/{row.pk}/").status_code == 404


def test_others_do_not_see_it(
    facts: Endpoint, known: ModelVersion, by: Actor, charlie: User, api: Api
) -> None:
    row = started(facts, known, by)
    for place in ("", "/cancel", "/adopt", "/withdraw"):
        verb = api(charlie).post if place else api(charlie).get
        assert verb(f"/api/v1/improvements/{row.pk}{place}").status_code == 404
    assert api(charlie).get(f"/api/v1/improvements/{2**70}").status_code == 404


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"folds": 1}, "folds"), ({"minutes": 0}, "minutes"), ({"held_out": 2}, "held_out"),
        ({"only": ["drop:?"]}, "only"),
        ({"version": 9}, "version"), ({"repeats": "many"}, "repeats"),
    ],
)  # fmt: skip
def test_a_wish_that_cannot_be_met_names_its_field(
    facts: Endpoint, bob: User, api: Api, sent: dict[str, Any], field: str
) -> None:
    answer = api(bob).post(f"/api/v1/endpoints/{facts.name}/improvements/", sent, format="json")
    assert answer.status_code in (400, 404)
    assert answer.json()["field"] == field
    assert not Improvement.objects.exists()


def test_data_without_the_columns_is_refused(
    facts: Endpoint, known: ModelVersion, by: Actor, team: Team
) -> None:
    other = DatasetVersion.objects.create(
        dataset=Dataset.objects.create(team=team, name="other"), number=1, digest="d", filename="o.csv", format="csv",
        n_rows=10, n_columns=1, columns=[],
    )  # fmt: skip
    with pytest.raises(Invalid, match="target") as caught:
        actions.start_improvement(facts, known, plan=QUICK, dataset_version=other, by=by)
    assert caught.value.field == "dataset_version"


def test_a_version_that_was_not_trained_here_says_so(
    endpoint: Endpoint, versions: list[ModelVersion], vera: User, web: Web, by: Actor
) -> None:
    with pytest.raises(Conflict, match="not trained here by a recipe"):
        actions.start_improvement(endpoint, versions[0], plan={}, by=by)
    assert "not trained here" in web(vera).get(f"/endpoints/{endpoint.name}/improvements/").content.decode()
    assert versions[0].run is not None
    Run.objects.filter(pk=versions[0].run.pk).update(recipe={"estimator": "logistic_regression"})
    with pytest.raises(Conflict, match="was deleted"):
        queries.trained_run(versions[0])


def test_without_a_fact_there_is_nothing_to_try(watched: Endpoint, known: ModelVersion, by: Actor) -> None:
    with pytest.raises(Invalid, match="nothing to try"):
        actions.start_improvement(watched, known, plan={}, by=by)


def test_a_job_whose_study_or_data_is_gone_says_so(facts: Endpoint, known: ModelVersion, by: Actor) -> None:
    row = started(facts, known, by, most_proposals=1)
    assert row.job is not None
    Improvement.objects.filter(pk=row.pk).update(dataset_version=None)
    job = run_here(row.job)
    assert (job.state, "cancer v1 was deleted" in job.error) == (State.FAILED, True)
    row.refresh_from_db()
    assert row.state == State.FAILED
    actions.delete_improvement(row, by=by)
    context = JobContext(job_id=str(uuid.uuid4()), attempt=1, send=lambda event: None, stopped=lambda: False)
    with pytest.raises(Exception, match="was deleted"):
        improve_features(context, improvement_id=row.pk)


def test_a_lost_attempt_keeps_nothing(facts: Endpoint, known: ModelVersion, by: Actor) -> None:
    row = started(facts, known, by, most_proposals=1)
    context = JobContext(job_id=str(row.job_id), attempt=99, send=lambda event: None, stopped=lambda: False)
    with pytest.raises(JobCancelled):
        improve_features(context, improvement_id=row.pk)
    row.refresh_from_db()
    assert row.result is None


def test_labelled_rows_are_those_with_a_truth_in_the_time_and_without_what_the_log_hides(
    watched: Endpoint, tmp_path: Path, by: Actor
) -> None:
    now = timezone.now()
    ends = {"since": now - timedelta(days=1), "until": now + timedelta(minutes=1)}
    assert labelled_rows(watched, "target", **ends) is None
    log_rows(watched, some_rows(3), tmp_path, at=now - timedelta(hours=1))
    log_rows(watched, some_rows(2), tmp_path, at=now - timedelta(days=2))
    first, second, *_ = Prediction.objects.order_by("-at", "row")
    client_id = uuid.uuid4()
    Prediction.objects.filter(pk=second.pk).update(client_request_id=client_id)
    Feedback.objects.create(endpoint=watched, request_id=first.request_id, row=first.row, truth=1)
    Feedback.objects.create(endpoint=watched, request_id=client_id, row=second.row, truth=0)
    old = Prediction.objects.order_by("at").first()
    assert old is not None
    Feedback.objects.create(endpoint=watched, request_id=old.request_id, row=old.row, truth=1)
    found = labelled_rows(watched, "target", **ends)
    assert found is not None
    assert sorted(found["target"]) == [0, 1]
    assert set(found.columns) == {*FEATURES, "target"}
    update_endpoint(watched, log={"redact": {FEATURES[0]: "drop"}}, by=by)
    watched.refresh_from_db()
    hidden = labelled_rows(watched, "target", **ends)
    assert hidden is not None
    assert FEATURES[0] not in hidden.columns


def test_recommendations_and_clusterings_have_no_such_study(
    by: Actor, known: ModelVersion, watched: Endpoint
) -> None:
    assert known.run is not None
    assert known.run.problem is not None
    known.run.problem.kind = "clustering"
    known.run.problem.save()
    with pytest.raises(Invalid, match="not for clustering"):
        queries.grounds(watched, known, now=timezone.now())
