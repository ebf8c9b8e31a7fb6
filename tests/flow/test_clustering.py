"""From unnamed rows to the cluster of a new one."""

import pytest

from tests.flow.conftest import Server
from tests.ml.clustering.test_clustering import blobs


@pytest.mark.timeout(600)
def test_from_rows_to_the_cluster_of_a_new_one(server: Server) -> None:
    problem = server.ok(
        "POST", "/api/v1/problems/", {"name": "Segments", "kind": "clustering", "target": "group"}
    )
    assert (problem["primary_metric"], problem["direction"]) == ("silhouette", "maximize")
    board = server.train(problem, "Customers", blobs().to_csv(index=False).encode(), ["k_means", "hdbscan"])
    assert len(board) == 2
    assert board[0]["score"] > 0.6
    server.serve("segments", board[0]["run"]["id"], problem)
    row = {"east": 8.0, "north": 0.0, "plan": "plus"}
    body = {"dataframe_records": [row, {**row, "east": 8.2}, {"east": -8.0, "north": 0.0, "plan": "basic"}]}
    status, answer = server.predict("segments", body)
    assert status == 200, answer
    one, same, other = answer["predictions"]
    assert one == same != other
    assert all(isinstance(label, int) for label in (one, other))
    status, answer = server.predict("segments", {**body, "params": {"n": 3}})
    assert (status, "is for recommendations" in answer["detail"]) == (400, True)
