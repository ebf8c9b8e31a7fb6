"""Uploading, deciding and downloading through the API and the pages; MLflow's door takes models in too."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from rest_framework.test import APIClient

from experiments.actions import artifacts
from experiments.models import Experiment, Run, RunStatus
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from models_app.actions.client_versions import create_version
from models_app.actions.models import create_model
from models_app.models import Intake, IntakeState, VersionState
from tests.models_app import foreign
from tests.models_app.test_intakes import checked

Api = Callable[..., APIClient]
ActorOf = Callable[..., Actor]
UPLOADS = "/api/v1/models/foreign/uploads"
ONE = "/api/v1/models/foreign/versions/1"


def sent(client: APIClient, name: str, body: bytes, **fields: Any) -> Any:
    return client.post(UPLOADS, {"file": SimpleUploadedFile(name, body), **fields}, format="multipart")


@pytest.mark.django_db
def test_a_form_brings_model_signature_and_example(alice: User, bob: User, api: Api) -> None:
    body = foreign.written(foreign.logistic(), "a.pkl")
    signature = json.dumps(
        {"inputs": [{"name": "age", "type": "double", "required": True}], "output": "leaving"}
    )
    made = sent(
        api(bob), "a.pkl", body, signature=signature, input_example='[{"age": 50}]', description="From afar"
    )
    assert (made.status_code, made.data["intake"], made.data["number"]) == (201, "quarantined", 1)
    assert made.data["files"][0]["sha256"] == hashlib.sha256(body).hexdigest()
    assert "trusts who made it" in made.data["files"][0]["who_may_load"]
    assert api(bob).get(f"{ONE}/intake").data["state"] == "quarantined"
    decision = {"decision": "approve", "reason": "made by Bob"}
    assert api(bob).post(f"{ONE}/intake", decision, format="json").status_code == 403
    approved = api(alice).post(f"{ONE}/intake", decision, format="json")
    assert (approved.status_code, approved.data["state"]) == (202, "checking")
    assert checked(Intake.objects.get().version).state == IntakeState.ACCEPTED
    told = api(bob).get(ONE).data
    assert told["signature"]["inputs"] == [
        {"name": "age", "type": "float", "required": True, "categories": []}
    ]
    assert (told["signature"]["output"]["name"], told["input_example"]) == ("leaving", [{"age": 50}])
    assert told["intake"] == "accepted"
    assert api(bob).get(f"{ONE}/intake").data["findings"]["signature_from"] == "the upload"
    loaded: Any = api(bob).get(f"{ONE}/files/pickle")
    assert b"".join(loaded.streaming_content) == body
    assert loaded["Content-Disposition"] == 'attachment; filename="foreign-v1.pkl"'
    assert api(bob).get(f"{ONE}/files/skops").status_code == 200
    assert api(bob).get(f"{ONE}/files/compiled").status_code == 200
    assert api(bob).get(f"{ONE}/files/onnx").status_code == 404
    compiled = api(bob).post(f"{ONE}/compilation")
    assert (compiled.status_code, compiled.data["is_running"]) == (202, True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "field", "told"),
    [
        ({"signature": "{"}, "signature", "is no JSON"),
        ({"signature": "[]"}, "signature", "JSON object such as"),
        ({"signature": '{"inputs": []}'}, "signature", "1 to 5,000 inputs"),
        ({"signature": '{"inputs": [{"name": "a", "type": "image"}]}'}, "signature", "no type that is served"),
        ({"signature": '{"inputs": [{"name": "", "type": "float"}]}'}, "signature", "1 to 500 characters"),
        ({"signature": '{"inputs": [{"name": "a", "type": "float"}, {"name": "a", "type": "long"}]}'}, "signature",
         "“a” twice"),
        ({"signature": '{"inputs": [{"name": "a", "type": "float"}], "x": 1}'}, "signature", "no field “x”"),
        ({"input_example": "{}"}, "input_example", "list of 1 to 20 rows"),
        ({"input_example": '[{"a": [1]}]'}, "input_example", "no text, number"),
        ({"input_example": "[[1, 2]]"}, "input_example", "no object of columns"),
        ({"input_example": "[" * 5000}, "input_example", "is no JSON"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_upload_is_named(
    fields: dict[str, str], field: str, told: str, bob: User, api: Api
) -> None:
    answer = sent(api(bob), "a.pkl", b"\x80\x04N.", **fields)
    assert (answer.status_code, answer.data["field"]) == (400, field)
    assert told in answer.data["detail"]
    assert not Intake.objects.exists()


@pytest.mark.django_db
def test_viewers_and_other_teams_do_not_upload_or_download(
    bob: User, vera: User, charlie: User, api: Api
) -> None:
    body = foreign.written(foreign.line(), "a.skops")
    assert sent(api(vera), "a.skops", body).status_code == 403
    assert sent(api(bob), "a.skops", body).status_code == 201
    for path in ("", "/intake", "/files/skops", "/card", "/card.md"):
        assert api(charlie).get(f"{ONE}{path}").status_code == 404
    assert api(vera).get(f"{ONE}/files/skops").status_code == 200


@pytest.mark.django_db
def test_raw_bytes_and_the_place_of_a_file_do_too(bob: User, api: Api, actor_of: ActorOf) -> None:
    client = api(bob)
    body = foreign.written(foreign.line(), "a.skops")
    generic: Any = client.generic  # bytes, too
    raw = generic("POST", UPLOADS, body, content_type="application/octet-stream", HTTP_X_FILENAME="m.skops")
    assert (raw.status_code, raw.data["intake"]) == (201, "checking")
    run = _run_with(actor_of(bob), {"net/model.onnx": b"\x08\x09", "net/MLmodel": b"flavors: {}"})
    named = client.post(UPLOADS, {"source": f"runs:/{run.pk.hex}/net", "run": run.pk.hex}, format="json")
    assert (named.status_code, named.data["intake"], named.data["number"]) == (201, "checking", 2)
    nothing = client.post(UPLOADS, {"source": f"runs:/{run.pk.hex}/none", "run": run.pk.hex}, format="json")
    assert (nothing.status_code, nothing.data["intake"]) == (201, None)
    foreign_source = client.post(UPLOADS, {"source": "http://elsewhere/model"}, format="json")
    assert (foreign_source.status_code, foreign_source.data["field"]) == (400, "source")


@pytest.mark.django_db
def test_a_model_that_a_client_registers_is_taken_in_with_its_mlmodel(
    bob: User, api: Api, actor_of: ActorOf
) -> None:
    columns = json.dumps([{"type": "double", "name": "age", "required": True}])
    mlmodel = f"flavors:\n  sklearn:\n    sklearn_version: 1.2.3\nsignature:\n  inputs: '{columns}'\n  outputs: null\n"
    example = json.dumps({"columns": ["age"], "data": [[44.0]]}).encode()
    files = {
        "model/model.pkl": foreign.written(foreign.logistic(), "a.pkl"),
        "model/model.skops": foreign.written(foreign.logistic(), "a.skops"),
        "model/MLmodel": mlmodel.encode(),
        "model/input_example.json": example,
    }
    run = _run_with(actor_of(bob), files)
    client = api(bob)
    model = create_model("foreign", by=actor_of(bob))
    made = create_version(model, f"runs:/{run.pk.hex}/model", run_key=run.pk.hex, by=actor_of(bob))
    assert made.state == VersionState.READY
    intake = checked(Intake.objects.get().version)
    assert (intake.format, intake.state) == ("skops", IntakeState.ACCEPTED), intake.problem
    assert intake.findings is not None
    assert (intake.findings["signature_from"], intake.findings["written_with"]["scikit-learn"]) == (
        "MLmodel",
        "1.2.3",
    )
    assert client.get(ONE).data["input_example"] == [{"age": 44.0}]


@pytest.mark.django_db
def test_the_page_lets_an_owner_decide_and_tells_what_was_found(
    alice: User, bob: User, api: Api, client: Client
) -> None:
    client.force_login(bob)
    body = foreign.written(foreign.line(), "a.pkl")
    answer = client.post("/models/upload", {"model": "foreign", "file": SimpleUploadedFile("a.pkl", body)})
    assert (answer.status_code, answer["Location"]) == (302, "/models/foreign/versions/1/")
    page = client.get("/models/foreign/versions/1/").content.decode()
    assert "quarantine" in page
    assert "Let it be opened" not in page
    assert (
        client.post("/models/foreign/versions/1/intake", {"decision": "approve", "reason": "x"}).status_code
        == 403
    )
    client.force_login(alice)
    assert "Let it be opened" in client.get("/models/foreign/versions/1/").content.decode()
    client.post("/models/foreign/versions/1/intake", {"decision": "reject", "reason": "from nobody"})
    page = client.get("/models/foreign/versions/1/").content.decode()
    assert "from nobody" in page
    assert client.get("/models/foreign/versions/1/files/pickle").status_code == 200


def _run_with(by: Actor, files: dict[str, bytes]) -> Run:
    experiment, _ = Experiment.objects.get_or_create(team=by.team, name="outside")
    run = Run.objects.create(experiment=experiment, name="outside", status=RunStatus.RUNNING)
    for path, body in files.items():
        place = foreign.HERE / "sent"
        place.write_bytes(body)
        artifacts.save_artifact(run, path, place, by=by)
    return run
