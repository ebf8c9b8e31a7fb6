"""The trash of a team: restore what was deleted, or purge it for good. Called by doors, workers and gc.

A purge goes group by group, each in a transaction of its own: stopped halfway it has removed whole runs, and
can go on. What a model version still holds stays.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from experiments.models import Experiment, Lifecycle, LoggedModel, Run
from experiments.queries import trash as queries
from experiments.queries.trash import Selection
from mlregistry.accounts import audit
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role, Team, User
from mlregistry.artifacts import store
from mlregistry.artifacts.models import StoredFile
from mlregistry.errors import Conflict, Invalid, NotFound
from mlregistry.jobs.models import Job
from mlregistry.jobs.queue import enqueue

from .erasing import drain, erase
from .experiments import restore_experiment
from .logged_models import restore_logged_model
from .runs import restore_run

KIND = "experiments.purge"
GROUP = 100
MOST_CHOSEN = 10_000
Report = Callable[[float, str], None]


@dataclass
class Purged:
    """What a purge removed, the bytes of files that went with it, and what it had to keep and why."""

    n_experiments: int = 0
    n_runs: int = 0
    n_logged_models: int = 0
    n_bytes: int = 0
    kept: list[str] = field(default_factory=list)


def restore(chosen: Selection, *, by: Actor) -> None:
    """All of it back in sight, or nothing: NotFound for what is not the team's or not deleted."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        for experiment in _experiments(chosen, by):
            restore_experiment(experiment, by=by)
        for run in _runs(chosen, by).select_related("experiment"):
            restore_run(run, by=by)
        for model in _models(chosen, by):
            restore_logged_model(model, by=by)


def start_purge(chosen: Selection | None, *, by: Actor) -> Job:
    """A job that purges what is chosen, or with None the whole trash. Conflict names what holds a chosen run."""
    by.require(Role.OWNER)
    if chosen is not None:
        _check_free(chosen, by)
    args = {"chosen": None if chosen is None else _as_json(chosen)}
    title = "Empty the trash" if chosen is None else f"Purge {len(chosen):,} from the trash"
    return enqueue(KIND, args=args, team=by.team, title=title, by=by)


def purge(chosen: Selection, *, report: Report = lambda fraction, message: None, by: Actor) -> Purged:
    """Remove for good what is chosen and still deleted: rows, histories, files that nothing else refers to."""
    by.require(Role.OWNER)
    done, started = Purged(), timezone.now()
    held = queries.holders(chosen.experiments, chosen.runs)
    free = [run for run in chosen.runs if run not in held.runs]
    done.kept += _kept(held)
    steps = [
        *(partial(_purge_models, part, done, by) for part in _groups(chosen.logged_models)),
        *(partial(_purge_runs, part, done, by) for part in _groups(free)),
        *(
            partial(_purge_experiment, key, done, by)
            for key in chosen.experiments
            if key not in held.experiments
        ),
    ]
    drain()  # what a purge that was stopped left behind
    for place, step in enumerate(steps):
        report(place / len(steps), f"{done.n_runs:,} runs and {done.n_experiments:,} experiments removed")
        done.n_bytes += _free(step(), started)
        drain()
    report(1.0, f"{done.n_runs:,} runs and {done.n_experiments:,} experiments removed")
    return done


def purge_old(
    team: Team,
    *,
    older_than: timedelta,
    report: Report = lambda fraction, message: None,
    user: User | None = None,
) -> Purged:
    """Everything that has been in the team's trash for longer; by the server, in the name of `user`."""
    chosen = queries.deleted_before(team.pk, timezone.now() - older_than)
    return purge(chosen, report=report, by=Actor.system(team, user=user))


def from_json(chosen: Mapping[str, Sequence[Any]]) -> Selection:
    """The arguments of the job."""
    return Selection(
        tuple(chosen["experiments"]),
        tuple(map(uuid.UUID, chosen["runs"])),
        tuple(map(uuid.UUID, chosen["logged_models"])),
    )


def _as_json(chosen: Selection) -> dict[str, Any]:
    return {
        "experiments": list(chosen.experiments),
        "runs": [run.hex for run in chosen.runs],
        "logged_models": [model.hex for model in chosen.logged_models],
    }


