"""Alert rules on drift, from the log to what people are told; streams and rows told apart in checks."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State
from mlregistry.ml.monitoring import loss_models
from mlregistry.notices.models import InboxEntry
from models_app.models import ModelVersion, RegisteredModel
from serving.actions import drift_checks
from serving.actions.alert_declarations import Declaration
from serving.actions.alert_looks import tend
from serving.actions.alert_rules import create_alert_rule
from serving.actions.drift_watches import declare_drift
from serving.models import AlertRule, BaselineState, DriftBaseline, DriftCheck, Endpoint, Feedback, Prediction
from serving.queries import alert_figures, drift, quality
from tests.models_app.trained import FEATURES
from tests.serving.drifting import NOON, check_due, count_all, log_rows, some_rows

Api = Callable[..., APIClient]
Web = Callable[[User], Client]
HOUR = timedelta(hours=1)
COLUMN = f"input:{FEATURES[0]}"


def rule(endpoint: Endpoint, by: Actor, figure: str, threshold: float, **more: Any) -> AlertRule:
    wanted = Declaration(
        figure, figure, threshold, window_seconds=3600, cooldown_seconds=0, fewest=100, **more
    )
    return create_alert_rule(endpoint, wanted, now=NOON, by=by)


def told() -> list[str]:
    return [entry.notice.kind for entry in InboxEntry.objects.select_related("notice").order_by("at")]


def test_a_rule_on_drift_fires_and_recovers(watched: Endpoint, by: Actor, tmp_path: Path) -> None:
    share = rule(watched, by, "drifted_share", 0.5)  # answers are made up, and drift too
    column = rule(watched, by, "column_drift", 1.0, column=FEATURES[0])
    missing = rule(watched, by, "missing_share", 0.2, column=COLUMN)
    tend(NOON)
    for one in (share, column, missing):
        one.refresh_from_db()
        assert (one.state, one.n_observed, one.error) == ("no data", 0, "")
    moved = some_rows(400, shift=3)
    moved.loc[:200, FEATURES[0]] = None
    log_rows(watched, moved, tmp_path, at=NOON)
    log_rows(watched, some_rows(400, seed=5), tmp_path, at=NOON + 5 * HOUR)
    count_all(watched)
    tend(NOON + timedelta(minutes=20))
    for one in (share, column, missing):
        one.refresh_from_db()
        assert (one.state, one.n_observed) == ("firing", 400)
    assert 0.5 < (share.value or 0) < 0.7
    assert (column.value or 0) > 1
    assert missing.value == pytest.approx(201 / 400)
    tend(NOON + 5 * HOUR + timedelta(minutes=20))
    for one in (share, column, missing):
        one.refresh_from_db()
        assert one.state == "ok"
    assert set(told()) == {"alert.firing", "alert.recovered"}


def test_a_rule_says_what_it_lacks(
    watched: Endpoint, endpoint_alone: Endpoint, by: Actor, tmp_path: Path
) -> None:
    unknown = rule(watched, by, "column_drift", 1.0, column="no such")
    alone = rule(endpoint_alone, by, "drifted_share", 0.5)
    log_rows(watched, some_rows(200), tmp_path, at=NOON)
    count_all(watched)
    tend(NOON + timedelta(minutes=20))
    for one in (unknown, alone):
        one.refresh_from_db()
        assert one.state == "no data"
    assert "No column “no such” is watched; known are: input:" in unknown.error
    assert "is being made" in alone.error


@pytest.fixture
def endpoint_alone(by: Actor) -> Endpoint:
    """Its version has no baseline."""
    model = RegisteredModel.objects.create(team=by.team, name="alone")
    version = ModelVersion.objects.create(
        model=model, number=1, signature={"kind": "regression", "inputs": []}
    )
    found = Endpoint.objects.create(team=by.team, name="alone", salt="s")
    found.variants.create(name="a", version=version, weight=100, position=0)
    return found


def test_the_estimated_metric_is_a_figure(watched: Endpoint, by: Actor, tmp_path: Path) -> None:
    accuracy = rule(watched, by, "expected_metric", 0.99, comparison="below")
    log_rows(watched, some_rows(200), tmp_path, at=NOON)
    count_all(watched)
    tend(NOON + timedelta(minutes=20))
    accuracy.refresh_from_db()
    assert (accuracy.state, accuracy.n_observed, accuracy.error) == ("firing", 200, "")
    assert 0 < (accuracy.value or 0) < 0.99


def test_a_stream_that_changes_is_found_by_the_check_and_a_figure(
    watched: Endpoint, by: Actor, vera: User, web: Web, tmp_path: Path
) -> None:
    now = timezone.now()
    for hour in range(36):
        moved = some_rows(60, seed=hour, shift=2.0 if hour >= 30 else 0.0)
        log_rows(watched, moved, tmp_path, at=now - (36 - hour) * HOUR)
    count_all(watched)
    check_due(now)
    check = DriftCheck.objects.get()
    streams = check.beyond["streams"]
    assert streams["detector"] == "adwin"
    assert COLUMN in {one["column"] for one in streams["changes"]}
    assert check.beyond["two_sample"] == {}
    measured = alert_figures.figures()["stream_changes"].measure(
        alert_figures.Window(watched, now - 24 * HOUR, now)
    )
    assert (measured.value or 0) >= 1
    shown = web(vera).get(f"/endpoints/{watched.name}/monitoring/").content.decode()
    assert "Changes in the stream" in shown
    assert "ADWIN, 36 hours followed" in shown
    declare_drift(watched, {"stream": "none"}, by=by)
    check_due(now + HOUR)
    assert DriftCheck.objects.latest("at").beyond["streams"] == {}


def test_rows_are_told_apart_where_that_is_wanted(
    watched: Endpoint, by: Actor, bob: User, api: Api, web: Web, tmp_path: Path
) -> None:
    log_rows(watched, some_rows(300, shift=1.5), tmp_path, at=timezone.now(), each=100)
    page = f"/endpoints/{watched.name}/monitoring/"
    assert web(bob).post(f"{page}check", {"exact": "1"}).status_code == 302
    done = run_here(Job.objects.get(kind=drift_checks.KIND))
    assert done.state == State.SUCCEEDED, done.error
    check = DriftCheck.objects.get()
    found = check.beyond["two_sample"]
    assert (check.exact, found["drifted"], found["n_current"]) == (True, True, 300)
    assert 0.6 < found["auc"] <= 1
    assert found["columns"][0]["name"] == FEATURES[0]
    shown = web(bob).get(page).content.decode()
    assert "All columns together" in shown
    assert "row by row" in shown
    answer = api(bob).get(f"/api/v1/drift-checks/{check.pk}").json()
    assert answer["beyond"]["two_sample"]["auc"] == found["auc"]
    assert answer["exact"] is True


def test_rows_that_are_too_few_say_so(watched: Endpoint, by: Actor, tmp_path: Path) -> None:
    declare_drift(watched, {"two_sample": "every"}, by=by)
    log_rows(watched, some_rows(20), tmp_path, at=timezone.now())
    count_all(watched)
    check_due(timezone.now())
    assert "at least 50 rows" in DriftCheck.objects.get().beyond["two_sample"]["error"]


def test_a_column_that_nobody_sends_any_more_is_gone(
    watched: Endpoint, known: ModelVersion, tmp_path: Path
) -> None:
    silent = some_rows(100)
    silent[FEATURES[1]] = None
    log_rows(watched, silent, tmp_path, at=NOON)
    count_all(watched)
    found = drift.report(watched, known, drift.Window(NOON - HOUR, NOON + HOUR))
    assert found.named("gone") == (f"input:{FEATURES[1]}",)
    column = found.column(f"input:{FEATURES[1]}")
    assert column is not None
    assert column.alarms


def test_a_regression_s_errors_are_estimated_before_truths_come(
    endpoint_alone: Endpoint, vera: User, api: Api
) -> None:
    rng = np.random.default_rng(3)
    size = rng.uniform(0, 1, 2_000)
    rows = [{"size": float(one)} for one in size]
    learnt = loss_models.learnt({"size": "float"}, rows, size, size + size * rng.normal(size=2_000))
    version = endpoint_alone.variants.get().version
    DriftBaseline.objects.create(version=version, state=BaselineState.FAILED, calibration=learnt.to_json())
    at = timezone.now() - timedelta(minutes=5)
    window = drift.newest_window(24, now=timezone.now())
    assert "no answers with their inputs" in quality.of_window(endpoint_alone, version, window).why_not
    Prediction.objects.bulk_create(
        Prediction(
            endpoint=endpoint_alone, variant="a", version=version, at=at, latency_seconds=0.001,
            input=row, output={"prediction": row["size"]},
        )
        for row in rows[:300]
    )  # fmt: skip
    one = Prediction.objects.first()
    assert one is not None
    Feedback.objects.create(endpoint=endpoint_alone, request_id=one.request_id, row=one.row, truth=1.0)
    found = api(vera).get(f"/api/v1/endpoints/{endpoint_alone.name}/quality").json()
    assert found["expected"]["mae"] == pytest.approx(np.abs(size[:300]).mean() * np.sqrt(2 / np.pi), rel=0.25)
    assert set(found["expected"]) == {"mae", "rmse"}
    assert found["n_truths"] == 1
