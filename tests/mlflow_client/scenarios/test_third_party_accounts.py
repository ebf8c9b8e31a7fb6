"""Teams and tokens as the client meets them: `/t/<team>` as tracking URI, Bearer and Basic, refusals in shape."""

import base64
import json
from collections.abc import Callable

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from tests.mlflow_client.scenarios.ground import SERVER, TOKEN, a_run, fresh, raw

pytestmark = pytest.mark.only_ours
JSON = {"Content-Type": "application/json"}
SEARCH = json.dumps({"max_results": 1}).encode()


def _native(method: str, path: str, wanted: dict[str, object] | None = None) -> dict[str, object]:
    body = json.dumps(wanted).encode() if wanted else b""
    answer = raw(method, f"/api/v1/{path}", body=body, headers=JSON)
    assert answer.status < 300, answer
    told: dict[str, object] = json.loads(answer.body)
    return told


@pytest.fixture(scope="module")
def team() -> str:
    """A second team of the token's owner."""
    slug = fresh("team")
    _native("POST", "teams/", {"name": slug, "slug": slug})
    return slug


@pytest.fixture(scope="module")
def reading_token() -> str:
    return str(_native("POST", "tokens/", {"name": fresh("reader"), "scopes": ["read"]})["secret"])


def test_a_teams_uri_shows_the_teams_own_experiments_only(team: str) -> None:
    here, there, name = MlflowClient(SERVER), MlflowClient(f"{SERVER}/t/{team}"), fresh("same name")
    first, second = here.create_experiment(name), there.create_experiment(name)
    assert first != second
    assert there.get_experiment_by_name(name).experiment_id == second
    with pytest.raises(MlflowException):
        there.get_experiment(first)
    names = [experiment.name for experiment in there.search_experiments()]
    assert name in names
    assert there.get_experiment("0").name == "Default"


def test_runs_artifacts_and_models_work_below_a_teams_uri(team: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"{SERVER}/t/{team}")
    mlflow.set_tracking_uri(f"{SERVER}/t/{team}")
    try:
        mlflow.set_experiment(fresh("team"))
        with mlflow.start_run() as run:
            mlflow.log_metric("m", 1.0)
            mlflow.log_text("of the team", "note.txt")
        assert mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/note.txt") == "of the team"
        name = fresh("model")
        MlflowClient().create_registered_model(name)
    finally:
        mlflow.set_tracking_uri(SERVER)
    with pytest.raises(MlflowException):
        MlflowClient(SERVER).get_run(run.info.run_id)
    with pytest.raises(MlflowException):
        MlflowClient(SERVER, SERVER).get_registered_model(name)


def test_a_foreign_or_missing_team_is_refused() -> None:
    with pytest.raises(MlflowException) as caught:
        MlflowClient(f"{SERVER}/t/{fresh('nobody')}").search_experiments()
    assert caught.value.error_code in ("RESOURCE_DOES_NOT_EXIST", "PERMISSION_DENIED", "ENDPOINT_NOT_FOUND")


@pytest.mark.parametrize("username", ["token", "", "anyone"])
def test_a_token_is_taken_as_basic_password(username: str, monkeypatch: pytest.MonkeyPatch) -> None:
    basic = base64.b64encode(f"{username}:{TOKEN}".encode()).decode()
    headers = {**JSON, "Authorization": f"Basic {basic}"}
    answer = raw("POST", "/api/2.0/mlflow/experiments/search", body=SEARCH, headers=headers, token="")
    assert answer.status == 200
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN")
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", username or "x")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", TOKEN)
    assert MlflowClient(SERVER).create_experiment(fresh("basic"))


@pytest.mark.parametrize("authorization", ["", "Bearer wrong", "Bearer ", "Basic !!!", "Basic eDp3cm9uZw=="])
def test_without_a_valid_token_the_answer_is_401(authorization: str) -> None:
    headers = {**JSON, **({"Authorization": authorization} if authorization else {})}
    answer = raw("POST", "/api/2.0/mlflow/experiments/search", body=SEARCH, headers=headers, token="")
    assert answer.status == 401
    assert "www-authenticate" in answer.headers
    for method, path in (
        ("GET", "/get-artifact?run_id=x&path=y"),
        ("PUT", "/api/2.0/mlflow-artifacts/artifacts/a/b"),
    ):
        assert raw(method, path, headers=headers, token="").status == 401


def test_the_client_tells_its_user_that_the_token_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "wrong")
    with pytest.raises(MlflowException) as caught:
        MlflowClient(SERVER).search_experiments()
    assert caught.value.error_code == "UNAUTHENTICATED"


def test_a_reading_token_reads_and_its_writes_are_forbidden(
    reading_token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = a_run()
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", reading_token)
    client = MlflowClient(SERVER)
    assert client.get_run(run.info.run_id).info.run_id == run.info.run_id
    writes: list[Callable[[], object]] = [
        lambda: client.create_experiment(fresh("forbidden")),
        lambda: client.log_metric(run.info.run_id, "m", 1.0),
        lambda: client.set_tag(run.info.run_id, "k", "v"),
        lambda: client.log_text(run.info.run_id, "text", "note.txt"),
        lambda: client.create_registered_model(fresh("forbidden")),
    ]
    for write in writes:
        # For files the client passes on what its HTTP library raises, an OSError.
        with pytest.raises((MlflowException, OSError)) as caught:
            write()
        assert "PERMISSION_DENIED" in str(caught.value)
    assert client.get_run(run.info.run_id).data.metrics == {}


def test_probes_need_no_token() -> None:
    assert raw("GET", "/health", token="").body == b"OK"
    assert raw("GET", "/api/3.0/mlflow/server-info", token="").status == 200
