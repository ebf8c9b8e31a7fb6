"""Both doors for predictions: the view and the thin door give the same answers, to the byte."""

import io
import json
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from mlregistry.accounts.actions import tokens
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import ApiToken, User
from serving import live_routing
from serving.fast_door import fast_door
from serving.hotpath import records
from serving.models import Endpoint
from serving.queries import routing
from tests.serving.conftest import ROW

Api = Callable[..., APIClient]
HEADERS = ("X-Request-Id", "X-Variant", "X-Model-Version", "Content-Type")
FIRST = next(iter(ROW))


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in ROW.items() if key != name}


BODIES: dict[str, tuple[bytes | str, str]] = {
    "records": (json.dumps({"dataframe_records": [ROW, ROW]}), "application/json"),
    "split": (
        json.dumps({"dataframe_split": {"columns": list(ROW), "data": [list(ROW.values())]}}),
        "application/json",
    ),
    "instances": (json.dumps({"instances": [list(ROW.values())]}), "application/json"),
    "csv": (",".join(ROW) + "\n" + ",".join(map(str, ROW.values())), "text/csv"),
    "an extra column": (json.dumps({"dataframe_records": [{**ROW, "shoe size": 43}]}), "application/json"),
    "a missing column": (json.dumps({"dataframe_records": [without(FIRST)]}), "application/json"),
    "a null": (json.dumps({"dataframe_records": [{**ROW, FIRST: None}]}), "application/json"),
    "a wrong type": (json.dumps({"dataframe_records": [{**ROW, FIRST: "wide"}]}), "application/json"),
    "NaN": (json.dumps({"dataframe_records": [{**ROW, FIRST: float("nan")}]}), "application/json"),
    "no rows": (json.dumps({"dataframe_records": []}), "application/json"),
    "no JSON": ("{", "application/json"),
    "an empty body": ("", "application/json"),
    "another media type": ("<a/>", "application/xml"),
}
NAMED = ("a missing column", "a null", "a wrong type")


class FastDoor:
    """Calls the thin door as a WSGI server does; what it passes on is counted."""

    def __init__(self) -> None:
        self.passed_on: list[dict[str, Any]] = []

        def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
            self.passed_on.append(environ)
            start_response("299 Passed on", [])
            return [environ["wsgi.input"].read()]

        self.door = fast_door(application)

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": path,
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": headers.pop("Content-Type", "application/json"),
            "wsgi.input": io.BytesIO(body),
            **{f"HTTP_{key.upper().replace('-', '_')}": value for key, value in headers.items()},
        }
        seen: dict[str, Any] = {}

        def start_response(status: str, head: list[tuple[str, str]]) -> None:
            seen.update(status=int(status[:3]), headers=dict(head))

        answer = b"".join(self.door(environ, start_response))
        return seen["status"], seen["headers"], answer


@pytest.fixture
def secret(by: Actor) -> str:
    return str(tokens.create_token("predicts", scopes=frozenset({"predict"}), by=by)[1])


@pytest.fixture
def fast(transactional_db: None, endpoint: Endpoint, secret: str) -> FastDoor:
    return FastDoor()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("prefix", ["", "/t/lab"])
def test_both_doors_answer_the_same_bytes(prefix: str, fast: FastDoor, secret: str) -> None:
    path, client = f"{prefix}/api/v1/endpoints/tumour/invocations", APIClient()
    sent = {"Authorization": f"Bearer {secret}", "X-Unit-Id": "unit 7", "X-Request-Id": "mine"}
    for case, (text, media) in BODIES.items():
        body = text.encode() if isinstance(text, str) else text
        with patch.object(records, "new_id", return_value="0" * 31 + "1"):
            status, headers, answer = fast.post(path, body, {**sent, "Content-Type": media})
            slow = client.generic("POST", path, body.decode(), content_type=media, headers=sent)
        assert fast.passed_on == [], case
        assert (status, answer) == (slow.status_code, slow.content), case
        got = {name: headers.get(name) for name in HEADERS}
        assert got == {name: slow.headers.get(name) for name in HEADERS}, case
        assert (status == 200) == (case in ("records", "split", "instances", "csv")), (case, answer)
        if case in NAMED:
            assert json.loads(answer)["field"] == FIRST, case


