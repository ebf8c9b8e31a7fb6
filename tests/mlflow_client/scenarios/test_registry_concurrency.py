"""Eight clients at once: versions, experiments and aliases come out whole, and exactly one creator wins."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from tests.mlflow_client.scenarios.ground import a_model, a_run, fresh

client = MlflowClient()
CLIENTS = 8
T = TypeVar("T")


def at_once(work: Callable[[int], T]) -> list[T]:
    """What `work(0…7)` returns when all eight start together."""
    barrier = Barrier(CLIENTS)

    def start(number: int) -> T:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(start, range(CLIENTS)))


def _outcome(create: Callable[[], object]) -> str:
    try:
        create()
    except MlflowException as error:
        return str(error.error_code)
    return "created"


def test_versions_made_at_once_get_a_number_each() -> None:
    name = a_model()
    made = at_once(lambda number: int(client.create_model_version(name, f"s3://bucket/{number}").version))
    assert sorted(made) == list(range(1, CLIENTS + 1))
    assert len(client.search_model_versions(f"name='{name}'")) == CLIENTS


def test_one_of_eight_creators_of_an_experiment_wins() -> None:
    name = fresh("race")
    outcomes = at_once(lambda _: _outcome(lambda: client.create_experiment(name)))
    assert sorted(outcomes) == ["RESOURCE_ALREADY_EXISTS"] * (CLIENTS - 1) + ["created"]


def test_one_of_eight_creators_of_a_model_wins() -> None:
    name = fresh("race")
    outcomes = at_once(lambda _: _outcome(lambda: client.create_registered_model(name)))
    assert sorted(outcomes) == ["RESOURCE_ALREADY_EXISTS"] * (CLIENTS - 1) + ["created"]


def test_eight_processes_that_set_the_same_experiment_agree_on_it() -> None:
    name = fresh("agree")
    ids = at_once(lambda _: mlflow.set_experiment(name).experiment_id)
    assert set(ids) == {client.get_experiment_by_name(name).experiment_id}


def test_an_alias_set_by_eight_at_once_points_to_one_version() -> None:
    name = a_model(versions=CLIENTS)
    at_once(lambda number: client.set_registered_model_alias(name, "champion", str(number + 1)))
    aliases = client.get_registered_model(name).aliases
    assert list(aliases) == ["champion"]
    versions = [client.get_model_version(name, str(number + 1)) for number in range(CLIENTS)]
    assert [str(each.version) for each in versions if list(each.aliases)] == [aliases["champion"]]


def test_tags_set_by_eight_at_once_are_all_kept() -> None:
    name = a_model(versions=1)
    at_once(lambda number: client.set_model_version_tag(name, "1", f"key{number}", str(number)))
    assert client.get_model_version(name, "1").tags == {f"key{n}": str(n) for n in range(CLIENTS)}


def test_batches_logged_by_eight_at_once_to_one_run_are_all_kept() -> None:
    run_id = a_run().info.run_id

    def log(number: int) -> None:
        metrics = [
            mlflow.entities.Metric("shared", float(number * 50 + n), n, number * 50 + n) for n in range(50)
        ]
        client.log_batch(run_id, metrics, [mlflow.entities.Param(f"p{number}", "v")])

    at_once(log)
    history = client.get_metric_history(run_id, "shared")
    assert sorted(point.step for point in history) == list(range(50 * CLIENTS))
    run = client.get_run(run_id)
    assert run.data.metrics == {"shared": float(50 * CLIENTS - 1)}
    assert len(run.data.params) == CLIENTS
