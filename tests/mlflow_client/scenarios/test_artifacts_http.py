"""The artifact proxy byte by byte: ranges, headers, cut uploads, traversal, multipart negotiation, other doors."""

import json
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from tests.mlflow_client.scenarios.ground import SERVER, Answer, a_run, bearer, proxied, raw

client = MlflowClient()
BYTES = bytes(range(256)) * 40
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def run() -> Run:
    run = a_run()
    assert raw("PUT", proxied(run.info.artifact_uri, "data/bytes.bin"), body=BYTES).status == 200
    return run


def _paths(run: Run, path: str | None = None) -> list[str]:
    return [entry.path for entry in client.list_artifacts(run.info.run_id, path)]


def test_a_download_says_what_it_is_and_runs_nowhere(run: Run) -> None:
    answer = raw("GET", proxied(run.info.artifact_uri, "data/bytes.bin"))
    assert (answer.status, answer.body) == (200, BYTES)
    assert int(answer.headers["content-length"]) == len(BYTES)
    assert "attachment" in answer.headers["content-disposition"]
    assert "bytes.bin" in answer.headers["content-disposition"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_page_from_a_user_is_never_shown_as_a_page(run: Run) -> None:
    path = proxied(run.info.artifact_uri, "page.html")
    raw("PUT", path, body=b"<script>alert(1)</script>", headers={"Content-Type": "text/html"})
    answer = raw("GET", path)
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("0-0", 0, 0),
        ("10-19", 10, 19),
        ("10000-", 10_000, 10_239),
        ("-5", 10_235, 10_239),
        ("10230-99999", 10_230, 10_239),
    ],
)
def test_a_range_is_answered_in_part(run: Run, asked: str, start: int, end: int) -> None:
    answer = raw("GET", proxied(run.info.artifact_uri, "data/bytes.bin"), headers={"Range": f"bytes={asked}"})
    assert answer.status == 206
    assert answer.body == BYTES[start : end + 1]
    assert answer.headers["content-range"] == f"bytes {start}-{end}/{len(BYTES)}"


def test_a_range_beyond_the_end_is_refused(run: Run) -> None:
    answer = raw("GET", proxied(run.info.artifact_uri, "data/bytes.bin"), headers={"Range": "bytes=99999-"})
    assert answer.status == 416


def test_a_missing_file_is_404_and_a_folder_is_no_file(run: Run) -> None:
    assert raw("GET", proxied(run.info.artifact_uri, "missing.bin")).status == 404
    assert raw("GET", proxied(run.info.artifact_uri, "data")).status in (400, 404)


def test_the_proxys_listing_names_each_entry_alone(run: Run) -> None:
    root = proxied(run.info.artifact_uri).removeprefix("/api/2.0/mlflow-artifacts/artifacts/")

    def listed(path: str) -> object:
        answer = raw("GET", "/api/2.0/mlflow-artifacts/artifacts", query={"path": path})
        assert answer.status == 200
        return json.loads(answer.body)

    assert listed(f"{root}/data") == {
        "files": [{"path": "bytes.bin", "is_dir": False, "file_size": len(BYTES)}]
    }
    assert listed(f"{root}/data/bytes.bin") == {}
    assert listed(f"{root}/nothing") == {}


@pytest.mark.parametrize("prefix", ["/api", "/ajax-api"])
def test_both_prefixes_lead_to_the_same_file(run: Run, prefix: str) -> None:
    path = proxied(run.info.artifact_uri, "data/bytes.bin").replace("/api", prefix, 1)
    assert raw("GET", path).body == BYTES


def test_a_run_lists_its_root_and_its_files_by_the_tracking_route(run: Run) -> None:
    answer = raw("GET", "/api/2.0/mlflow/artifacts/list", query={"run_id": run.info.run_id, "path": "data"})
    told = json.loads(answer.body)
    assert told["root_uri"] == run.info.artifact_uri
    assert told["files"] == [{"path": "data/bytes.bin", "is_dir": False, "file_size": len(BYTES)}]
    query = {"run_id": run.info.run_id, "path": "../x"}
    assert raw("GET", "/api/2.0/mlflow/artifacts/list", query=query).status == 400


def test_the_page_doors_download_and_upload(run: Run) -> None:
    query = {"run_id": run.info.run_id, "path": "data/bytes.bin"}
    answer = raw("GET", "/get-artifact", query=query)
    assert (answer.status, answer.body) == (200, BYTES)
    assert "attachment" in answer.headers["content-disposition"]
    path = {"run_id": run.info.run_id, "run_uuid": run.info.run_id, "path": "by-page.txt"}
    raw(
        "POST",
        "/ajax-api/2.0/mlflow/upload-artifact",
        query=path,
        body=b"text",
        headers={"Content-Type": "text/plain"},
    )
    assert raw("GET", "/get-artifact", query=path).body == b"text"
    for traversal in ("../x", "/etc/passwd", "%2e%2e/x"):
        assert raw("GET", "/get-artifact", query={**query, "path": traversal}).status == 400


