"""Runs through MlflowClient, method by method: create, log, tag, end, delete, restore, and what is refused."""

import time
from typing import Any

import pytest
from mlflow.entities import Metric, Param, RunTag
from mlflow.tracking import MlflowClient

from tests.mlflow_client.scenarios.conftest import Refused

ABSENT = "0123456789abcdef" * 2


def test_a_run_is_created_with_a_time_tags_and_a_name(experiment: str, client: MlflowClient) -> None:
    made = client.create_run(experiment, start_time=1_700_000_000_123, tags={"a": "b"}, run_name="first")
    run = client.get_run(made.info.run_id)
    assert len(run.info.run_id) == 32
    assert (run.info.start_time, run.info.end_time) == (1_700_000_000_123, None)
    assert (run.info.status, run.info.run_name) == ("RUNNING", "first")
    assert run.data.tags.items() >= {"a": "b", "mlflow.runName": "first"}.items()
    assert (run.data.params, run.data.metrics) == ({}, {})
    assert run.inputs.dataset_inputs == []


def test_a_run_without_a_name_gets_one(experiment: str, client: MlflowClient) -> None:
    run = client.create_run(experiment)
    assert run.info.run_name.count("-") == 2
    assert run.data.tags["mlflow.runName"] == run.info.run_name
    tagged = client.create_run(experiment, tags={"mlflow.runName": "by tag"})
    assert tagged.info.run_name == "by tag"


def test_a_name_and_a_different_name_tag_are_refused(
    experiment: str, client: MlflowClient, refused: Refused
) -> None:
    tags = {"mlflow.runName": "one"}
    refused("INVALID_PARAMETER_VALUE", client.create_run, experiment, tags=tags, run_name="two")


def test_name_and_name_tag_change_together(run: str, client: MlflowClient) -> None:
    client.update_run(run, name="new")
    assert client.get_run(run).data.tags["mlflow.runName"] == "new"
    client.set_tag(run, "mlflow.runName", "newer")
    assert client.get_run(run).info.run_name == "newer"


def test_a_run_is_ended_and_its_status_changed(run: str, client: MlflowClient) -> None:
    client.set_terminated(run, status="FAILED", end_time=1_700_000_000_999)
    info = client.get_run(run).info
    assert (info.status, info.end_time) == ("FAILED", 1_700_000_000_999)
    client.update_run(run, status="RUNNING")
    assert client.get_run(run).info.status == "RUNNING"
    client.set_terminated(run)
    assert client.get_run(run).info.status == "FINISHED"
    client.log_metric(run, "late", 1)
    assert client.get_run(run).data.metrics == {"late": 1.0}


def test_a_run_that_is_not_there(client: MlflowClient, refused: Refused) -> None:
    calls: list[tuple[Any, ...]] = [
        (client.get_run, ABSENT),
        (client.log_metric, ABSENT, "m", 1.0),
        (client.log_param, ABSENT, "p", "1"),
        (client.set_tag, ABSENT, "t", "1"),
        (client.delete_tag, ABSENT, "t"),
        (client.delete_run, ABSENT),
        (client.restore_run, ABSENT),
        (client.set_terminated, ABSENT),
        (client.log_batch, ABSENT, [Metric("m", 1, 1, 1)]),
        (client.list_artifacts, ABSENT),
    ]
    for call, *given in calls:
        refused("RESOURCE_DOES_NOT_EXIST", call, *given)


def test_a_param_is_written_once(run: str, client: MlflowClient, refused: Refused) -> None:
    client.log_param(run, "depth", 3)
    client.log_param(run, "depth", "3")
    error = refused("INVALID_PARAMETER_VALUE", client.log_param, run, "depth", 4)
    assert "depth" in str(error)
    refused("INVALID_PARAMETER_VALUE", client.log_batch, run, params=[Param("depth", "5")])
    assert client.get_run(run).data.params == {"depth": "3"}


def test_a_param_twice_in_one_batch_is_refused(run: str, client: MlflowClient, refused: Refused) -> None:
    twice = [Param("depth", "1"), Param("depth", "1")]
    refused("INVALID_PARAMETER_VALUE", client.log_batch, run, params=twice)
    assert client.get_run(run).data.params == {}


@pytest.mark.only_ours
def test_a_batch_is_written_whole_or_not_at_all(run: str, client: MlflowClient, refused: Refused) -> None:
    client.log_param(run, "depth", "1")
    batch = {
        "metrics": [Metric("m", 1, 1, 1)],
        "params": [Param("fresh", "1"), Param("depth", "2")],
        "tags": [RunTag("t", "1")],
    }
    refused("INVALID_PARAMETER_VALUE", client.log_batch, run, **batch)
    data = client.get_run(run).data
    assert (data.params, data.metrics, "t" in data.tags) == ({"depth": "1"}, {}, False)


