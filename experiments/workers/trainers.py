"""Runs a team's own trainer, jailed and under limits, with a token for its one run; named in settings.JOB_KINDS."""

from __future__ import annotations

import json
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from experiments.actions import runs as run_actions
from experiments.models import LIVE, Run, RunStatus, Trainer
from experiments.queries import datasets as dataset_queries
from experiments.queries.trainers import experiment_id
from mlregistry.accounts.actions import tokens
from mlregistry.accounts.actor import Actor
from mlregistry.artifacts import store
from mlregistry.errors import Invalid, MlregistryError
from mlregistry.jobs.context import JobCancelled, JobContext
from mlregistry.trainers import archives, boxed, environments, places
from mlregistry.trainers.boxed import Ended, Limits
from mlregistry.trainers.jail import Jail

CANCELLED = "cancelled"
PORTS = {"http": 80, "https": 443}
CALL = "import importlib, sys; m, _, f = sys.argv.pop(1).partition(':'); getattr(importlib.import_module(m), f)()"


def run_trainer(
    context: JobContext, *, run_id: str, trainer_id: int, params: dict[str, Any], limits: dict[str, int]
) -> dict[str, Any]:
    """The run ends FINISHED, or FAILED with the reason; one that is cancelled is settled when its job has ended."""
    run = Run.objects.select_related("experiment__team", "dataset_version", "created_by").get(pk=run_id)
    by = Actor.system(run.experiment.team, user=run.created_by)
    trainer = Trainer.objects.select_related("archive").filter(pk=trainer_id, team=by.team).first()
    try:
        if trainer is None:
            raise Invalid("The trainer was deleted.")
        if not settings.TRAINERS:
            raise Invalid("Trainers were switched off on this server meanwhile.")
        run_actions.update_run(run, status=RunStatus.RUNNING, started_at=timezone.now(), by=by)
        with _folder() as folder:
            ended = _Work(context, run, trainer, folder, Limits(**limits)).done(params, by)
    except MlregistryError as error:
        if context.cancelled():
            raise JobCancelled from error
        _end(run_id, RunStatus.FAILED, error.message, by)
        raise
    if ended.problem:
        _end(run_id, RunStatus.FAILED, ended.problem, by)
        raise Invalid(ended.problem)
    _end(run_id, RunStatus.FINISHED, "", by)
    return {"run": run_id}


class _Work:
    """One trainer in its folder: `code` and `data` to read, `work` to write."""

    def __init__(self, context: JobContext, run: Run, trainer: Trainer, folder: Path, limits: Limits) -> None:
        self.context, self.run, self.trainer, self.limits = context, run, trainer, limits
        self.code, self.data, self.work = (folder / name for name in ("code", "data", "work"))
        for place in (self.code, self.data, self.work, self.work / "tmp"):
            place.mkdir()

    def done(self, params: dict[str, Any], by: Actor) -> Ended:
        self.context.report(0.0, "Preparing the environment")
        self.context.phase("environment")
        command = [*self._command()]
        self._unpack()
        self.context.report(0.1, "Running")
        self.context.phase("train")
        expires = timezone.now() + timedelta(seconds=self.limits.wall_seconds + 60)
        token, secret = tokens.create_run_token(self.run.pk, team=by.team, expires_at=expires, by=by)
        try:
            return self._run(
                command, {**self._environment(command[0], params), "MLFLOW_TRACKING_TOKEN": secret}
            )
        finally:
            tokens.end_run_token(token, by=by)

    def _command(self) -> list[str]:
        if self.trainer.entry:
            return [sys.executable, "-c", CALL, self.trainer.entry]
        python = environments.python_of(
            settings.MLREGISTRY_HOME / "trainers",
            self.trainer.requirements,
            index=settings.TRAINER_INDEX,
            hear=self._hear,
            tick=self._cancelled,
        )
        self._checkpoint()
        return [str(python), str(self.code / archives.MAIN)]

    def _unpack(self) -> None:
        if self.trainer.archive is not None:
            with store.local_path(self.trainer.archive) as path:
                archives.unpack(path, self.code)
        version = self.run.dataset_version
        if version is not None:
            path = self.data / "dataset.parquet"
            with dataset_queries.exported(version, format="parquet") as rows, path.open("wb") as file:
                shutil.copyfileobj(rows, file)
            path.chmod(0o444)

    def _environment(self, python: str, params: dict[str, Any]) -> dict[str, str]:
        """All that it sees: nothing of the server's own environment."""
        given = {
            "PATH": f"{Path(python).parent}:/usr/bin:/bin", "HOME": str(self.work), "TMPDIR": str(self.work / "tmp"),
            "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", "MPLBACKEND": "Agg",
            "GIT_PYTHON_REFRESH": "quiet", "MLFLOW_DISABLE_TELEMETRY": "true", "JOBLIB_MULTIPROCESSING": "0",
            "MLFLOW_TRACKING_URI": settings.TRACKING_URL,
            "MLFLOW_RUN_ID": self.run.pk.hex,
            "MLFLOW_EXPERIMENT_ID": experiment_id(self.run),
            "MLREGISTRY_PARAMS": json.dumps(params),
        }  # fmt: skip
        dataset = self.data / "dataset.parquet"
        return {**given, **({"MLREGISTRY_DATASET": str(dataset)} if dataset.exists() else {})}

    def _run(self, command: list[str], environment: Mapping[str, str]) -> Ended:
        ended = boxed.run(
            command,
            folder=self.work,
            environment=environment,
            limits=self.limits,
            hear=self._hear,
            tick=self._cancelled,
            jail=self._jail(Path(command[0])),
        )
        self._checkpoint()  # the signal that cancels a job ends its trainer too
        return ended

    def _jail(self, python: Path) -> Jail:
        """The environment, the interpreter that it stands on, the system's libraries; the tracking server's port."""
        base = {sys.base_prefix, str(python.parent.parent)}
        read = places.readable([*sorted(base), str(self.code), str(self.data)])
        target = urlsplit(settings.TRACKING_URL)
        return Jail(
            read=read,
            write=(self.work, Path("/dev/null")),
            ports=(target.port or PORTS[target.scheme],),
            datagrams=not _is_plain(target.hostname or ""),
        )

    def _hear(self, data: bytes) -> None:
        sys.stdout.write(data.decode("utf-8", "replace"))
        sys.stdout.flush()

    def _cancelled(self) -> str | None:
        return CANCELLED if self.context.cancelled() else None

    def _checkpoint(self) -> None:
        if self.context.cancelled():
            raise JobCancelled


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="trainer-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def _is_plain(host: str) -> bool:
    """Whether no server of names is needed to find it."""
    try:
        ip_address(host)
    except ValueError:
        return host in ("localhost", socket.gethostname())
    return True


def _end(run_id: str, status: str, reason: str, by: Actor) -> None:
    """What the trainer said of its own run stands, unless it failed."""
    run = Run.objects.select_related("experiment__team").get(pk=run_id)
    if run.lifecycle == "active" and (run.status in LIVE or status == RunStatus.FAILED):
        run_actions.finish_run(run, status, error=reason, by=by)
