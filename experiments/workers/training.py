"""Trains the runs of one job, one after the other, each in a process of its own; named in settings.JOB_KINDS.

A run that fails tells why and the others go on. After a lost worker the finished runs stay as they are.
"""

import math
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from django.db import transaction
from django.utils import timezone

from experiments.actions import artifacts, evaluations, provenance
from experiments.actions import logging as log_actions
from experiments.actions import runs as run_actions
from experiments.actions.measurements import Metric
from experiments.actions.test_uses import record_test_use
from experiments.models import LIVE, Lifecycle, Run, RunStatus
from experiments.queries import datasets as dataset_queries
from experiments.queries.provenance import spec_for
from mlregistry.accounts.actor import Actor
from mlregistry.errors import Invalid, MlregistryError
from mlregistry.jobs.context import JobCancelled, JobContext, JobPaused
from mlregistry.jobs.models import Job
from mlregistry.jobs.parts import run_part
from mlregistry.jobs.patience import AWAY, patiently
from mlregistry.ml import packaging, table_digest, tables
from mlregistry.ml import training as ml_training
from mlregistry.ml.recipes import Recipe, parse
from mlregistry.ml.supervised.table import SUPERVISED
from mlregistry.ml.training_result import TrainingResult

from .run_alone import Allowance, carrier

LONGEST_ERROR = 4000


@dataclass
class Share:
    """One run's share of the job's progress, told under the run's name; also where a cancelled job stops.

    Kinds that keep no part of a training (`pauses`) stop here for a pause too, and begin the run anew.
    """

    context: JobContext
    place: int
    n_runs: int
    name: str
    pauses: bool = False

    def report(self, fraction: float, message: str = "") -> None:
        if self.context.cancelled():
            raise JobCancelled
        if self.pauses and fraction < 1 and self.context.paused():
            raise JobPaused
        done = (self.place + min(1.0, max(0.0, fraction))) / self.n_runs
        self.context.report(done, f"{self.name}: {message}" if message else self.name)


def train(context: JobContext, *, run_ids: list[str]) -> dict[str, Any]:
    """Train each run that has not finished; returns how many ended in which way."""
    runs = runs_to_do(run_ids)
    context.log(f"{len(runs)} of {len(run_ids)} runs to train.")
    try:
        if runs:
            context.report(0.0, "Reading the dataset")
            context.phase("read")
            data = data_of(runs[0])
            allowance = Allowance(context)
            for place, run in enumerate(runs):
                context.checkpoint()  # between two runs: those that are finished stay so
                problem = run_part(
                    context, _work(run, data, place, len(runs)), allowance.of_one(len(runs) - place)
                )
                if problem:
                    _end_broken(context, run, problem)
    except JobCancelled:
        leave_rest(context, runs)
        raise
    return _outcome(run_ids)


def runs_to_do(run_ids: list[str]) -> list[Run]:
    """In the order asked for, but those that a dead worker interrupted last: one may be the cause."""
    rows = Run.objects.filter(pk__in=run_ids, lifecycle=Lifecycle.ACTIVE).exclude(status=RunStatus.FINISHED)
    rows = rows.select_related("experiment__team", "problem", "dataset_version__dataset", "created_by")
    order = {run_id: place for place, run_id in enumerate(run_ids)}
    return sorted(rows, key=lambda run: (run.status == RunStatus.RUNNING, order[str(run.pk)]))


@dataclass(frozen=True)
class Data:
    """The table that all runs of the job are trained on."""

    frame: pd.DataFrame
    digest: str


def data_of(run: Run) -> Data:
    if run.dataset_version is None:
        raise Invalid("The dataset version of the runs is gone.", field="dataset_version")
    with dataset_queries.local_paths(run.dataset_version) as paths:
        frame = tables.load(paths)
    return Data(frame, table_digest.table_digest(frame))


def _work(run: Run, data: Data, place: int, n_runs: int) -> Callable[[JobContext], None]:
    pauses = run.problem is not None and run.problem.kind not in SUPERVISED

    def work(context: JobContext) -> None:
        train_one(context, Share(context, place, n_runs, run.name, pauses), run, data)

    return work


def train_one(
    context: JobContext, share: Share, run: Run, data: Data, *, leave_by: float | None = None
) -> None:
    """The run ends FINISHED or FAILED; only a job that is to stop leaves by an exception.

    At `leave_by` of time.monotonic what a model can do without is left out.
    """
    by = Actor.system(run.experiment.team, user=run.created_by)
    patiently(lambda: _begin(context, run))
    share.report(0.0, "Starting")
    try:
        spec = spec_for(run)
        if spec is None:
            raise Invalid("The problem of the run is gone.", field="problem")
        recipe = parse(run.recipe or {}, kind=spec.kind)
        patiently(lambda: log_params(run, recipe, by))
        context.phase("train")
        told: dict[str, float] = {}
        tell = partial(_tell, context, run, by, told)
        with carrier(context, run, n_cells=data.frame.size, leave_by=leave_by) as carried:
            result = ml_training.train(spec, recipe, data.frame, share.report, tell, carried)
        context.phase("store")
        facts = provenance.facts_of(run, result, table_digest=data.digest)

        def keep_origin() -> None:
            provenance.keep_provenance(run, facts, spec=spec, by=by)

        patiently(lambda: keep(context, run, result, told, keep_origin, by))
        context.log(f"{run.name}: finished in {result.seconds.get('total', math.nan):.1f} s.")
    except (JobCancelled, *AWAY):
        raise
    except JobPaused:
        patiently(lambda: _wait_again(context, run))
        raise
    except MemoryError:
        _fail(context, run, "It ran out of memory.", by)
    except MlregistryError as error:
        _fail(context, run, error.message, by)
    except Exception as error:  # any estimator may raise anything; the others go on
        _fail(context, run, f"{type(error).__name__}: {error}", by)


