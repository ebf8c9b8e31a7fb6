"""Alert rules from real counters, log and feedback to what their channels are told; time is an argument."""

import json
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from experiments.actions.problems import create_problem
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, User
from mlregistry.errors import AlreadyExists, Conflict, Forbidden, Invalid
from mlregistry.notices.actions import channels
from mlregistry.notices.models import InboxEntry, Notice
from models_app.models import ModelVersion, RegisteredModel
from serving.actions import alert_looks, alert_rules, readings
from serving.actions.alert_declarations import Declaration, declaration_of
from serving.actions.alert_looks import tend
from serving.actions.alert_rules import create_alert_rule, switch_alert_rule, update_alert_rule
from serving.hotpath.counters import BOUNDS
from serving.models import (
    AlertEvent,
    AlertRule,
    AnswerCount,
    Endpoint,
    EndpointReading,
    Feedback,
    LogCount,
    Prediction,
)
from serving.queries import alert_figures
from serving.queries.alert_figures import Figure, Measured, Window

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PLAIN = Declaration(
    name="errors", figure="error_rate", threshold=0.05, window_seconds=300, cooldown_seconds=0
)
DRIFT: dict[str, float] = {}


def drift_of(window: Window) -> Measured:
    """As a server that knows of drift would bring it."""
    if window.column == "broken":
        raise KeyError("no such column")
    if window.column == "refused":
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
    return Measured(DRIFT.get(window.column), 100)


COLUMN_DRIFT = Figure("column_drift", "Drift", "rows", drift_of, has_column=True)


@pytest.fixture
def endpoint(by: Actor) -> Endpoint:
    return Endpoint.objects.create(team=by.team, name="tumour", salt="s")


@pytest.fixture
def version(by: Actor) -> ModelVersion:
    model = RegisteredModel.objects.create(team=by.team, name="m")
    return ModelVersion.objects.create(
        model=model, number=1, signature={"kind": "classification", "classes": [0, 1], "inputs": []}
    )


def answered(
    endpoint: Endpoint, n: int, *, status: int = 200, seconds: float = 0.03, at: datetime = NOW
) -> None:
    """Adds to the counts of that hour, as web processes do."""
    slot = next(place for place, bound in enumerate((*BOUNDS, 1e9)) if seconds <= bound)
    key = {"endpoint": endpoint, "variant": "a", "version_id": 1, "status": status}
    hour = at.replace(minute=0, second=0, microsecond=0)
    row, _ = AnswerCount.objects.get_or_create(
        **key, hour=hour, defaults={"histogram": [0] * (len(BOUNDS) + 1)}
    )
    histogram = list(row.histogram)
    histogram[slot] += n
    AnswerCount.objects.filter(**key, hour=hour).update(n_requests=row.n_requests + n, histogram=histogram)


def logged(
    endpoint: Endpoint, version: ModelVersion, prediction: Any, truth: Any = None, *, at: datetime = NOW
) -> None:
    request = uuid.uuid4()
    Prediction.objects.create(
        request_id=request, endpoint=endpoint, variant="a", version=version, at=at, latency_seconds=0.001, input={},
        output={"prediction": prediction, "probabilities": [0.5, 0.5]},
    )  # fmt: skip
    if truth is not None:
        Feedback.objects.create(endpoint=endpoint, request_id=request, truth=truth)
        Feedback.objects.filter(request_id=request).update(at=at)


def rule_of(endpoint: Endpoint, by: Actor, **wanted: Any) -> AlertRule:
    given = {**{name: getattr(PLAIN, name) for name in PLAIN.__dataclass_fields__}, **wanted}
    return create_alert_rule(endpoint, Declaration(**given), now=NOW, by=by)


def looked(minutes: int) -> int:
    return tend(NOW + minutes * MINUTE)


def state_of(rule: AlertRule) -> tuple[Any, ...]:
    rule.refresh_from_db()
    return rule.state, rule.value, rule.n_observed