def _send_half(path: str, *, promised: int, sent: int) -> None:
    host = urlsplit(SERVER)
    lines = [f"PUT {host.path}{path} HTTP/1.1", f"Host: {host.netloc}", f"Content-Length: {promised}"]
    lines += [f"{name}: {value}" for name, value in bearer().items()]
    with socket.create_connection((host.hostname or "", host.port or 80), timeout=10) as line:
        line.sendall("\r\n".join([*lines, "", ""]).encode() + b"x" * sent)
        time.sleep(0.3)


def test_an_upload_that_is_cut_leaves_nothing_to_see() -> None:
    run = a_run()
    path = proxied(run.info.artifact_uri, "cut.bin")
    _send_half(path, promised=2_000_000, sent=500_000)
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        assert raw("GET", path).status == 404
        assert _paths(run) == []
        time.sleep(0.5)


def test_a_cut_upload_leaves_what_was_there_before() -> None:
    run = a_run()
    path = proxied(run.info.artifact_uri, "kept.bin")
    raw("PUT", path, body=b"the whole")
    _send_half(path, promised=2_000_000, sent=500_000)
    time.sleep(1)
    assert raw("GET", path).body == b"the whole"
    assert raw("PUT", path, body=b"the next").status == 200
    assert raw("GET", path).body == b"the next"


TRAVERSALS = [
    "../escaped.txt",
    "a/../../escaped.txt",
    "%2e%2e/escaped.txt",
    "%2e%2e%2fescaped.txt",
    "..%2fescaped.txt",
    "%252e%252e/escaped.txt",
    "%252e%252e%252fescaped.txt",
]


@pytest.mark.parametrize("path", TRAVERSALS)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_no_path_leaves_its_run(run: Run, method: str, path: str) -> None:
    answer = raw(method, proxied(run.info.artifact_uri, path), body=b"evil" if method == "PUT" else b"")
    assert answer.status in (400, 403, 404), answer
    assert "escaped.txt" not in " ".join(_paths(run))


@pytest.mark.only_ours  # MLflow answers 500 to the upload and 200 to the deletion
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_absolute_path_inside_a_run_is_refused(run: Run, method: str) -> None:
    answer = raw(
        method, proxied(run.info.artifact_uri, "%2fetc%2fpasswd"), body=b"x" if method == "PUT" else b""
    )
    assert answer.status in (400, 404), answer


@pytest.mark.parametrize("path", ["../", "..", "/etc", "%2e%2e", "a/../../.."])
def test_no_listing_leaves_the_root(path: str) -> None:
    answer = raw("GET", "/api/2.0/mlflow-artifacts/artifacts", query={"path": path})
    assert answer.status in (400, 404), answer


def _multipart(run: Run, step: str, wanted: dict[str, object]) -> Answer:
    root = proxied(run.info.artifact_uri, "big.bin").removeprefix("/api/2.0/mlflow-artifacts/artifacts/")
    place = root.rpartition("/")[0]
    body = json.dumps({"path": "big.bin", **wanted}).encode()
    return raw("POST", f"/api/2.0/mlflow-artifacts/mpu/{step}/{place}", body=body, headers=JSON)


def _offered() -> bool:
    answer = raw("GET", "/api/3.0/mlflow/server-info")
    return answer.status == 200 and bool(json.loads(answer.body).get("multipart_uploads_enabled", False))


def test_multipart_is_offered_by_the_server_info_or_refused_with_501(run: Run) -> None:
    if _offered():
        assert _multipart(run, "create", {"num_parts": 2}).status == 200
        return
    steps: dict[str, dict[str, object]] = {
        "create": {"num_parts": 2},
        "complete": {"upload_id": "x", "parts": [{"part_number": 1, "etag": "e"}]},
        "abort": {"upload_id": "x"},
    }
    for step, wanted in steps.items():
        refusal = _multipart(run, step, wanted)
        assert refusal.status == 501, refusal
        assert json.loads(refusal.body)["error_code"] == "NOT_IMPLEMENTED"


@pytest.mark.only_ours  # MLflow leaves multipart uploads to object stores
def test_parts_go_to_signed_addresses_and_appear_at_the_end(run: Run) -> None:
    made = json.loads(_multipart(run, "create", {"num_parts": 2}).body)
    etags = []
    for credential, part in zip(made["credentials"], (b"first,", b"second"), strict=True):
        address = urlsplit(credential["url"])
        sent = raw("PUT", address.path, body=part, token="")
        assert sent.status == 200
        etags.append({"part_number": credential["part_number"], "etag": sent.headers["etag"]})
    path = proxied(run.info.artifact_uri, "big.bin")
    assert raw("GET", path).status == 404
    end = {"upload_id": made["upload_id"], "parts": etags}
    assert _multipart(run, "complete", end).status == 200
    assert _multipart(run, "complete", end).status == 200
    assert raw("GET", path).body == b"first,second"


def test_a_client_that_insists_on_multipart_uploads_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "true")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", str(5 * 1024 * 1024))
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", str(5 * 1024 * 1024))
    run = a_run()
    content = bytes(range(256)) * 4096 * 6 + b"more"
    (tmp_path / "six.bin").write_bytes(content)
    client.log_artifact(run.info.run_id, str(tmp_path / "six.bin"), "in parts")
    assert Path(client.download_artifacts(run.info.run_id, "in parts/six.bin")).read_bytes() == content
