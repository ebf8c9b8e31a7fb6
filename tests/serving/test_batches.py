"""A whole table scored in the background: the endpoint's answers to the bit, rows without one told apart."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from rest_framework.test import APIClient

from experiments.actions.datasets import add_version, create_dataset
from experiments.models import DatasetVersion
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.errors import Forbidden, Invalid
from mlregistry.jobs.context import JobCancelled, JobContext
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import State
from serving import live_routing, table_scoring
from serving.actions.batches import start_batch
from serving.models import Batch, Endpoint
from serving.workers.batches import predict_batch
from tests.models_app.trained import FEATURES, cancer_frame

ActorOf = Callable[..., Actor]
Api = Callable[..., APIClient]
N = 60


def table() -> pd.DataFrame:
    """Patients, two of whom cannot be scored: one lacks a value, one has a text where numbers are."""
    frame = cancer_frame().head(N).drop(columns="target")
    frame.insert(0, "patient", [f"p{number}" for number in range(N)])
    frame.loc[5, FEATURES[0]] = None
    frame["prediction"] = "a column of this name already"
    return frame


@pytest.fixture
def data(by: Actor, tmp_path: Path) -> DatasetVersion:
    """In two parts, as after an append."""
    dataset = create_dataset("patients", by=by)
    for place, part in enumerate((table().head(40), table().tail(N - 40))):
        path = tmp_path / f"part{place}.csv"
        part.to_csv(path, index=False)
        version = add_version(dataset, path, filename=path.name, append=place > 0, by=by)
    return version


def done(batch: Batch) -> Batch:
    assert batch.job is not None
    job = run_here(batch.job)
    assert job.state == State.SUCCEEDED, job.error
    return Batch.objects.get(pk=batch.pk)


def _streamed(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def result_of(client: APIClient, batch: Batch, tmp_path: Path) -> list[dict[str, Any]]:
    path = tmp_path / "result.parquet"
    answer = client.get(f"/api/v1/batches/{batch.pk}/result")
    path.write_bytes(_streamed(answer))
    found: list[dict[str, Any]] = duckdb.read_parquet(str(path)).df().to_dict("records")
    return found


def test_every_row_gets_the_endpoints_answer_to_the_bit_and_keeps_its_place(
    endpoint: Endpoint, data: DatasetVersion, by: Actor, bob: User, api: Api, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(table_scoring, "CHUNK", 16)
    batch = done(start_batch(endpoint, data, variant="champion", id_column="patient", by=by))
    assert (batch.n_rows, batch.n_scored, batch.n_refused) == (N, N - 1, 1)
    (refused,) = batch.refused
    assert (refused["row"], refused["id"]) == (6, "p5")
    assert FEATURES[0] in refused["reason"]
    rows = result_of(api(bob), batch, tmp_path)
    assert [row["patient"] for row in rows] == [f"p{number}" for number in range(N)]
    assert rows[5]["problem"] == refused["reason"]
    for row in [rows[0], *rows[6:20], rows[-1]]:
        asked = json.dumps({"dataframe_records": [{name: row[name] for name in FEATURES}]}).encode()
        wording = live_routing.predict_as(by, "tumour", asked, {"x-unit-id": champion_unit(endpoint)})
        answer = json.loads(wording[2])
        assert row["prediction_"] == answer["predictions"][0]
        assert [row["probability_0"], row["probability_1"]] == answer["probabilities"][0]


def champion_unit(endpoint: Endpoint) -> str:
    routing = live_routing.here()
    routing.refresh()
    found = routing.snapshot.endpoints["lab", endpoint.name]
    return next(unit for unit in map(str, range(100)) if found.choose(unit).key == "champion")


def test_the_result_is_a_csv_too_and_a_version_of_a_dataset(
    endpoint: Endpoint, data: DatasetVersion, by: Actor, bob: User, api: Api
) -> None:
    batch = done(start_batch(endpoint, data, save_as="scored patients", exact=False, by=by))
    answer = api(bob).get(f"/api/v1/batches/{batch.pk}/result?as=csv")
    lines = list(csv.DictReader(io.StringIO(_streamed(answer).decode())))
    assert len(lines) == N
    assert set(lines[0]) == {*table().columns, "prediction_", "probability_0", "probability_1", "problem"}
    assert batch.result_version is not None
    assert (batch.result_version.dataset.name, batch.result_version.n_rows) == ("scored patients", N)
    assert api(bob).get(f"/api/v1/batches/{batch.pk}/result?as=xls").status_code == 400


def test_the_api_starts_lists_follows_and_cancels(
    endpoint: Endpoint, data: DatasetVersion, bob: User, vera: User, charlie: User, api: Api
) -> None:
    path, body = "/api/v1/endpoints/tumour/batches/", {"dataset": data.dataset_id, "id_column": "patient"}
    assert api(vera).post(path, body, format="json").status_code == 403
    made = api(bob).post(path, body, format="json")
    assert (made.status_code, made.json()["state"]) == (201, "QUEUED")
    one = f"/api/v1/batches/{made.json()['id']}"
    assert [row["id"] for row in api(vera).get(path).json()["results"]] == [made.json()["id"]]
    assert api(charlie).get(one).status_code == 404
    assert api(vera).get(f"{one}/result").status_code == 409
    assert api(bob).post(f"{one}/cancel").json()["state"] == "CANCELLED"
    assert api(bob).post(f"{one}/cancel").status_code == 409


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"variant": "nobody"}, "variant"),
        ({"id_column": "number"}, "id_column"),
        ({"save_as": "a\x00"}, "name"),
    ],
)
def test_what_cannot_be_scored_is_refused_at_once(
    endpoint: Endpoint, data: DatasetVersion, by: Actor, wanted: dict[str, str], field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        start_batch(endpoint, data, **wanted, by=by)  # type: ignore[arg-type]  # fields of many types
    assert caught.value.field == field
    assert not Batch.objects.exists()


def test_a_table_without_the_columns_is_refused_by_their_names(
    endpoint: Endpoint, by: Actor, tmp_path: Path
) -> None:
    path = tmp_path / "short.csv"
    path.write_text(f"{FEATURES[0]}\n1.5\n")
    version = add_version(create_dataset("short", by=by), path, filename="short.csv", by=by)
    with pytest.raises(Invalid, match=FEATURES[1]):
        start_batch(endpoint, version, by=by)


def test_a_viewer_starts_none(
    endpoint: Endpoint, data: DatasetVersion, vera: User, actor_of: ActorOf
) -> None:
    with pytest.raises(Forbidden):
        start_batch(endpoint, data, by=actor_of(vera))


def test_a_batch_that_is_asked_to_stop_stops_between_chunks_and_leaves_nothing(
    endpoint: Endpoint, data: DatasetVersion, by: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_scoring, "CHUNK", 10)
    told: list[dict[str, Any]] = []
    context = JobContext(job_id="x", attempt=1, send=told.append, stopped=lambda: len(told) >= 3)
    batch = start_batch(endpoint, data, exact=False, by=by)
    with pytest.raises(JobCancelled):
        predict_batch(context, batch_id=batch.pk)
    assert [one["message"] for one in told][1:] == ["10 of 60 rows", "20 of 60 rows"]
    assert Batch.objects.get().result is None


def test_the_pages_upload_a_table_show_its_answers_and_give_them_away(
    endpoint: Endpoint, by: Actor, bob: User, client: Client
) -> None:
    client.force_login(bob)
    page = client.get("/endpoints/tumour/batches/")
    assert b"Score a whole table" in page.content
    file = SimpleUploadedFile("new patients.csv", table().to_csv(index=False).encode())
    answer = client.post("/endpoints/tumour/batches/", {"file": file, "id_column": "patient"}, follow=True)
    batch = Batch.objects.get()
    assert batch.dataset_version is not None
    assert batch.dataset_version.dataset.name == "new patients"
    assert b"Waiting for a worker" in answer.content
    done(batch)
    shown = client.get(f"/batches/{batch.pk}/").content.decode()
    assert "Rows without an answer" in shown
    assert "p5" in shown
    assert client.get(f"/batches/{batch.pk}/download?as=csv").status_code == 200
    assert "59" in shown
    assert b"Choose a dataset" in client.post("/endpoints/tumour/batches/", {}).content


def test_the_form_of_the_log_keeps_what_was_chosen(endpoint: Endpoint, bob: User, client: Client) -> None:
    client.force_login(bob)
    form = {
        "log_mode": "best-effort", "sample": "25", "retention_days": "30",
        "column": ["unit_id", FEATURES[0], FEATURES[1]], "how": ["hash", "drop", "truncate"], "kept": ["0", "", "2"],
    }  # fmt: skip
    assert client.post("/endpoints/tumour/log", form).status_code == 302
    endpoint.refresh_from_db()
    assert endpoint.log_redact == {"unit_id": "hash", FEATURES[0]: "drop", FEATURES[1]: "truncate:2"}
    assert (endpoint.log_sample, endpoint.log_retention_days, endpoint.log_mode) == (0.25, 30, "best-effort")
    assert b"of the units" in client.get("/endpoints/tumour/").content
    again = client.post("/endpoints/tumour/log", {**form, "sample": "250"})
    assert again.status_code == 400
    assert b"between 0" in again.content
