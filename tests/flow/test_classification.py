"""The main job from the outside: one story told to a whole server over HTTP, as curl would."""

import base64
import csv
import hashlib
import http.client
import io
import json
import math
import time
from collections import Counter
from typing import Any

import pytest
from sklearn.datasets import load_breast_cancer

from tests.flow.conftest import TOKEN, Server

ESTIMATORS = [
    "logistic_regression",
    "random_forest",
    "hist_gradient_boosting",
    "k_nearest_neighbors",
]
N_PREDICTIONS = 300


def _bundled_table() -> tuple[bytes, list[dict[str, Any]]]:
    """Breast cancer as CSV with a text target, and its rows as JSON."""
    bunch = load_breast_cancer(as_frame=True)
    frame = bunch.frame.rename(columns=lambda name: str(name).replace(" ", "_"))
    frame["target"] = frame["target"].map({0: "malignant", 1: "benign"})
    rows = [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(), rows


@pytest.mark.timeout(600)
def test_from_a_problem_to_a_measured_endpoint(server: Server) -> None:
    table, rows = _bundled_table()

    problem = server.ok(
        "POST",
        "/api/v1/problems/",
        {
            "name": "Breast cancer",
            "kind": "classification",
            "goal": "Tell malignant from benign tumours",
            "target": "target",
            "primary_metric": "roc_auc",
            "success_threshold": 0.95,
        },
    )
    dataset = server.ok("POST", "/api/v1/datasets/", {"name": "Biopsies", "problem": problem["id"]})
    upload = f"/api/v1/datasets/{dataset['id']}/versions/"
    version = server.ok(
        "POST",
        upload,
        table,
        headers={"X-Filename": "biopsies.csv", "Content-Type": "application/octet-stream"},
    )
    assert (version["n_rows"], version["n_columns"]) == (569, 31)
    findings = server.ok("GET", f"{upload}{version['number']}/fit?problem={problem['id']}")
    assert [finding for finding in findings if finding["severity"] == "error"] == []

    training = server.ok(
        "POST",
        "/api/v1/trainings/",
        {"problem": problem["id"], "dataset": dataset["id"], "estimators": ESTIMATORS, "seed": 7},
    )
    assert server.job(training["job"])["state"] == "SUCCEEDED"
    board = server.ok("GET", f"/api/v1/experiments/{training['experiment']}/leaderboard")
    board = board["results"] if isinstance(board, dict) else board
    assert len(board) == len(ESTIMATORS) + 1
    assert sum(row["run"]["is_baseline"] for row in board) == 1
    best, second = [row["run"]["id"] for row in board[:2]]
    assert board[0]["score"] >= 0.95
    assert board[0]["beats_baseline"]

    for run, alias in ((best, "champion"), (second, "challenger")):
        registered = server.ok("POST", "/api/v1/models/tumour/versions/", {"run": run, "alias": alias})
        assert registered["number"] == (1 if alias == "champion" else 2)
    lineage = server.ok("GET", "/api/v1/models/tumour/versions/1/lineage")
    assert "biopsies" in json.dumps(lineage).lower()

    variants = [
        {"name": "champion", "model": "tumour", "alias": "champion", "weight": 90},
        {"name": "challenger", "model": "tumour", "alias": "challenger", "weight": 10},
    ]
    status, _, refusal = server.call(
        "POST", "/api/v1/endpoints/", {"name": "tumour", "variants": [variants[0]], "problem": problem["id"]}
    )
    assert status == 400
    assert "100" in refusal["detail"]
    server.ok(
        "POST", "/api/v1/endpoints/", {"name": "tumour", "variants": variants, "problem": problem["id"]}
    )

    counts, right = _predict_and_tell_the_truth(server, rows)
    expected, deviation = N_PREDICTIONS * 0.9, math.sqrt(N_PREDICTIONS * 0.9 * 0.1)
    assert abs(counts["champion"] - expected) <= 4 * deviation

    for _ in range(600):
        statistics = server.ok("GET", "/api/v1/endpoints/tumour/statistics")["variants"]
        # Each web process adds what it counted once a second, whatever feedback has come meanwhile.
        if all(
            sum(row[name] for row in statistics) >= N_PREDICTIONS for name in ("n_feedback", "n_predictions")
        ):
            break
        time.sleep(0.2)
    seen = {row["variant"]: row for row in statistics}
    assert {name: row["n_predictions"] for name, row in seen.items()} == dict(counts)
    # Which rows the challenger's thirty are differs from run to run, so its own share may well fall short.
    assert right.total() >= 0.9 * N_PREDICTIONS
    for name, row in seen.items():
        assert row["metrics"]["accuracy"] == pytest.approx(right[name] / counts[name], abs=1e-12)


def _predict_and_tell_the_truth(
    server: Server, rows: list[dict[str, Any]]
) -> tuple[Counter[str], Counter[str]]:
    """Sends the predictions one by one, each for a unit of its own, and the outcome of each.

    Returns:
        How many predictions each variant answered, and how many of those were right.
    """
    counts: Counter[str] = Counter()
    right: Counter[str] = Counter()
    truths = []
    deadline = time.monotonic() + 120
    for number in range(N_PREDICTIONS):
        row = dict(rows[number % len(rows)])
        truth = row.pop("target")
        while True:
            status, headers, answer = server.call(
                "POST",
                "/api/v1/endpoints/tumour/invocations",
                {"dataframe_records": [row]},
                headers={"X-Unit-Id": f"patient-{number}"},
            )
            if status == 200 or time.monotonic() > deadline:
                break
            time.sleep(0.2)  # each web process hears of a new endpoint by itself
        assert status == 200, answer
        variant = headers["x-variant"]
        counts[variant] += 1
        right[variant] += answer["predictions"] == [truth]
        truths.append({"prediction_id": answer["prediction_ids"][0], "truth": truth})
    for start in range(0, len(truths), 100):
        server.ok("POST", "/api/v1/endpoints/tumour/feedback", {"feedback": truths[start : start + 100]})
    return counts, right


def test_bad_input_is_named_and_changes_nothing(server: Server) -> None:
    before = server.ok("GET", "/api/v1/datasets/")["results"]
    dataset = server.ok("POST", "/api/v1/datasets/", {"name": "Bad files"})
    upload = f"/api/v1/datasets/{dataset['id']}/versions/"
    for name, body, words in (
        ("empty.csv", b"", "empty"),
        ("ragged.csv", b"a,b\n1,2\n3\n", "row"),
        ("twice.csv", b"a,a\n1,2\n", "a"),
        ("latin.csv", b"a,b\n1,\xff\xfe\n", "row"),
        ("table.parquet", b"a,b\n1,2\n", "parquet"),
    ):
        status, headers, problem = server.call(
            "POST", upload, body, headers={"X-Filename": name, "Content-Type": "application/octet-stream"}
        )
        assert status == 400, (name, problem)
        assert headers["content-type"].startswith("application/problem+json")
        assert words in problem["detail"].lower(), problem
    assert server.ok("GET", upload)["results"] == []
    status, _, problem = server.call("POST", "/api/v1/problems/", b'{"name": NaN}')
    assert (status, problem["status"]) == (400, 400)
    server.ok("DELETE", f"/api/v1/datasets/{dataset['id']}")
    assert server.ok("GET", "/api/v1/datasets/")["results"] == before


def test_a_table_may_come_in_chunks_with_its_digest(server: Server) -> None:
    dataset = server.ok("POST", "/api/v1/datasets/", {"name": "Chunked"})
    pieces = [b"a,b\n", b"1,2\n" * 40_000, b"3,4\n"]
    digest = base64.b64encode(hashlib.sha256(b"".join(pieces)).digest()).decode()
    connection = http.client.HTTPConnection(server.base.removeprefix("http://"), timeout=60)
    headers = {
        "Authorization": f"Bearer {TOKEN}",
        "X-Filename": "t.csv",
        "Content-Type": "application/octet-stream",
        "Content-Digest": f"sha-256=:{digest}:",
    }
    address = f"/api/v1/datasets/{dataset['id']}/versions/"
    connection.request("POST", address, iter(pieces), headers, encode_chunked=True)
    answer = connection.getresponse()
    assert answer.status == 201
    assert json.loads(answer.read())["n_rows"] == 40_001
    server.ok("DELETE", f"/api/v1/datasets/{dataset['id']}")


def test_without_a_token_nothing_is_told(server: Server) -> None:
    status, headers, problem = server.call("GET", "/api/v1/problems/", headers={"Authorization": ""})
    assert status == 401
    assert "www-authenticate" in headers
    assert "token" in problem["detail"].lower()
