"""Drift of an endpoint: baselines, counting each row exactly once, checks, and the doors to all of it."""

import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.errors import Conflict, Invalid
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State
from mlregistry.ml.drift.declaring import parse
from mlregistry.ml.drift.tables import compare_arrays
from models_app.models import ModelVersion
from serving.actions import drift_baselines, drift_checks, drift_counts
from serving.actions.endpoints import update_endpoint
from serving.hotpath.log import PredictionLog
from serving.hotpath.records import new_id
from serving.models import (
    BaselineState,
    DriftBaseline,
    DriftCheck,
    DriftCount,
    DriftVerdict,
    DriftWatch,
    Endpoint,
    Feedback,
    Prediction,
    Span,
    UncountedPredictions,
)
from serving.queries import drift
from serving.queries import drift_baselines as baselines
from serving.shipping import ship_folder
from tests.models_app.trained import FEATURES, cancer_frame
from tests.serving.drifting import NOON, check_due, count_all, day_of, hours, log_rows, record_of, some_rows

Api = Callable[..., APIClient]


def test_a_baseline_holds_inputs_answers_and_the_truth(watched: Endpoint, known: ModelVersion) -> None:
    row = DriftBaseline.objects.get()
    assert (row.state, row.n_rows, row.notes) == (BaselineState.READY, len(cancer_frame()), [])
    assert known.run is not None
    assert row.dataset_version == known.run.dataset_version
    one = baselines.watched([known.pk])[known.pk]
    names = [column.name for column in one.baseline.columns]
    assert names == [
        *(f"input:{name}" for name in FEATURES),
        "truth:target",
        "output:prediction",
        "output:probability:0",
        "output:probability:1",
    ]
    n_test = one.reference.counts[one.baseline.places["output:prediction"]].sum()
    assert 0 < n_test < len(cancer_frame()) / 2  # answers to rows that it was not trained on
    assert drift_baselines.ask_missing() == 0


def test_a_version_whose_data_are_not_known_says_so_and_its_rows_are_let_go(
    endpoint: Endpoint, versions: list[ModelVersion], by: Actor, tmp_path: Path
) -> None:
    assert drift_baselines.ask_missing() == 2
    for job in Job.objects.filter(kind=drift_baselines.KIND):
        assert run_here(job).state == State.SUCCEEDED
    row = DriftBaseline.objects.get(version=versions[0])
    assert (row.state, "not trained on a dataset version" in row.error) == (BaselineState.FAILED, True)
    UncountedPredictions.objects.create(
        endpoint=endpoint, version=versions[0], first_request=new_id(), last_request=new_id(), numbers=[1],
        at=NOON,
    )  # fmt: skip
    drift_baselines.settle()
    assert not UncountedPredictions.objects.exists()
    with pytest.raises(Conflict, match="not trained on a dataset version"):
        drift.report(endpoint, versions[0], day_of(NOON))
    again = drift_baselines.ask_again(versions[0], by=by)
    assert again.state == BaselineState.WAITING
    with pytest.raises(Conflict, match="is waiting"):
        drift_baselines.ask_again(versions[0], by=by)


def test_rows_are_counted_once_into_their_hour_and_day(watched: Endpoint, tmp_path: Path) -> None:
    assert log_rows(watched, some_rows(120), tmp_path) == 120
    assert count_all(watched) == 120
    assert count_all(watched) == 0
    late = NOON - timedelta(hours=3)
    log_rows(watched, some_rows(30, seed=2), tmp_path, at=late)
    log_rows(watched, some_rows(10, seed=3), tmp_path, at=NOON + timedelta(minutes=5))
    assert count_all(watched) == 40
    assert hours(watched) == {late.replace(minute=0): 30, NOON.replace(minute=0): 130}
    (day,) = DriftCount.objects.filter(span=Span.DAY)
    assert (day.at, day.n_rows) == (NOON.replace(hour=0, minute=0), 160)
    assert not UncountedPredictions.objects.exists()


def test_a_segment_that_is_shipped_twice_is_counted_once(watched: Endpoint, tmp_path: Path) -> None:
    variant = watched.variants.select_related("version").get()
    rows = some_rows(5).to_dict("records")
    log = PredictionLog(tmp_path)
    log.append(record_of(watched, variant.version, rows, [0.8] * 5, NOON), durable=True)
    log.close()
    (segment,) = tmp_path.glob("*.log")
    content = segment.read_bytes()
    assert ship_folder(tmp_path) == 5
    assert count_all(watched) == 5
    segment.write_bytes(content)
    assert ship_folder(tmp_path) == 0
    assert count_all(watched) == 0
    assert Prediction.objects.count() == sum(hours(watched).values()) == 5


