"""The start page: its cards, their limits and statements; Undo after a deletion."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from experiments.actions.experiments import create_experiment
from experiments.actions.logging import log_batch
from experiments.actions.measurements import Metric
from experiments.actions.problems import create_problem
from experiments.actions.runs import create_run, finish_run
from experiments.models import Lifecycle, Problem, Run
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from serving.models import AlertRule, AnswerCount, Endpoint
from serving.web.home_cards import spark
from tests.experiments.conftest import editor, owner

__all__ = ["editor", "owner"]
pytestmark = pytest.mark.django_db
Web = Callable[[User], Client]


def measured(by: Actor, name: str, value: float, *, threshold: float | None = 0.9) -> Problem:
    problem = create_problem(
        name, kind="classification", target="y", primary_metric="roc_auc", success_threshold=threshold, by=by
    )
    run = create_run(create_experiment(f"on {name}", problem=problem, by=by), name="r", by=by)
    log_batch(run, metrics=[Metric("test_roc_auc", value)], by=by)
    finish_run(run, "FINISHED", by=by)
    return problem


def firing(endpoint: Endpoint) -> AlertRule:
    now = timezone.now()
    return AlertRule.objects.create(
        endpoint=endpoint, name="too many errors", figure="error_rate", comparison="above", threshold=0.1,
        window_seconds=300, state="firing", state_since=now, look_at=now,
    )  # fmt: skip


def test_each_problem_stands_beside_its_threshold(editor: Actor, bob: User, web: Web) -> None:
    measured(editor, "Leavers", 0.95)
    measured(editor, "Fraud", 0.71)
    measured(editor, "Spam", 0.5, threshold=None)
    create_problem("Blank", kind="regression", target="y", by=editor)
    page = web(bob).get("/").content.decode()
    for words in ("Leavers", "0.9500", "good enough", "not yet", "nothing trained yet", "Runs of the week"):
        assert words in page
    assert page.count("good enough") == 1


def test_endpoints_show_their_day_and_what_fires(editor: Actor, bob: User, web: Web) -> None:
    endpoint = Endpoint.objects.create(team=editor.team, name="live", salt="s")
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    for ago, n in ((0, 30), (3, 12), (30, 500)):
        AnswerCount.objects.create(
            endpoint=endpoint, variant="a", version_id=1, status=200, hour=hour - timedelta(hours=ago), n_requests=n,
        )  # fmt: skip
    firing(endpoint)
    page = web(bob).get("/").content.decode()
    assert "<b>42</b>" in page
    assert "too many errors" in page
    assert "1 alert firing" in page


def test_an_empty_team_is_led_to_its_first_steps_until_it_puts_them_away(
    bob: User, vera: User, web: Web
) -> None:
    client = web(bob)
    assert "Start with sample data" in client.get("/").content.decode()
    assert "Start with sample data" not in web(vera).get("/").content.decode()
    assert client.post("/start/put-away")["Location"] == "/"
    page = client.get("/").content.decode()
    assert "Start with sample data" not in page
    assert 'href="/start/"' in page, "the menu still leads there"


def test_the_statements_stay_the_same_however_much_there_is(editor: Actor, bob: User, web: Web) -> None:
    client = web(bob)

    def counted() -> int:
        with CaptureQueriesContext(connection) as caught:
            client.get("/")
        return len(caught)

    measured(editor, "first", 0.5)
    firing(Endpoint.objects.create(team=editor.team, name="e", salt="s"))
    before = counted()
    for n in range(8):
        measured(editor, f"more {n}", n / 10)
        firing(Endpoint.objects.create(team=editor.team, name=f"e{n}", salt="s"))
    assert counted() == before <= 20  # of them five of what waits for approval and of what was done last


def test_a_line_of_nothing_lies_on_the_ground() -> None:
    assert spark([0, 0, 0]) == "M0.0 27.0L60.0 27.0L120.0 27.0"
    assert spark([0, 10]).endswith("L120.0 2.0")


def test_a_deletion_can_be_undone_from_its_message(editor: Actor, bob: User, web: Web) -> None:
    run = create_run(create_experiment("sweep", by=editor), name="dear", by=editor)
    client = web(bob)
    page = client.post(f"/runs/{run.pk}/delete", follow=True).content.decode()
    assert f'action="/runs/{run.pk}/restore"' in page
    assert ">Undo</button>" in page
    client.post(f"/runs/{run.pk}/restore")
    assert Run.objects.get(pk=run.pk).lifecycle == Lifecycle.ACTIVE
    page = client.post(f"/experiments/{run.experiment_id}/delete", follow=True).content.decode()
    assert f'action="/experiments/{run.experiment_id}/restore"' in page
