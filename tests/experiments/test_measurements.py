"""Logging: write-once params, idempotent points, the latest metric as MLflow defines it."""

import math
import sys
import threading
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from experiments.actions import logging as actions
from experiments.actions import runs as run_actions
from experiments.actions.measurements import Metric
from experiments.models import Experiment, LatestMetric, MetricPoint, Param, Run, RunTag
from experiments.queries import runs as queries
from mlregistry.accounts.actor import Actor
from mlregistry.errors import Conflict, Forbidden, Invalid, NotFound

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(experiment: Experiment, editor: Actor) -> Run:
    return run_actions.create_run(experiment, by=editor)


def latest(run: Run, key: str = "loss") -> tuple[float, bool, int, int]:
    row = LatestMetric.objects.get(run=run, key=key)
    return row.value, row.is_nan, row.step, row.timestamp


def test_a_batch_is_stored_whole(run: Run, editor: Actor) -> None:
    actions.log_batch(
        run, metrics=[Metric("loss", 0.5, 1, 1000)], params={"depth": "3"}, tags={"team/a": "x"}, by=editor
    )
    row = queries.row(queries.with_measurements(Run.objects.filter(pk=run.pk)).get())
    assert (row.params, row.metrics, row.tags) == ({"depth": "3"}, {"loss": 0.5}, {"team/a": "x"})


def test_the_same_batch_again_changes_nothing(run: Run, editor: Actor) -> None:
    batch: dict[str, Any] = {
        "metrics": [Metric("loss", 0.5, 1, 1000)] * 2,
        "params": {"a": "1"},
        "tags": {"t": "1"},
    }
    actions.log_batch(run, **batch, by=editor)
    actions.log_batch(run, **batch, by=editor)
    assert (MetricPoint.objects.count(), Param.objects.count(), RunTag.objects.count()) == (1, 1, 1)


def test_a_batch_takes_one_round_trip_whatever_its_size(run: Run, editor: Actor) -> None:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        actions.log_batch(
            run,
            metrics=[Metric("loss", float(i), i, i) for i in range(5000)],
            params=[(f"p{i}", str(i)) for i in range(500)],
            tags=[(f"t{i}", str(i)) for i in range(500)],
            by=editor,
        )
    assert len([query for query in captured if "SAVEPOINT" not in query["sql"]]) == 1
    assert MetricPoint.objects.count() == 5000


def test_a_param_keeps_its_first_value_and_nothing_else_is_written(run: Run, editor: Actor) -> None:
    actions.log_batch(run, params={"depth": "3"}, by=editor)
    with pytest.raises(Conflict) as caught:
        actions.log_batch(
            run, params={"a": "1", "depth": "4"}, metrics=[Metric("loss", 1.0)], tags={"t": "1"}, by=editor
        )
    assert caught.value.field == "params.depth"
    assert "'3'" in caught.value.message
    assert "'4'" in caught.value.message
    assert not Param.objects.filter(key="a").exists()
    assert not MetricPoint.objects.exists()


def test_a_param_twice_in_one_batch_must_agree(run: Run, editor: Actor) -> None:
    actions.log_batch(run, params=[("a", "1"), ("a", "1")], by=editor)
    with pytest.raises(Conflict):
        actions.log_batch(run, params=[("b", "1"), ("b", "2")], by=editor)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(1.0, 1, 5), (2.0, 0, 9)], (1.0, False, 1, 5)),  # the step counts first
        ([(1.0, 1, 9), (2.0, 1, 5)], (1.0, False, 1, 9)),  # then the time
        ([(1.0, 1, 5), (2.0, 1, 5)], (2.0, False, 1, 5)),  # then the value
        ([(math.nan, 1, 5), (-1.0, 1, 5)], (0.0, True, 1, 5)),  # NaN competes as 0
        ([(math.nan, 1, 5), (1.0, 1, 5)], (1.0, False, 1, 5)),
        ([(-1.0, -3, 5), (-2.0, -2, 1)], (-2.0, False, -2, 1)),
    ],
)
@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("turned", [True, False])
def test_the_latest_metric_is_the_greatest_by_step_time_and_value(
    run: Run, editor: Actor, points: Any, expected: Any, together: bool, turned: bool
) -> None:
    metrics = [Metric("loss", *point) for point in points]
    metrics = metrics[::-1] if turned else metrics
    for batch in [metrics] if together else [[metric] for metric in metrics]:
        actions.log_batch(run, metrics=batch, by=editor)
    assert latest(run) == expected
    assert MetricPoint.objects.count() == 2


