"""Experiments through MlflowClient, method by method: create, get, rename, tag, delete, restore, search."""

import uuid

import pytest
from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from tests.mlflow_client.scenarios.conftest import Refused

ABSENT = "987654321"


def _made(client: MlflowClient, count: int) -> tuple[str, list[str]]:
    """New experiments whose names share a prefix; returns the prefix and their ids."""
    prefix = f"made {uuid.uuid4().hex[:10]}"
    return prefix, [client.create_experiment(f"{prefix} {number}") for number in range(count)]


def test_an_experiment_is_created_with_tags_and_found_both_ways(name: str, client: MlflowClient) -> None:
    number = client.create_experiment(name, tags={"owner": "blue", "empty": ""})
    by_id, by_name = client.get_experiment(number), client.get_experiment_by_name(name)
    assert by_id.experiment_id == by_name.experiment_id == number
    assert (by_id.name, by_id.lifecycle_stage) == (name, "active")
    assert by_id.tags.items() >= {"owner": "blue", "empty": ""}.items()
    assert by_id.artifact_location.endswith(f"/{number}")
    assert by_id.creation_time == by_id.last_update_time > 1_600_000_000_000


def test_an_artifact_location_of_the_users_own_is_kept(name: str, client: MlflowClient) -> None:
    number = client.create_experiment(name, artifact_location="s3://bucket/folder")
    assert client.get_experiment(number).artifact_location == "s3://bucket/folder"
    run = client.create_run(number)
    assert run.info.artifact_uri == f"s3://bucket/folder/{run.info.run_id}/artifacts"


def test_an_experiment_that_is_not_there(name: str, client: MlflowClient, refused: Refused) -> None:
    assert client.get_experiment_by_name(name) is None
    refused("RESOURCE_DOES_NOT_EXIST", client.get_experiment, ABSENT)
    refused("INVALID_PARAMETER_VALUE", client.get_experiment, "no-number")
    refused("RESOURCE_DOES_NOT_EXIST", client.delete_experiment, ABSENT)
    refused("RESOURCE_DOES_NOT_EXIST", client.rename_experiment, ABSENT, name)
    refused("RESOURCE_DOES_NOT_EXIST", client.create_run, ABSENT)


def test_a_name_is_taken_once(name: str, client: MlflowClient, refused: Refused) -> None:
    number = client.create_experiment(name)
    refused("RESOURCE_ALREADY_EXISTS", client.create_experiment, name)
    client.delete_experiment(number)
    refused("RESOURCE_ALREADY_EXISTS", client.create_experiment, name)


@pytest.mark.parametrize("bad", ["", "x" * 501])
def test_a_name_that_cannot_be(bad: str, client: MlflowClient, refused: Refused) -> None:
    refused("INVALID_PARAMETER_VALUE", client.create_experiment, bad)


@pytest.mark.parametrize("location", ["s3://bucket/a#b", "https://example.org/a"])
def test_an_artifact_location_that_cannot_be(
    location: str, name: str, client: MlflowClient, refused: Refused
) -> None:
    refused("INVALID_PARAMETER_VALUE", client.create_experiment, name, artifact_location=location)


def test_an_experiment_is_renamed(name: str, client: MlflowClient) -> None:
    number, other = client.create_experiment(name), client.create_experiment(f"{name} other")
    client.rename_experiment(number, f"{name} new")
    assert client.get_experiment(number).name == f"{name} new"
    assert client.get_experiment_by_name(name) is None
    with pytest.raises(MlflowException) as caught:
        client.rename_experiment(other, f"{name} new")
    assert caught.value.get_http_status_code() == 400


@pytest.mark.only_ours
def test_a_deleted_experiment_is_not_renamed(name: str, client: MlflowClient, refused: Refused) -> None:
    number = client.create_experiment(name)
    client.delete_experiment(number)
    refused("INVALID_PARAMETER_VALUE", client.rename_experiment, number, f"{name} new")


def test_tags_of_an_experiment_are_set_and_replaced(experiment: str, client: MlflowClient) -> None:
    client.set_experiment_tag(experiment, "owner", "blue")
    client.set_experiment_tag(experiment, "owner", "green")
    client.set_experiment_tag(experiment, "lines", "first\nsecond")
    tags = client.get_experiment(experiment).tags
    assert (tags["owner"], tags["lines"]) == ("green", "first\nsecond")