# ---------------------------------------------------------------- figures


def test_an_error_rate_fires_once_and_recovers_when_the_window_has_passed(
    endpoint: Endpoint, by: Actor
) -> None:
    answered(endpoint, 1000, status=500)  # before the rule: none of its business
    rule = rule_of(endpoint, by, fewest=50)
    looked(0)
    assert state_of(rule) == ("no data", None, 0)
    answered(endpoint, 90)
    answered(endpoint, 10, status=503)
    answered(endpoint, 100, status=404)  # the client's mistakes count neither way
    looked(1)
    assert state_of(rule) == ("firing", 0.1, 100)
    for minute in range(2, 6):
        answered(endpoint, 100)
        looked(minute)
    assert state_of(rule) == ("ok", 10 / 500, 500)
    titles = list(Notice.objects.order_by("at").values_list("kind", "severity", "title"))
    assert titles == [
        ("alert.firing", "warning", "tumour: errors is firing"),
        ("alert.recovered", "info", "tumour: errors is well again"),
    ]
    first = Notice.objects.earliest("at")
    assert first.text == "Error rate (5xx) is 10 %. The rule: above 5 % over 5 minutes."
    assert first.link == "/endpoints/tumour/alerts/"
    assert first.data["alerts"][0]["value"] == 0.1
    assert [entry.user for entry in InboxEntry.objects.filter(notice=first)] == [by.user]
    history = list(
        AlertEvent.objects.filter(rule=rule).order_by("pk").values_list("former", "state", "notice")
    )
    assert [(former, state) for former, state, _ in history] == [("no data", "firing"), ("firing", "ok")]
    assert all(notice for _, _, notice in history)


def test_requests_a_second_and_latencies_come_from_the_same_readings(endpoint: Endpoint, by: Actor) -> None:
    rate = rule_of(endpoint, by, name="r", figure="requests_per_second", comparison="below", threshold=1.0)
    p50 = rule_of(endpoint, by, name="50", figure="latency_p50", threshold=0.2)
    p99 = rule_of(endpoint, by, name="99", figure="latency_p99", threshold=0.2)
    looked(0)
    answered(endpoint, 95, seconds=0.03)
    answered(endpoint, 5, seconds=0.4)
    looked(1)
    assert state_of(rate) == ("ok", pytest.approx(100 / 60), 100)
    state, value, n = state_of(p50)
    assert (state, n) == ("ok", 100)
    assert value == pytest.approx(0.025 + 0.025 * 50 / 95)
    assert state_of(p99) == ("firing", pytest.approx(0.25 + 0.25 * 4 / 5), 100)
    for minute in range(2, 7):
        looked(minute)
    assert state_of(rate) == ("firing", 0.0, 0)
    assert state_of(p99)[0] == "no data"


def test_hours_turn_without_a_request_counted_twice_or_lost(endpoint: Endpoint, by: Actor) -> None:
    rule = rule_of(endpoint, by, figure="requests_per_second", threshold=1e9, window_seconds=86_400)
    for minute in range(0, 200, 7):
        looked(minute)
        answered(endpoint, 10, at=NOW + minute * MINUTE)
    looked(201)
    assert state_of(rule)[2] == 10 * len(range(0, 200, 7))


def test_what_came_while_nobody_looked_counts_for_long_windows_alone(endpoint: Endpoint, by: Actor) -> None:
    short = rule_of(endpoint, by, name="short")
    slow = rule_of(endpoint, by, name="slow", figure="latency_p50", threshold=1)
    long = rule_of(endpoint, by, name="long", window_seconds=86_400)
    looked(0)
    answered(endpoint, 50, status=500)
    answered(endpoint, 50)
    looked(180)
    assert state_of(short) == state_of(slow) == ("no data", None, 0)
    assert state_of(long) == ("firing", 0.5, 100)
    answered(endpoint, 10, at=NOW + 180 * MINUTE)
    looked(181)
    assert state_of(short) == ("ok", 0.0, 10)
    assert state_of(long) == ("firing", 50 / 110, 110)