@pytest.mark.django_db(transaction=True)
def test_what_the_thin_door_does_not_know_goes_on_to_django_whole(fast: FastDoor, secret: str) -> None:
    body = BODIES["records"][0].encode()  # type: ignore[union-attr]  # this body is text
    path = "/api/v1/endpoints/tumour/invocations"
    cases = [
        (path, {"Authorization": "Bearer unknown"}),
        (path, {}),
        ("/api/v1/endpoints/nothing/invocations", {"Authorization": f"Bearer {secret}"}),
        ("/t/rivals/api/v1/endpoints/tumour/invocations", {"Authorization": f"Bearer {secret}"}),
        ("/api/v1/endpoints/tumour/feedback", {"Authorization": f"Bearer {secret}"}),
    ]
    for address, headers in cases:
        status, _, answer = fast.post(address, body, dict(headers))
        assert (status, answer) == (299, body)


@pytest.mark.django_db(transaction=True)
def test_a_revoked_token_stops_counting(fast: FastDoor, secret: str, by: Actor) -> None:
    body, path = BODIES["records"][0].encode(), "/api/v1/endpoints/tumour/invocations"  # type: ignore[union-attr]  # this body is text
    assert fast.post(path, body, {"Authorization": f"Bearer {secret}"})[0] == 200
    tokens.revoke_token(ApiToken.objects.get(name="predicts"), by=by)
    live_routing.here()._built_at = float("-inf")
    live_routing.here().refresh()
    assert fast.post(path, body, {"Authorization": f"Bearer {secret}"})[0] == 299


@pytest.mark.django_db(transaction=True)
def test_the_last_routing_goes_on_without_the_database(fast: FastDoor, secret: str) -> None:
    body, path = BODIES["records"][0].encode(), "/api/v1/endpoints/tumour/invocations"  # type: ignore[union-attr]  # this body is text
    assert fast.post(path, body, {"Authorization": f"Bearer {secret}"})[0] == 200
    live_routing.reset()  # a new process; its database is away
    with patch.object(routing, "epoch", side_effect=OperationalError("away")):
        assert fast.post(path, body, {"Authorization": f"Bearer {secret}"})[0] == 200
        live_routing.reset()


def test_a_viewer_predicts_and_an_outsider_finds_nothing(
    endpoint: Endpoint, vera: User, charlie: User, api: Api
) -> None:
    body = {"dataframe_records": [ROW]}
    path = "/api/v1/endpoints/tumour/invocations"
    assert api(vera).post(path, body, format="json").status_code == 200
    assert api(charlie).post(path, body, format="json").status_code == 404
    assert api(vera, scopes=frozenset({"read"})).post(path, body, format="json").status_code == 403
    assert APIClient().post(path, body, format="json").status_code == 401


def test_a_process_that_keeps_its_routing_asks_the_database_only_for_what_it_does_not_know(
    endpoint: Endpoint, api: Api, bob: User, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    routing = live_routing.here()
    routing.refresh()
    monkeypatch.setattr(routing, "is_running", True)
    client = APIClient(headers={"Authorization": f"Bearer {secret}"})
    tensors = [
        {"name": name, "shape": [1], "datatype": "FP64", "data": [value]} for name, value in ROW.items()
    ]
    asked = {
        "/api/v1/endpoints/tumour/invocations": {"dataframe_records": [ROW]},
        "/v2/models/tumour/infer": {"inputs": tensors},
    }
    for path, body in asked.items():
        with CaptureQueriesContext(connection) as queries:
            answer = client.post(path, body, format="json")
        assert answer.status_code == 200, answer.content
        assert len(queries) == 0
    refused = client.post("/api/v1/endpoints/tumour/invocations", {"rows": 1}, format="json")
    assert refused.status_code == 400
    assert client.post("/api/v1/endpoints/nothing/invocations", {}, format="json").status_code == 404
    new = api(bob, scopes=frozenset({"predict"}))  # its token is younger than the routing
    body = {"dataframe_records": [ROW]}
    assert new.post("/api/v1/endpoints/tumour/invocations", body, format="json").status_code == 200
    stranger = APIClient(headers={"Authorization": "Bearer mlr_unknown"})
    assert stranger.post("/api/v1/endpoints/tumour/invocations", body, format="json").status_code == 401
