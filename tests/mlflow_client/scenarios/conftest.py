"""What every scenario needs; runs inside a client's environment, where only mlflow and its friends are installed."""

import os
import uuid
from collections.abc import Callable, Iterator

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

GENERATION = int(os.environ.get("MLFLOW_GENERATION") or mlflow.__version__.split(".")[0])
IS_OURS = bool(os.environ.get("MLFLOW_TRACKING_TOKEN") or os.environ.get("MLFLOW_TRACKING_USERNAME"))
Refused = Callable[..., MlflowException]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what this generation or this server cannot do, instead of skipping it."""
    kept = [item for item in items if _applies(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def _applies(item: pytest.Item) -> bool:
    if item.get_closest_marker("only_mlflow3") and GENERATION < 3:
        return False
    return IS_OURS or not item.get_closest_marker("only_ours")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        session.exitstatus = pytest.ExitCode.OK


@pytest.fixture
def client() -> MlflowClient:
    return MlflowClient()


@pytest.fixture
def name() -> str:
    """A name that no other scenario has."""
    return f"scenario {uuid.uuid4().hex[:12]}"


@pytest.fixture
def experiment(client: MlflowClient, name: str) -> str:
    """The id of a new experiment."""
    return str(client.create_experiment(name))


@pytest.fixture
def run(client: MlflowClient, experiment: str) -> str:
    """The id of a new run in `experiment`."""
    return str(client.create_run(experiment).info.run_id)


@pytest.fixture(autouse=True)
def _leave_no_run_active() -> Iterator[None]:
    yield
    while mlflow.active_run():
        mlflow.end_run()


@pytest.fixture
def refused() -> Refused:
    """Calls something that the server must refuse with this error code; returns the exception."""

    def _refused(
        error_code: str, call: Callable[..., object], *given: object, **named: object
    ) -> MlflowException:
        with pytest.raises(MlflowException) as caught:
            call(*given, **named)
        assert caught.value.error_code == error_code, caught.value
        return caught.value

    return _refused
