"""From unnamed rows to the cluster of a new one, over HTTP against a whole server with its own workers."""

import time

import pytest

from tests.ml.clustering.test_clustering import blobs
from tests.test_flow import Server, _wait_for_job, server

__all__ = ["server"]


@pytest.mark.timeout(600)
def test_from_rows_to_the_cluster_of_a_new_one(server: Server) -> None:
    problem = server.ok(
        "POST", "/api/v1/problems/", {"name": "Segments", "kind": "clustering", "target": "group"}
    )
    assert (problem["primary_metric"], problem["direction"]) == ("silhouette", "maximize")
    dataset = server.ok("POST", "/api/v1/datasets/", {"name": "Customers", "problem": problem["id"]})
    upload = f"/api/v1/datasets/{dataset['id']}/versions/"
    headers = {"X-Filename": "customers.csv", "Content-Type": "application/octet-stream"}
    version = server.ok("POST", upload, blobs().to_csv(index=False).encode(), headers=headers)
    findings = server.ok("GET", f"{upload}{version['number']}/fit?problem={problem['id']}")
    assert {finding["severity"] for finding in findings} == {"warning"}

    names = ["k_means", "hdbscan"]
    training = server.ok(
        "POST",
        "/api/v1/trainings/",
        {"problem": problem["id"], "dataset": dataset["id"], "estimators": names},
    )
    job = _wait_for_job(server, training["job"])
    assert job["state"] == "SUCCEEDED", job
    board = server.ok("GET", f"/api/v1/experiments/{training['experiment']}/leaderboard")
    board = board["results"] if isinstance(board, dict) else board
    assert len(board) == 2
    assert board[0]["score"] > 0.6
    run = board[0]["run"]["id"]
    server.ok("POST", "/api/v1/models/segments/versions/", {"run": run, "alias": "champion"})
    variants = [{"name": "champion", "model": "segments", "alias": "champion", "weight": 100}]
    server.ok("POST", "/api/v1/endpoints/", {"name": "segments", "variants": variants})
    row = {"east": 8.0, "north": 0.0, "plan": "plus"}
    body = {"dataframe_records": [row, {**row, "east": 8.2}, {"east": -8.0, "north": 0.0, "plan": "basic"}]}
    for _ in range(150):
        status, _, answer = server.call("POST", "/api/v1/endpoints/segments/invocations", body)
        if status not in (404, 503):
            break
        time.sleep(0.2)
    assert status == 200, answer
    one, same, other = answer["predictions"]
    assert one == same != other
    assert all(isinstance(label, int) for label in (one, other))
    status, _, answer = server.call(
        "POST", "/api/v1/endpoints/segments/invocations", {**body, "params": {"n": 3}}
    )
    assert (status, "is for recommendations" in answer["detail"]) == (400, True)
