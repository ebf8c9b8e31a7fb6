"""The way of a prediction into the database, of its truth, and what statistics make of both."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.db import connection
from rest_framework.test import APIClient

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.errors import Forbidden, Invalid
from models_app.models import ModelVersion
from serving import live_routing, shipping
from serving.actions import prediction_rows
from serving.actions.feedback import record_feedback
from serving.hotpath import segments
from serving.hotpath.log import PredictionLog
from serving.hotpath.records import Record, new_id
from serving.models import Endpoint, Feedback, Prediction
from serving.prometheus import PredictionCollector
from serving.queries.live import variant_statistics
from serving.shipping import log_folder, run_alone_until, ship_folder
from tests.models_app.trained import cancer_frame
from tests.serving.conftest import ROW

ActorOf = Callable[..., Actor]
Api = Callable[..., APIClient]


def predict(by: Actor, rows: list[dict[str, Any]], **headers: str) -> tuple[dict[str, str], list[str]]:
    body = json.dumps({"dataframe_records": rows}).encode()
    status, extra, answer = live_routing.predict_as(by, "tumour", body, headers)
    assert status == 200, answer
    return extra, json.loads(answer)["prediction_ids"]


def ship() -> int:
    live_routing.here().flush_counts()
    live_routing.here().log.close()
    return ship_folder(log_folder())


def test_predictions_arrive_once_with_input_and_output(endpoint: Endpoint, by: Actor) -> None:
    extra, ids = predict(by, [ROW, ROW], **{"x-unit-id": "patient, “1”"})
    assert ship() == 2
    assert ship_folder(log_folder()) == 0
    rows = list(Prediction.objects.order_by("row"))
    assert [f"{row.request_id.hex}-{row.row}" for row in rows] == ids
    assert {row.variant for row in rows} == {extra["X-Variant"]}
    assert rows[0].input == ROW
    assert set(rows[0].output) == {"prediction", "probabilities"}
    assert rows[0].unit == "patient, “1”"
    assert not list(log_folder().glob("*.log"))


def test_inputs_that_are_not_plain_arrive_as_the_client_named_them(endpoint: Endpoint, by: Actor) -> None:
    """The signature's decoder leaves them to the general way, whose records have another form."""
    body = json.dumps({"inputs": {name: [value] for name, value in ROW.items()}}).encode()
    assert live_routing.predict_as(by, "tumour", body, {})[0] == 200
    assert ship() == 1
    assert Prediction.objects.get().input == ROW