def test_lost_rows_and_refused_requests_are_counted_by_window(endpoint: Endpoint, by: Actor) -> None:
    lost = rule_of(endpoint, by, name="lost", figure="log_drops", threshold=0)
    full = rule_of(endpoint, by, name="full", figure="overload", threshold=5)
    row = LogCount.objects.create(endpoint=endpoint, source="p", n_enqueued=100, n_dropped=50, n_refused=10)
    looked(0)
    looked(1)
    assert state_of(lost) == ("ok", 0.0, 0)
    LogCount.objects.filter(pk=row.pk).update(n_enqueued=120, n_dropped=53, n_refused=14)
    looked(2)
    assert state_of(lost) == ("firing", 3.0, 20)
    assert state_of(full) == ("ok", 4.0, 0)
    looked(7)
    assert state_of(lost)[0] == "ok"


def test_nulls_feedback_and_the_live_metric_come_from_the_log(
    endpoint: Endpoint, version: ModelVersion, by: Actor
) -> None:
    endpoint.problem = create_problem(
        "p", kind="classification", target="y", primary_metric="accuracy", by=by
    )
    endpoint.save()
    nulls = rule_of(endpoint, by, name="n", figure="null_rate", threshold=0.2)
    metric = rule_of(
        endpoint, by, name="m", figure="live_metric", comparison="below", threshold=0.8, fewest=4
    )
    rows = rule_of(endpoint, by, name="f", figure="feedback_rows", threshold=3)
    for prediction, truth in ((1, 1), (1, 1), (1, 0)):
        logged(endpoint, version, prediction, truth)
    logged(endpoint, version, None)
    looked(0)
    assert state_of(nulls) == ("firing", 0.25, 4)
    assert state_of(metric) == ("no data", pytest.approx(2 / 3), 3)
    assert state_of(rows) == ("ok", 3.0, 3)
    logged(endpoint, version, 0, 1, at=NOW + MINUTE)
    looked(1)
    assert state_of(metric) == ("firing", 0.5, 4)
    assert state_of(rows) == ("firing", 4.0, 4)


def test_a_figure_of_another_app_is_plugged_in_and_may_fail_alone(
    endpoint: Endpoint, by: Actor, settings: Settings
) -> None:
    settings.ALERT_FIGURES = [f"{__name__}.COLUMN_DRIFT"]
    age, broken, refused = (
        rule_of(endpoint, by, name=column, figure="column_drift", column=column, threshold=0.1)
        for column in ("age", "broken", "refused")
    )
    DRIFT["age"] = 0.3
    assert looked(0) == 3
    assert state_of(age) == ("firing", 0.3, 100)
    for rule, error in ((broken, "KeyError"), (refused, "DataError")):
        assert state_of(rule)[0] == "no data"
        assert error in rule.error
    DRIFT["age"] = float("nan")
    looked(1)
    assert state_of(age) == ("no data", None, 100)
    settings.ALERT_FIGURES = []
    looked(2)
    age.refresh_from_db()
    assert age.error == "This server knows no figure named column_drift."
    assert "column_drift" not in alert_figures.figures()


# ---------------------------------------------------------------- telling


