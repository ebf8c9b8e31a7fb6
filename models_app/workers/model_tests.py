"""The job models_app.test_version: runs the table of checks, declared expectations and plugin files on a version."""

import time
from typing import Any

from django.conf import settings
from django.db import transaction

from mlregistry.accounts.actor import Actor
from mlregistry.errors import MlregistryError, NotFound
from mlregistry.jobs import forked
from mlregistry.jobs.context import JobCancelled, JobContext
from mlregistry.jobs.forked import Limits
from mlregistry.jobs.models import Job
from mlregistry.jobs.parts import left_of
from mlregistry.jobs.patience import AWAY
from mlregistry.ml.model_tests import plugins, running, table
from mlregistry.ml.model_tests.check import Check
from mlregistry.ml.model_tests.result import Result, broke
from mlregistry.ml.model_tests.running import Line
from mlregistry.ml.model_tests.subject import Subject
from models_app.actions.model_tests import give_up, keep_results
from models_app.models import ModelTestRun
from models_app.queries import model_tests as queries
from models_app.workers.model_test_subjects import subject_of

CANCELLED = "cancelled"


def test_version(context: JobContext, *, test_run_id: int) -> dict[str, Any]:
    """The verdict and how many checks ended in which way."""
    run = _run(test_run_id)
    by = Actor.system(run.version.model.team, user=run.created_by)
    try:
        return _tested(context, run, by)
    except (JobCancelled, *AWAY):
        raise
    except MlregistryError as error:
        give_up(run, error.message, by=by)
        raise
    except Exception as error:  # a file that cannot be read may raise anything
        give_up(run, f"{type(error).__name__}: {error}", by=by)
        raise


def _tested(context: JobContext, run: ModelTestRun, by: Actor) -> dict[str, Any]:
    start = time.perf_counter()
    gate = queries.gate_of(run.version)
    facts: dict[str, Any] = {
        "files_digest": queries.files_digest(run.version),
        "compiled_digest": queries.compiled_digest(run.version),
        "policy_digest": queries.policy_digest(gate),
    }
    context.report(0.0, "Reading model and rows")
    context.phase("read")
    subject, champion = subject_of(run.version, gate)
    context.phase("check")
    lines = _lines(context, subject)
    facts |= {
        "champion": champion,
        "counts": running.counts(lines),
        "notes": dict(subject.missing),
        "seconds": time.perf_counter() - start,
    }
    with transaction.atomic():
        if not Job.objects.select_for_update().filter(pk=context.job_id, attempt=context.attempt).exists():
            raise JobCancelled  # another attempt has the job
        kept = keep_results(run, [line.to_json() for line in lines], facts=facts, by=by)
    context.report(1.0, f"{kept.get_verdict_display().capitalize()}")
    return {"verdict": kept.verdict, **kept.counts}


def _run(test_run_id: int) -> ModelTestRun:
    rows = ModelTestRun.objects.select_related(
        "version__model__team", "version__run__dataset_version", "created_by"
    )
    found = rows.filter(pk=test_run_id).first()
    if found is None:
        raise NotFound("The version or its tests were deleted.")
    return found


def _lines(context: JobContext, subject: Subject) -> list[Line]:
    own = plugins.checks(settings.MODEL_TESTS_FOLDER)
    checks = [check for check in table.CHECKS if subject.kind in check.kinds]
    checks += table.checks_of(tuple(subject.declared))

    def report(fraction: float, message: str) -> None:
        context.report(0.1 + 0.88 * fraction, message)

    def apart(check: Check, subject: Subject) -> Result:
        return _apart(context, check, subject)

    # Those in forks come first: a fork cannot use the threads that predicting here has started.
    found = list(running.run(subject, [*own, *checks], report, apart=apart, is_apart=plugins.is_plugin))
    return [*found[len(own) :], *found[: len(own)]]


def _apart(context: JobContext, check: Check, subject: Subject) -> Result:
    """In a fork of this process, held to the operator's seconds; here where the job has no process of its own."""
    if not context.alone:
        return running.carried(check, subject)
    job = Job.objects.get(pk=context.job_id)
    heard: list[dict[str, Any]] = []

    def hear(message: dict[str, Any]) -> None:
        heard.append(message)

    def tick() -> str | None:
        return CANCELLED if context.cancelled() else None

    ended = forked.run(
        lambda send: send(running.carried(check, subject).to_json()),
        limits=Limits(settings.MODEL_TESTS_SECONDS, left_of(job.memory_mb)),
        hear=hear,
        tick=tick,
    )
    if ended.reason == CANCELLED:
        raise JobCancelled
    if not heard:
        return broke(f"It was stopped: {ended.problem or 'it ended without a result.'}")
    return Result(**{**heard[0], "evidence": tuple(heard[0]["evidence"])})
