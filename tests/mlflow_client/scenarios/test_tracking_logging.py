"""What a training script does with the fluent API: params, metrics, tags, nesting, resuming, asynchronous logging."""

import math
import time
from typing import Any

import mlflow
import pytest
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

LARGEST = 1.7976931348623157e308


def test_a_script_logs_a_run_by_hand(name: str, client: MlflowClient) -> None:
    experiment = mlflow.set_experiment(name)
    with mlflow.start_run(run_name="by hand", tags={"team": "blue"}, description="a note") as active:
        mlflow.log_param("depth", 3)
        mlflow.log_params({"rate": 0.1, "kind": "forest"})
        mlflow.log_metric("loss", 0.5, step=1)
        mlflow.log_metric("loss", 0.25, step=2)
        mlflow.log_metrics({"accuracy": 0.75, "recall": 1}, step=2)
        mlflow.set_tag("stage", "draft")
        mlflow.set_tags({"a": 1, "b": "two"})
        assert client.get_run(active.info.run_id).info.status == "RUNNING"
    run = client.get_run(active.info.run_id)
    assert run.info.experiment_id == experiment.experiment_id
    assert (run.info.status, run.info.run_name) == ("FINISHED", "by hand")
    assert run.info.end_time >= run.info.start_time > 1_600_000_000_000
    assert run.data.params == {"depth": "3", "rate": "0.1", "kind": "forest"}
    assert run.data.metrics == {"loss": 0.25, "accuracy": 0.75, "recall": 1.0}
    expected = {"team": "blue", "stage": "draft", "a": "1", "b": "two", "mlflow.note.content": "a note"}
    assert expected.items() <= run.data.tags.items()
    assert run.data.tags["mlflow.runName"] == "by hand"
    assert run.info.artifact_uri.endswith(f"/{run.info.run_id}/artifacts")
    assert run.info.lifecycle_stage == "active"


def test_a_run_that_raises_is_marked_failed(name: str, client: MlflowClient) -> None:
    mlflow.set_experiment(name)

    def script() -> None:
        with mlflow.start_run():
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        script()
    assert mlflow.last_active_run().info.status == "FAILED"
    with mlflow.start_run() as killed:
        mlflow.end_run("KILLED")
    assert client.get_run(killed.info.run_id).info.status == "KILLED"


def test_set_experiment_makes_it_once_and_finds_it_by_name_and_id(name: str) -> None:
    first = mlflow.set_experiment(name)
    again = mlflow.set_experiment(name)
    by_id = mlflow.set_experiment(experiment_id=first.experiment_id)
    assert first.experiment_id == again.experiment_id == by_id.experiment_id
    assert first.experiment_id.isdigit()
    assert mlflow.get_experiment_by_name(name).lifecycle_stage == "active"
    mlflow.set_experiment_tag("owner", "blue")
    mlflow.set_experiment_tags({"quarter": "3"})
    assert (
        mlflow.get_experiment(first.experiment_id).tags.items() >= {"owner": "blue", "quarter": "3"}.items()
    )


def test_set_experiment_refuses_a_deleted_one(name: str, client: MlflowClient) -> None:
    experiment = mlflow.set_experiment(name)
    mlflow.delete_experiment(experiment.experiment_id)
    with pytest.raises(MlflowException, match="deleted"):
        mlflow.set_experiment(name)
    client.restore_experiment(experiment.experiment_id)
    assert mlflow.set_experiment(name).experiment_id == experiment.experiment_id


def test_the_default_experiment_is_number_zero(client: MlflowClient) -> None:
    default = client.get_experiment("0")
    assert (default.experiment_id, default.name, default.lifecycle_stage) == ("0", "Default", "active")
    assert client.get_experiment_by_name("Default").experiment_id == "0"
    run = client.create_run("0", run_name="in the default")
    assert client.get_run(run.info.run_id).info.experiment_id == "0"
    client.delete_run(run.info.run_id)


def test_nested_runs_know_their_parent(name: str, client: MlflowClient) -> None:
    experiment = mlflow.set_experiment(name)
    with mlflow.start_run(run_name="parent") as parent:
        children = []
        for number in range(3):
            with mlflow.start_run(run_name=f"child {number}", nested=True) as child:
                mlflow.log_metric("score", number)
                children.append(child.info.run_id)
    assert client.get_run(children[0]).data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert client.get_parent_run(children[0]).info.run_id == parent.info.run_id
    assert client.get_parent_run(parent.info.run_id) is None
    query = f"tags.mlflow.parentRunId = '{parent.info.run_id}'"
    found = client.search_runs([experiment.experiment_id], query, order_by=["metrics.score DESC"])
    assert [run.info.run_id for run in found] == children[::-1]


def test_a_child_may_be_started_under_a_parent_that_ended(name: str, client: MlflowClient) -> None:
    mlflow.set_experiment(name)
    with mlflow.start_run() as parent:
        pass
    with mlflow.start_run(parent_run_id=parent.info.run_id) as child:
        pass
    assert client.get_parent_run(child.info.run_id).info.run_id == parent.info.run_id


def test_an_ended_run_can_be_resumed(name: str, client: MlflowClient) -> None:
    mlflow.set_experiment(name)
    with mlflow.start_run() as first:
        mlflow.log_metric("loss", 2, step=1)
    with mlflow.start_run(run_id=first.info.run_id) as again:
        assert client.get_run(first.info.run_id).info.status == "RUNNING"
        mlflow.log_metric("loss", 1, step=2)
    assert again.info.run_id == first.info.run_id
    assert [point.step for point in client.get_metric_history(first.info.run_id, "loss")] == [1, 2]
    assert client.get_run(first.info.run_id).info.status == "FINISHED"


