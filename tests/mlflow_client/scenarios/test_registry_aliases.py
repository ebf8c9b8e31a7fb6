"""Aliases through `MlflowClient`: set, moved, deleted, read, reserved."""

import pytest
from mlflow.tracking import MlflowClient

from tests.mlflow_client.scenarios.ground import a_model, fresh, refused

client = MlflowClient()


def test_an_alias_is_set_and_seen_from_model_and_version() -> None:
    name = a_model(versions=2)
    client.set_registered_model_alias(name, "champion", "1")
    client.set_registered_model_alias(name, "challenger", "2")
    client.set_registered_model_alias(name, "other-name_1", "2")
    assert client.get_registered_model(name).aliases == {
        "champion": "1",
        "challenger": "2",
        "other-name_1": "2",
    }
    assert sorted(client.get_model_version(name, "2").aliases) == ["challenger", "other-name_1"]
    assert str(client.get_model_version_by_alias(name, "champion").version) == "1"


def test_setting_an_alias_again_moves_it() -> None:
    name = a_model(versions=2)
    for version in ("1", "2", "2"):
        client.set_registered_model_alias(name, "champion", version)
    assert client.get_registered_model(name).aliases == {"champion": "2"}
    assert client.get_model_version(name, "1").aliases == []


def test_a_deleted_alias_is_gone_and_deleting_it_again_is_no_error() -> None:
    name = a_model(versions=1)
    client.set_registered_model_alias(name, "champion", "1")
    for _ in range(2):
        client.delete_registered_model_alias(name, "champion")
    assert client.get_registered_model(name).aliases == {}
    with refused("INVALID_PARAMETER_VALUE"):
        client.get_model_version_by_alias(name, "champion")


@pytest.mark.parametrize(
    "alias", ["latest", "LATEST", "v1", "V23", "with blank", "a/b", "a.b", "ä:b", "a" * 256, ""]
)
def test_a_reserved_or_misspelt_alias_is_refused(alias: str) -> None:
    with refused("INVALID_PARAMETER_VALUE"):
        client.set_registered_model_alias(a_model(versions=1), alias, "1")


def test_an_alias_of_what_is_missing_is_refused() -> None:
    name = a_model(versions=1)
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.set_registered_model_alias(name, "champion", "2")
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.set_registered_model_alias(fresh("missing"), "champion", "1")


def test_an_alias_goes_with_its_version() -> None:
    name = a_model(versions=2)
    client.set_registered_model_alias(name, "champion", "1")
    client.set_registered_model_alias(name, "challenger", "2")
    client.delete_model_version(name, "1")
    assert client.get_registered_model(name).aliases == {"challenger": "2"}
