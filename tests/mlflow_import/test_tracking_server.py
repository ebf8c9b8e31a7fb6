"""The import over REST, with this server itself as the source."""

import io
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.db import connections

from experiments.actions.importing import ExperimentRecord, LoggedModelRecord, RunRecord
from experiments.actions.measurements import Metric
from experiments.models import Artifact, LatestMetric, LoggedModel, Run
from mlregistry.accounts.actions import tokens
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Team, User
from mlregistry.accounts.queries import actors
from mlregistry.errors import Invalid
from mlregistry.mlflow_api import authentication
from mlregistry.mlflow_api.door import mlflow_door
from mlregistry.mlflow_import.moving import move
from mlregistry.mlflow_import.progress import Progress
from mlregistry.mlflow_import.report import Report
from mlregistry.mlflow_import.source import SourceFile
from mlregistry.mlflow_import.tracking_server import TrackingServer
from models_app.models import ModelVersion
from tests.receiver import listening

from .conftest import MODEL, RUN, Store

pytestmark = pytest.mark.django_db(transaction=True)


class Server(ThreadingMixIn, WSGIServer):
    """A thread for each request."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Writes no log."""

    def log_message(self, *args: Any) -> None:
        pass


def _application(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    """The MLflow door; the thread leaves no connection behind."""
    # wsgiref lets its reader wait beyond the end of the body.
    environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
    try:
        yield from mlflow_door(_beyond)(environ, start_response)
    finally:
        connections.close_all()


def _beyond(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("404 Not Found", [])
    return [b""]


@pytest.fixture
def address(transactional_db: None) -> Iterator[str]:
    authentication.forget()
    server = make_server("127.0.0.1", 0, _application, server_class=Server, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


class Renamed(TrackingServer):
    """The source with other ids, so that the same database can take it in once more."""

    def runs(self, experiment: ExperimentRecord) -> Iterator[RunRecord]:
        for run in super().runs(experiment):
            yield replace(run, id=_turned(run.id))

    def points(self, run: RunRecord) -> Iterator[Metric]:
        return super().points(replace(run, id=_turned(run.id)))

    def logged_models(self, experiment: ExperimentRecord) -> Iterator[LoggedModelRecord]:
        for model in super().logged_models(experiment):
            other = _turned(model.id)
            metrics = {
                _turned(run): [_of(metric, f"m-{other.hex}") for metric in metrics]
                for run, metrics in model.metrics.items()
            }
            yield replace(model, id=other, metrics=metrics)

    def files(self, owner: RunRecord | LoggedModelRecord) -> Iterator[SourceFile]:
        return super().files(replace(owner, id=_turned(owner.id)))


def _turned(key: uuid.UUID) -> uuid.UUID:
    """Once more gives the first one."""
    return uuid.UUID(int=key.int ^ (1 << 127))


def _of(metric: Metric, model: str) -> Metric:
    return Metric(
        metric.key,
        metric.value,
        metric.step,
        metric.timestamp,
        model,
        metric.dataset_name,
        metric.dataset_digest,
    )


@pytest.fixture
def lab(store: Store, bring: Callable[..., Report], alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lab has what the store holds, and the environment a token to read it."""
    bring(store.url)
    _, secret = tokens.create_token("import", scopes=["read"], by=actors.for_user(alice))
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", secret)


def _move(source: TrackingServer, team: Team) -> Report:
    return move(source, progress=Progress(io.StringIO()), by=Actor.system(team))


@pytest.mark.usefixtures("lab")
def test_a_server_is_brought_over_whole(address: str, other_team: Team) -> None:
    report = _move(Renamed(address), other_team)
    lines = list(report.lines("there", "here"))
    assert not report.refused, lines
    assert report.there["runs"] == report.here["runs"] == 4, lines
    assert report.there["points"] == report.here["points"] == 5
    assert report.there["artifact bytes"] == report.here["artifact bytes"] == 19
    run = Run.objects.get(pk=_turned(uuid.UUID(RUN)))
    assert (run.name, run.note, run.user_name, run.experiment.team) == ("run 1", "good", "jane", other_team)
    assert run.inputs.get().dataset.name == "frame"
    loss = LatestMetric.objects.get(run=run, key="loss")
    assert (loss.value, loss.minimum, loss.maximum) == (2.0, 1.0, 3.0)
    assert Artifact.objects.filter(run=run, path="notes é.txt").exists()
    model = LoggedModel.objects.get(pk=_turned(uuid.UUID(MODEL[2:])))
    assert (model.params, model.metrics.get().value) == ({"depth": "3"}, 0.9)


@pytest.mark.usefixtures("lab")
def test_the_registry_of_a_server_keeps_numbers_and_aliases(address: str, other_team: Team) -> None:
    _move(Renamed(address), other_team)
    versions = ModelVersion.objects.filter(model__team=other_team).order_by("number")
    assert [(version.number, version.stage) for version in versions] == [(1, "Production"), (3, "None")]
    assert versions[1].aliases.get().name == "champion"


@pytest.mark.usefixtures("lab")
def test_runs_that_are_here_in_another_team_are_refused(address: str, other_team: Team) -> None:
    report = _move(TrackingServer(address), other_team)
    assert len([text for text in report.refused if "another team" in text]) == 5
    assert not report.agrees


def test_a_wrong_login_is_told(address: str, team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN", raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "nobody")
    with pytest.raises(Invalid, match="status 401"):
        _move(TrackingServer(address), team)


def test_a_server_that_is_overloaded_is_asked_again(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlregistry.mlflow_import.tracking_server.PAUSE_SECONDS", 0.0)
    with listening() as receiver:
        receiver.answers = [(503, {}, b""), (200, {}, b"{}")]
        assert list(TrackingServer(receiver.url("")).experiments()) == []
        assert len(receiver.received) == 2


def test_a_server_that_speaks_no_json_is_no_tracking_server(team: Team) -> None:
    with listening() as receiver, pytest.raises(Invalid, match="something else than JSON"):
        list(TrackingServer(receiver.url("")).experiments())
