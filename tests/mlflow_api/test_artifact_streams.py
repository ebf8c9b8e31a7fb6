"""Bytes over MLflow's artifact routes: ranges, names, cut uploads, limits, what changed in the store."""

import base64
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import pytest
from django.core.files.storage import storages

from experiments.actions.experiments import create_experiment
from experiments.models import Experiment, LoggedModel, Run
from mlregistry.accounts.models import User
from mlregistry.accounts.queries import actors
from mlregistry.artifacts.models import StoredFile
from mlregistry.artifacts.reading import Changed

from .conftest import Mlflow

Make = Callable[..., Mlflow]
ROOT = "/api/2.0/mlflow-artifacts/artifacts"
BYTES = bytes(range(256)) * 40


@pytest.fixture
def experiment(bob: User) -> Experiment:
    return create_experiment("files", by=actors.for_user(bob))


@pytest.fixture
def run(experiment: Experiment) -> Run:
    return Run.objects.create(experiment=experiment, name="one")


def place(owner: Run | LoggedModel, path: str = "") -> str:
    key = owner.pk.hex if isinstance(owner, Run) else f"models/{owner.model_id}"
    return f"{owner.experiment_id}/{key}/artifacts/{path}".rstrip("/")


def put(api: Mlflow, path: str, body: bytes = b"text", **options: Any) -> int:
    return api.raw("PUT", f"{ROOT}/{path}", body, content_type="text/plain", **options)[0]


def read(api: Mlflow, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    return api.raw("GET", f"{ROOT}/{path}", headers={k.replace("_", "-"): v for k, v in headers.items()})


def listed(api: Mlflow, path: str) -> Any:
    return api.get(ROOT, path=path)


@contextmanager
def altered(api: Mlflow, change: dict[str, str]) -> Iterator[None]:
    """Requests as another server or a broken line would hand them on."""
    original = api._environ
    api._environ = lambda *given: {**original(*given), **change}  # type: ignore[method-assign]  # for a while
    yield
    api._environ = original  # type: ignore[method-assign]  # for a while


@pytest.mark.parametrize(
    "name",
    ["a b.txt", "ü/名.txt", "100%.txt", "a+b", "what?.txt", "no#1.txt", "a&b=c", '"quoted".txt', "a%20b"],
)
def test_names_hold_any_printable_sign(mlflow: Make, bob: User, run: Run, name: str) -> None:
    api = mlflow(bob)
    assert put(api, place(run, name)) == 200
    status, headers, body = read(api, place(run, name))
    assert (status, body) == (200, b"text")
    last = name.rpartition("/")[2]
    ends = (f"filename*=UTF-8''{quote(last, safe='')}", f"filename={last}")
    assert headers["Content-Disposition"].endswith(ends)
    assert headers["Content-Disposition"].isascii()
    assert listed(api, place(run, name.rpartition("/")[0]))[1]["files"][0]["path"] == last


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("0-0", 0, 0),
        ("10-19", 10, 19),
        ("10000-", 10_000, 10_239),
        ("-5", 10_235, 10_239),
        ("-99999", 0, 10_239),
        ("10230-99999", 10_230, 10_239),
    ],
)
def test_a_range_is_answered_in_part(
    mlflow: Make, bob: User, run: Run, asked: str, start: int, end: int
) -> None:
    api = mlflow(bob)
    put(api, place(run, "a.bin"), BYTES)
    status, headers, body = read(api, place(run, "a.bin"), Range=f"bytes={asked}")
    assert (status, body) == (206, BYTES[start : end + 1])
    assert headers["Content-Range"] == f"bytes {start}-{end}/{len(BYTES)}"
    assert headers["Content-Length"] == str(end - start + 1)


def test_ranges_that_make_no_sense_are_left_out_or_refused(mlflow: Make, bob: User, run: Run) -> None:
    api = mlflow(bob)
    put(api, place(run, "a.bin"), BYTES)
    for header in ("bytes=5-2", "bytes=a-b", "lines=1-2", "bytes=", "bytes=0-1,4-5", "bytes=-"):
        assert read(api, place(run, "a.bin"), Range=header)[0] == 200, header
    status, headers, body = read(api, place(run, "a.bin"), Range="bytes=99999-")
    assert (status, headers["Content-Range"], body) == (416, f"bytes */{len(BYTES)}", b"")
    etag = read(api, place(run, "a.bin"))[1]["ETag"]
    assert read(api, place(run, "a.bin"), Range="bytes=0-4", If_Range=etag)[0] == 206
    assert read(api, place(run, "a.bin"), Range="bytes=0-4", If_Range='"other"')[0] == 200
    assert read(api, place(run, "a.bin"), If_None_Match=etag)[0] == 304


def test_head_tells_the_length_and_sends_nothing(mlflow: Make, bob: User, run: Run) -> None:
    api = mlflow(bob)
    put(api, place(run, "a.bin"), BYTES)
    status, headers, body = api.raw("HEAD", f"{ROOT}/{place(run, 'a.bin')}")
    assert (status, headers["Content-Length"], body) == (200, str(len(BYTES)), b"")


def test_an_upload_that_is_cut_leaves_what_was_there(mlflow: Make, bob: User, run: Run) -> None:
    api = mlflow(bob)
    put(api, place(run, "a.txt"), b"the whole")

    with altered(api, {"CONTENT_LENGTH": "2000"}):
        assert put(api, place(run, "a.txt"), b"half") == 400
        assert put(api, place(run, "b.txt"), b"half") == 400
    assert read(api, place(run, "a.txt"))[2] == b"the whole"
    assert read(api, place(run, "b.txt"))[0] == 404


def test_an_upload_in_chunks_needs_a_digest_unless_it_is_empty(mlflow: Make, bob: User, run: Run) -> None:
    """Granian cannot tell a chunked body that was cut off from a whole one; the client sends empty files so."""
    api = mlflow(bob)
    digest = base64.b64encode(hashlib.sha256(b"text").digest()).decode()
    with altered(api, {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}):
        assert put(api, place(run, "empty"), b"") == 200
        assert put(api, place(run, "a.txt"), b"text") == 411
        given = {"Content-Digest": f"sha-256=:{digest}:"}
        assert put(api, place(run, "a.txt"), b"tex", headers=given) == 400
        assert read(api, place(run, "a.txt"))[0] == 404
        assert put(api, place(run, "a.txt"), b"text", headers=given) == 200
        assert put(api, place(run, "b.txt"), b"text", headers={"Content-Digest": "sha-256=:=:"}) == 400
    assert read(api, place(run, "a.txt"))[2] == b"text"
    assert listed(api, place(run))[1]["files"][1] == {"path": "empty", "is_dir": False}


def test_an_upload_over_the_limit_is_413(mlflow: Make, bob: User, run: Run, settings: Any) -> None:
    settings.UPLOAD_LIMIT_BYTES = 10
    api = mlflow(bob)
    assert put(api, place(run, "a.txt"), b"x" * 11) == 413
    assert put(api, place(run, "a.txt"), b"x" * 10) == 200


def test_bytes_that_changed_in_the_store_are_never_sent_as_whole(mlflow: Make, bob: User, run: Run) -> None:
    api = mlflow(bob)
    put(api, place(run, "a.txt"), b"right")
    path = storages["artifacts"].path(StoredFile.objects.get().key)
    with open(path, "wb") as file:
        file.write(b"wrong")
    with pytest.raises(Changed):
        read(api, place(run, "a.txt"))
    with open(path, "wb") as file:
        file.write(b"shorter"[:3])
    assert read(api, place(run, "a.txt"))[0] == 500
