"""Histogram, figures and the search for the highest rate, against values worked out by hand."""

import pytest

from mlregistry.loadtests.histogram import Histogram
from mlregistry.loadtests.plans import Measured, Plan
from mlregistry.loadtests.rows import generated
from mlregistry.loadtests.searching import Goal, Step, best, highest_rate


def test_quantiles_are_within_two_per_cent_and_never_above_the_maximum() -> None:
    histogram = Histogram()
    for number in range(1, 1001):
        histogram.add(number / 1000)
    for share, exact in ((0.5, 0.5), (0.9, 0.9), (0.99, 0.99), (0.999, 0.999)):
        found = histogram.quantile(share)
        assert found is not None
        assert exact <= found <= 1.02 * exact
    assert histogram.quantile(1.0) == histogram.most == 1.0
    assert histogram.mean == pytest.approx(0.5005)
    assert Histogram().quantile(0.5) is None


def test_a_histogram_survives_json_and_merging() -> None:
    one, other = Histogram(), Histogram()
    for seconds in (0.0, 0.001, 0.5):
        one.add(seconds)
        other.add(seconds * 2)
    again = Histogram.from_json(one.to_json())
    assert again.to_json() == one.to_json()
    again.merge(other)
    assert (again.n, again.most) == (6, 1.0)
    assert sum(n for _, n in again.bars()) == 6


def test_over_time_has_at_most_120_stretches() -> None:
    found = Measured(Plan("constant", 600, 1, rate=1))
    for second in range(600):
        found.add("200" if second else "500", 0.01, at=second + 0.5)
    parts = found.over_time()
    assert len(parts) == 120
    assert sum(part["n"] for part in parts) == 600
    assert parts[0]["n_errors"] == 1


def pretend(rate: float, *, capacity: float) -> Measured:
    """A second at a rate of a server whose latency explodes at its capacity, as a queue's does."""
    found = Measured(Plan("constant", 1, 1, rate=rate), seconds=1.0)
    latency = 0.001 / max(1 - rate / capacity, 1e-3)
    for number in range(round(min(rate, capacity))):
        found.add("200", latency, at=number / rate)
    return found


def test_the_search_finds_the_highest_rate_within_a_tenth() -> None:
    goal = Goal("p99", 0.005)  # met up to 80 % of the capacity
    for guess in (200, 1000, 5000):
        steps = highest_rate(lambda rate: pretend(rate, capacity=1000), goal, capacity=guess, most=20_000)
        found = best(steps)
        assert found is not None
        assert 700 <= found.rate <= 800, guess
        assert len(steps) <= 10


def test_the_search_ends_where_nothing_keeps_the_goal_and_at_the_most_it_may() -> None:
    steps = highest_rate(lambda rate: pretend(rate, capacity=9), Goal("p99", 1e-4), capacity=9, most=100)
    assert best(steps) is None
    assert steps[-1].rate == 1
    steps = highest_rate(lambda rate: pretend(rate, capacity=1e6), Goal("p99", 1), capacity=900, most=500)
    assert [step.rate for step in steps if step.kept][-1] == 500


def test_a_rate_above_one_that_was_missed_does_not_count() -> None:
    measured = pretend(1, capacity=10)
    steps = [Step(10, measured, ()), Step(20, measured, ("slow",)), Step(40, measured, ())]
    found = best(steps)
    assert found is not None
    assert found.rate == 10


def test_a_goal_says_why_it_is_missed() -> None:
    found = pretend(50, capacity=100)
    found.add("503", 0.2, at=0.5)
    reasons = Goal("p99.9", 0.05, 0.0, least_rate=60).missed(found)
    assert "p99.9 is 200 ms, the goal 50 ms." in reasons
    assert "1.96% of the requests failed, the goal allows 0.00%." in reasons
    assert "50 right answers a second, the goal is 60." in reasons
    assert Goal("p50", 1, 0.05).missed(found) == []


def test_made_up_rows_suit_the_signature() -> None:
    fields = [
        {"name": "size", "type": "float", "required": True},
        {"name": "rooms", "type": "integer", "required": True},
        {"name": "town", "type": "string", "required": True, "categories": ["Ulm", "Bonn"]},
        {"name": "new", "type": "boolean", "required": True},
        {"name": "built", "type": "datetime", "required": False},
    ]
    example = [{"size": 100.0, "rooms": 4, "town": "Ulm", "new": True, "built": "1990-01-01T00:00:00"}]
    rows = generated({"inputs": fields, "output": {"type": "float"}}, example, n=200, seed=1)
    assert all(90 <= row["size"] <= 110 and isinstance(row["rooms"], int) for row in rows)
    assert {row["town"] for row in rows} == {"Ulm", "Bonn"}
    assert any(row["built"] is None for row in rows)
    assert len({row["size"] for row in rows}) == 200
    ranked = {"inputs": [fields[2]], "output": {"type": "ranking"}}
    assert generated(ranked, [{"user": "u1"}], n=2, seed=1) == [{"user": "u1"}] * 2