@pytest.mark.only_mlflow3
def test_a_tag_of_an_experiment_is_deleted(experiment: str, client: MlflowClient, refused: Refused) -> None:
    client.set_experiment_tag(experiment, "owner", "blue")
    client.delete_experiment_tag(experiment, "owner")
    assert "owner" not in client.get_experiment(experiment).tags
    refused("RESOURCE_DOES_NOT_EXIST", client.delete_experiment_tag, experiment, "owner")


def test_tags_that_cannot_be(experiment: str, client: MlflowClient, refused: Refused) -> None:
    refused("INVALID_PARAMETER_VALUE", client.set_experiment_tag, experiment, "k" * 251, "v")
    refused("INVALID_PARAMETER_VALUE", client.set_experiment_tag, experiment, "long", "v" * 20_001)
    client.set_experiment_tag(experiment, "long", "v" * 5000)
    assert client.get_experiment(experiment).tags["long"] == "v" * 5000


def test_deletion_takes_the_runs_along_and_restoring_brings_them_back(
    experiment: str, run: str, client: MlflowClient, refused: Refused
) -> None:
    client.delete_experiment(experiment)
    assert client.get_experiment(experiment).lifecycle_stage == "deleted"
    assert client.get_run(run).info.lifecycle_stage == "deleted"
    refused("RESOURCE_DOES_NOT_EXIST", client.delete_experiment, experiment)
    refused("INVALID_PARAMETER_VALUE", client.create_run, experiment)
    refused("INVALID_PARAMETER_VALUE", client.set_experiment_tag, experiment, "a", "b")
    client.restore_experiment(experiment)
    assert client.get_experiment(experiment).lifecycle_stage == "active"
    assert client.get_run(run).info.lifecycle_stage == "active"
    refused("RESOURCE_DOES_NOT_EXIST", client.restore_experiment, experiment)


def test_search_finds_by_name_tag_and_stage(client: MlflowClient) -> None:
    prefix, numbers = _made(client, 4)
    client.set_experiment_tag(numbers[1], "my kind", "x")
    client.set_experiment_tag(numbers[2], "my kind", "y")
    client.delete_experiment(numbers[3])

    def ids(text: str, **options: object) -> set[str]:
        return {found.experiment_id for found in client.search_experiments(filter_string=text, **options)}

    within = f"name LIKE '{prefix}%'"
    assert ids(within) == set(numbers[:3])
    assert ids(within, view_type=ViewType.DELETED_ONLY) == {numbers[3]}
    assert ids(within, view_type=ViewType.ALL) == set(numbers)
    assert ids(f"name = '{prefix} 0'") == {numbers[0]}
    assert ids(f"attribute.name ILIKE '{prefix.upper()}%' AND tags.`my kind` = 'x'") == {numbers[1]}
    assert ids(f"{within} AND tag.\"my kind\" != 'x'") == {numbers[2]}
    assert ids(f"{within} AND creation_time > 0 AND last_update_time <= 99999999999999") == set(numbers[:3])


def test_search_orders_and_turns_pages(client: MlflowClient) -> None:
    prefix, numbers = _made(client, 5)
    seen: list[str] = []
    token = None
    while True:
        page = client.search_experiments(
            filter_string=f"name LIKE '{prefix}%'", order_by=["name ASC"], max_results=2, page_token=token
        )
        seen += [found.experiment_id for found in page]
        token = page.token
        if not token:
            break
    assert seen == numbers
    newest_first = client.search_experiments(
        filter_string=f"name LIKE '{prefix}%'", order_by=["experiment_id DESC"]
    )
    assert [found.experiment_id for found in newest_first] == numbers[::-1]


def test_a_search_that_cannot_be(client: MlflowClient, refused: Refused) -> None:
    for text in ("name = 1", "nonsense = 'x'", "name == 'x'", "name LIKE", "tags.a > 'x'"):
        refused("INVALID_PARAMETER_VALUE", client.search_experiments, filter_string=text)
    refused("INVALID_PARAMETER_VALUE", client.search_experiments, max_results=50_001)
    refused("INVALID_PARAMETER_VALUE", client.search_experiments, order_by=["nonsense"])
    refused("INVALID_PARAMETER_VALUE", client.search_experiments, page_token="no token")
