"""Histories of several runs at once: the first points of each by time, whatever the chunks they lie in."""

import random
from collections.abc import Callable

import msgspec
import pytest

from experiments.actions import logging
from experiments.actions import runs as run_actions
from experiments.actions.measurements import Metric
from experiments.models import Experiment, Run
from experiments.queries import histories
from mlregistry.accounts.actor import Actor

pytestmark = pytest.mark.django_db


@pytest.fixture
def make(experiment: Experiment, editor: Actor) -> Callable[[list[list[Metric]]], Run]:
    """A run with one chunk for each list."""

    def make(chunks: list[list[Metric]]) -> Run:
        run = run_actions.create_run(experiment, by=editor)
        for chunk in chunks:
            logging.log_batch(run, metrics=chunk, by=editor)
        return run

    return make


def shown(editor: Actor, runs: list[Run], most: int) -> list[tuple[str, int]]:
    found = histories.bulk(editor.team.pk, [run.pk for run in runs], "loss", max_results=most)
    return [(point["run_id"], point["timestamp"]) for point in msgspec.json.decode(found)]


@pytest.mark.parametrize("most", [1, 7, 30, 100, 500])
def test_each_run_s_first_points_come_in_order(
    most: int, make: Callable[[list[list[Metric]]], Run], editor: Actor
) -> None:
    chance = random.Random(most)
    points = [Metric("loss", 0.5, at, at) for at in range(200)]
    chance.shuffle(points)
    runs = [
        make([points[at : at + 20] for at in range(0, 200, 20)]),
        make([sorted(points, key=lambda one: one.step)]),
    ]
    expected = [(run.pk.hex, at) for run in sorted(runs, key=lambda run: run.pk) for at in range(200)]
    assert shown(editor, runs, most) == expected[:most]


def test_points_logged_twice_count_once_and_do_not_shorten_the_answer(
    make: Callable[[list[list[Metric]]], Run], editor: Actor
) -> None:
    early = [Metric("loss", 0.5, at, at) for at in range(10)]
    late = [Metric("loss", 0.5, at, at) for at in range(10, 30)]
    run, other = make([early, early, early, late]), make([early])
    first, second = sorted([(run, 30), (other, 10)], key=lambda pair: pair[0].pk)
    expected = [(one.pk.hex, at) for one, n in (first, second) for at in range(n)]
    assert shown(editor, [run, other], 25) == expected[:25]
    assert shown(editor, [run, other], 100) == expected
