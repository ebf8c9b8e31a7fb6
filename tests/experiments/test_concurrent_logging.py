"""Many clients at once, each on a connection of its own: no deadlock, nothing lost, one winner of a name."""

import random
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from experiments.actions import experiments as experiment_actions
from experiments.actions import logging as log_actions
from experiments.actions import moving
from experiments.actions import runs as actions
from experiments.actions.measurements import Metric
from experiments.models import Experiment, LatestMetric, MetricPoint, Param, Run, RunTag
from mlregistry.accounts.actor import Actor
from mlregistry.errors import AlreadyExists

pytestmark = pytest.mark.django_db(transaction=True)
N_CLIENTS = 8
N_BATCHES = 12


def together(work: Callable[[int], Any], n_threads: int = N_CLIENTS) -> list[Any]:
    """What each thread returned, or the exception it ended with; all begin at the same moment."""
    answers: list[Any] = [None] * n_threads
    gate = threading.Barrier(n_threads)

    def one(number: int) -> None:
        try:
            gate.wait()
            answers[number] = work(number)
        except Exception as error:
            answers[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(n_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
    return answers


def mixed(things: list[Any], seed: int) -> list[Any]:
    return random.Random(seed).sample(things, len(things))


def test_eight_clients_log_to_one_run_in_any_order_and_nothing_is_lost(
    experiment: Experiment, editor: Actor
) -> None:
    run = actions.create_run(experiment, by=editor)

    def log(number: int) -> None:
        for batch in range(N_BATCHES):
            seed = 100 * number + batch
            keys = mixed([f"m{n}" for n in range(20)], seed)
            log_actions.log_batch(
                run.pk,
                metrics=[Metric(key, float(number), batch, number) for key in keys],
                params=dict(mixed([(f"p{n}", str(n)) for n in range(20)], seed)),
                tags=dict(mixed([(f"t{n}", str(seed)) for n in range(20)], seed)),
                by=editor,
            )

    assert together(log) == [None] * N_CLIENTS
    assert MetricPoint.objects.filter(run=run).count() == N_CLIENTS * N_BATCHES * 20
    assert Param.objects.filter(run=run).count() == RunTag.objects.filter(run=run).count() == 20
    for latest in LatestMetric.objects.filter(run=run):
        assert (latest.step, latest.timestamp, latest.value) == (N_BATCHES - 1, N_CLIENTS - 1, N_CLIENTS - 1)
        assert (latest.minimum, latest.maximum) == (0, N_CLIENTS - 1)
    assert Run.objects.get(pk=run.pk).changes == N_CLIENTS * N_BATCHES


def test_runs_move_while_others_log_to_them(experiment: Experiment, editor: Actor) -> None:
    places = [experiment, experiment_actions.create_experiment("Elsewhere", by=editor)]
    runs = [actions.create_run(experiment, by=editor).pk for _ in range(4)]

    def work(number: int) -> None:
        for turn in range(N_BATCHES):
            if number < 2:
                moving.move_runs(mixed(runs, turn), to=places[(number + turn) % 2], by=editor)
            else:
                for run in mixed(runs, number * turn):
                    params = {f"p{number}-{turn}": "x"}
                    log_actions.log_batch(run, metrics=[Metric("a", 1.0, turn)], params=params, by=editor)

    assert together(work) == [None] * N_CLIENTS
    for run in Run.objects.filter(pk__in=runs):
        assert run.params.count() == (N_CLIENTS - 2) * N_BATCHES
        for rows in (run.params, run.latest_metrics):
            assert {row.experiment_id for row in rows.all()} == {run.experiment_id}


def test_of_many_who_make_the_same_experiment_one_does_and_the_others_hear_that_it_exists(
    experiment: Experiment, editor: Actor
) -> None:
    answers = together(lambda number: experiment_actions.create_experiment("Race", by=editor))
    assert sum(isinstance(answer, Experiment) for answer in answers) == 1
    assert sum(isinstance(answer, AlreadyExists) for answer in answers) == N_CLIENTS - 1