def test_a_counting_that_fails_has_counted_nothing(
    watched: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_rows(watched, some_rows(60), tmp_path)

    def broken(*args: Any) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(drift_counts, "_add_to", broken)
        with pytest.raises(OSError, match="full"):
            drift_counts.count_some(watched)
    assert hours(watched) == {}
    assert count_all(watched) == 60


@pytest.mark.django_db(transaction=True)
def test_a_process_that_is_killed_while_it_counts_has_counted_nothing(
    watched: Endpoint, tmp_path: Path
) -> None:
    log_rows(watched, some_rows(60), tmp_path)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _count_and_hang(watched, writer)
    os.close(writer)
    assert os.read(reader, 1) == b"."  # it has written the counters and not committed
    assert drift_counts.count_some(watched) == 0  # what another counts is left to it
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    n_rows, deadline = 0, time.monotonic() + 60
    while not n_rows and time.monotonic() < deadline:
        n_rows = count_all(watched)
    assert n_rows == 60
    assert sum(hours(watched).values()) == 60


def _count_and_hang(endpoint: Endpoint, writer: int) -> None:
    """In the child, which never returns; the parent's connection stays as it is."""
    try:
        inherited = connection.connection  # noqa: F841 - closed, it would end the parent's session
        connection.connection = None
        add = drift_counts.add_parts

        def add_and_hang(*args: Any) -> None:
            add(*args)
            os.write(writer, b".")
            time.sleep(600)

        setattr(drift_counts, "add_parts", add_and_hang)  # noqa: B010  # for this process alone
        drift_counts.count_some(endpoint)
    finally:
        os._exit(1)


@pytest.mark.django_db(transaction=True)
def test_two_countings_at_once_lose_and_double_nothing(
    watched: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drift_counts, "AT_ONCE", 1)
    for number in range(12):
        log_rows(watched, some_rows(10, seed=number), tmp_path)
    counted: list[int] = []

    def count() -> None:
        counted.append(count_all(watched))
        connection.close()

    threads = [threading.Thread(target=count) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(counted) + count_all(watched) == 120
    assert hours(watched) == {NOON.replace(minute=0): 120}


def test_a_window_from_counters_tells_what_its_rows_tell(
    watched: Endpoint, known: ModelVersion, tmp_path: Path
) -> None:
    frames = [some_rows(700, seed=n, shift=0.1 * n) for n in range(4)]
    for n, frame in enumerate(frames):
        log_rows(watched, frame, tmp_path, at=NOON + timedelta(hours=20 * n), each=700)
    count_all(watched)
    since, until = NOON + timedelta(hours=1), NOON + timedelta(hours=70)
    found = drift.report(watched, known, drift.window(since, until, now=until))
    reference = cancer_frame()
    exact = compare_arrays(
        {f"input:{name}": reference[name] for name in FEATURES},
        {f"input:{name}": pd.concat(frames[1:])[name] for name in FEATURES},
        parse({}),
    )
    assert found.n_current == 2100
    for column in exact.columns:
        counted = found.column(column.name)
        assert counted is not None
        assert counted.method == column.method == "ks"
        assert counted.statistic == pytest.approx(column.statistic, abs=0.01)
        assert counted.drifted == column.drifted


def test_a_window_is_moved_outwards_to_full_hours_and_long_ago_to_full_days() -> None:
    now = NOON + timedelta(days=60)
    recent = drift.window(now - timedelta(hours=3), now, now=now)
    assert (recent.since, recent.until) == (now.replace(hour=9, minute=0), now.replace(hour=13, minute=0))
    old = drift.window(NOON, NOON + timedelta(hours=1), now=now)
    assert (old.since, old.until) == (datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC))
    with pytest.raises(Invalid, match="before now"):
        drift.window(now + timedelta(hours=1), now + timedelta(hours=2), now=now)
    with pytest.raises(Invalid, match="400 days"):
        drift.window(now - timedelta(days=500), now, now=now)


def test_the_chore_checks_what_is_due_and_tells_drift_from_quiet(
    watched: Endpoint, known: ModelVersion, tmp_path: Path
) -> None:
    now = NOON + timedelta(minutes=50)
    assert check_due(now) == 1  # nothing is logged yet, so there is nothing to tell
    assert not DriftCheck.objects.exists()
    log_rows(watched, some_rows(400), tmp_path)
    count_all(watched)
    assert check_due(now + timedelta(minutes=30)) == 0
    assert check_due(now + timedelta(minutes=61)) == 1
    quiet = DriftCheck.objects.get()
    report = quiet.report or {}
    radius = next(one for one in report["columns"] if one["name"] == f"input:{FEATURES[0]}")
    assert (quiet.n_rows, radius["drifted"], radius["method"]) == (400, False, "ks")
    log_rows(watched, some_rows(600, shift=1.5), tmp_path, at=NOON + timedelta(days=2))
    count_all(watched)
    check_due(now + timedelta(days=2, hours=2))
    drifted = DriftCheck.objects.latest("at")
    assert drifted.n_rows == 600
    assert drifted.verdict in (DriftVerdict.COLUMNS, DriftVerdict.DRIFT)
    assert drifted.n_drifted >= 1
    DriftWatch.objects.update(enabled=False)
    assert check_due(now + timedelta(days=3)) == 0


def test_what_the_log_hides_is_not_compared(
    watched: Endpoint, known: ModelVersion, by: Actor, tmp_path: Path
) -> None:
    update_endpoint(watched, log={"redact": {FEATURES[1]: "hash"}}, by=by)
    frame = some_rows(200)
    frame[FEATURES[1]] = "3f2a"
    log_rows(watched, frame, tmp_path)
    count_all(watched)
    found = drift.report(Endpoint.objects.get(pk=watched.pk), known, day_of(NOON))
    assert found.column(f"input:{FEATURES[1]}") is None
    assert found.column(f"input:{FEATURES[0]}") is not None


def test_rows_that_no_baseline_would_expect_are_missing_and_stop_nothing(
    watched: Endpoint, known: ModelVersion, tmp_path: Path
) -> None:
    frame = some_rows(100).astype(object)
    frame.iloc[:40, 0] = None
    frame.iloc[40:60, 0] = "wide"
    log_rows(watched, frame, tmp_path)
    assert count_all(watched) == 100
    column = drift.report(watched, known, day_of(NOON)).column(f"input:{FEATURES[0]}")
    assert column is not None
    assert column.missing is not None
    assert column.missing.drifted
    assert column.missing.current == pytest.approx(0.6)


def test_counters_and_checks_of_long_ago_are_forgotten(watched: Endpoint, tmp_path: Path) -> None:
    log_rows(watched, some_rows(50), tmp_path)
    count_all(watched)
    check_due(NOON + timedelta(hours=1))
    check = DriftCheck.objects.get()
    drift_checks.forget_old(NOON + timedelta(days=40))
    assert list(DriftCount.objects.values_list("span", flat=True)) == [Span.DAY]
    drift_checks.forget_old(NOON + timedelta(days=100))
    check.refresh_from_db()
    assert (check.report, check.n_rows) == (None, 50)
    drift_checks.forget_old(NOON + timedelta(days=402))
    assert not DriftCheck.objects.exists()
    assert not DriftCount.objects.exists()


def test_a_declaration_changes_methods_and_is_refused_by_field(
    watched: Endpoint, known: ModelVersion, bob: User, vera: User, api: Api, tmp_path: Path
) -> None:
    address = f"/api/v1/endpoints/{watched.name}/drift"
    declared = {"methods": {"numeric": "psi"}, "columns": {f"input:{FEATURES[1]}": {"watched": False}}}
    answer = api(bob).put(address, {"declared": declared, "window_hours": 48}, format="json")
    assert (answer.status_code, answer.json()["window_hours"]) == (200, 48), answer.content
    log_rows(watched, some_rows(200), tmp_path)
    count_all(watched)
    columns = drift.report(watched, known, day_of(NOON)).columns
    assert {column.method for column in columns if column.kind == "numeric"} == {"psi", None}
    assert columns[1].state == "not_compared"
    wrong = [
        ({"declared": {"methods": {"numeric": "guess"}}}, "methods.numeric"),
        ({"declared": {"alpha": 2}}, "alpha"),
        ({"window_hours": 0}, "window_hours"),
        ({"every_minutes": 1}, "every_minutes"),
        ({"declared": []}, "declared"),
    ]
    for body, field in wrong:
        answer = api(bob).put(address, body, format="json")
        assert (answer.status_code, answer.json()["field"]) == (400, field), answer.content
    assert api(vera).put(address, {}, format="json").status_code == 403


def test_the_report_of_any_window_is_asked_for(
    watched: Endpoint, vera: User, api: Api, tmp_path: Path
) -> None:
    recent = timezone.now() - timedelta(minutes=1)
    log_rows(watched, some_rows(100, shift=3), tmp_path, at=recent)
    count_all(watched)
    address = f"/api/v1/endpoints/{watched.name}/drift"
    found = api(vera).get(address).json()
    assert found["baseline"]["state"] == "ready"
    assert found["report"]["n_current"] == 100
    assert found["report"]["n_drifted"] >= 1
    earlier = {"from": str(recent - timedelta(days=3)), "to": str(recent - timedelta(days=2))}
    assert api(vera).get(address, earlier).json()["report"]["n_current"] == 0
    for query, field in (
        ({"from": "yesterday"}, "from"),
        ({"to": "soon"}, "to"),
        ({"to": "2026-01-01T00:00:00Z"}, "from"),
        ({"version": "two"}, "version"),
        ({"from": "9999-12-31T23:59:59+00:00"}, "from"),
    ):
        answer = api(vera).get(address, query)
        assert (answer.status_code, answer.json()["field"]) == (400, field), answer.content
    assert api(vera).get(address, {"version": 77}).status_code == 404


def test_a_check_is_asked_for_and_counts_what_waits_first(
    watched: Endpoint, bob: User, vera: User, api: Api, tmp_path: Path
) -> None:
    log_rows(watched, some_rows(90, shift=3), tmp_path, at=timezone.now())
    address = f"/api/v1/endpoints/{watched.name}/drift/checks/"
    assert api(vera).post(address, {}, format="json").status_code == 403
    answer = api(bob).post(address, {}, format="json")
    assert (answer.status_code, answer.json()["state"]) == (201, "running"), answer.content
    done = run_here(Job.objects.get(kind=drift_checks.KIND))
    assert done.state == State.SUCCEEDED, done.error
    (listed,) = api(vera).get(address).json()["results"]
    assert (listed["state"], listed["n_rows"]) == ("done", 90)
    assert "report" not in listed
    whole = api(vera).get(f"/api/v1/drift-checks/{listed['id']}").json()
    assert whole["report"]["n_current"] == 90
    assert api(vera).get("/api/v1/drift-checks/99999999999999999999").status_code == 404


def test_a_check_of_a_version_without_a_baseline_is_refused(
    endpoint: Endpoint, versions: list[ModelVersion], bob: User, api: Api
) -> None:
    address = f"/api/v1/endpoints/{endpoint.name}/drift"
    found = api(bob).get(address).json()
    assert (found["report"], found["baseline"]) == (None, None)
    assert "is being made" in found["reason"]
    answer = api(bob).post(f"{address}/checks/", {}, format="json")
    assert (answer.status_code, answer.json()["field"]) == (400, "version")
    assert api(bob).post(f"{address}/baseline", {}, format="json").status_code == 202
    assert api(bob).post(f"{address}/baseline", {}, format="json").status_code == 409


def test_the_same_values_have_no_drift(watched: Endpoint, known: ModelVersion, tmp_path: Path) -> None:
    """The training rows themselves, asked again."""
    log_rows(watched, cancer_frame().drop(columns="target"), tmp_path)
    count_all(watched)
    found = drift.report(watched, known, day_of(NOON))
    statistics = [found.column(f"input:{name}") for name in FEATURES]
    assert [one.statistic for one in statistics if one] == pytest.approx(np.zeros(len(FEATURES)))


def test_an_exact_check_goes_through_the_rows_of_the_log(
    watched: Endpoint, bob: User, api: Api, tmp_path: Path
) -> None:
    frame = some_rows(1_200, shift=0.7)
    frame[FEATURES[1]] = frame[FEATURES[1]].astype(object)
    frame.iloc[:5, 1] = "wide “\\n"
    log_rows(watched, frame, tmp_path, at=timezone.now(), each=600)
    address = f"/api/v1/endpoints/{watched.name}/drift/checks/"
    assert api(bob).post(address, {"exact": True}, format="json").status_code == 201
    done = run_here(Job.objects.get(kind=drift_checks.KIND))
    assert done.state == State.SUCCEEDED, done.error
    check = DriftCheck.objects.get()
    assert (check.error, check.exact, check.n_rows) == ("", True, 1_200)
    columns = {one["name"]: one for one in (check.report or {})["columns"]}
    frame[FEATURES[1]] = pd.to_numeric(frame[FEATURES[1]], errors="coerce")
    exact = compare_arrays(
        {f"input:{name}": cancer_frame()[name] for name in FEATURES},
        {f"input:{name}": frame[name] for name in FEATURES},
    )
    for column in exact.columns:
        assert columns[column.name]["statistic"] == pytest.approx(column.statistic, abs=1e-12)
        assert columns[column.name]["method"] == column.method
    assert columns["output:prediction"]["n_current"] == 1_200


def test_the_truths_that_came_are_compared_with_the_target(
    watched: Endpoint, known: ModelVersion, by: Actor, tmp_path: Path
) -> None:
    log_rows(watched, some_rows(100), tmp_path)
    rows = Prediction.objects.order_by("pk")
    Feedback.objects.bulk_create(
        [Feedback(endpoint=watched, request_id=row.request_id, row=row.row, truth=1) for row in rows[:80]]
    )
    count_all(watched)
    column = drift.report(watched, known, day_of(NOON)).column("truth:target")
    assert column is not None
    assert (column.n_current, column.method, column.drifted) == (80, "z_test", True)