def test_a_storm_is_one_message_for_those_who_hear_all_of_it(
    endpoint: Endpoint, by: Actor, alice: User
) -> None:
    second = Endpoint.objects.create(team=by.team, name="second", salt="s")
    owner = Actor.system(by.team, user=alice)
    mail = channels.create_channel("mail", kind="email", emails=["a@example.org"], by=owner).channel
    for number in range(25):
        rule_of(endpoint, by, name=f"r{number}", severity="critical" if number == 7 else "info")
    rule_of(second, by, name="other")
    apart = create_alert_rule(
        endpoint, Declaration(name="mail", figure="error_rate", threshold=0), channels=[mail], now=NOW, by=by
    )
    silent = create_alert_rule(
        endpoint, Declaration(name="silent", figure="error_rate", threshold=0), channels=[], now=NOW, by=by
    )
    looked(0)
    for one in (endpoint, second):
        answered(one, 10, status=500)
    assert looked(1) == 28
    storm, single = sorted(Notice.objects.all(), key=lambda notice: notice.title == "tumour: mail is firing")
    assert (storm.title, storm.severity, storm.link) == (
        "26 alerts on 2 endpoints: 26 firing",
        "critical",
        "/alerts/",
    )
    assert storm.text.endswith("… and 6 more.")
    assert len(storm.data["alerts"]) == 26
    assert single.data["alerts"][0]["rule_id"] == apart.pk
    assert state_of(silent)[0] == "firing"
    assert AlertEvent.objects.get(rule=silent).notice is None
    assert InboxEntry.objects.filter(notice=storm).count() == 2


def test_a_flapping_rule_tells_once_in_its_cool_down_and_keeps_its_history(
    endpoint: Endpoint, by: Actor
) -> None:
    rule = rule_of(endpoint, by, window_seconds=60, cooldown_seconds=3600)
    looked(0)
    for minute in range(1, 11):
        answered(endpoint, 10, status=500 if minute % 2 else 200)
        looked(minute)
    assert list(Notice.objects.order_by("at").values_list("kind", flat=True)) == [
        "alert.firing",
        "alert.recovered",
    ]
    events = AlertEvent.objects.filter(rule=rule).order_by("pk")
    assert len(events) == 10
    assert events[2].text.endswith("Nobody is told within the cool-down of 1 hour.")


def test_missing_data_is_told_where_that_is_wanted(endpoint: Endpoint, by: Actor) -> None:
    rule_of(endpoint, by, window_seconds=60, tells_no_data=True)
    looked(0)
    answered(endpoint, 10)
    looked(1)
    looked(2)
    notice = Notice.objects.get()
    assert (notice.kind, notice.title) == ("alert.no_data", "tumour: errors has no data")


# ---------------------------------------------------------------- looking


