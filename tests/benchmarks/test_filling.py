"""The copies a benchmark fills with have the shape of what was logged, and searches can tell them apart."""

from collections.abc import Callable

import pytest
from django.db import connection

from benchmarks.side_by_side.database import Database
from experiments.actions import logging
from experiments.actions.experiments import create_experiment
from experiments.actions.measurements import Metric
from experiments.actions.runs import create_run
from experiments.models import LatestMetric, MetricPoint, Param, Run
from mlregistry import env
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.supervisor.postgres import SUPERUSER
from tests.servers import session_postgres

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        bool(env.text("TEST_DATABASE_URL")), reason="fills as the superuser of the embedded server"
    ),
]


@pytest.fixture
def database() -> Database:
    name, postgres = str(connection.settings_dict["NAME"]), session_postgres()
    return Database(postgres.url(name), postgres.url(name, SUPERUSER))


@pytest.fixture
def logged(bob: User, actor_of: Callable[..., Actor]) -> Run:
    by = actor_of(bob)
    run = create_run(create_experiment("bench", by=by), by=by)
    points = [
        Metric(f"m{key}", 0.25, step, 1_700_000_000_000 + step) for step in range(3) for key in range(2)
    ]
    logging.log_batch(run, params={"p0": "p0-0"}, metrics=points, tags={"kind": "bench"}, by=by)
    return run


def test_each_copy_has_what_the_logged_run_has(database: Database, logged: Run) -> None:
    database.copy_runs(logged.pk.hex, 1, 20)
    copies = Run.objects.exclude(pk=logged.pk).order_by("started_at")
    assert [run.name for run in copies] == [f"run-{number}" for number in range(1, 21)]
    for run in copies:
        assert run.experiment_id == logged.experiment_id
        assert run.tags.get(key="kind").value == "bench"
        assert run.metric_points.count() == 6
    assert Param.objects.filter(key="p0", value="p0-3").count() == 2


def test_the_latest_metric_of_a_copy_is_the_last_of_its_points(database: Database, logged: Run) -> None:
    database.copy_runs(logged.pk.hex, 1, 20)
    latest = LatestMetric.objects.exclude(run=logged)
    assert latest.count() == 40
    for metric in latest:
        points = MetricPoint.objects.filter(run=metric.run_id, key=metric.key)
        last, first = points.latest("step"), points.earliest("step")
        assert (metric.minimum, metric.maximum) == (first.value, last.value)
        assert (metric.step, metric.timestamp, metric.value) == (last.step, last.timestamp, last.value)
    assert len(set(latest.values_list("value", flat=True))) == 40


def test_many_copies_leave_all_indexes_as_they_were(
    database: Database, logged: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.side_by_side.database.BULK", 0)
    before = _indexes()
    database.copy_runs(logged.pk.hex, 1, 20)
    assert _indexes() == before
    assert Param.objects.filter(key="p0", value="p0-3").count() == 2


def _indexes() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2")
        return list(cursor.fetchall())
