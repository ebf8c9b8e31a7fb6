"""Serving under faults: processes killed in the middle, the database away, more asked than can be answered."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError

from mlregistry.accounts.actor import Actor
from serving import live_routing
from serving.actions import prediction_rows
from serving.actions.logcounts import Amounts, add_log_counts
from serving.hotpath import segments
from serving.hotpath.admission import Admission
from serving.hotpath.counters import Counters
from serving.hotpath.decoding import Decoder
from serving.hotpath.log import PredictionLog
from serving.hotpath.predict import Means, predict
from serving.hotpath.snapshot import Address, Grant, Snapshot
from serving.live_routing import LiveRouting
from serving.models import Endpoint, Prediction
from serving.queries import routing
from serving.queries.log_counts import log_counts
from serving.shipping import ship_folder
from tests.serving.conftest import ROW

BODY = json.dumps({"dataframe_records": [ROW]}).encode()
LAB = Grant(team_id=0, teams=frozenset({"lab"}), default_team="lab", scopes=frozenset({"predict"}))
N_KILLS = 5


def answers_until_killed(
    snapshot: Snapshot, folder: Path, n_threads: int = 3
) -> tuple[int, Callable[[], list[str]]]:
    """A serving process of its own under load in durable mode: its pid, and a way to read the ids it answered."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        means = Means(PredictionLog(folder), Counters(), Admission(64))

        def ask() -> None:
            while True:
                status, _, answer = predict(
                    Address("lab", "tumour"), BODY, {}, snapshot, means=means, grant=LAB
                )
                if status == 200:
                    os.write(writer, json.loads(answer)["prediction_ids"][0].encode() + b"\n")

        for _ in range(n_threads):
            threading.Thread(target=ask, daemon=True).start()
        time.sleep(120)
        os._exit(0)
    os.close(writer)

    def told() -> list[str]:
        with os.fdopen(reader, "rb") as file:
            return [
                line.decode().strip()
                for line in file.read().splitlines(keepends=True)
                if line.endswith(b"\n")
            ]

    return child, told


def wait_for_rows(folder: Path, n_bytes: int) -> None:
    deadline = time.monotonic() + 60
    while sum(segments.read_batch(path).next_offset for path in folder.glob("*.open")) < n_bytes:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_every_answered_prediction_of_killed_processes_is_in_the_log_once(
    endpoint: Endpoint, tmp_path: Path
) -> None:
    here = live_routing.here()
    here.refresh()
    answered: list[str] = []
    for number in range(N_KILLS):
        folder = tmp_path / "predictions"
        folder.mkdir(exist_ok=True)
        child, told = answers_until_killed(here.snapshot, folder)
        wait_for_rows(folder, 3_000 + 2_000 * number)
        if number % 2:
            ship_folder(folder)  # while it writes
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        answered += told()
        ship_folder(folder)
    logged = [f"{row.request_id.hex}-{row.row}" for row in Prediction.objects.all()]
    assert len(answered) >= N_KILLS
    assert len(logged) == len(set(logged))
    assert set(answered) <= set(logged)
    assert len(logged) <= len(answered) + N_KILLS * 3  # written and killed before the answer was told
    counts = log_counts(endpoint)
    assert (counts["n_enqueued"], counts["n_written"], counts["n_waiting"]) == (len(logged), len(logged), 0)
    assert not list(folder.glob("*.open")) + list(folder.glob("*.log"))


@pytest.mark.django_db(transaction=True)
def test_predictions_go_on_without_the_database_and_their_log_comes_after(
    endpoint: Endpoint, by: Actor
) -> None:
    here = live_routing.here()
    here.refresh()

    def away(*given: Any, **options: Any) -> Any:
        raise OperationalError("the server closed the connection unexpectedly")

    with (
        patch.object(routing, "epoch", away),
        patch.object(routing, "build", away),
        patch.object(live_routing, "add_counts", away),
        patch.object(live_routing, "add_log_counts", away),
        patch.object(prediction_rows, "_copied", away),
    ):
        statuses = {here.answer(Address("lab", "tumour"), BODY, {}, grant=LAB)[0] for _ in range(20)}
        for work in (here.refresh, here.flush_counts, lambda: ship_folder(here.log.folder)):
            with pytest.raises(OperationalError):
                work()
    assert statuses == {200}
    assert Prediction.objects.count() == 0
    here.log.close()
    here.flush_counts()
    assert ship_folder(here.log.folder) == 20
    assert log_counts(endpoint) == {
        "n_enqueued": 20, "n_written": 20, "n_dropped": 0, "n_refused": 0, "n_waiting": 0
    }  # fmt: skip


class Busy:
    """Answers nobody until `go`."""

    inputs = ()
    decoder: Decoder | None = None
    example: list[dict[str, Any]] = []

    def __init__(self) -> None:
        self.inside = threading.Semaphore(0)
        self.go = threading.Event()

    def score(self, rows: Sequence[dict[str, Any]], **wish: Any) -> dict[str, Any]:
        self.inside.release()
        self.go.wait(60)
        return {"predictions": [1] * len(rows)}


def test_three_times_what_fits_is_refused_while_the_model_is_busy_and_counted(
    endpoint: Endpoint, by: Actor, tmp_path: Path
) -> None:
    """Refusals do not wait for the model: all of them are there before it has answered anybody."""
    found = LiveRouting(tmp_path)
    found.refresh()
    busy = Busy()
    found.live.current = replace(found.snapshot, models=dict.fromkeys(found.snapshot.models, busy))
    found.admission = Admission(6)
    found.admission.enter(endpoint.pk)
    found.admission.leave(endpoint.pk, 10.0)  # an endpoint that is known to be slow

    def ask() -> Any:
        return found.answer(Address("lab", "tumour"), BODY, {}, grant=LAB)

    with ThreadPoolExecutor(6) as pool:
        inside = [pool.submit(ask) for _ in range(6)]
        for _ in inside:
            assert busy.inside.acquire(timeout=60)
        refused = [ask() for _ in range(12)]
        busy.go.set()
        assert [future.result(60)[0] for future in inside] == [200] * 6
    assert [(status, headers["Retry-After"]) for status, headers, _ in refused] == [(503, "1")] * 12
    assert ask()[0] == 200
    found.flush_counts()
    assert log_counts(endpoint)["n_refused"] == 12
    found.stop()


def test_counts_of_a_deleted_endpoint_are_let_go(endpoint: Endpoint) -> None:
    number = endpoint.pk
    add_log_counts("1.a", {number: Amounts(n_enqueued=1), number + 1000: Amounts(n_enqueued=1)})
    assert log_counts(endpoint)["n_waiting"] == 1
