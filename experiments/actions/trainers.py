"""Bring a trainer of one's own, and start it as a job: for owners, where the operator allows it. Doors call it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from experiments.models import DatasetVersion, Experiment, Lifecycle, Run, RunStatus, Trainer
from experiments.queries import contracts as contract_queries
from experiments.queries.trainers import KIND as KIND
from mlregistry.accounts import audit
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.artifacts import store
from mlregistry.artifacts.store import Readable
from mlregistry.errors import Conflict, Forbidden, Invalid
from mlregistry.jobs.engines import DEFAULT_CLASS
from mlregistry.jobs.models import Job
from mlregistry.jobs.queue import enqueue
from mlregistry.lib.names import clean_name
from mlregistry.trainers import archives, environments, jail, requirements

from .logging import log_batch

ENTRY = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)
LIMITS: dict[str, tuple[int, int, int]] = {  # default, least, most
    "wall_seconds": (3600, 1, 24 * 3600),
    "cpu_seconds": (4 * 3600, 1, 96 * 3600),
    "memory_mb": (2048, 64, 65_536),
    "disk_mb": (1024, 1, 20_480),
}
OWN_MEMORY_MB = 512  # of the job that watches it
SLACK_SECONDS = 120
MOST_PARAMS, MOST_PARAM_BYTES = 100, 64 * 1024


@dataclass(frozen=True)
class Start:
    """How a trainer is to run; `limits` over the defaults."""

    experiment: Experiment
    dataset_version: DatasetVersion | None
    params: Mapping[str, Any]
    limits: Mapping[str, int]
    queue: str = DEFAULT_CLASS


def create_trainer(
    name: str,
    *,
    source: Readable | Path | None = None,
    entry: str = "",
    requirements_text: str = "",
    by: Actor,
) -> Trainer:
    """From a zip archive, whose own requirements.txt counts unless a text is given, or from an entry point."""
    _allow(by)
    name, entry = clean_name(name, max_length=200), entry.strip()
    if (source is None) == (not entry):
        raise Invalid("Send a zip archive, or name an entry point as module:function.", field="file")
    if Trainer.objects.filter(team=by.team, name=name).exists():
        raise Conflict(f"{by.team.name} has a trainer named {name!r} already.", field="name")
    if source is None:
        return _from_entry(name, entry, requirements_text, by)
    with store.spooled(source, limit=archives.MOST_PACKED) as spool:
        found = archives.check(spool.path)
        lines = requirements.parse(requirements_text.strip() or found.requirements)
        with store.saving(by.team, spool.path, content_type="application/zip") as stored:
            trainer = Trainer.objects.create(
                team=by.team,
                name=name,
                archive=stored,
                n_files=found.n_files,
                requirements=lines,
                created_by=by.user,
            )
            audit.record(by, "trainer.create", trainer, sha256=stored.sha256)
    return trainer


def delete_trainer(trainer: Trainer, *, by: Actor) -> None:
    """Its runs stay."""
    by.require(Role.OWNER)
    with transaction.atomic():
        audit.record(by, "trainer.delete", trainer)
        trainer.delete()


def start_trainer(trainer: Trainer, start: Start, *, by: Actor) -> tuple[Run, Job]:
    """A run and the job that lets the trainer log to it; Invalid names the field that is wrong."""
    _allow(by)
    _check_place(start, by)
    limits, params = checked_limits(start.limits), checked_params(start.params)
    args = {"trainer_id": trainer.pk, "params": params, "limits": limits}
    with transaction.atomic():
        run = Run.objects.create(
            experiment=start.experiment,
            name=trainer.name[:500],
            status=RunStatus.SCHEDULED,
            dataset_version=start.dataset_version,
            created_by=by.user,
        )
        run.job = enqueue(
            KIND,
            args={"run_id": str(run.pk), **args},
            team=by.team,
            title=f"Trainer {trainer.name}"[:300],
            memory_mb=limits["memory_mb"] + OWN_MEMORY_MB,
            timeout_seconds=limits["wall_seconds"] + environments.LIMITS.wall_seconds + SLACK_SECONDS,
            max_attempts=1,  # a second attempt would log everything twice
            queue=start.queue,
            by=by,
        )
        run.save(update_fields=["job"])
        log_batch(run, tags=_tags(trainer), by=by)
        audit.record(by, "trainer.start", trainer, run=str(run.pk), job=str(run.job.pk))
    return run, run.job


def checked_limits(given: Mapping[str, Any]) -> dict[str, int]:
    """The defaults with what is given over them."""
    unknown = set(given) - set(LIMITS)
    if unknown:
        raise Invalid(f"There is no limit {min(unknown)!r}; known: {', '.join(LIMITS)}.", field="limits")
    found = {name: default for name, (default, _, _) in LIMITS.items()}
    for name, value in given.items():
        _, least, most = LIMITS[name]
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise Invalid(f"{name} is a whole number from {least:,} to {most:,}.", field=f"limits.{name}")
        found[name] = value
    return found


def checked_params(given: object) -> dict[str, Any]:
    """JSON of up to 64 KB, which the trainer gets as it is."""
    if not isinstance(given, Mapping) or len(given) > MOST_PARAMS:
        raise Invalid(f"The params are an object of at most {MOST_PARAMS} names and values.", field="params")
    try:
        size = len(json.dumps(dict(given), allow_nan=False))
    except ValueError as error:
        raise Invalid("The params hold a number that is not finite.", field="params") from error
    if size > MOST_PARAM_BYTES:
        raise Invalid(f"The params are larger than {MOST_PARAM_BYTES // 1024} KB.", field="params")
    return dict(given)


def _allow(by: Actor) -> None:
    by.require(Role.OWNER)
    if not settings.TRAINERS:
        raise Forbidden(
            "Trainers of one's own are switched off on this server; its operator may set MLREGISTRY_TRAINERS=1."
        )
    reason = jail.why_not()
    if reason:
        raise Forbidden(f"Trainers of one's own cannot be held here: {reason}.")


def _from_entry(name: str, entry: str, requirements_text: str, by: Actor) -> Trainer:
    if not ENTRY.fullmatch(entry):
        raise Invalid("An entry point is written module:function.", field="entry")
    if entry not in settings.TRAINER_ENTRY_POINTS:
        allowed = ", ".join(settings.TRAINER_ENTRY_POINTS) or "none"
        raise Invalid(
            f"The operator of this server allows these entry points: {allowed} (MLREGISTRY_TRAINER_ENTRY_POINTS).",
            field="entry",
        )
    if requirements_text.strip():
        raise Invalid("An entry point runs in the server's own environment; leave the requirements out.",
                      field="requirements")  # fmt: skip
    with transaction.atomic():
        trainer = Trainer.objects.create(team=by.team, name=name, entry=entry, created_by=by.user)
        audit.record(by, "trainer.create", trainer, entry=entry)
    return trainer


def _check_place(start: Start, by: Actor) -> None:
    version = start.dataset_version
    if start.experiment.team_id != by.team.pk:
        raise Invalid(f"There is no such experiment in {by.team.name}.", field="experiment")
    if start.experiment.lifecycle != Lifecycle.ACTIVE:
        raise Conflict("The experiment is deleted; restore it first.", field="experiment")
    if version is not None and version.dataset.team_id != by.team.pk:
        raise Invalid(f"There is no such dataset version in {by.team.name}.", field="dataset_version")
    if version is not None:
        contract_queries.refuse_marked(version)


def _tags(trainer: Trainer) -> dict[str, str]:
    source = trainer.entry or "main.py"
    tags = {"mlflow.source.name": f"{trainer.name}: {source}", "mlflow.source.type": "JOB"}
    tags["mlregistry.trainer"] = str(trainer.pk)
    if trainer.archive is not None:
        tags["mlregistry.trainerDigest"] = trainer.archive.sha256
    return tags