def test_the_log_gives_way_to_answers_for_a_while(
    endpoint: Endpoint, by: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(shipping, "BATCH_ROWS", 1)
    monkeypatch.setattr("serving.shipping.psutil.cpu_percent", lambda: 100.0)
    monkeypatch.setattr("serving.shipping.time.sleep", pauses.append)
    for _ in range(3):
        predict(by, [ROW])
    assert ship() == 3
    assert len(pauses) == 3
    assert min(pauses) > 0
    monkeypatch.setattr(shipping, "LAG_SECONDS", 0.0)
    predict(by, [ROW])
    assert ship() == 1
    assert pauses[3:] == [0.0]


def test_segments_take_turns_so_that_none_waits_for_a_busy_one(
    endpoint: Endpoint, versions: list[ModelVersion], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipping, "BATCH_ROWS", 2)
    busy, calm = PredictionLog(tmp_path), PredictionLog(tmp_path)
    for log, n_records in ((busy, 5), (calm, 2)):
        for _ in range(n_records):
            log.append(record_of(endpoint, versions[0], variant=f"of {n_records}"), durable=True)
    seen: list[str] = []

    def watching(records: list[Record], source: str) -> Any:
        seen.append(records[0].variant)
        return prediction_rows.store_records(records, source)

    monkeypatch.setattr(shipping, "store_records", watching)
    assert ship_folder(tmp_path) == 7
    assert seen == ["of 5", "of 2", "of 5", "of 5"]
    busy.close()
    calm.close()
    assert ship_folder(tmp_path) == 0


def test_texts_that_copy_reads_in_a_way_of_its_own_arrive_as_they_were(endpoint: Endpoint, by: Actor) -> None:
    odd = 'a\\tab\\N, a \t, a \r\n and a \\" stand here'
    record = Record(
        id=new_id(), at=1_700_000_000.25, team_id=by.team.pk, endpoint_id=endpoint.pk, variant="\\a", version_id=1,
        request_id=f"{odd}", unit_id="\\N", n_rows=1, seconds=1e-7, inputs=[{odd: odd}], predictions=[odd],
    )  # fmt: skip
    version = endpoint.variants.order_by("pk")[0].version_id
    log = PredictionLog(log_folder())
    log.append(msgspec.structs.replace(record, version_id=version), durable=True)
    log.close()
    assert ship_folder(log_folder()) == 1
    row = Prediction.objects.get()
    assert (row.variant, row.unit, row.input, row.output) == ("\\a", "\\N", {odd: odd}, {"prediction": odd})
    assert (row.at.timestamp(), row.latency_seconds) == (1_700_000_000.25, 1e-7)


@pytest.mark.django_db(transaction=True)
def test_while_a_process_ships_alone_others_leave_it_to_it(endpoint: Endpoint, by: Actor) -> None:
    predict(by, [ROW])
    live_routing.here().log.close()
    stopping = threading.Event()
    alone = threading.Thread(target=run_alone_until, args=(stopping, log_folder()))
    alone.start()
    try:
        deadline = time.monotonic() + 60
        while not Prediction.objects.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert Prediction.objects.count() == 1
        predict(by, [ROW])
        assert ship_folder(log_folder()) == 0
    finally:
        stopping.set()
        alone.join(60)
    assert not alone.is_alive()
    live_routing.here().log.close()
    ship_folder(log_folder())
    assert Prediction.objects.count() == 2


def test_a_segment_shipped_twice_is_stored_once(endpoint: Endpoint, by: Actor) -> None:
    predict(by, [ROW])
    live_routing.here().log.close()
    segment = next(log_folder().glob("*.log"))
    content = segment.read_bytes()
    assert ship_folder(log_folder()) == 1
    segment.write_bytes(content)
    assert ship_folder(log_folder()) == 0
    assert Prediction.objects.count() == 1


def test_a_killed_process_loses_nothing_it_acknowledged(
    endpoint: Endpoint, versions: list[ModelVersion], tmp_path: Path
) -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        log = PredictionLog(tmp_path)
        for _ in range(20):
            log.append(record_of(endpoint, versions[0]), durable=True)
            os.write(writer, b".")
        time.sleep(60)
        os._exit(0)
    seen = b""
    while len(seen) < 20:
        seen += os.read(reader, 20)
    assert ship_folder(tmp_path) == 20  # while the writer lives
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert ship_folder(tmp_path) == 0
    assert Prediction.objects.count() == 20
    assert not [path for path in tmp_path.iterdir() if path.suffix in (".open", ".log")]


def record_of(endpoint: Endpoint, version: ModelVersion, **changes: Any) -> Record:
    own = new_id()
    plain: dict[str, Any] = {
        "id": own, "at": time.time(), "team_id": endpoint.team_id, "endpoint_id": endpoint.pk,
        "variant": "champion", "version_id": version.pk, "request_id": own, "unit_id": None, "n_rows": 1,
        "seconds": 0.01, "inputs": [{"a": 1}], "predictions": [1],
    }  # fmt: skip
    return Record(**{**plain, **changes})


def test_a_record_that_cannot_be_stored_does_not_hold_up_the_others(
    endpoint: Endpoint, versions: list[ModelVersion], tmp_path: Path
) -> None:
    log = PredictionLog(tmp_path)
    log.append(record_of(endpoint, versions[0]), durable=True)
    log.append(record_of(endpoint, versions[0], inputs=[{"a": "\x00"}]), durable=True)
    log.append(record_of(endpoint, versions[0], endpoint_id=endpoint.pk + 1000), durable=True)
    log.append(record_of(endpoint, versions[0], predictions=[float("nan")]), durable=True)
    log.close()
    assert ship_folder(tmp_path) == 2
    assert list(Prediction.objects.filter(output__prediction=None).values_list("row", flat=True)) == [0]


def test_feedback_counts_by_prediction_id_and_by_any_request_id(endpoint: Endpoint, by: Actor) -> None:
    _, ids = predict(by, [ROW])
    record_feedback(endpoint, [{"prediction_id": ids[0], "truth": 0}], by=by)
    predict(by, [ROW, ROW], **{"x-request-id": "order-17"})
    record_feedback(
        endpoint, [{"request_id": "order-17", "row": 1, "truth": "0"}], by=by
    )  # text, as from a table
    assert sum(row["n_feedback"] for row in variant_statistics(endpoint)) == 0  # not shipped yet
    ship()
    assert sum(row["n_feedback"] for row in variant_statistics(endpoint)) == 2


def test_feedback_is_idempotent_and_the_last_one_counts(endpoint: Endpoint, by: Actor) -> None:
    _, ids = predict(by, [ROW])
    for truth in (1, 1, 0):
        record_feedback(endpoint, [{"prediction_id": ids[0], "truth": truth}], by=by)
    assert [row.truth for row in Feedback.objects.all()] == [0]


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({"truth": 1}, "request_id"),
        ({"request_id": "x" * 65, "truth": 1}, "request_id"),
        ({"request_id": "a", "row": -1, "truth": 1}, "row"),
        ({"request_id": "a", "row": True, "truth": 1}, "row"),
        ({"prediction_id": "nonsense", "truth": 1}, "prediction_id"),
        ({"request_id": "a"}, "truth"),
        ({"request_id": "a", "truth": "maybe"}, "truth"),
        ({"request_id": "a", "truth": [1]}, "truth"),
    ],
)
def test_feedback_that_makes_no_sense_is_named(
    item: dict[str, Any], field: str, endpoint: Endpoint, by: Actor
) -> None:
    with pytest.raises(Invalid) as raised:
        record_feedback(endpoint, [{"request_id": "good", "truth": 1}, item], by=by)
    assert raised.value.field == field
    assert "Item 2" in raised.value.message
    assert not Feedback.objects.exists()


