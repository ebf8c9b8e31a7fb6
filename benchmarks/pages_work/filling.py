"""What `benchmarks.pages` looks at: the demonstration, and a run that is copied a hundred thousand times.

Run with a database of its own; prints the run's id.
"""
# ruff: noqa: E402 - models can only be imported once Django is set up

import sys
from pathlib import Path

import django

django.setup()

from benchmarks.served import PASSWORD
from experiments.actions.experiments import create_experiment
from experiments.actions.logging import log_batch
from experiments.actions.measurements import Metric
from experiments.actions.runs import create_run, finish_run
from mlregistry.accounts.models import Membership, Role, Team, User
from mlregistry.accounts.queries import actors
from mlregistry.jobs.inline import run_here
from serving.actions.demo import ensure_demo

N_KEYS = 20


def main(points_per_run: int, answer: Path) -> None:
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
    log_batch(run, metrics=metrics, params={f"p{n}": f"p{n}-0" for n in range(N_KEYS)}, by=by)
    finish_run(run, "FINISHED", by=by)
    answer.write_text(f'{{"run": "{run.pk.hex}", "experiment": {experiment.pk}}}', encoding="utf-8")
    job = ensure_demo()
    if job is not None:
        run_here(job)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
