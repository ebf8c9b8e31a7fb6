"""Uploads that break off in the middle, over real sockets to a real server, through the doors of both APIs."""

import base64
import hashlib
import json
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.operations.starting import Server, start
from tests.servers import free_port

TOKEN = "mlr_cutoff00_" + "c" * 43
BODY = b"a,b\n" + b"1,2\n" * 60_000
DIGEST = f"sha-256=:{base64.b64encode(hashlib.sha256(BODY).digest()).decode()}:"
FORM = (
    b'--zz\r\nContent-Disposition: form-data; name="file"; filename="t.csv"\r\nContent-Type: text/csv\r\n\r\n'
    + BODY
    + b"\r\n--zz--\r\n"
)
RAW = {"X-Filename": "t.csv", "Content-Type": "application/octet-stream"}
AS_FORM = {"Content-Type": "multipart/form-data; boundary=zz"}
CHUNKED = {"Transfer-Encoding": "chunked"}
DIGESTED = {**CHUNKED, "Content-Digest": DIGEST}
END = b"0\r\n\r\n"
Target = tuple[str, str, str]


class Line:
    """One server, and bytes sent to it as they are."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def send(
        self, method: str, path: str, headers: dict[str, str], body: bytes, *, cut: bool = False
    ) -> tuple[int, Any]:
        """The status and the answer; with `cut` our half of the line closes after the body."""
        fixed = {
            "Host": f"127.0.0.1:{self.server.port}",
            "Authorization": f"Bearer {TOKEN}",
            "Connection": "close",
        }
        lines = [f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in {**fixed, **headers}.items())]
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=30) as line:
            line.sendall(("\r\n".join(lines) + "\r\n\r\n").encode() + body)
            if cut:
                line.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: line.recv(65_536), b""))
        head, _, rest = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(rest) if rest.startswith((b"{", b"[")) else rest

    def ok(self, method: str, path: str, body: Any = None) -> Any:
        raw = b"" if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(raw))}
        status, answer = self.send(method, path, headers, raw)
        assert 200 <= status < 300, (method, path, answer)
        return answer

    def files(self) -> set[Path]:
        """What lies in the store and among unfinished uploads."""
        folders = [self.server.home / "artifacts", self.server.home / "uploads"]
        return {path for folder in folders for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    server = start(tmp_path_factory.mktemp("cut") / "home", free_port(), MLREGISTRY_ADMIN_TOKEN=TOKEN)
    try:
        server.wait_until_ready()
        yield Line(server)
    finally:
        server.stop()


@pytest.fixture(params=["dataset version", "artifact of a run", "artifact by MLflow's route"])
def target(line: Line, request: pytest.FixtureRequest) -> Target:
    """The verb and address of an upload, and the list in which it would be seen."""
    if request.param == "dataset version":
        made = line.ok("POST", "/api/v1/datasets/", {"name": f"cut {uuid.uuid4()}"})
        address = f"/api/v1/datasets/{made['id']}/versions/"
        return "POST", address, address
    experiment = line.ok("POST", "/api/v1/experiments/", {"name": f"cut {uuid.uuid4()}"})
    run = line.ok("POST", f"/api/v1/experiments/{experiment['id']}/runs", {"name": "one"})
    listed = f"/api/v1/runs/{run['id']}/artifacts"
    if request.param == "artifact of a run":
        return "PUT", listed + "/t.csv", listed
    key = uuid.UUID(run["id"]).hex
    return "PUT", f"/api/2.0/mlflow-artifacts/artifacts/{experiment['id']}/{key}/artifacts/t.csv", listed


def chunks(body: bytes, size: int = 50_000) -> bytes:
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)


def is_native(target: Target) -> bool:
    return "mlflow" not in target[1]


@pytest.mark.parametrize(
    ("headers", "sent"),
    [
        (CHUNKED, chunks(BODY[:100_000])),
        (CHUNKED, chunks(BODY)[:120_000]),
        (DIGESTED, chunks(BODY[:100_000])),
        (DIGESTED, chunks(BODY)[:120_000]),
        (DIGESTED, b""),
        ({"Content-Length": str(len(BODY))}, BODY[:100_000]),
        ({"Content-Length": str(len(BODY))}, b""),
    ],
    ids=["chunked between", "chunked inside", "digest between", "digest inside", "digest at once", "length", "none"],
)  # fmt: skip
def test_a_raw_body_that_is_cut_leaves_nothing(
    line: Line, target: Target, headers: dict[str, str], sent: bytes
) -> None:
    method, address, listed = target
    before = line.files()
    status, _ = line.send(method, address, {**RAW, **headers}, sent, cut=True)
    assert status == (400 if headers is not CHUNKED else 411)
    assert line.ok("GET", listed)["results"] == []
    assert line.files() == before


@pytest.mark.parametrize("at", [40, 100, 120_000, len(FORM) - 8, len(FORM) - 14])
def test_a_form_that_is_cut_leaves_nothing(line: Line, target: Target, at: int) -> None:
    method, address, listed = target
    if not is_native(target):
        return
    before = line.files()
    headers = {**AS_FORM, "Content-Length": str(len(FORM))}
    assert line.send(method, address, headers, FORM[:at], cut=True)[0] == 400
    assert line.ok("GET", listed)["results"] == []
    assert line.files() == before


def test_chunks_without_a_digest_are_refused_with_what_to_do(line: Line, target: Target) -> None:
    method, address, listed = target
    status, told = line.send(method, address, {**RAW, **CHUNKED}, chunks(BODY) + END)
    assert status == 411
    sentence = told["detail" if is_native(target) else "message"]
    for words in ("Content-Length", "Content-Digest: sha-256=:", "form"):
        assert words in sentence, told
    assert line.ok("GET", listed)["results"] == []


def test_chunks_with_their_digest_are_stored(line: Line, target: Target) -> None:
    method, address, listed = target
    assert line.send(method, address, {**RAW, **DIGESTED}, chunks(BODY) + END)[0] in (200, 201)
    assert len(line.ok("GET", listed)["results"]) == 1


def test_a_digest_of_other_bytes_stores_nothing(line: Line, target: Target) -> None:
    method, address, listed = target
    status, _ = line.send(method, address, {**RAW, **DIGESTED}, chunks(BODY + b"5,6\n") + END)
    assert status == 400
    assert line.ok("GET", listed)["results"] == []


def test_an_empty_body_in_chunks_is_a_file_for_mlflow_only(line: Line, target: Target) -> None:
    """MLflow's client sends empty files so; the native API has no such client and wants the digest."""
    method, address, listed = target
    status, _ = line.send(method, address, {**RAW, **CHUNKED}, END)
    assert status == (411 if is_native(target) else 200)
    assert len(line.ok("GET", listed)["results"]) == (0 if is_native(target) else 1)


def test_a_form_in_chunks_is_told_to_announce_its_length(line: Line, target: Target) -> None:
    method, address, _ = target
    if not is_native(target):
        return
    status, told = line.send(method, address, {**AS_FORM, **CHUNKED}, chunks(FORM) + END)
    assert status == 411
    assert "Content-Length" in told["detail"]
