"""Rows that are counted for drift while they are shipped: the same counts as by a job, each row exactly once."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import connection, transaction
from django.db.models import F

from mlregistry.jobs.inline import run_here
from mlregistry.jobs.queue import enqueue
from mlregistry.ml.drift import coding
from models_app.models import ModelVersion
from serving import shipping
from serving.actions import drift_checks, drift_counts, drift_tallies
from serving.actions.drift_tallies import Tallies
from serving.actions.prediction_rows import store_records
from serving.hotpath.log import PredictionLog
from serving.hotpath.records import Record
from serving.models import DriftCount, Endpoint, Prediction, Span, UncountedPredictions
from serving.queries import drift_baselines as baselines
from tests.models_app.trained import FEATURES
from tests.serving.drifting import NOON, count_all, hours, log_rows, record_of, some_rows
from tests.serving.test_live_routing import eventually

HOUR = NOON.replace(minute=0)


def records(watched: Endpoint, n: int = 40, *, seed: int = 1, at: Any = NOON) -> list[Record]:
    """Requests of four rows, whose first has what is odd: nothing, and what JSON does not know."""
    version = watched.variants.select_related("version").get().version
    rows: list[dict[str, Any]] = some_rows(n, seed=seed).to_dict("records")  # type: ignore[assignment]  # columns are texts
    rows[0] = {
        **rows[0],
        FEATURES[0]: None,
        FEATURES[1]: float("nan"),
        FEATURES[2]: float("inf"),
        FEATURES[3]: 7,
    }
    parts = [rows[start : start + 4] for start in range(0, n, 4)]
    found = [record_of(watched, version, part, [0.3] * len(part), at) for part in parts]
    return [*found[:-1], Record(**{**_fields(found[-1]), "inputs": None})]


def _fields(record: Record) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__struct_fields__}


def stored(given: list[Record], tallies: Tallies) -> int:
    n_rows = 0
    for part in store_records(given, "1.test"):
        tallies.add(part)
        n_rows += part.n_rows
    return n_rows


def test_counts_are_those_of_a_job(watched: Endpoint) -> None:
    tallies = Tallies()
    assert stored(records(watched), tallies) == 40
    assert tallies.keep()
    assert not UncountedPredictions.objects.exists()
    assert count_all(watched) == 0
    late = NOON + timedelta(hours=1)
    assert stored(records(watched, at=late), Tallies()) == 40
    assert count_all(watched) == 40
    here, by_job = DriftCount.objects.filter(span=Span.HOUR).order_by("at")
    assert (here.n_rows, here.n_nulls) == (by_job.n_rows, by_job.n_nulls) == (40, 0)
    (one,) = baselines.watched([here.version_id]).values()
    ours, theirs = (coding.from_bytes(bytes(row.counters), one.baseline) for row in (here, by_job))
    for name in ("counts", "limits"):
        assert np.array_equal(getattr(ours, name), getattr(theirs, name))
    for name in ("offsets", "figures"):  # sums, in another order
        assert np.allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-6)
    assert ours.counts.sum() > 40


def test_batches_add_up_and_are_kept_now_and_then(watched: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    tallies = Tallies()
    for seed in range(3):
        stored(records(watched, seed=seed), tallies)
    assert not tallies.keep_if_due()
    assert hours(watched) == {}
    monkeypatch.setattr(drift_tallies, "KEPT_EVERY_SECONDS", 0.0)
    assert tallies.keep_if_due()
    assert hours(watched) == {HOUR: 120}
    assert not tallies.keep()


def test_rows_that_come_again_are_not_counted_again(watched: Endpoint) -> None:
    tallies, given = Tallies(), records(watched)
    assert stored(given[:5], tallies) == 20
    assert tallies.keep()
    assert stored(given, tallies) == 20  # the first half was there before the process was killed
    assert not tallies.keep()
    assert count_all(watched) == 20
    assert hours(watched) == {HOUR: 40}


def test_what_a_job_has_taken_meanwhile_is_let_go(watched: Endpoint) -> None:
    tallies = Tallies()
    stored(records(watched, seed=1), tallies)
    assert count_all(watched) == 40
    stored(records(watched, seed=2), tallies)
    assert not tallies.keep()
    assert hours(watched) == {HOUR: 40}
    assert count_all(watched) == 40
    assert hours(watched) == {HOUR: 80}


def test_counts_that_cannot_be_kept_are_left_to_a_job(
    watched: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    tallies = Tallies()
    stored(records(watched), tallies)

    def broken(*args: Any) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(drift_counts, "_add_to", broken)
        with pytest.raises(OSError, match="full"):
            tallies.keep()
    assert not tallies.keep()
    assert hours(watched) == {}
    assert count_all(watched) == 40


def test_what_cannot_be_counted_is_stored_all_the_same(
    watched: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> None:
        raise ValueError("a baseline that nobody understands")

    tallies = Tallies()
    with monkeypatch.context() as patch:
        patch.setattr(drift_tallies, "fold_logged", broken)
        assert stored(records(watched), tallies) == 40
    assert not tallies.keep()
    assert Prediction.objects.count() == 40
    assert count_all(watched) == 40


def test_rows_of_a_version_without_a_baseline_wait(endpoint: Endpoint, versions: list[ModelVersion]) -> None:
    tallies = Tallies()
    assert stored([record_of(endpoint, versions[0], [{"a": 1}], [0.5], NOON)], tallies) == 1
    assert not tallies.keep()
    assert UncountedPredictions.objects.get().version == versions[0]


def test_jobs_leave_fresh_rows_to_the_process_that_stored_them(watched: Endpoint, tmp_path: Path) -> None:
    log_rows(watched, some_rows(10), tmp_path)
    at = UncountedPredictions.objects.get().at
    assert drift_counts.ask_to_count(at + timedelta(seconds=59)) == 0
    assert drift_counts.ask_to_count(at + timedelta(seconds=61)) == 1


def test_jobs_that_nobody_waits_for_leave_fresh_rows_too(watched: Endpoint, tmp_path: Path) -> None:
    log_rows(watched, some_rows(10), tmp_path)
    job = enqueue(
        drift_counts.KIND, args={"endpoint_id": watched.pk}, team=watched.team, title="Count", by=None
    )
    assert run_here(job).result == {"n_rows": 0}
    UncountedPredictions.objects.update(at=F("at") - timedelta(minutes=2))
    job = enqueue(
        drift_counts.KIND, args={"endpoint_id": watched.pk}, team=watched.team, title="Count", by=None
    )
    assert run_here(job).result == {"n_rows": 10}


@pytest.mark.django_db(transaction=True)
def test_a_job_that_is_counting_is_not_waited_for(watched: Endpoint) -> None:
    tallies, counted, kept = Tallies(), threading.Event(), threading.Event()
    stored(records(watched), tallies)

    def count_slowly() -> None:
        with transaction.atomic():
            drift_counts.count_some(watched)
            counted.set()
            kept.wait(60)
        connection.close()

    job = threading.Thread(target=count_slowly)
    job.start()
    try:
        assert counted.wait(60)
        assert not tallies.keep()
    finally:
        kept.set()
        job.join(60)
    assert hours(watched) == {HOUR: 40}


@pytest.mark.django_db(transaction=True)
def test_the_process_that_ships_alone_counts(
    watched: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drift_tallies, "KEPT_EVERY_SECONDS", 0.0)
    log, stopping = PredictionLog(tmp_path), threading.Event()
    alone = threading.Thread(target=shipping.run_alone_until, args=(stopping, tmp_path))
    alone.start()
    try:
        for record in records(watched):
            log.append(record, durable=True)
        log.close()
        assert eventually(lambda: hours(watched) == {HOUR: 40})
    finally:
        stopping.set()
        alone.join(60)
    assert hours(watched) == {HOUR: 40}
    assert not UncountedPredictions.objects.exists()
    assert drift_checks.tend() >= 0  # nothing waits for a job
    assert count_all(watched) == 0
