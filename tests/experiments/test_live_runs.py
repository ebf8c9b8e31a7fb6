"""What is new of several runs at once: states, last values and points of those that logged, and of no others."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from experiments.actions import logging
from experiments.actions import runs as run_actions
from experiments.actions.measurements import Metric
from experiments.models import Experiment, Run
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]
ADDRESS = "/api/v1/live-runs"


def started(experiment: Experiment, n: int, by: Actor) -> list[Run]:
    return [run_actions.create_run(experiment, name=f"run {i}", by=by) for i in range(n)]


def log(run: Run, steps: range, by: Actor) -> None:
    logging.log_batch(
        run, metrics=[Metric("loss", 1 / (step + 1), step, 1_000 * step) for step in steps], by=by
    )


def asked(client: APIClient, known: dict[str, int], **more: Any) -> dict[str, Any]:
    given = {"run": list(known), "since": [str(n) for n in known.values()], "key": ["loss"], **more}
    answer = client.get(ADDRESS, given)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_points_and_last_values_come_once_and_only_of_runs_that_logged(
    experiment: Experiment, editor: Actor, vera: User, api: Api
) -> None:
    first, second = started(experiment, 2, editor)
    log(first, range(3), editor)
    client, known = api(vera), {first.pk.hex: 0, second.pk.hex: 0}
    news = asked(client, known)
    assert [(one["run"], one["steps"]) for one in news["series"]] == [(first.pk.hex, [0, 1, 2])]
    assert news["runs"][first.pk.hex]["metrics"]["loss"]["value"] == pytest.approx(1 / 3)
    assert news["runs"][second.pk.hex]["metrics"] == {}
    known = {run: one["changes"] for run, one in news["runs"].items()}
    log(second, range(2), editor)
    news = asked(client, known)
    assert [(one["run"], one["steps"]) for one in news["series"]] == [(second.pk.hex, [0, 1])]
    assert news["runs"][first.pk.hex]["metrics"] == {}
    known = {run: one["changes"] for run, one in news["runs"].items()}
    run_actions.update_run(first, status="FINISHED", by=editor)
    news = asked(client, known)
    assert news["series"] == []
    assert {run: one["is_live"] for run, one in news["runs"].items()} == {
        first.pk.hex: False, second.pk.hex: True,
    }  # fmt: skip


def test_many_runs_cost_as_many_queries_as_two(
    experiment: Experiment, editor: Actor, vera: User, api: Api
) -> None:
    client, counts = api(vera), []
    asked(
        client, {run.pk.hex: 0 for run in started(experiment, 1, editor)}
    )  # what is kept in memory is read once
    for n in (2, 20):
        runs = started(experiment, n, editor)
        for run in runs:
            log(run, range(3), editor)
        with CaptureQueriesContext(connection) as queries:
            news = asked(client, {run.pk.hex: 0 for run in runs})
        assert len(news["series"]) == n
        counts.append(len(queries))
    assert counts[0] == counts[1], queries.captured_queries


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"run": ["x"]}, "run"),
        ({"run": []}, "run"),
        ({"since": ["1"]}, "since"),
        ({"since": ["a", "1"]}, "since"),
    ],
)
def test_what_cannot_be_asked_is_said_with_its_field(
    more: dict[str, Any], field: str, experiment: Experiment, editor: Actor, vera: User, api: Api
) -> None:
    runs = started(experiment, 2, editor)
    given = {"run": [run.pk.hex for run in runs], "since": ["0", "0"], **more}
    answer = api(vera).get(ADDRESS, given)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


def test_runs_of_another_team_are_not_there(
    experiment: Experiment, editor: Actor, charlie: User, vera: User, api: Api
) -> None:
    (run,) = started(experiment, 1, editor)
    assert api(charlie).get(ADDRESS, {"run": run.pk.hex}).status_code == 404
    assert api(vera).get(ADDRESS, {"run": uuid.uuid4().hex}).status_code == 404
