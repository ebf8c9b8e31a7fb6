"""One live server per session for the client's scenarios, which the clients' own pytest collects, not ours."""

from collections.abc import Iterator

import pytest

from tests.mlflow_client.environments import ServerUnderTest, server_under_test

collect_ignore = ["scenarios"]


@pytest.fixture(scope="session")
def tracking_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    with server_under_test(tmp_path_factory.mktemp("tracking")) as server:
        yield server