def test_infinities_become_the_largest_floats_and_nan_a_flag(run: Run, editor: Actor) -> None:
    values = {"up": math.inf, "down": -math.inf, "nan": math.nan}
    actions.log_batch(run, metrics=[Metric(key, value) for key, value in values.items()], by=editor)
    assert latest(run, "up")[0] == sys.float_info.max
    assert latest(run, "down")[0] == -sys.float_info.max
    assert latest(run, "nan")[:2] == (0.0, True)


def test_a_tag_is_rewritten_and_deleted(run: Run, editor: Actor) -> None:
    actions.log_batch(run, tags={"a": "1"}, by=editor)
    actions.log_batch(run, tags=[("a", "2"), ("a", "3")], by=editor)
    assert RunTag.objects.get(run=run, key="a").value == "3"
    actions.delete_tag(run, "a", by=editor)
    with pytest.raises(NotFound):
        actions.delete_tag(run, "a", by=editor)


@pytest.mark.parametrize(
    ("batch", "field"),
    [
        ({"metrics": [Metric("acc%", 1.0)]}, "metrics.0.key"),
        ({"metrics": [Metric("a", 1.0), Metric("", 1.0)]}, "metrics.1.key"),
        ({"metrics": [Metric("a", 1.0, 2**63)]}, "metrics.0.step"),
        ({"metrics": [Metric("a", 1.0, 0, -1)]}, "metrics.0.timestamp"),
        ({"metrics": [Metric("a", True)]}, "metrics.0.value"),
        ({"metrics": [Metric("../a", 1.0)]}, "metrics.0.key"),
        ({"params": {"a": "x" * 6001}}, "params.a"),
        ({"params": {"a\x00": "x"}}, "params.a\x00"),
        ({"params": {"a": "x\x00"}}, "params.a"),
        ({"tags": {"k" * 251: "x"}}, f"tags.{'k' * 195}"),
        ({"tags": {"a": "x" * 8001}}, "tags.a"),
    ],
)
def test_bad_input_names_the_field_and_writes_nothing(
    run: Run, editor: Actor, batch: Any, field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        actions.log_batch(run, **{"tags": {"good": "1"}, **batch}, by=editor)
    assert caught.value.field == field
    assert not RunTag.objects.exists()


def test_a_viewer_logs_nothing_and_a_deleted_run_takes_nothing(
    run: Run, editor: Actor, viewer: Actor
) -> None:
    with pytest.raises(Forbidden):
        actions.log_batch(run, tags={"a": "1"}, by=viewer)
    run_actions.delete_run(run, by=editor)
    with pytest.raises(Conflict):
        actions.log_batch(run, tags={"a": "1"}, by=editor)


def test_curves_are_stored_over_those_of_the_same_name_without_nan(run: Run, editor: Actor) -> None:
    actions.set_curves(run, {"roc": {"x": [0.0, math.nan]}}, by=editor)
    actions.set_curves(run, {"roc": {"x": [1.0]}, "pr": {}}, by=editor)
    assert queries.curves(run) == {"pr": {}, "roc": {"x": [1.0]}}


def test_a_long_history_keeps_every_extreme_and_the_end(run: Run, editor: Actor) -> None:
    values = [float(i % 7) for i in range(3000)]
    values[1234], values[2345] = 99.0, -99.0
    actions.log_batch(run, metrics=[Metric("loss", v, i, i) for i, v in enumerate(values)], by=editor)
    points = queries.history(run, "loss", max_points=300)
    shown = [point.value for point in points]
    assert len(points) <= 300
    assert 99.0 in shown
    assert -99.0 in shown
    assert points[-1].step == 2999
    assert [point.step for point in points] == sorted(point.step for point in points)
    assert len(queries.history(run, "loss", max_points=3000)) == 3000
    assert queries.history(run, "unknown") == []


@pytest.mark.django_db(transaction=True)
def test_two_writers_of_one_param_agree_on_one_value(run: Run, editor: Actor) -> None:
    outcomes: list[str] = []

    def write(value: str) -> None:
        try:
            actions.log_batch(run, params=[(f"p{i}", value) for i in range(50)], by=editor)
            outcomes.append("stored")
        except Conflict:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(value,)) for value in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused", "stored"]
    assert Param.objects.filter(run=run).values("value").distinct().count() == 1
