"""From who had what to lists for users, over HTTP against a whole server with its own workers."""

import time
from typing import Any

import pytest

from tests.ml.recommendation.tables import two_tastes
from tests.test_flow import Server, _wait_for_job, server

__all__ = ["server"]


def _served(server: Server, body: dict[str, Any]) -> tuple[int, Any]:
    """The answer; a new endpoint is known to every web process within a second."""
    for _ in range(150):
        status, _, answer = server.call("POST", "/api/v1/endpoints/shelf/invocations", body)
        if status != 404 and status != 503:
            break
        time.sleep(0.2)
    return status, answer


@pytest.mark.timeout(600)
def test_from_who_had_what_to_a_list_for_a_user(server: Server) -> None:
    problem = server.ok(
        "POST",
        "/api/v1/problems/",
        {
            "name": "Next item", "kind": "recommendation", "user_column": "user", "item_column": "item",
            "time_column": "moment", "primary_metric": "ndcg_at_10",
        },
    )  # fmt: skip
    assert problem["granularity"] == ["user", "item"]
    assert (problem["user_column"], problem["direction"]) == ("user", "maximize")
    dataset = server.ok("POST", "/api/v1/datasets/", {"name": "Baskets", "problem": problem["id"]})
    upload = f"/api/v1/datasets/{dataset['id']}/versions/"
    headers = {"X-Filename": "baskets.csv", "Content-Type": "application/octet-stream"}
    frame = two_tastes()
    version = server.ok("POST", upload, frame.to_csv(index=False).encode(), headers=headers)
    assert server.ok("GET", f"{upload}{version['number']}/fit?problem={problem['id']}") == []

    training = server.ok(
        "POST",
        "/api/v1/trainings/",
        {"problem": problem["id"], "dataset": dataset["id"], "estimators": ["ease", "item_neighbours"]},
    )
    job = _wait_for_job(server, training["job"])
    assert job["state"] == "SUCCEEDED", job
    board = server.ok("GET", f"/api/v1/experiments/{training['experiment']}/leaderboard")
    board = board["results"] if isinstance(board, dict) else board
    assert len(board) == 3
    assert [row["run"]["name"] for row in board if row["run"]["is_baseline"]] == ["Most popular"]
    assert board[0]["beats_baseline"]
    run = board[0]["run"]["id"]

    server.ok("POST", "/api/v1/models/shelf/versions/", {"run": run, "alias": "champion"})
    variants = [{"name": "champion", "model": "shelf", "alias": "champion", "weight": 100}]
    server.ok("POST", "/api/v1/endpoints/", {"name": "shelf", "variants": variants, "problem": problem["id"]})
    rows = [{"user": "u1"}, {"user": "u2"}]
    status, answer = _served(server, {"dataframe_records": rows, "params": {"n": 3}})
    assert status == 200, answer
    odd, even = ([entry["item"] for entry in row] for row in answer["predictions"])
    assert len(odd) == len(even) == 3
    assert sum(item % 2 for item in odd) > sum(item % 2 for item in even)
    had = set(frame.query("user == 'u1'")["item"])
    assert not had & set(odd) or len(had & set(odd)) <= 2  # its last two rows were held back

    barred = {"dataframe_records": rows[:1], "params": {"n": 3, "exclude": odd[:1]}}
    assert odd[0] not in [entry["item"] for entry in _served(server, barred)[1]["predictions"][0]]
    cold = {"dataframe_records": [{"user": None}], "params": {"items": [1, 3, 5, 77777]}}
    status, answer = _served(server, cold)
    assert status == 200
    assert len(answer["predictions"][0]) == 10
    assert len(answer["notes"]) == 2
    for params, words in (
        ({"n": 0}, "from 1 to 100"),
        ({"exclude": "all"}, "a list of at most"),
        ({"items": [{}]}, "a list of at most"),
        ({"exclude_seen": 1}, "true or false"),
        ({"k": 3}, "not known here"),
    ):
        status, answer = _served(server, {"dataframe_records": rows, "params": params})
        assert status == 400
        assert words in answer["detail"]

    status, answer = _served(server, {"dataframe_records": rows[:1]})
    taken = answer["predictions"][0][1]["item"]
    truth = [{"prediction_id": answer["prediction_ids"][0], "truth": taken}]
    server.ok("POST", "/api/v1/endpoints/shelf/feedback", {"feedback": truth})
    for _ in range(150):
        (statistics,) = server.ok("GET", "/api/v1/endpoints/shelf/statistics")["variants"]
        if statistics["n_feedback"]:
            break
        time.sleep(0.2)
    assert statistics["metrics"] == {"hit_rate": 1.0, "mean_reciprocal_rank": 0.5}