def test_a_viewer_gives_no_feedback(endpoint: Endpoint, vera: User, actor_of: ActorOf) -> None:
    with pytest.raises(Forbidden):
        record_feedback(endpoint, [{"request_id": "a", "truth": 1}], by=actor_of(vera))


def test_statistics_measure_each_variant(endpoint: Endpoint, by: Actor) -> None:
    frame = cancer_frame().sample(120, random_state=3)
    truths = [int(truth) for truth in frame.pop("target")]
    items = []
    for number, (row, truth) in enumerate(zip(frame.to_dict("records"), truths, strict=True)):
        _, ids = predict(
            by, [dict(zip(map(str, row), row.values(), strict=True))], **{"x-unit-id": f"unit {number}"}
        )
        items.append({"prediction_id": ids[0], "truth": truth})
    record_feedback(endpoint, items, by=by)
    ship()
    rows = variant_statistics(endpoint)
    assert [row["variant"] for row in rows] == ["champion", "challenger"]
    assert sum(row["n_predictions"] for row in rows) == sum(row["n_feedback"] for row in rows) == 120
    assert sum(row["share"] for row in rows) == pytest.approx(1)
    champion = rows[0]
    assert champion["primary_metric"] == "roc_auc"
    assert champion["primary_value"] > 0.9
    assert 0 < champion["p50_seconds"] <= champion["p95_seconds"]


def test_counts_of_all_processes_reach_the_statistics_and_prometheus(endpoint: Endpoint, by: Actor) -> None:
    predict(by, [ROW, ROW])
    routing = live_routing.here()
    status, _, _ = live_routing.predict_as(by, "tumour", b"{", {})
    assert status == 400
    routing.flush_counts()
    predict(by, [ROW])
    routing.flush_counts()
    found = {
        (metric.name, sample.name, sample.labels.get("status"))
        for metric in PredictionCollector().collect()
        for sample in metric.samples
    }
    assert ("mlregistry_prediction_seconds", "mlregistry_prediction_seconds_bucket", "200") in found
    rows = [
        sample.value
        for metric in PredictionCollector().collect()
        for sample in metric.samples
        if sample.name == "mlregistry_prediction_rows_total" and sample.labels["status"] == "200"
    ]
    assert sum(rows) == 3


def test_rest_swaps_tells_and_counts(
    endpoint: Endpoint, bob: User, api: Api, versions: list[ModelVersion]
) -> None:
    client = api(bob)
    path = "/api/v1/endpoints/tumour"
    wrong = [{"name": "a", "model": "tumour", "version": 1, "weight": 60}]
    refused = client.put(f"{path}/variants", {"variants": wrong}, format="json")
    assert (refused.status_code, refused.data["field"]) == (400, "weights")
    unknown = [{"name": "a", "model": "tumour", "alias": "champion", "weight": 100}]
    missing = client.put(f"{path}/variants", {"variants": unknown}, format="json")
    assert (missing.status_code, missing.data["field"]) == (404, "alias")
    right = [{"name": "a", "model": "tumour", "version": 2, "weight": 100}]
    assert client.put(f"{path}/variants", {"variants": right}, format="json").data["variants"] == right
    answer = client.post(f"{path}/invocations", {"dataframe_records": [ROW]}, format="json")
    assert answer.headers["X-Variant"] == "a"
    items = [{"request_id": answer.headers["X-Request-Id"], "truth": 0}]
    assert client.post(f"{path}/feedback", {"feedback": items}, format="json").data == {"n_recorded": 1}
    ship()
    rows = client.get(f"{path}/statistics").data["variants"]
    assert [(row["variant"], row["n_predictions"], row["n_feedback"]) for row in rows] == [("a", 1, 1)]
    assert client.get(f"{path}/statistics?since=yesterday").status_code == 400
    nan = '{"feedback": [{"request_id": "a", "truth": NaN}]}'
    assert client.generic("POST", f"{path}/feedback", nan, content_type="application/json").status_code == 400
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404


def test_many_rows_of_numbers_arrive_as_single_ones_do(endpoint: Endpoint, by: Actor) -> None:
    """Their records hold arrays; what the database holds of them is the same to the letter."""
    lines = [[value * row if row % 2 else row for value in ROW.values()] for row in range(300)]
    for some in (lines, *([line] for line in lines[:40])):
        body = json.dumps({"dataframe_split": {"columns": list(ROW), "data": some}}).encode()
        assert live_routing.predict_as(by, "tumour", body, {"x-unit-id": "u"})[0] == 200
    live_routing.here().log.close()
    (segment,) = segments.listing(log_folder())
    assert [bool(record.numbers) for record in segments.read_all(segment.path)] == [True] + [False] * 40
    assert ship() == 340
    with connection.cursor() as cursor:
        cursor.execute("SELECT input::text, output->'prediction' FROM serving_prediction ORDER BY id")
        stored = cursor.fetchall()
    assert stored[:40] == stored[300:]
    assert '"mean radius": 2,' in stored[2][0]
