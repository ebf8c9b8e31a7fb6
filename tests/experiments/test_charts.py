"""Histories to draw: the way for very long ones chooses as the way that sorts, and loses nothing when out of order."""

import math
import random
from collections.abc import Callable, Sequence

import pytest

from experiments.actions import logging
from experiments.actions import runs as run_actions
from experiments.actions.measurements import Metric
from experiments.models import Experiment, Run
from experiments.queries import charts
from mlregistry.accounts.actor import Actor

pytestmark = pytest.mark.django_db
N_POINTS = 2_000


@pytest.fixture
def run(experiment: Experiment, editor: Actor) -> Run:
    return run_actions.create_run(experiment, by=editor)


def logged(run: Run, points: Sequence[Metric], by: Actor) -> None:
    """In calls of uneven size."""
    start = 0
    for size in (1, 700, 3, 1_000, len(points)):
        if part := points[start : start + size]:
            logging.log_batch(run, metrics=part, by=by)
        start += size


def streamed(run: Run, monkeypatch: pytest.MonkeyPatch, *, max_points: int) -> list[charts.Point]:
    with monkeypatch.context() as patch:
        patch.setattr(charts, "MOST_SORTED", 0)
        return charts.history(run, "loss", max_points=max_points)


@pytest.mark.parametrize("kind", ["random", "constant", "with NaN", "only NaN"])
def test_both_ways_choose_the_same_points_of_a_history_in_order(
    kind: str, run: Run, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(5)
    kinds: dict[str, Callable[[], float]] = {
        "random": chance.random,
        "constant": lambda: 0.0,
        "with NaN": lambda: math.nan if chance.random() < 0.3 else float(chance.randrange(3)),
        "only NaN": lambda: math.nan,
    }
    logged(run, [Metric("loss", kinds[kind](), step, 10 * step) for step in range(N_POINTS)], editor)
    for most in (3, 100, 1_000):
        assert streamed(run, monkeypatch, max_points=most) == charts.history(run, "loss", max_points=most)


def test_out_of_order_the_extremes_and_the_end_are_kept(
    run: Run, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(7)
    points = [Metric("loss", math.sin(step), step, 10 * step) for step in range(N_POINTS)]
    shuffled = chance.sample(points, len(points))
    logged(run, [*shuffled, *shuffled[:50]], editor)
    found = streamed(run, monkeypatch, max_points=300)
    shown = {(point.step, point.timestamp, point.value) for point in found}
    assert len(found) <= 300
    assert len(shown) == len(found)
    assert shown <= {(point.step, point.timestamp, point.value) for point in points}
    values = [point.value for point in points]
    assert {min(values), max(values)} <= {value for _, _, value in shown}
    assert found[-1].step == N_POINTS - 1
    assert [point.step for point in found] == sorted(point.step for point in found)


def test_an_unknown_metric_has_no_points(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert charts.history(run, "loss") == streamed(run, monkeypatch, max_points=10) == []
