"""What `benchmarks.pages` looks at: a run that is copied a hundred thousand times, the demonstration, many of the rest.

Run with a database of its own: `first` writes down the run's id, `rest` comes behind the copying.
"""
# ruff: noqa: E402 - models can only be imported once Django is set up

import sys
from pathlib import Path

import django

django.setup()

from benchmarks.pages_work.many_things import add
from benchmarks.served import PASSWORD
from experiments.actions.experiments import create_experiment
from experiments.actions.logging import log_batch
from experiments.actions.measurements import Metric
from experiments.actions.profiles import start_profile
from experiments.actions.runs import create_run, finish_run
from experiments.models import DatasetVersion
from mlregistry.accounts.models import Membership, Role, Team, User
from mlregistry.accounts.queries import actors
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State
from serving.actions.demo import ensure_demo

N_KEYS = 20


def first(points_per_run: int, answer: Path) -> None:
    team = Team.objects.create(slug="pages", name="Pages")
    user = User.objects.create_superuser("owner", "owner@example.org", PASSWORD, default_team=team)
    Membership.objects.create(user=user, team=team, role=Role.OWNER)
    by = actors.for_user(user)
    experiment = create_experiment("a hundred thousand", by=by)
    run = create_run(experiment, name="run-0", by=by)
    metrics = [
        Metric(f"m{n % N_KEYS}", 0.25, step=n // N_KEYS, timestamp=1_700_000_000_000 + n)
        for n in range(points_per_run)
    ]
    params = {f"p{n}": f"p{n}-0" for n in range(N_KEYS)}
    log_batch(run, metrics=metrics, params=params, tags={"owner": "risk"}, by=by)
    finish_run(run, "FINISHED", by=by)
    answer.write_text(f'{{"run": "{run.pk.hex}", "experiment": {experiment.pk}}}', encoding="utf-8")
    job = ensure_demo()
    if job is not None:
        run_here(job)


def rest(n_things: int) -> None:
    """Many of everything, and a profile of the first dataset. No job is left that a server would begin with."""
    user = User.objects.get(username="owner")
    by = actors.for_user(user)
    add(0, n_things - 1, by=by)
    version = DatasetVersion.objects.filter(dataset__team=by.team).order_by("pk")[0]
    profile = start_profile(version, depth="full", by=by)
    if profile.job is not None:
        run_here(profile.job)
    Job.objects.filter(state=State.QUEUED).update(state=State.CANCELLED)


if __name__ == "__main__":
    if sys.argv[1] == "first":
        first(int(sys.argv[2]), Path(sys.argv[3]))
    else:
        rest(int(sys.argv[2]))