def test_long_values_are_cut_and_empty_ones_kept(run: str, client: MlflowClient) -> None:
    client.log_batch(run, params=[Param("long", "p" * 7000), Param("empty", "")])
    client.log_batch(run, tags=[RunTag("long", "t" * 9000), RunTag("empty", "")])
    client.log_param(run, "long alone", "p" * 7000)
    client.set_tag(run, "long alone", "t" * 9000)
    data = client.get_run(run).data
    assert data.params == {"long": "p" * 6000, "long alone": "p" * 6000, "empty": ""}
    assert (data.tags["long"], data.tags["long alone"]) == ("t" * 8000, "t" * 8000)
    assert data.tags["empty"] == ""


@pytest.mark.parametrize("key", ["", "/lead", "a//b", "../up", "a/../b", "what?", "k" * 251, "a*b"])
def test_a_key_that_cannot_be(key: str, run: str, client: MlflowClient, refused: Refused) -> None:
    refused("INVALID_PARAMETER_VALUE", client.log_metric, run, key, 1.0)
    refused("INVALID_PARAMETER_VALUE", client.log_param, run, key, "1")
    refused("INVALID_PARAMETER_VALUE", client.set_tag, run, key, "1")


@pytest.mark.parametrize("key", ["a b", "a/b/c", "a.b-c_d", "a:b", "größe", "k" * 250])
def test_a_key_that_can_be(key: str, run: str, client: MlflowClient) -> None:
    client.log_metric(run, key, 1.0)
    client.log_param(run, key, "1")
    client.set_tag(run, key, "1")
    data = client.get_run(run).data
    assert (data.metrics, data.params, data.tags[key]) == ({key: 1.0}, {key: "1"}, "1")


def test_tags_are_replaced_and_deleted(run: str, client: MlflowClient, refused: Refused) -> None:
    client.set_tag(run, "t", "1")
    client.set_tag(run, "t", "2")
    assert client.get_run(run).data.tags["t"] == "2"
    client.delete_tag(run, "t")
    assert "t" not in client.get_run(run).data.tags
    refused("RESOURCE_DOES_NOT_EXIST", client.delete_tag, run, "t")


def test_a_deleted_run_can_be_read_and_restored_but_not_written(
    run: str, client: MlflowClient, refused: Refused
) -> None:
    client.delete_run(run)
    client.delete_run(run)
    assert client.get_run(run).info.lifecycle_stage == "deleted"
    writes: list[tuple[Any, ...]] = [
        (client.log_metric, run, "m", 1.0),
        (client.log_param, run, "p", "1"),
        (client.set_tag, run, "t", "1"),
        (client.log_batch, run, [Metric("m", 1, 1, 1)]),
        (client.update_run, run, None, "name"),
    ]
    for call, *given in writes:
        error = refused("INVALID_PARAMETER_VALUE", call, *given)
        assert "must be in the 'active' state" in str(error)
    client.restore_run(run)
    assert client.get_run(run).info.lifecycle_stage == "active"
    client.log_metric(run, "m", 1.0)


def test_a_time_before_1970_is_refused(run: str, client: MlflowClient, refused: Refused) -> None:
    refused("INVALID_PARAMETER_VALUE", client.log_metric, run, "m", 1.0, timestamp=-1)
    assert client.get_run(run).data.metrics == {}


def test_what_is_more_than_one_batch_is_sent_in_several(run: str, client: MlflowClient) -> None:
    metrics = [Metric(f"m{number}", 1, 1, 1) for number in range(1200)]
    params = [Param(f"p{number}", "1") for number in range(150)]
    client.log_batch(run, metrics=metrics, params=params, tags=[RunTag(f"t{n}", "1") for n in range(150)])
    data = client.get_run(run).data
    assert (len(data.metrics), len(data.params), data.tags["t149"]) == (1200, 150, "1")


def test_times_are_in_milliseconds(experiment: str, client: MlflowClient) -> None:
    before = int(time.time() * 1000) - 1000
    run = client.create_run(experiment)
    client.log_metric(run.info.run_id, "m", 1.0)
    point = client.get_metric_history(run.info.run_id, "m")[0]
    assert before <= run.info.start_time <= point.timestamp <= before + 120_000
    assert point.step == 0
