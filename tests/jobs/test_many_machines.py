"""Workers on two machines that share nothing but the database, the broker and the artifact store (S3).

The same tests with RabbitMQ and with Redis; the machines are started once for each, and the last test kills one.
"""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import boto3
import psutil
import pytest
from moto.server import ThreadedMotoServer
from pytest_django import Settings

from experiments.actions import datasets, problems, studies, training
from experiments.models import (
    DatasetVersion,
    Problem,
    Run,
    RunStatus,
    Study,
    StudyState,
    TrialState,
)  # fmt: skip
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Team
from mlregistry.artifacts import store
from mlregistry.celery import app
from mlregistry.jobs.engines import celery_settings, tasks_setting
from mlregistry.jobs.models import Job, State
from mlregistry.settings import JOB_KINDS
from mlregistry.supervisor.leash import leashed
from tests.experiments.conftest import churn_csv

from . import rabbitmq, redis_broker
from .conftest import ROOT, let_leases_run_out, lines_of, wait_for, wait_until_ended, wait_until_running
from .rabbitmq import RabbitMQ
from .redis_broker import Redis
from .short_intervals import KINDS

Submit = Callable[..., Job]
PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ")  # of this machine's environment; nothing of the product's


class Broker(Protocol):
    """Started, killed and started again as a test likes."""

    @property
    def url(self) -> str: ...
    def start(self) -> None: ...
    def kill(self) -> None: ...
    def stop(self) -> None: ...


@dataclass
class Site:
    """Two machines with one broker; one that a test killed is replaced for the next."""

    broker: Broker
    folder: Path
    machines: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def need(self, shared: dict[str, str]) -> None:
        """Each with its own home and an environment that holds what is shared and no more."""
        for name, classes in (("one", "cpu"), ("two", "cpu,bigmem")):
            process = self.machines.get(name)
            if process is not None and process.poll() is None:
                continue
            environment = {key: os.environ[key] for key in PASSED_ON if key in os.environ} | {
                **shared,
                "HOME": str(self.folder / name),
                "MLREGISTRY_HOME": str(self.folder / name),
                "MLREGISTRY_TASKS": "celery",
                "MLREGISTRY_WORKER_CLASSES": classes,
                "DJANGO_SETTINGS_MODULE": "tests.jobs.machine_settings",
                "PYTHONPATH": str(ROOT),
            }
            command = [sys.executable, "manage.py", "worker", "--concurrency", "1"]
            self.machines[name] = subprocess.Popen(
                command, cwd=ROOT, env=environment, preexec_fn=leashed(signal.SIGKILL)
            )

    def stop(self) -> None:
        for process in self.machines.values():
            process.terminate()
        for process in self.machines.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(60)
        self.broker.stop()


@pytest.fixture(scope="module", params=["rabbitmq", "redis"])
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, django_db_setup: None
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "rabbitmq" and not rabbitmq.is_installed():
        pytest.skip("rabbitmq-server is not installed")
    if request.param == "redis" and not redis_broker.is_installed():
        pytest.skip("redis-server is not installed")
    found = Site(RabbitMQ(folder) if request.param == "rabbitmq" else Redis(folder), folder)
    found.broker.start()
    yield found
    found.stop()


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
    site: Site,
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
    _turn_celery_to(site.broker.url)
    yield {
        **bucket,
        "DATABASE_URL": server_environment["DATABASE_URL"],
        "CELERY_BROKER_URL": site.broker.url,
        "MLREGISTRY_ARTIFACTS": "s3://artifacts/team",
    }
    _turn_celery_to("memory://")


def _turn_celery_to(url: str) -> None:
    """Another broker for this process; connections to the last one are forgotten."""
    app.close()
    app.__dict__.pop("amqp", None)
    app.conf.update(celery_settings(url))


@pytest.fixture
def machines(site: Site, shared: dict[str, str]) -> list[subprocess.Popen[bytes]]:
    site.need(shared)
    return list(site.machines.values())


def churn() -> tuple[Problem, DatasetVersion, Actor]:
    by = Actor.system(Team.objects.create(name="Churn", slug="churn"))
    problem = problems.create_problem(
        "Churn", kind="classification", target="churned", primary_metric="roc_auc", by=by
    )
    dataset = datasets.create_dataset("Customers", by=by)
    version = datasets.add_version(dataset, io.BytesIO(churn_csv(600)), filename="customers.csv", by=by)
    return problem, version, by


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
    machine.wait(60)
    let_leases_run_out(member.pid for member in family)


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


def test_a_broker_that_is_killed_in_the_middle_of_a_study_and_comes_back_loses_nothing(
    site: Site,
    machines: list[subprocess.Popen[bytes]],
    submit: Submit,
    transactional_db: None,
    tmp_path: Path,
) -> None:
    problem, version, by = churn()
    space = {"estimators": {"decision_tree": {"max_depth": {"low": 1, "high": 20}}}}
    plan = {"sampler": "random", "max_trials": 12, "n_lanes": 2}
    study = studies.create_study(problem, version, space=space, recipe={"folds": 2}, plan=plan, by=by)
    wait_for(lambda: study.trials.filter(state=TrialState.COMPLETE).count() >= 2)
    site.broker.kill()
    waiting = submit("mark", args={"path": str(tmp_path / "runs")})
    wait_for(lambda: Study.objects.filter(pk=study.pk, state=StudyState.COMPLETE).exists())
    waiting.refresh_from_db()
    assert waiting.state == State.QUEUED
    site.broker.start()
    wait_until_ended(waiting)
    study.refresh_from_db()
    winner = study.winner
    assert winner is not None
    wait_for(lambda: Run.objects.filter(pk=winner.pk, status=RunStatus.FINISHED).exists())
    assert sorted(study.trials.values_list("number", "state")) == [
        (number, TrialState.COMPLETE) for number in range(12)
    ]
    assert len(set(study.trials.values_list("run", flat=True))) == 12
    assert lines_of(tmp_path / "runs") == ["1"]


def test_a_training_goes_on_elsewhere_when_its_machine_is_killed(
    machines: list[subprocess.Popen[bytes]], transactional_db: None
) -> None:
    problem, version, by = churn()
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