def test_a_deleted_run_is_not_resumed(experiment: str, run: str, client: MlflowClient) -> None:
    mlflow.set_experiment(experiment_id=experiment)
    client.delete_run(run)
    with pytest.raises(MlflowException, match="deleted"):
        mlflow.start_run(run_id=run)


def test_values_that_are_logged_asynchronously_arrive(name: str, client: MlflowClient) -> None:
    mlflow.set_experiment(name)
    with mlflow.start_run() as active:
        for step in range(200):
            mlflow.log_metric("loss", 1 / (step + 1), step=step, synchronous=False)
        mlflow.log_params({f"p{number}": number for number in range(50)}, synchronous=False)
        mlflow.log_param("last", "one", synchronous=False).wait()
        mlflow.set_tags({"kind": "async"}, synchronous=False)
        mlflow.log_metrics({"a": 1, "b": 2}, step=7, synchronous=False)
        mlflow.flush_async_logging()
    run = client.get_run(active.info.run_id)
    assert len(client.get_metric_history(active.info.run_id, "loss")) == 200
    assert (run.data.metrics["loss"], run.data.metrics["b"]) == (1 / 200, 2.0)
    assert (run.data.params["p49"], run.data.params["last"]) == ("49", "one")
    assert run.data.tags["kind"] == "async"


def test_asynchronous_logging_can_be_the_default(name: str, client: MlflowClient) -> None:
    mlflow.set_experiment(name)
    mlflow.config.enable_async_logging(True)
    try:
        with mlflow.start_run() as active:
            for step in range(20):
                mlflow.log_metric("loss", step, step=step)
            mlflow.flush_async_logging()
    finally:
        mlflow.config.enable_async_logging(False)
    assert len(client.get_metric_history(active.info.run_id, "loss")) == 20


def test_a_batch_holds_a_thousand_metrics(run: str, client: MlflowClient) -> None:
    now = int(time.time() * 1000)
    metrics = [Metric(f"m{number}", number, now, 0) for number in range(890)]
    params = [Param(f"p{number}", str(number)) for number in range(100)]
    tags = [RunTag(f"t{number}", str(number)) for number in range(10)]
    client.log_batch(run, metrics=metrics, params=params, tags=tags)
    data = client.get_run(run).data
    assert (len(data.metrics), len(data.params)) == (890, 100)
    assert data.tags["t9"] == "9"
    client.log_batch(run, metrics=[Metric("n", number, now, number) for number in range(1000)])
    assert len(client.get_metric_history(run, "n")) == 1000
    client.log_batch(run)


def test_the_latest_metric_is_that_of_the_greatest_step_then_time_then_value(
    run: str, client: MlflowClient
) -> None:
    points = [(3.0, 10, 5), (1.0, 20, 5), (2.0, 20, 5), (99.0, 30, 4), (-5.0, 5, -1)]
    client.log_batch(run, metrics=[Metric("m", value, stamp, step) for value, stamp, step in points])
    assert client.get_run(run).data.metrics == {"m": 2.0}
    client.log_metric(run, "m", 0.5, timestamp=1, step=6)
    assert client.get_run(run).data.metrics == {"m": 0.5}
    history = [(point.value, point.timestamp, point.step) for point in client.get_metric_history(run, "m")]
    assert sorted(history) == sorted([*points, (0.5, 1, 6)])


def test_the_same_point_twice_is_one_point(run: str, client: MlflowClient) -> None:
    for _ in range(2):
        client.log_metric(run, "m", 1.5, timestamp=100, step=1)
        client.log_batch(run, metrics=[Metric("m", 1.5, 100, 1), Metric("m", 1.5, 100, 1)])
    client.log_metric(run, "m", 1.75, timestamp=100, step=1)
    assert sorted(point.value for point in client.get_metric_history(run, "m")) == [1.5, 1.75]


def test_values_that_are_no_finite_number_are_kept(run: str, client: MlflowClient) -> None:
    for step, value in enumerate([math.nan, math.inf, -math.inf]):
        client.log_metric(run, f"m{step}", value, timestamp=1, step=step)
    metrics = client.get_run(run).data.metrics
    assert math.isnan(metrics["m0"])
    assert (metrics["m1"], metrics["m2"]) == (LARGEST, -LARGEST)
    assert math.isnan(client.get_metric_history(run, "m0")[0].value)
    assert client.get_metric_history(run, "m1")[0].value == LARGEST


def test_system_metrics_are_logged_beside_the_users_own(name: str, client: MlflowClient) -> None:
    mlflow.set_experiment(name)
    mlflow.set_system_metrics_sampling_interval(0.2)
    mlflow.set_system_metrics_samples_before_logging(1)
    wanted = {"system/cpu_utilization_percentage", "system/system_memory_usage_percentage"}
    with mlflow.start_run(log_system_metrics=True) as active:
        deadline = time.monotonic() + 60
        while not wanted <= set(client.get_run(active.info.run_id).data.metrics):
            assert time.monotonic() < deadline
            time.sleep(0.2)


def test_runs_come_back_as_a_table(name: str) -> None:
    experiment = mlflow.set_experiment(name)
    for number in range(3):
        with mlflow.start_run(run_name=f"r{number}"):
            mlflow.log_metric("score", number)
            mlflow.log_param("number", number)
    table: Any = mlflow.search_runs([experiment.experiment_id], order_by=["metrics.score ASC"])
    assert list(table["metrics.score"]) == [0, 1, 2]
    assert list(table["params.number"]) == ["0", "1", "2"]
    named: Any = mlflow.search_runs(experiment_names=[name], filter_string="params.number = '1'")
    assert list(named["tags.mlflow.runName"]) == ["r1"]
    as_list: Any = mlflow.search_runs(experiment_names=[name], output_format="list", max_results=2)
    assert len(as_list) == 2
