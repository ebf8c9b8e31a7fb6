"""Retraining through the API, the pages and the admin: roles, bad input, what is shown."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from mlregistry.accounts.models import User
from mlregistry.jobs.models import Job, State
from mlregistry.notices.models import Channel
from models_app.models import ModelVersion
from serving.actions.retraining_looks import tend
from serving.models import Endpoint, Retraining, RetrainingPolicy, RetrainingStep
from serving.web.retraining_shown import drawing

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]
Web = Callable[[User], Client]
ADDRESS = "/api/v1/endpoints/tumour/retraining"
PAGE = "/endpoints/tumour/retraining/"
COMPARISON = {
    "metric": "roc_auc", "n_rows": 60, "champion": 0.71, "challenger": 0.84, "improvement": 0.13, "low": 0.05,
    "high": 0.21, "p": 0.002, "champion_metrics": {"roc_auc": 0.71}, "challenger_metrics": {"roc_auc": 0.84},
    "enough": True,
}  # fmt: skip


def attempt(watched: Endpoint, known: ModelVersion, **fields: object) -> Retraining:
    """One that has come to its approval, as the steps leave it."""
    now = timezone.now() - timedelta(minutes=10)
    policy = {"approval": True, "least_gain": 0.0, "sure": True, "with_original": True, "alias": ""}
    data = {
        "n_original": 500, "n_labelled": 240, "n_held_out": 60, "n_unreadable": 2, "since": now.isoformat(),
        "until": now.isoformat(),
    }  # fmt: skip
    given: dict[str, object] = {
        "state": "waiting", "trigger": "drift", "reason": "2 drift checks in a row told drift.", "declared": policy,
        "champion": known, "challenger": known, "data": data, "comparison": COMPARISON, "started_at": now,
        "original_version": known.run.dataset_version if known.run else None, **fields,
    }  # fmt: skip
    row = Retraining.objects.create(endpoint=watched, **given)
    for name in ("triggered", "assembling", "training", "testing", "comparing", "deploying"):
        RetrainingStep.objects.create(
            retraining=row, name=name, state="done", text=f"{name} is done", started_at=now, ended_at=now
        )
    RetrainingStep.objects.create(retraining=row, name="approving", text="It waits.", started_at=now)
    return row


def test_a_policy_is_declared_read_and_deleted(watched: Endpoint, bob: User, vera: User, api: Api) -> None:
    assert api(vera).get(ADDRESS).status_code == 404
    sent = {"every_hours": 168, "metric_fall": 0.05, "steps": [5, 25], "guardrails": {"error_rate": 0.05}}
    assert api(vera).put(ADDRESS, sent, format="json").status_code == 403
    found = api(bob).put(ADDRESS, sent, format="json").json()
    assert (found["every_hours"], found["steps"], found["on_drift"]) == (168, [5.0, 25.0], "drift")
    assert found["channels"] == [Channel.objects.get(kind="inbox").pk]
    tend()
    read = api(vera).get(ADDRESS).json()
    assert [one["trigger"] for one in read["triggers"]] == ["schedule", "drift", "metric"]
    assert api(bob).put(ADDRESS, {"new_labels": 500, "channels": []}, format="json").json()["channels"] == []
    assert api(bob).delete(ADDRESS).status_code == 204
    assert not RetrainingPolicy.objects.exists()


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"window_days": 0}, "window_days"),
        ({"steps": [50, 5]}, "steps"),
        ({"recipe": {"estimator": "nothing"}}, "recipe.estimator"),
        ({"least_labels": "many"}, "least_labels"),
        ({"guardrails": {"luck": 1}}, "guardrails"),
        ({"channels": [987654321]}, "channels"),
    ],
)
def test_a_bad_policy_names_its_field(
    watched: Endpoint, bob: User, api: Api, sent: dict[str, object], field: str
) -> None:
    answer = api(bob).put(ADDRESS, sent, format="json")
    assert answer.status_code in (400, 404)
    assert answer.json()["field"] == field


def test_one_is_started_shown_and_stopped(watched: Endpoint, bob: User, vera: User, api: Api) -> None:
    started = f"{ADDRESS[: -len('retraining')]}retrainings/"
    assert api(bob).post(started, {}, format="json").status_code == 409
    api(bob).put(ADDRESS, {}, format="json")
    assert api(vera).post(started, {}, format="json").status_code == 403
    made = api(bob).post(started, {"why": "a new price list"}, format="json")
    assert made.status_code == 201
    assert (made.json()["reason"], made.json()["started_by"]) == ("a new price list", "bob")
    assert api(bob).post(started, {}, format="json").status_code == 409
    one = f"/api/v1/retrainings/{made.json()['id']}"
    found = api(vera).get(one).json()
    assert [(step["name"], step["state"]) for step in found["steps"]] == [
        ("triggered", "done"),
        ("assembling", "running"),
    ]
    assert found["policy"]["approval"] is True
    assert api(vera).post(f"{one}/stop", {}, format="json").status_code == 403
    assert api(bob).post(f"{one}/approve", {}, format="json").status_code == 409
    assert api(bob).post(f"{one}/stop", {"why": "not now"}, format="json").json()["outcome"] == "not now"
    assert api(vera).get(started).json()["results"][0]["state"] == "cancelled"


def test_one_is_approved_and_another_rejected(
    watched: Endpoint, known: ModelVersion, bob: User, vera: User, api: Api
) -> None:
    one = f"/api/v1/retrainings/{attempt(watched, known).pk}"
    assert api(vera).post(f"{one}/reject", {}, format="json").status_code == 403
    assert api(bob).post(f"{one}/reject", {"why": "no"}, format="json").json()["state"] == "refused"
    other = f"/api/v1/retrainings/{attempt(watched, known).pk}"
    found = api(bob).post(f"{other}/approve", {}, format="json").json()
    assert (found["state"], found["decided_by"]) == ("promoted", "bob")


def test_the_page_says_what_to_do_where_there_is_no_policy(
    watched: Endpoint, bob: User, vera: User, web: Web
) -> None:
    assert "Declare a policy" in web(bob).get(PAGE).content.decode()
    assert "An editor of the team declares one" in web(vera).get(PAGE).content.decode()
    assert 'href="/endpoints/tumour/retraining/"' in web(vera).get("/endpoints/tumour/").content.decode()


def test_the_form_declares_and_keeps_what_was_sent_when_it_is_refused(
    watched: Endpoint, bob: User, vera: User, web: Web
) -> None:
    page = f"{PAGE}policy"
    assert web(vera).get(page).status_code == 403
    assert "When and how is it retrained?" in web(bob).get(page).content.decode()
    sent = {
        "enabled": "on", "on_drift": "columns", "new_labels": "400", "metric_fall": "0,05", "method": "search",
        "go_live": "canary", "steps": "5 %, 25 %", "error_rate": "2", "p99_seconds": "250", "approval": "on",
        "held_out_share": "30", "least_labels": "100", "channels": "inbox", "sure": "on", "alias": "champion",
    }  # fmt: skip
    answer = web(bob).post(page, sent)
    assert answer.status_code == 302, answer.content.decode()
    policy = RetrainingPolicy.objects.get()
    assert (policy.new_labels, policy.metric_fall, policy.method) == (400, 0.05, "search")
    assert (policy.steps, policy.guardrails) == ([5.0, 25.0], {"error_rate": 0.02, "p99_seconds": 0.25})
    assert (policy.with_original, policy.held_out_share) == (False, 0.3)
    wrong = web(bob).post(page, {**sent, "window_days": "5000"})
    assert wrong.status_code == 400
    assert "days of the window must lie between 1 and 400" in wrong.content.decode()
    assert 'value="5000"' in wrong.content.decode()
    assert "no JSON" in web(bob).post(page, {**sent, "recipe": "{"}).content.decode()
    assert 'value="2"' in web(bob).get(page).content.decode()
    assert web(bob).post(f"{PAGE}delete").status_code == 302
    assert not RetrainingPolicy.objects.exists()


def test_the_page_shows_steps_and_comparison_and_its_buttons_work(
    watched: Endpoint, known: ModelVersion, bob: User, vera: User, web: Web, api: Api
) -> None:
    api(bob).put(ADDRESS, {"new_labels": 500, "cooldown_hours": 0}, format="json")
    assert web(bob).post(f"{PAGE}start", {"why": "because"}).status_code == 302
    shown = web(bob).get(PAGE).content.decode()
    assert 'hx-trigger="every 5s"' in shown
    assert "Going live" in shown
    assert 'aria-current="step"' in shown
    row = Retraining.objects.get()
    assert web(vera).post(f"/retrainings/{row.pk}/stop").status_code == 403
    assert web(bob).post(f"/retrainings/{row.pk}/stop").status_code == 302
    waits = attempt(watched, known)
    shown = web(bob).get(PAGE).content.decode()
    assert "Approve" in shown
    assert "Approve" not in web(vera).get(PAGE).content.decode()
    assert "+0.13<" in shown
    alone = web(vera).get(f"/retrainings/{waits.pk}/").content.decode()
    assert "deploying is done" in alone
    assert "240" in alone
    assert web(bob).post(f"/retrainings/{waits.pk}/reject", {"why": "no"}).status_code == 302
    tend()
    shown = web(bob).get(PAGE).content.decode()
    assert "0 truths came since the last retraining; 500 set it off." in shown
    assert "Retrain now" in shown
    assert web(vera).get("/retrainings/987654321/").status_code == 404


def test_the_drawing_of_an_interval_has_room_on_both_sides() -> None:
    found = drawing(COMPARISON, 0.0)
    assert found is not None
    assert 0 < found.bound < found.low < found.figure < found.high < 100
    assert drawing({**COMPARISON, "low": None}, 0.0) is None


def test_an_operator_stops_one_in_the_admin(
    watched: Endpoint, known: ModelVersion, alice: User, client: Client
) -> None:
    alice.is_staff = alice.is_superuser = True
    alice.save()
    row = attempt(watched, known)
    Job.objects.filter(state=State.QUEUED).delete()
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(f"/admin/serving/retraining/{row.pk}/change/").status_code == 200
    assert client.get("/admin/serving/retrainingpolicy/").status_code == 200
    client.post("/admin/serving/retraining/", {"action": "stop", "_selected_action": str(row.pk)})
    row.refresh_from_db()
    assert (row.state, row.decided_by) == ("cancelled", alice)
