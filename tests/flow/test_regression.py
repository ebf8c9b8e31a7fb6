"""From a table of prices to a prediction with its quantiles."""

import numpy as np
import pandas as pd
import pytest

from tests.flow.conftest import Server


def _flats() -> pd.DataFrame:
    """Rents that grow with the metres, and spread the more the larger the flat; rows of one house belong together."""
    random = np.random.default_rng(5)
    metres = random.uniform(20, 120, 600)
    district = random.choice(["north", "south"], 600)
    rent = 200 + 9 * metres + 150 * (district == "south") + random.normal(0, 1, 600) * metres
    return pd.DataFrame(
        {"metres": metres, "district": district, "house": random.integers(0, 60, 600), "rent": rent}
    )


@pytest.mark.timeout(600)
def test_from_rents_to_a_prediction_with_quantiles(server: Server) -> None:
    problem = server.ok(
        "POST",
        "/api/v1/problems/",
        {"name": "Rents", "kind": "regression", "target": "rent", "primary_metric": "rmse"},
    )
    assert problem["direction"] == "minimize"
    board = server.train(
        problem,
        "Flats",
        _flats().to_csv(index=False).encode(),
        ["ridge", "linear_quantiles"],
        folds=3,
        split={"method": "train_test", "group": "house"},
    )
    assert [row["run"]["name"] for row in board if row["run"]["is_baseline"]] == ["Baseline"]
    assert board[-1]["run"]["is_baseline"]
    assert all(row["beats_baseline"] for row in board[:-1])
    run = next(row["run"] for row in board if row["run"]["estimator"] == "linear_quantiles")
    server.serve("rents", run["id"], problem)
    rows = [
        {"metres": 30.0, "district": "north", "house": 1},
        {"metres": 110.0, "district": "south", "house": 7},
    ]
    status, answer = server.predict("rents", {"dataframe_records": rows})
    assert status == 200, answer
    assert answer["predictions"] == pytest.approx([470, 1340], rel=0.15)
    small, large = answer["quantiles"]
    assert list(small.values()) == sorted(small.values())
    assert max(large.values()) - min(large.values()) > 2 * (max(small.values()) - min(small.values()))
