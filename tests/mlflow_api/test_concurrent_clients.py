"""Clients at the same time through the MLflow door: one experiment of a name, no 500, no deadlock."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection

from experiments.models import MetricPoint, Param
from mlregistry.accounts.models import User

from .conftest import Mlflow

pytestmark = pytest.mark.django_db(transaction=True)
N_CLIENTS = 8


def together(work: Callable[[int], Any]) -> list[Any]:
    answers: list[Any] = [None] * N_CLIENTS
    gate = threading.Barrier(N_CLIENTS)

    def one(number: int) -> None:
        try:
            gate.wait()
            answers[number] = work(number)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(N_CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return answers


def test_of_clients_that_create_the_same_experiment_one_wins_and_the_others_get_a_400(
    mlflow: Callable[..., Mlflow], bob: User
) -> None:
    api = mlflow(bob)
    for round in range(3):
        answers = together(partial(_create, api, f"race {round}"))
        assert sorted(status for status, _ in answers) == [200] + [400] * (N_CLIENTS - 1)
        codes = {body["error_code"] for status, body in answers if status == 400}
        assert codes == {"RESOURCE_ALREADY_EXISTS"}


def _create(api: Mlflow, name: str, number: int) -> tuple[int, Any]:
    return api.post("experiments/create", {"name": name})


def test_clients_that_ask_for_the_default_experiment_first_all_get_the_same(
    mlflow: Callable[..., Mlflow], bob: User
) -> None:
    api = mlflow(bob)
    answers = together(lambda number: api.post("runs/create", {"experiment_id": "0", "start_time": 1}))
    assert [status for status, _ in answers] == [200] * N_CLIENTS


def test_batches_of_one_run_in_any_order_all_arrive(mlflow: Callable[..., Mlflow], bob: User) -> None:
    api = mlflow(bob)
    run_id = api.post("runs/create", {"start_time": 1})[1]["run"]["info"]["run_id"]

    def log(number: int) -> list[int]:
        statuses = []
        for batch in range(10):
            turn = -1 if number % 2 else 1
            metrics = [
                {"key": f"m{n}", "value": number, "timestamp": number, "step": batch} for n in range(20)
            ]
            params = [{"key": f"p{n}", "value": str(n)} for n in range(20)]
            tags = [{"key": f"t{n}", "value": str(number)} for n in range(20)]
            body = {
                "run_id": run_id, "metrics": metrics[::turn], "params": params[::turn], "tags": tags[::turn],
            }  # fmt: skip
            statuses.append(api.post("runs/log-batch", body)[0])
        return statuses

    assert together(log) == [[200] * 10] * N_CLIENTS
    assert MetricPoint.objects.count() == N_CLIENTS * 10 * 20
    assert Param.objects.count() == 20
