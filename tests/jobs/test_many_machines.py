"""Workers on two machines that share nothing but the database, the broker (RabbitMQ) and the artifact store (S3)."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import psutil
import pytest
from moto.server import ThreadedMotoServer
from pytest_django import Settings

from experiments.actions import datasets, problems, training
from experiments.models import Run, RunStatus
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Team
from mlregistry.artifacts import store
from mlregistry.celery import app
from mlregistry.jobs.engines import celery_settings, tasks_setting
from mlregistry.jobs.models import Job, State
from mlregistry.settings import JOB_KINDS
from mlregistry.supervisor.leash import leashed
from tests.experiments.conftest import churn_csv

from . import rabbitmq
from .conftest import ROOT, lines_of, wait_for, wait_until_ended, wait_until_running
from .rabbitmq import RabbitMQ
from .short_intervals import KINDS

Submit = Callable[..., Job]
PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ")  # of this machine's environment; nothing of the product's


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMQ]:
    if not rabbitmq.is_installed():
        pytest.skip("rabbitmq-server is not installed")
    server = RabbitMQ(tmp_path_factory.mktemp("rabbitmq"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def bucket() -> Iterator[dict[str, str]]:
    """The environment that leads to a bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    address, port = server.get_host_and_port()
    keys = {"AWS_ACCESS_KEY_ID": "tests", "AWS_SECRET_ACCESS_KEY": "tests", "AWS_DEFAULT_REGION": "us-east-1"}
    found = {**keys, "AWS_ENDPOINT_URL": f"http://{address}:{port}"}
    boto3.client(
        "s3",
        endpoint_url=found["AWS_ENDPOINT_URL"],
        aws_access_key_id="tests",
        aws_secret_access_key="tests",
        region_name="us-east-1",
    ).create_bucket(Bucket="artifacts")
    yield found
    server.stop()


@pytest.fixture
def shared(
    broker: RabbitMQ,
    bucket: dict[str, str],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    server_environment: dict[str, str],
) -> Iterator[dict[str, str]]:
    """The three things that machines share, as environment; this process uses them too."""
    for name, value in bucket.items():
        monkeypatch.setenv(name, value)
    settings.STORAGES = {
        **settings.STORAGES,
        "artifacts": {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": {"bucket_name": "artifacts", "location": "team"},
        },
    }
    settings.JOB_KINDS = {**JOB_KINDS, **KINDS}
    settings.TASKS = tasks_setting("celery")
    _turn_celery_to(broker.url)
    yield {
        **bucket,
        "DATABASE_URL": server_environment["DATABASE_URL"],
        "CELERY_BROKER_URL": broker.url,
        "MLREGISTRY_ARTIFACTS": "s3://artifacts/team",
    }
    _turn_celery_to("memory://")


def _turn_celery_to(url: str) -> None:
    """Another broker for this process; connections to the last one are forgotten."""
    app.close()
    app.__dict__.pop("amqp", None)
    app.conf.update(celery_settings(url))


@pytest.fixture
def machines(shared: dict[str, str], tmp_path: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Two worker machines, each with its own home and an environment that holds what is shared and no more."""
    processes = []
    for name in ("one", "two"):
        environment = {key: os.environ[key] for key in PASSED_ON if key in os.environ} | {
            **shared,
            "HOME": str(tmp_path / name),
            "MLREGISTRY_HOME": str(tmp_path / name),
            "MLREGISTRY_TASKS": "celery",
            "MLREGISTRY_WORKER_CLASSES": "cpu" if name == "one" else "cpu,bigmem",
            "DJANGO_SETTINGS_MODULE": "tests.jobs.machine_settings",
            "PYTHONPATH": str(ROOT),
        }
        command = [sys.executable, "manage.py", "worker", "--concurrency", "1"]
        processes.append(
            subprocess.Popen(command, cwd=ROOT, env=environment, preexec_fn=leashed(signal.SIGKILL))
        )
    yield processes
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def machine_of(job: Job, machines: list[subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
    """The machine whose process holds the job."""
    assert job.pid is not None
    above = {parent.pid for parent in psutil.Process(job.pid).parents()} | {job.pid}
    return next(machine for machine in machines if machine.pid in above)


def kill(machine: subprocess.Popen[bytes]) -> None:
    """Everything that runs on it, at once."""
    top = psutil.Process(machine.pid)
    family = [top, *top.children(recursive=True)]
    for member in family:
        member.suspend()
    for member in family:
        member.kill()
    machine.wait(10)


def test_a_training_goes_on_elsewhere_when_its_machine_is_killed(
    machines: list[subprocess.Popen[bytes]], transactional_db: None
) -> None:
    by = Actor.system(Team.objects.create(name="Churn", slug="churn"))
    problem = problems.create_problem(
        "Churn", kind="classification", target="churned", primary_metric="roc_auc", by=by
    )
    dataset = datasets.create_dataset("Customers", by=by)
    version = datasets.add_version(dataset, io.BytesIO(churn_csv(600)), filename="customers.csv", by=by)
    recipes = [{"estimator": "logistic_regression", "folds": 3, "seed": seed} for seed in range(5)]
    _, runs, job = training.start_training(problem, version, recipes=recipes, by=by)
    wait_for(lambda: Run.objects.filter(job=job, status=RunStatus.FINISHED).count() >= 2)
    job.refresh_from_db()
    assert job.state == State.RUNNING
    killed = machine_of(job, machines)
    kill(killed)
    ended_before = dict(Run.objects.filter(job=job, status=RunStatus.FINISHED).values_list("pk", "ended_at"))
    wait_until_ended(job)
    assert (job.state, job.attempt) == (State.SUCCEEDED, 2), job.error
    assert set(Run.objects.filter(job=job).values_list("status", flat=True)) == {RunStatus.FINISHED}
    assert dict(Run.objects.filter(pk__in=ended_before).values_list("pk", "ended_at")) == ended_before
    artifact = runs[-1].artifacts.first()
    assert artifact is not None
    with store.open_file(artifact.file) as file:
        assert file.read(1)
    other = next(machine for machine in machines if machine is not killed)
    assert other.poll() is None


def test_a_class_is_served_by_its_machine_alone(
    machines: list[subprocess.Popen[bytes]], submit: Submit, tmp_path: Path
) -> None:
    jobs = [submit("count_run", args={"path": str(tmp_path / f"{n}")}, queue="bigmem") for n in range(3)]
    for job in jobs:
        wait_until_running(job)
        assert machine_of(job, machines) is machines[1]
        wait_until_ended(job)
    nobody = submit("mark", args={"path": str(tmp_path / "gpu")}, queue="gpu")
    wait_until_ended(submit("mark", args={"path": str(tmp_path / "cpu")}))
    nobody.refresh_from_db()
    assert nobody.state == State.QUEUED


def test_a_broker_that_is_killed_and_comes_back_loses_nothing(
    machines: list[subprocess.Popen[bytes]], broker: RabbitMQ, submit: Submit, tmp_path: Path
) -> None:
    go_on = tmp_path / "go_on"
    running = submit("talk", args={"path": str(go_on)})
    wait_until_running(running)
    broker.kill()
    waiting = submit("mark", args={"path": str(tmp_path / "runs")})
    assert waiting.state == State.QUEUED
    go_on.touch()
    wait_for(lambda: Job.objects.filter(pk=running.pk, state=State.SUCCEEDED).exists())
    broker.start()
    wait_until_ended(waiting)
    running.refresh_from_db()
    assert (running.attempt, waiting.state) == (1, State.SUCCEEDED)
    assert lines_of(tmp_path / "runs") == ["1"]