def _check_free(chosen: Selection, by: Actor) -> None:
    for find in (_experiments, _runs, _models):
        find(chosen, by)
    kept = _kept(queries.holders(chosen.experiments, chosen.runs))
    if kept:
        raise Conflict(f"{kept[0]}. Delete that first.", details=kept)


def _kept(held: queries.Held) -> list[str]:
    lines = [f"The run {run.hex} is held by {', '.join(names[:5])}" for run, names in held.runs.items()]
    return lines + [
        f"The experiment {key} has runs that are held by {', '.join(sorted(set(names))[:5])}"
        for key, names in held.experiments.items()
    ]


def _experiments(chosen: Selection, by: Actor) -> Any:
    return _all_of(Experiment.objects.filter(team=by.team), chosen.experiments, "experiment", chosen)


def _runs(chosen: Selection, by: Actor) -> Any:
    return _all_of(Run.objects.filter(experiment__team=by.team), chosen.runs, "run", chosen)


def _models(chosen: Selection, by: Actor) -> Any:
    rows = LoggedModel.objects.filter(experiment__team=by.team).select_related("experiment")
    return _all_of(rows, chosen.logged_models, "logged model", chosen)


def _all_of(rows: Any, keys: Sequence[Any], noun: str, chosen: Selection) -> Any:
    if not 1 <= len(chosen) <= MOST_CHOSEN:
        raise Invalid(f"Choose 1 to {MOST_CHOSEN:,} deleted things.")
    found = rows.filter(pk__in=keys, lifecycle=Lifecycle.DELETED)
    missing = set(keys) - set(found.values_list("pk", flat=True))
    if missing:
        name = min(missing)
        raise NotFound(
            f"There is no {noun} {name.hex if isinstance(name, uuid.UUID) else name} in the trash."
        )
    return found


def _purge_models(keys: Sequence[uuid.UUID], done: Purged, by: Actor) -> set[int]:
    with transaction.atomic():
        found = LoggedModel.objects.filter(pk__in=keys, lifecycle=Lifecycle.DELETED, experiment__team=by.team)
        locked = list(found.select_for_update(of=("self",)))
        files = erase(LoggedModel, [model.pk for model in locked])
        for model in locked:
            audit.record(by, "logged_model.purge", model)
    done.n_logged_models += len(locked)
    return files


def _purge_runs(keys: Sequence[uuid.UUID], done: Purged, by: Actor) -> set[int]:
    with transaction.atomic():
        found = Run.objects.filter(pk__in=keys, lifecycle=Lifecycle.DELETED, experiment__team=by.team)
        locked = list(found.order_by("pk").select_for_update(of=("self",)))
        files = erase(Run, [run.pk for run in locked])
        for run in locked:
            audit.record(by, "run.purge", run, experiment=run.experiment_id)
    done.n_runs += len(locked)
    return files


def _purge_experiment(key: int, done: Purged, by: Actor) -> set[int]:
    """Run by run first; the experiment, and with it the name, when nothing is left in it."""
    files: set[int] = set()
    n_runs = 0
    while True:
        with transaction.atomic():
            found = Experiment.objects.filter(pk=key, lifecycle=Lifecycle.DELETED, team=by.team)
            experiment = found.select_for_update().first()
            if experiment is None:
                return files
            runs = list(Run.objects.filter(experiment=experiment).values_list("pk", flat=True)[:GROUP])
            files |= erase(Run, runs) if runs else erase(Experiment, [key])
            n_runs, done.n_runs = n_runs + len(runs), done.n_runs + len(runs)
            if not runs:
                audit.record(by, "experiment.purge", experiment, n_runs=n_runs)
                done.n_experiments += 1
                return files
        drain()


def _free(files: set[int], started: Any) -> int:
    """Remove those that nothing refers to any more; returns how many bytes went."""
    n_bytes = 0
    for part in _groups(sorted(files)):
        rows = StoredFile.objects.filter(pk__in=part)
        before = rows.aggregate(sum=Sum("size"))["sum"] or 0
        store.delete_unreferenced(older_than=timezone.now() - started, among=part)
        n_bytes += before - (rows.aggregate(sum=Sum("size"))["sum"] or 0)
    return n_bytes


def _groups(keys: Iterable[Any]) -> list[list[Any]]:
    every = list(keys)
    return [every[at : at + GROUP] for at in range(0, len(every), GROUP)]
