"""Multipart uploads over MLflow's wire: signed parts, repetition, checks at the end, leftovers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from experiments.actions.experiments import create_experiment
from experiments.models import Run
from mlregistry.accounts.models import User
from mlregistry.accounts.queries import actors

from .conftest import Mlflow

Make = Callable[..., Mlflow]
PLACE = "/api/2.0/mlflow-artifacts"


@pytest.fixture
def root(bob: User, settings: Any, tmp_path: Path) -> str:
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    experiment = create_experiment("files", by=actors.for_user(bob))
    return f"{experiment.pk}/{Run.objects.create(experiment=experiment, name='one').pk.hex}/artifacts"


def begin(api: Mlflow, root: str, n: int = 2) -> tuple[str, list[str]]:
    status, told = api.post(f"{PLACE}/mpu/create/{root}/data", {"path": "/home/me/big.bin", "num_parts": n})
    assert status == 200
    assert [credential["part_number"] for credential in told["credentials"]] == list(range(1, n + 1))
    return told["upload_id"], [urlsplit(credential["url"]).path for credential in told["credentials"]]


def send(api: Mlflow, address: str, body: bytes) -> str:
    status, headers, _ = api.raw("PUT", address, body)
    assert status == 200
    return headers["ETag"]


def end(api: Mlflow, root: str, upload_id: str, etags: list[str]) -> tuple[int, Any]:
    parts = [{"part_number": n, "etag": etag, "url": "x"} for n, etag in enumerate(etags, 1)]
    return api.post(
        f"{PLACE}/mpu/complete/{root}/data", {"path": "big.bin", "upload_id": upload_id, "parts": parts}
    )


def read(api: Mlflow, root: str) -> tuple[int, bytes]:
    status, _, body = api.raw("GET", f"{PLACE}/artifacts/{root}/data/big.bin")
    return status, body


def test_parts_in_any_order_become_one_file(mlflow: Make, bob: User, root: str, tmp_path: Path) -> None:
    api, nobody = mlflow(bob), mlflow()
    upload_id, (first, second) = begin(api, root)
    late = send(nobody, second, b"world")
    early = send(nobody, first, b"hello ")
    assert read(api, root)[0] == 404
    assert end(api, root, upload_id, [early, late]) == (200, {})
    assert read(api, root) == (200, b"hello world")
    assert not list(tmp_path.glob("*/0*"))
    assert end(api, root, upload_id, [early, late]) == (200, {}), "a repeated end is no error"


def test_a_part_may_be_sent_again(mlflow: Make, bob: User, root: str) -> None:
    api = mlflow(bob)
    upload_id, (only,) = begin(api, root, 1)
    old = send(api, only, b"wrong")
    new = send(api, only, b"right")
    assert old != new
    assert end(api, root, upload_id, [new])[0] == 200
    assert read(api, root) == (200, b"right")


def test_an_end_that_names_other_parts_is_refused(mlflow: Make, bob: User, root: str) -> None:
    api = mlflow(bob)
    upload_id, (first, _) = begin(api, root)
    etag = send(api, first, b"hello")
    for etags in ([etag, etag], ["x" * 64], [""], ["../../x"]):
        status, error = end(api, root, upload_id, etags)
        assert (status, error["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), etags
    assert read(api, root)[0] == 404
    assert end(api, root, "0" * 32, [etag])[0] == 404
    assert end(api, root, "../" + "0" * 29, [etag])[0] == 404


def test_only_the_signed_address_of_a_part_takes_it(mlflow: Make, bob: User, root: str) -> None:
    api = mlflow(bob)
    _, (first,) = begin(api, root, 1)
    for address in (first.replace(":1:", ":2:"), first[:-1], f"{PLACE}/mpu/part/x"):
        status, _, body = api.raw("PUT", address, b"x")
        assert (status, b"PERMISSION_DENIED" in body) == (403, True)


def test_an_upload_belongs_to_its_team_and_path(
    mlflow: Make, bob: User, charlie: User, vera: User, root: str
) -> None:
    api = mlflow(bob)
    upload_id, (first,) = begin(api, root, 1)
    etag = send(api, first, b"x")
    assert end(mlflow(charlie), root, upload_id, [etag])[0] == 404
    assert end(mlflow(vera), root, upload_id, [etag])[0] == 403
    assert end(mlflow(charlie), "elsewhere", upload_id, [etag])[0] == 404
    assert end(api, "elsewhere", upload_id, [etag])[0] == 404
    assert mlflow(charlie).post(f"{PLACE}/mpu/create/{root}", {"path": "a", "num_parts": 1})[0] == 404


def test_an_aborted_upload_is_gone(mlflow: Make, bob: User, root: str, tmp_path: Path) -> None:
    api = mlflow(bob)
    upload_id, (first,) = begin(api, root, 1)
    send(api, first, b"x")
    body = {"path": "big.bin", "upload_id": upload_id}
    for _ in range(2):
        assert api.post(f"{PLACE}/mpu/abort/{root}/data", body) == (200, {})
    assert not list(tmp_path.iterdir())
    assert api.raw("PUT", first, b"x")[0] == 404


def test_all_parts_together_stay_under_the_limit(mlflow: Make, bob: User, root: str, settings: Any) -> None:
    settings.UPLOAD_LIMIT_BYTES = 10
    api = mlflow(bob)
    _, (first, second) = begin(api, root)
    send(api, first, b"x" * 6)
    assert api.raw("PUT", second, b"x" * 5)[0] == 413
    send(api, second, b"x" * 4)


def test_bad_beginnings_are_refused(mlflow: Make, bob: User, root: str) -> None:
    api = mlflow(bob)
    for path, body in (
        (root, {"num_parts": 1}),
        (root, {"path": "a", "num_parts": 0}),
        (root, {"path": "a", "num_parts": 10_001}),
        (root, {"path": "..", "num_parts": 1}),
        (f"{root}/..", {"path": "a", "num_parts": 1}),
    ):
        assert api.post(f"{PLACE}/mpu/create/{path}", body)[0] == 400, body
