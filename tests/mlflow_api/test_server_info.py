"""What the door tells before anybody logs in."""

from collections.abc import Callable

import pytest

from .conftest import Mlflow

Make = Callable[..., Mlflow]


@pytest.mark.parametrize("prefix", ["/api", "/ajax-api"])
@pytest.mark.parametrize("name", ["server-info", "server-features"])
def test_server_info_is_open_and_says_what_there_is(mlflow: Make, prefix: str, name: str) -> None:
    status, told = mlflow().get(f"{prefix}/3.0/mlflow/{name}")
    assert status == 200
    assert told["store_type"] == "SqlStore"
    assert told["workspaces_enabled"] is True
    assert told["artifact_serving_enabled"] is True
    assert told["multipart_downloads_enabled"] is False
    assert told["features_enabled"] == {"gateway": False}


def test_a_wrong_token_does_not_close_it(mlflow: Make) -> None:
    api = mlflow()
    api.authorization = "Bearer wrong"
    assert api.get("/api/3.0/mlflow/server-info")[0] == 200


def test_it_holds_nothing_of_a_tenant(mlflow: Make) -> None:
    told = mlflow().get("/api/3.0/mlflow/server-info")[1]
    assert all(isinstance(value, bool | str | dict) for value in told.values())
    assert "lab" not in str(told)
