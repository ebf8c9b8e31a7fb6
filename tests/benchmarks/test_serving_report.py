"""The table of the serving benchmark: ratios, goals and verdicts from figures worked out by hand."""

from pathlib import Path

from benchmarks.serving import Found, report
from benchmarks.serving_peers.cases import Case
from benchmarks.serving_peers.peers import PEERS, split_body


def case(name: str, *peers: str) -> Case:
    return Case(name, f"a {name}", Path("nowhere"), ("x", "y"), [[1, "a"], [2, None]], peers)


def test_each_door_is_compared_with_each_peer_and_held_to_its_goal() -> None:
    key = ("logistic", 1)
    rates = {"mlflow": 100.0, "mlserver": 200.0, "bentoml": 250.0, "echo": 9000.0}
    rates |= {"fast": 5000.0, "drf": 990.0, "fast, log off": 5200.0, "fast, log best-effort": 4000.0}
    found = Found(
        {(key, name): rate for name, rate in rates.items()}, {(key, "fast"): 0.004, (key, "drf"): 0.02}
    )
    text = report(found, [case("logistic", "mlflow", "mlserver", "bentoml")], list(PEERS))
    assert (
        "| a logistic, 1 row | 100 | 200 | 250 | 5,000 | 50× | 25× | 20× | ≥ 40×, ≥ 20×, ≥ 20× | met |"
        in text
    )
    assert "| 990 | 9.9× | 5.0× | 4.0× | ≥ 10×, ≥ 5×, ≥ 5× | missed |" in text
    assert "raw server's echo (9,000) | 56% | ≥ 50 % | met |" in text
    assert "| p99 at half load, logistic, fast | 4.00 ms | ≤ 5 ms | met |" in text
    assert "| p99 at half load, logistic, drf | 20.00 ms | ≤ 10 ms | missed |" in text
    assert "| durable log against none (5,200), logistic | 0.96 | ≥ 0.9 | met |" in text
    assert "| best-effort log against none (5,200), logistic | 0.77 | ≥ 0.9 | missed |" in text


def test_a_peer_without_the_model_leaves_a_gap() -> None:
    key = ("churn", 1)
    rates = {
        (key, name): 100.0 for name in ("mlflow", "fast", "drf", "fast, log off", "fast, log best-effort")
    }
    text = report(Found(rates), [case("churn", "mlflow")], ["mlflow", "bentoml"])
    assert "| a churn, 1 row | 100 | – | 100 | 1.0× | – | ≥ 150× | missed |" in text


def test_rows_are_taken_in_turn() -> None:
    assert split_body(case("churn"), 3) == (
        b'{"dataframe_split": {"columns": ["x", "y"], "data": [[1, "a"], [2, null], [1, "a"]]}}'
    )
