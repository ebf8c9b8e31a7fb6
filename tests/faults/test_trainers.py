"""Trainers that misbehave on a real worker, and workers that are killed under them."""

import io
import os

import psutil
import pytest
from pytest_django import Settings

from experiments.actions import experiments as experiment_actions
from experiments.actions import trainers as actions
from experiments.actions.settling import settle_runs
from experiments.actions.trainers import Start
from experiments.models import Run
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import ApiToken, User
from mlregistry.jobs.actions import jobs as job_actions
from mlregistry.jobs.models import LIVE, Job, State
from tests.experiments.conftest import Cast
from tests.trainers.zipped import zipped

from .conftest import Fleet, wait_for

pytestmark = pytest.mark.django_db(transaction=True)
FAMILY = f"family-of-a-trainer-{os.getpid()}"  # other processes may run the same test
FOREVER = f"""
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "{FAMILY}"])
sys.argv.append("{FAMILY}")
print("both run", flush=True)
time.sleep(600)
"""
WAYS = {
    "hang": ("import time; time.sleep(600)", "longer than 4 seconds"),
    "spin": ("while True: pass", "processor time"),
    "print": ("while True: print('x' * 65000)", "printed more than 10 MB"),
    "eat": ("held = []\nwhile True: held.append(bytearray(10**7))", "emory"),
    "fill": ("n = 0\nwhile True:\n    n += 1\n    open(f'f{n}', 'wb').write(bytes(10**6))", "files"),
    "raise": ("raise KeyError('age')", "KeyError: 'age'"),
}
LIMITS = {"wall_seconds": 4, "cpu_seconds": 30, "memory_mb": 300, "disk_mb": 30}


@pytest.fixture
def owner(alice: User, actor_of: Cast, settings: Settings) -> Actor:
    settings.TRAINERS = True
    return actor_of(alice)


def started(code: str, by: Actor, name: str = "Net", **limits: int) -> tuple[Run, Job]:
    trainer = actions.create_trainer(name, source=io.BytesIO(zipped({"main.py": code})), by=by)
    place = experiment_actions.create_experiment(f"For {name}", by=by)
    return actions.start_trainer(trainer, Start(place, None, {}, limits), by=by)


def has_ended(job: Job) -> bool:
    job.refresh_from_db()
    return job.state not in LIVE


def family() -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = " ".join(process.info["cmdline"] or [])
        if FAMILY in line and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


@pytest.mark.timeout(900)
def test_each_way_to_misbehave_ends_the_run_with_its_reason(fleet: Fleet, owner: Actor) -> None:
    fleet.environment["MLREGISTRY_TRAINERS"] = "1"
    limits = {name: {**LIMITS, "wall_seconds": 4 if name == "hang" else 60} for name in WAYS}
    limits["spin"]["cpu_seconds"] = 2
    made = {name: started(code, owner, name, **limits[name]) for name, (code, _) in WAYS.items()}
    fleet.start(1)
    wait_for(lambda: all(has_ended(job) for _, job in made.values()))
    settle_runs(owner.team)
    for name, (run, job) in made.items():
        run.refresh_from_db()
        assert (run.status, job.state) == ("FAILED", State.FAILED), name
        assert WAYS[name][1] in run.error, (name, run.error)
    assert not ApiToken.objects.filter(only_run__isnull=False, revoked_at=None).exists()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("way", ["cancelled", "worker killed"])
def test_whoever_ends_the_job_or_its_worker_ends_the_whole_family(
    fleet: Fleet, owner: Actor, way: str
) -> None:
    fleet.environment["MLREGISTRY_TRAINERS"] = "1"
    run, job = started(FOREVER, owner)
    fleet.start(1)
    wait_for(lambda: job.log_lines.filter(text__contains="both run").exists())
    assert family()
    if way == "cancelled":
        job_actions.cancel(job, by=owner)
    else:
        top = fleet.processes.pop()
        top.kill()  # the worker alone, as with kill -9
        top.wait(60)
    wait_for(lambda: has_ended(job) and not family())
    settle_runs(owner.team)
    run.refresh_from_db()
    assert run.status == ("KILLED" if way == "cancelled" else "FAILED")
    assert job.state == (State.CANCELLED if way == "cancelled" else State.FAILED)
