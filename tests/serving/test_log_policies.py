"""The log of an endpoint: its policy, counts that add up, retention by weeks, feedback by unit."""

import json
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.errors import Invalid
from models_app.models import ModelVersion
from serving import live_routing, partitions
from serving.actions import logcounts, retention
from serving.actions.endpoints import create_endpoint, update_endpoint
from serving.actions.feedback import record_feedback
from serving.actions.unit_feedback import settle_due
from serving.models import Endpoint, Feedback, LogCount, Prediction, UnitFeedback
from serving.partitions import Week
from serving.prometheus import PredictionCollector
from serving.queries.log_counts import log_counts
from serving.shipping import log_folder, ship_folder
from tests.serving.answering import answered
from tests.serving.conftest import ROW

Api = Callable[..., APIClient]
FIRST, SECOND = list(ROW)[:2]


def test_a_policy_is_set_shown_and_followed(
    endpoint: Endpoint, bob: User, vera: User, by: Actor, api: Api
) -> None:
    path = "/api/v1/endpoints/tumour/log"
    wanted = {"redact": {FIRST: "hash", SECOND: "drop", "unit_id": "hash"}, "retention_days": 30, "sample": 1}
    assert api(vera).patch(path, wanted, format="json").status_code == 403
    told = api(bob).patch(path, wanted, format="json").json()
    assert {name: told[name] for name in wanted} == wanted
    answered(by, "tumour", ROW, ["patient 7"])
    row = Prediction.objects.get()
    assert row.input[FIRST].startswith("hash:")
    assert SECOND not in row.input
    assert row.unit.startswith("hash:")
    counts = api(vera).get(path).json()["counts"]
    assert counts == {"n_enqueued": 1, "n_written": 1, "n_dropped": 0, "n_waiting": 0, "n_refused": 0}


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"sample": 2}, "sample"),
        ({"sample": "all"}, "sample"),
        ({"retention_days": 0}, "retention_days"),
        ({"redact": {"no such": "drop"}}, "redact"),
        ({"redact": {FIRST: "blur"}}, "redact"),
        ({"redact": [1]}, "redact"),
        ({"mode": "sometimes"}, "log_mode"),
        ({"colour": 1}, "colour"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(
    endpoint: Endpoint, bob: User, api: Api, wanted: dict[str, Any], field: str
) -> None:
    answer = api(bob).patch("/api/v1/endpoints/tumour/log", wanted, format="json")
    assert (answer.status_code, answer.json()["field"]) == (400, field)


def test_nothing_of_a_sample_of_none_is_logged(endpoint: Endpoint, by: Actor) -> None:
    update_endpoint(endpoint, log={"sample": 0.0}, by=by)
    answered(by, "tumour", ROW, ["a", "b"])
    assert not Prediction.objects.exists()
    assert log_counts(endpoint)["n_enqueued"] == 0


def test_counts_of_a_killed_process_add_up_once_its_segments_are_shipped(endpoint: Endpoint) -> None:
    amounts = logcounts.Amounts
    logcounts.add_log_counts(
        "1.a", {endpoint.pk: amounts(n_enqueued=5, n_written=7)}
    )  # killed before it told
    logcounts.add_log_counts(
        "2.b", {endpoint.pk: amounts(n_enqueued=9, n_written=6, n_dropped=1)}
    )  # lost two
    logcounts.settle("1.a")
    logcounts.settle("2.b")
    found = {row.source: (row.n_enqueued, row.n_written, row.n_dropped) for row in LogCount.objects.all()}
    assert found == {"1.a": (7, 7, 0), "2.b": (9, 6, 3)}
    LogCount.objects.update(changed_at=timezone.now() - timedelta(days=2))
    logcounts.fold_stale()
    LogCount.objects.update(changed_at=timezone.now() - timedelta(days=2))
    logcounts.fold_stale()
    (row,) = LogCount.objects.all()
    assert (row.source, row.n_enqueued, row.n_written, row.n_dropped) == ("", 16, 13, 3)
    assert log_counts(endpoint) == {
        "n_enqueued": 16, "n_written": 13, "n_dropped": 3, "n_refused": 0, "n_waiting": 0
    }  # fmt: skip


def test_counts_are_scraped(endpoint: Endpoint, by: Actor) -> None:
    answered(by, "tumour", ROW, ["a", "b"])
    found = {
        sample.labels["state"]: sample.value
        for metric in PredictionCollector().collect()
        if metric.name == "mlregistry_prediction_log_rows"
        for sample in metric.samples
        if sample.name.endswith("_total")
    }
    assert found == {"enqueued": 2, "written": 2, "dropped": 0}


def id_at(at: datetime) -> uuid.UUID:
    return uuid.UUID(int=partitions.first_id(at).int | 7 << 76 | uuid.uuid4().int & (1 << 62) - 1)


def logged_at(endpoint: Endpoint, at: datetime, unit: str = "") -> Prediction:
    version = endpoint.variants.all()[0].version
    return Prediction.objects.create(
        request_id=id_at(at), endpoint=endpoint, variant="champion", version=version, unit=unit, at=at,
        latency_seconds=0.001, input={}, output={"prediction": 1},
    )  # fmt: skip


def test_weeks_are_made_ahead_and_take_along_what_came_before_them(endpoint: Endpoint) -> None:
    now = datetime(2031, 5, 14, 12, tzinfo=UTC)
    logged_at(endpoint, now)
    logged_at(endpoint, now - timedelta(days=30))
    made = partitions.make_ahead(now)
    assert [week.table for week in made][:2] == ["serving_prediction_20310512", "serving_prediction_20310519"]
    assert partitions.make_ahead(now) == []
    assert Week.of(now) in partitions.weeks()
    logged_at(endpoint, now + timedelta(days=8))
    rows = Prediction.objects.extra(select={"place": "tableoid::regclass::text"}).order_by("at")
    assert [row.place for row in rows] == [
        "serving_prediction_rest", "serving_prediction_20310512", "serving_prediction_20310519",
    ]  # fmt: skip


def test_retention_drops_weeks_that_nobody_keeps_and_rows_of_the_others(
    endpoint: Endpoint, versions: list[ModelVersion], by: Actor
) -> None:
    update_endpoint(endpoint, log={"retention_days": 10}, by=by)
    keeps = create_endpoint(
        "keeps", variants=[{"name": "only", "version": versions[0], "weight": 100}], by=by
    )
    now = datetime(2031, 5, 14, 12, tzinfo=UTC)
    partitions.make_ahead(now)
    logged_at(endpoint, now)
    logged_at(keeps, now + timedelta(days=8))
    logged_at(endpoint, now + timedelta(days=8))
    later = now + timedelta(days=21)
    logged_at(endpoint, later)
    retention.tend(later)
    assert Week.of(now) not in partitions.weeks()  # it held rows of nobody else
    assert Week.of(now + timedelta(days=8)) in partitions.weeks()
    left = Prediction.objects.order_by("at").values_list("endpoint__name", flat=True)
    assert list(left) == ["keeps", "tumour"]
    retention.tend(later)
    assert Prediction.objects.count() == 2


def test_feedback_by_unit_finds_the_prediction_that_the_unit_got_before(
    endpoint: Endpoint, bob: User, by: Actor, api: Api
) -> None:
    old, new = (timezone.now() - timedelta(days=days) for days in (3, 1))
    first, second = logged_at(endpoint, old, "customer 7"), logged_at(endpoint, new, "customer 7")
    path = "/api/v1/endpoints/tumour/feedback"
    item = {"unit": "customer 7", "truth": 1, "at": (old + timedelta(hours=1)).isoformat()}
    for _ in range(2):
        answer = api(bob).post(path, {"feedback": [item]}, format="json")
        assert (answer.status_code, answer.json()) == (200, {"n_recorded": 1})
    assert [row.request_id for row in Feedback.objects.all()] == [first.request_id]
    record_feedback(endpoint, [{"unit": "customer 7", "truth": 0}], by=by)
    assert UnitFeedback.objects.count() == 1  # its prediction may still be on its way into the log
    settle_due(timezone.now() + timedelta(minutes=1))
    assert dict(Feedback.objects.values_list("request_id", "truth")) == {
        first.request_id: 1,
        second.request_id: 0,
    }
    assert not UnitFeedback.objects.exists()


def test_feedback_by_unit_may_come_before_the_log_and_finds_hashed_units(
    endpoint: Endpoint, by: Actor
) -> None:
    update_endpoint(endpoint, log={"redact": {"unit_id": "hash"}}, by=by)
    body = json.dumps({"dataframe_records": [ROW], "unit_id": "alice"}).encode()
    assert live_routing.predict_as(by, "tumour", body, {})[0] == 200
    endpoint.refresh_from_db()
    record_feedback(endpoint, [{"unit": "alice", "truth": 1}], by=by)
    later = timezone.now() + timedelta(minutes=1)
    assert settle_due(later) == 0
    live_routing.here().log.close()
    ship_folder(log_folder())
    assert settle_due(later) == 1
    assert Feedback.objects.get().request_id == Prediction.objects.get().request_id


@pytest.mark.parametrize("unit", ["x" * 257, True, "a\x00b"])
def test_a_unit_that_is_none_is_named(endpoint: Endpoint, by: Actor, unit: Any) -> None:
    with pytest.raises(Invalid, match="Item 1: unit"):
        record_feedback(endpoint, [{"unit": unit, "truth": 1}], by=by)


def test_a_long_unit_is_logged_whole(endpoint: Endpoint, by: Actor) -> None:
    answered(by, "tumour", ROW, ["u" * 256])
    assert len(Prediction.objects.get().unit) == 256
    assert time.time() - Prediction.objects.get().at.timestamp() < 3600