def _begin(context: JobContext, run: Run) -> None:
    with transaction.atomic():
        _hold(context)
        run.status, run.started_at, run.ended_at, run.error = RunStatus.RUNNING, timezone.now(), None, ""
        run.save(update_fields=["status", "started_at", "ended_at", "error"])


def _wait_again(context: JobContext, run: Run) -> None:
    with transaction.atomic():
        _hold(context)
        run.status = RunStatus.SCHEDULED
        run.save(update_fields=["status"])


def _hold(context: JobContext) -> None:
    """Lock the job's row for this transaction; a worker that was taken for dead stops here."""
    if not Job.objects.select_for_update().filter(pk=context.job_id, attempt=context.attempt).exists():
        raise JobCancelled


def log_params(run: Run, recipe: Recipe, by: Actor) -> None:
    log_actions.log_batch(run, params=flat_params(recipe), by=by)


def flat_params(recipe: Recipe) -> dict[str, str]:
    """The recipe as params: the estimator's own under their names, the rest as split.method and the like."""
    flat: dict[str, str] = {}
    for key, value in recipe.to_json().items():
        if key == "params":
            flat |= {name: _text(setting) for name, setting in value.items()}
        elif isinstance(value, dict):
            flat |= {f"{key}.{name}": _text(setting) for name, setting in value.items() if setting != ""}
        elif key == "steps":
            flat[key] = ", ".join(step["step"] for step in value)
        else:
            flat[key] = _text(value)
    return flat


def _text(value: Any) -> str:
    return "true" if value is True else "false" if value is False else str(value)


def keep(
    context: JobContext,
    run: Run,
    result: TrainingResult,
    told: Mapping[str, float],
    keep_origin: Callable[[], object],
    by: Actor,
    *,
    compress: Any = packaging.COMPRESSION,
) -> None:
    """Files first, then everything that is not told yet and the end of the run in one transaction."""
    with tempfile.TemporaryDirectory(prefix="model-") as folder:
        for file in packaging.save(result.pipeline, Path(folder), compress=compress):
            artifacts.save_artifact(run, f"model/{file.name}", Path(folder) / file.name, by=by)
    evaluations.save_predictions(run, result, by=by)
    seconds = {f"{step}_seconds": value for step, value in result.seconds.items()}
    rows = {f"n_rows_{part}": float(count) for part, count in result.n_rows.items()}
    with transaction.atomic():
        _hold(context)
        measured = {key: value for key, value in result.metrics.items() if key not in told} | seconds | rows
        log_actions.log_batch(run, metrics=[Metric(key, value) for key, value in measured.items()], by=by)
        log_actions.set_curves(run, result.curves, by=by)
        evaluations.keep_evaluation(run, result, by=by)
        keep_origin()
        run.signature = result.signature.to_json()
        run.input_example = result.input_example
        run.warnings = result.warnings
        run.save(update_fields=["signature", "input_example", "warnings"])
        run_actions.finish_run(run, RunStatus.FINISHED, by=by)


def _tell(
    context: JobContext,
    run: Run,
    by: Actor,
    told: dict[str, float],
    measured: Mapping[str, float],
    test_digest: str,
) -> None:
    """Show the metrics while folds, intervals and charts are still to come; it is the look at the test rows.

    A training that goes on after a stop has told them already.
    """

    def log() -> None:
        with transaction.atomic():
            _hold(context)
            before = set(run.latest_metrics.values_list("key", flat=True))
            fresh = [Metric(key, value) for key, value in measured.items() if key not in before]
            log_actions.log_batch(run, metrics=fresh, by=by)
            if test_digest and run.problem is not None:
                record_test_use(run, test_digest, target=run.problem.target, by=by)

    patiently(log)
    told |= measured


def _fail(context: JobContext, run: Run, reason: str, by: Actor) -> None:
    context.log(f"{run.name}: failed. {reason}")
    with transaction.atomic():
        _hold(context)
        run_actions.finish_run(run, RunStatus.FAILED, error=reason[:LONGEST_ERROR], by=by)


def _end_broken(context: JobContext, run: Run, reason: str) -> None:
    """For a run whose process ended without telling: stopped at a limit, or gone."""

    def end() -> None:
        run.refresh_from_db(fields=["status", "lifecycle", "error", "ended_at"])
        if run.status in LIVE and run.lifecycle == Lifecycle.ACTIVE:
            _fail(context, run, reason, Actor.system(run.experiment.team, user=run.created_by))

    patiently(end)


def leave_rest(context: JobContext, runs: list[Run]) -> None:
    """What has not ended by itself is KILLED, or waits when only the worker stops; a lost attempt changes none."""
    with transaction.atomic():
        mine = Job.objects.select_for_update().filter(pk=context.job_id, attempt=context.attempt).first()
        if mine is None:
            return
        rest = Run.objects.filter(pk__in=[run.pk for run in runs], status__in=LIVE)
        if mine.cancel_requested_at is None:
            rest.update(status=RunStatus.SCHEDULED)
        else:
            rest.update(status=RunStatus.KILLED, ended_at=timezone.now())


def _outcome(run_ids: list[str]) -> dict[str, Any]:
    """The counts by status; Invalid when not one of the runs could be trained."""
    ended = list(Run.objects.filter(pk__in=run_ids).values_list("status", "name", "error"))
    failed = [f"{name}: {error}" for status, name, error in ended if status == RunStatus.FAILED]
    if failed and len(failed) == len(ended):
        raise Invalid(f"None of the {len(ended)} runs could be trained. {failed[0]}", details=failed)
    return {
        "n_finished": sum(status == RunStatus.FINISHED for status, _, _ in ended),
        "n_failed": len(failed),
    }
