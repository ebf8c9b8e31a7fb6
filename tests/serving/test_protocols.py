"""Other servers' protocols through the whole server: MLflow's scoring server and the Open Inference Protocol."""

import json
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
from rest_framework.test import APIClient

from mlregistry import __version__
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from models_app.models import ModelVersion
from serving import live_routing
from serving.actions.endpoints import create_endpoint
from serving.hotpath import records
from serving.models import Endpoint
from tests.serving.conftest import ROW, two_variants
from tests.serving.test_doors import FastDoor, fast, secret

__all__ = ["fast", "secret"]
Api = Callable[..., APIClient]
TENSORS = [
    {"name": name, "shape": [1], "datatype": "FP64", "data": [float(value)]} for name, value in ROW.items()
]
BODIES: dict[str, tuple[str, Any]] = {
    "infer": ("/v2/models/tumour/infer", {"inputs": TENSORS}),
    "infer of a version": ("/v2/models/tumour/versions/2/infer", {"inputs": TENSORS, "id": "7"}),
    "infer of a team": ("/t/lab/v2/models/tumour/infer", {"inputs": TENSORS}),
    "a missing tensor": ("/v2/models/tumour/infer", {"inputs": TENSORS[1:]}),
    "no tensors": ("/v2/models/tumour/infer", {"inputs": {}}),
    "no JSON": ("/v2/models/tumour/infer", "{"),
    "mlflow's client": ("/endpoints/tumour/invocations", {"dataframe_records": [ROW]}),
    "inputs by column": ("/endpoints/tumour/invocations", {"inputs": {k: [v, v] for k, v in ROW.items()}}),
    "a tensor": ("/endpoints/tumour/invocations", {"inputs": [list(ROW.values())] * 3}),
    "an unknown parameter": (
        "/endpoints/tumour/invocations", {"dataframe_records": [ROW], "params": {"top": 3}},
    ),
}  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("case", BODIES)
def test_both_doors_speak_every_protocol_alike(case: str, fast: FastDoor, secret: str) -> None:
    path, sent = BODIES[case]
    body = sent if isinstance(sent, str) else json.dumps(sent)
    headers = {"Authorization": f"Bearer {secret}", "X-Unit-Id": "unit 7", "X-Request-Id": "mine"}
    with patch.object(records, "new_id", return_value="0" * 31 + "1"):
        status, head, answer = fast.post(path, body.encode(), headers)
        slow = APIClient().generic(
            "POST", path, body, content_type="application/json", HTTP_AUTHORIZATION=f"Bearer {secret}",
            HTTP_X_UNIT_ID="unit 7", HTTP_X_REQUEST_ID="mine",
        )  # fmt: skip
    assert fast.passed_on == []
    assert (status, answer) == (slow.status_code, slow.content)
    assert head["Content-Type"] == slow.headers["Content-Type"]
    good = case not in ("a missing tensor", "no tensors", "no JSON", "an unknown parameter")
    assert status == (200 if good else 400), answer
    if path.startswith("/v2") and not good:
        assert list(json.loads(answer)) == ["error"]


def test_the_open_inference_protocol_describes_server_and_models(
    endpoint: Endpoint, vera: User, api: Api
) -> None:
    client, anybody = api(vera, scopes=frozenset({"predict"})), APIClient()
    assert anybody.get("/v2").json() == {"name": "mlregistry", "version": __version__, "extensions": []}
    assert anybody.get("/v2/health/live").json() == {"live": True}
    found = client.get("/v2/models/tumour").json()
    assert found["versions"] == ["1", "2"]
    assert [one["name"] for one in found["inputs"]] == list(ROW)
    assert client.get("/v2/models/tumour/versions/2").json() == found
    assert client.get("/v2/models/tumour/ready").json() == {"name": "tumour", "ready": True}
    for path, status in (("/v2/models/none", 404), ("/v2/models/tumour/versions/9", 404)):
        answer = client.get(path)
        assert (answer.status_code, list(answer.json())) == (status, ["error"])
    assert anybody.get("/v2/models/tumour").status_code == 401
    assert list(anybody.get("/v2/models/tumour").json()) == ["error"]


@pytest.mark.django_db(transaction=True)
def test_the_server_is_ready_once_its_models_are_loaded(endpoint: Endpoint) -> None:
    routing = live_routing.here()
    assert not routing.is_ready()
    routing.start(wait=True)
    assert APIClient().get("/v2/health/ready").json() == {"live": True, "ready": True}


def test_an_endpoint_answers_what_mlflows_scoring_server_answers(
    endpoint: Endpoint, vera: User, charlie: User, api: Api
) -> None:
    for start in ("/api/v1/endpoints/", "/endpoints/"):
        for name in ("ping", "health"):
            answer = api(vera, scopes=frozenset({"predict"})).get(f"{start}tumour/{name}")
            assert (answer.status_code, answer.content) == (200, b"\n")
        assert (
            api(vera, scopes=frozenset({"predict"})).get(f"{start}tumour/version").content.decode()
            == __version__
        )
        assert api(charlie, scopes=frozenset({"predict"})).get(f"{start}tumour/ping").status_code == 404
    assert APIClient().get("/ping").status_code == 200


def test_the_bare_address_asks_the_only_endpoint(
    endpoint: Endpoint, versions: list[ModelVersion], by: Actor, api: Api, bob: User, charlie: User
) -> None:
    client, body = api(bob, scopes=frozenset({"predict"})), {"dataframe_records": [ROW]}
    found = client.post("/invocations", body, format="json", headers={"X-Unit-Id": "u"})
    known = client.post("/endpoints/tumour/invocations", body, format="json", headers={"X-Unit-Id": "u"})
    assert (found.status_code, found["X-Variant"]) == (200, known["X-Variant"])
    assert found.json()["predictions"] == known.json()["predictions"]
    assert api(bob).post("/invocations", {"rows": 1}, format="json").status_code == 400
    assert api(bob, scopes=frozenset({"read"})).post("/invocations", body, format="json").status_code == 403
    nothing = api(charlie).post("/invocations", body, format="json")
    assert (nothing.status_code, nothing.json()["detail"]) == (404, "This team has no endpoint to ask.")
    create_endpoint("second", variants=two_variants(versions, 50, 50), by=by)
    several = client.post("/invocations", body, format="json")
    assert several.status_code == 409
    assert several.json()["errors"] == [
        "/api/v1/endpoints/second/invocations", "/api/v1/endpoints/tumour/invocations",
    ]  # fmt: skip
