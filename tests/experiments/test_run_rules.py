"""Rules about runs that end: what is told, once, to whom; and their doors."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from experiments.actions import run_rules
from experiments.actions.experiments import create_experiment
from experiments.actions.run_rules import Wanted, create_run_rule, switch_run_rule, tend
from experiments.models import Experiment, LatestMetric, Run, RunRule, RunStatus, RunTelling
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.errors import AlreadyExists, Conflict, Forbidden, Invalid
from mlregistry.notices.models import Notice

Api = Callable[..., APIClient]
Web = Callable[[User], Client]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def by(bob: User, actor_of: Callable[..., Actor]) -> Actor:
    return actor_of(bob)


@pytest.fixture
def experiment(by: Actor) -> Experiment:
    return create_experiment("churn", by=by)


def ended(
    experiment: Experiment, status: str = RunStatus.FINISHED, *, auc: float | None = None, **more: Any
) -> Run:
    run = Run.objects.create(
        experiment=experiment, status=status, **{"name": "r", "ended_at": timezone.now(), **more}
    )
    if auc is not None:
        LatestMetric.objects.create(run=run, experiment=experiment, key="auc", value=auc, timestamp=0)
    return run


def test_failed_runs_are_told_once_and_together(experiment: Experiment, by: Actor) -> None:
    ended(experiment, RunStatus.FAILED, name="before")
    now = timezone.now()
    create_run_rule(Wanted("failures", "failed"), now=now, by=by)
    first = ended(experiment, RunStatus.FAILED, name="first", error="out of memory")
    ended(experiment, RunStatus.FAILED, name="below", parent=first)
    ended(experiment, name="fine")
    assert tend(now + MINUTE) == 1
    assert tend(now + 2 * MINUTE) == 0
    notice = Notice.objects.get()
    assert (notice.kind, notice.title) == ("run.failed", "Run first failed")
    assert "out of memory" in notice.text
    assert notice.link == f"/runs/{first.pk}/"
    assert notice.inbox_entries.count() > 0
    for n in range(7):
        ended(experiment, RunStatus.FAILED, name=f"more {n}")
    assert tend(now + 3 * MINUTE) == 7
    assert Notice.objects.latest("at").text.endswith("… and 2 more.")
    assert len(Notice.objects.latest("at").data["runs"]) == 7
    tend(now + timedelta(days=2))
    assert not RunTelling.objects.exists()


def test_a_metric_that_passes_is_told_with_its_value(experiment: Experiment, by: Actor) -> None:
    now, other = timezone.now(), create_experiment("other", by=by)
    above = Wanted("good", "passed", experiment=experiment, metric="auc", threshold=0.9)
    create_run_rule(above, now=now, by=by)
    create_run_rule(Wanted("bad", "passed", metric="auc", comparison="below", threshold=0.5), now=now, by=by)
    ended(experiment, auc=0.9)
    ended(experiment, auc=0.95, name="best")
    ended(other, auc=0.99)
    ended(other, auc=0.4, name="worst")
    ended(experiment)
    assert tend(now + MINUTE) == 2
    assert {notice.title for notice in Notice.objects.all()} == {
        "Run best: auc above 0.9",
        "Run worst: auc below 0.5",
    }
    assert Notice.objects.get(title__contains="best").data["runs"][0]["value"] == 0.95


def test_what_ends_while_a_rule_is_off_stays_untold(experiment: Experiment, by: Actor) -> None:
    now = timezone.now()
    rule = create_run_rule(Wanted("failures", "failed"), now=now, by=by)
    switch_run_rule(rule, False, by=by)
    ended(experiment, RunStatus.FAILED)
    assert tend(now + MINUTE) == 0
    switch_run_rule(rule, True, now=now + 2 * MINUTE, by=by)
    assert tend(now + 3 * MINUTE) == 0


def test_wrong_rules_are_refused_by_their_field(
    experiment: Experiment,
    by: Actor,
    vera: User,
    actor_of: Callable[..., Actor],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for wanted, field in (
        (Wanted("", "failed"), "name"), (Wanted("a", "started"), "event"), (Wanted("a", "passed"), "metric"),
        (Wanted("a", "passed", metric="auc"), "threshold"),
        (Wanted("a", "passed", metric="auc", threshold=float("nan")), "threshold"),
        (Wanted("a", "passed", metric="auc", threshold=1.0, comparison="near"), "comparison"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            create_run_rule(wanted, by=by)
        assert refused.value.field == field
    with pytest.raises(Forbidden):
        create_run_rule(Wanted("a", "failed"), by=actor_of(vera))
    create_run_rule(Wanted("a", "failed"), by=by)
    with pytest.raises(AlreadyExists):
        create_run_rule(Wanted("a", "failed"), by=by)
    monkeypatch.setattr(run_rules, "MOST_RULES", 1)
    with pytest.raises(Conflict, match="at most 1"):
        create_run_rule(Wanted("b", "failed"), by=by)


def test_the_api_makes_switches_and_deletes_a_rule(
    experiment: Experiment, bob: User, vera: User, api: Api
) -> None:
    body = {"name": "good", "event": "passed", "metric": "auc", "threshold": 0.9, "experiment": experiment.pk}
    made = api(bob).post("/api/v1/run-rules/", body, format="json")
    assert (made.status_code, made.json()["comparison"], made.json()["is_active"]) == (201, "above", True)
    address = f"/api/v1/run-rules/{made.json()['id']}"
    assert api(vera).post("/api/v1/run-rules/", body, format="json").status_code == 403
    assert api(vera).patch(address, {"is_active": False}, format="json").status_code == 403
    assert api(bob).patch(address, {"is_active": False}, format="json").json()["is_active"] is False
    assert [row["name"] for row in api(vera).get("/api/v1/run-rules/").json()["results"]] == ["good"]
    wrong = api(bob).post("/api/v1/run-rules/", {**body, "name": "x", "experiment": 10**12}, format="json")
    assert wrong.status_code == 404
    assert (
        api(bob).post("/api/v1/run-rules/", {"name": "x", "event": "passed"}, format="json").status_code
        == 400
    )
    assert api(bob).delete(address).status_code == 204
    assert api(bob).get(address).status_code == 404


def test_the_page_makes_switches_and_deletes_a_rule(
    experiment: Experiment, bob: User, vera: User, web: Web
) -> None:
    assert "No rules yet" in web(vera).get("/run-rules/").content.decode()
    sent = {"name": "good", "event": "passed", "metric": "auc", "comparison": "above", "threshold": "0.9"}
    assert web(bob).post("/run-rules/", {**sent, "experiment": experiment.pk}).status_code == 302
    rule = RunRule.objects.get()
    assert rule.experiment == experiment
    shown = web(vera).get("/run-rules/").content.decode()
    assert "auc is above 0.9" in shown
    assert "Switch off" not in shown
    refused = web(bob).post("/run-rules/", {**sent, "name": "kept", "threshold": ""})
    assert (refused.status_code, "kept" in refused.content.decode()) == (400, True)
    assert web(bob).post("/run-rules/", {**sent, "experiment": "x"}).status_code == 400
    assert web(bob).post(f"/run-rules/{rule.pk}/switch").status_code == 302
    rule.refresh_from_db()
    assert not rule.is_active
    assert web(bob).post(f"/run-rules/{rule.pk}/delete").status_code == 302
    assert not RunRule.objects.exists()
