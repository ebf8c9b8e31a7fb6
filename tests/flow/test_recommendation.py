"""From who had what to lists for users."""

import time

import pytest

from tests.flow.conftest import Server
from tests.ml.recommendation.tables import two_tastes


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
    frame = two_tastes()
    board = server.train(problem, "Baskets", frame.to_csv(index=False).encode(), ["ease", "item_neighbours"])
    assert len(board) == 3
    assert [row["run"]["name"] for row in board if row["run"]["is_baseline"]] == ["Most popular"]
    assert board[0]["beats_baseline"]
    server.serve("shelf", board[0]["run"]["id"], problem)
    rows = [{"user": "u1"}, {"user": "u2"}]
    status, answer = server.predict("shelf", {"dataframe_records": rows, "params": {"n": 3}})
    assert status == 200, answer
    odd, even = ([entry["item"] for entry in row] for row in answer["predictions"])
    assert len(odd) == len(even) == 3
    assert sum(item % 2 for item in odd) > sum(item % 2 for item in even)
    had = set(frame.query("user == 'u1'")["item"])
    assert not had & set(odd) or len(had & set(odd)) <= 2  # its last two rows were held back

    barred = {"dataframe_records": rows[:1], "params": {"n": 3, "exclude": odd[:1]}}
    assert odd[0] not in [entry["item"] for entry in server.predict("shelf", barred)[1]["predictions"][0]]
    cold = {"dataframe_records": [{"user": None}], "params": {"items": [1, 3, 5, 77777]}}
    status, answer = server.predict("shelf", cold)
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
        status, answer = server.predict("shelf", {"dataframe_records": rows, "params": params})
        assert status == 400
        assert words in answer["detail"]

    status, answer = server.predict("shelf", {"dataframe_records": rows[:1]})
    taken = answer["predictions"][0][1]["item"]
    truth = [{"prediction_id": answer["prediction_ids"][0], "truth": taken}]
    server.ok("POST", "/api/v1/endpoints/shelf/feedback", {"feedback": truth})
    for _ in range(600):
        (statistics,) = server.ok("GET", "/api/v1/endpoints/shelf/statistics")["variants"]
        if statistics["n_feedback"]:
            break
        time.sleep(0.2)
    assert statistics["metrics"] == {"hit_rate": 1.0, "mean_reciprocal_rank": 0.5}