def test_a_rule_is_looked_at_once_a_minute_whatever_the_scheduler_does(endpoint: Endpoint, by: Actor) -> None:
    rule_of(endpoint, by)
    assert [tend(NOW + timedelta(seconds=s)) for s in (0, 0, 10, 50, 60, 65, 120)] == [1, 0, 0, 0, 1, 0, 1]
    assert EndpointReading.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_at_once_look_once_and_tell_once(endpoint: Endpoint, by: Actor) -> None:
    rule = rule_of(endpoint, by)
    looked(0)
    answered(endpoint, 10, status=500)
    gate, found = threading.Barrier(4), []

    def scheduler() -> None:
        gate.wait(20)
        found.append(looked(1))
        connection.close()

    threads = [threading.Thread(target=scheduler) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(found) == [0, 0, 0, 1]
    assert Notice.objects.count() == AlertEvent.objects.count() == 1
    assert state_of(rule) == ("firing", 1.0, 10)
    assert EndpointReading.objects.count() == 2


def test_one_team_that_cannot_be_looked_at_leaves_the_others_be(
    endpoint: Endpoint,
    by: Actor,
    charlie: User,
    actor_of: Callable[..., Actor],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rule = rule_of(endpoint, by)
    theirs = Endpoint.objects.create(team=actor_of(charlie).team, name="theirs", salt="s")
    other = rule_of(theirs, actor_of(charlie))
    read = readings.read_counters

    def failing(one: Endpoint, now: datetime) -> bool:
        if one == endpoint:
            raise ValueError("spoilt")
        return read(one, now)

    monkeypatch.setattr(alert_looks, "read_counters", failing)
    assert looked(0) == 1
    rule.refresh_from_db()
    other.refresh_from_db()
    assert (rule.looked_at, rule.look_at) == (None, NOW + timedelta(minutes=5))
    assert other.looked_at == NOW


def test_readings_are_forgotten_after_eight_days(endpoint: Endpoint, by: Actor) -> None:
    rule_of(endpoint, by)
    looked(0)
    tend(NOW + timedelta(days=9))
    assert EndpointReading.objects.count() == 1


# ---------------------------------------------------------------- declaring


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"name": ""}, "name"), ({"name": "x" * 101}, "name"), ({"figure": "happiness"}, "figure"),
        ({"figure": "live_metric"}, "figure"), ({"column": "age"}, "column"), ({"comparison": "beside"}, "comparison"),
        ({"threshold": 5.0}, "threshold"), ({"threshold": float("nan")}, "threshold"),
        ({"figure": "log_drops", "threshold": 1e16}, "threshold"), ({"window_seconds": 59}, "window_seconds"),
        ({"window_seconds": 8 * 86_400}, "window_seconds"), ({"fewest": -1}, "fewest"), ({"looks": 0}, "looks"),
        ({"cooldown_seconds": 31 * 86_400}, "cooldown_seconds"), ({"severity": "loud"}, "severity"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_its_field(
    endpoint: Endpoint, by: Actor, wanted: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        rule_of(endpoint, by, **wanted)
    assert caught.value.field == field
    assert not AlertRule.objects.exists()


def test_a_change_of_what_is_measured_begins_anew_and_one_of_words_does_not(
    endpoint: Endpoint, by: Actor
) -> None:
    rule = rule_of(endpoint, by)
    looked(0)
    answered(endpoint, 10, status=500)
    looked(1)
    same = {name: getattr(declaration_of(rule), name) for name in PLAIN.__dataclass_fields__}
    update_alert_rule(rule, Declaration(**{**same, "name": "too many", "severity": "critical"}), by=by)
    assert state_of(rule)[0] == "firing"
    update_alert_rule(rule, Declaration(**{**same, "threshold": 0.5}), by=by)
    assert state_of(rule) == ("no data", None, 0)
    assert AlertEvent.objects.latest("pk").text == "The rule was changed."
    switch_alert_rule(rule, False, by=by)
    assert looked(1_000_000) == 0
    assert len(AuditEvent.objects.filter(action="alert_rule.update")) == 3
    alert_rules.delete_alert_rule(rule, by=by)
    assert not AlertEvent.objects.exists()


def test_names_are_taken_once_and_an_endpoint_has_a_hundred_rules_at_most(
    endpoint: Endpoint, by: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule_of(endpoint, by)
    with pytest.raises(AlreadyExists):
        rule_of(endpoint, by)
    monkeypatch.setattr(alert_rules, "MOST_RULES", 1)
    with pytest.raises(Conflict, match="at most 1"):
        rule_of(endpoint, by, name="another")


def test_only_editors_declare_and_only_channels_of_the_team_are_used(
    endpoint: Endpoint, by: Actor, vera: User, charlie: User, actor_of: Callable[..., Actor]
) -> None:
    rule, viewer = rule_of(endpoint, by), actor_of(vera)
    refusals: list[Callable[[], object]] = [
        lambda: rule_of(endpoint, viewer, name="x"),
        lambda: switch_alert_rule(rule, False, by=viewer),
        lambda: alert_rules.delete_alert_rule(rule, by=viewer),
    ]
    for refused in refusals:
        with pytest.raises(Forbidden):
            refused()
    foreign = channels.inbox_of(actor_of(charlie))
    with pytest.raises(Invalid, match="another team"):
        create_alert_rule(
            endpoint, Declaration(name="x", figure="error_rate", threshold=0), channels=[foreign], by=by
        )
    assert json.dumps(AuditEvent.objects.get(action="alert_rule.create").details)
