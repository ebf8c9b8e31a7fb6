"""Load tests: start, cancel, keep what they measure, end. Doors call the first two, the job the others."""

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from experiments import access as experiments_access
from experiments.actions.experiments import create_experiment
from experiments.actions.logging import log_batch
from experiments.actions.measurements import Metric
from experiments.actions.runs import create_run, finish_run
from experiments.models import Experiment, Lifecycle, Run, RunStatus
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict, Forbidden
from mlregistry.jobs.actions import jobs
from mlregistry.jobs.queue import enqueue
from mlregistry.loadtests.plans import QUANTILES
from models_app.actions.load_verdicts import keep_load_verdict
from models_app.queries.load_verdicts import served_digest
from serving.actions.load_test_declarations import Declaration, checked, longest_seconds
from serving.models import Endpoint, LoadTest, Verdict
from serving.queries.load_tests import asks_alone

KIND = "serving.load_test"
EXPERIMENT = "Load tests"
METRICS = {
    "p50": "p50_ms", "p90": "p90_ms", "p99": "p99_ms", "p99.9": "p999_ms", "most": "max_ms", "mean": "mean_ms",
}  # fmt: skip
RATES = {"throughput": "throughput_per_s", "error_share": "error_share", "share_503": "share_503"}
GOAL = ("goal_quantile", "goal_seconds", "goal_errors", "goal_rate")
MEMORY_MB = 1024


def start_load_test(endpoint: Endpoint, wanted: Declaration, *, by: Actor) -> LoadTest:
    """One at a time for an endpoint (Conflict); the requests go to this server alone, with a token of the person."""
    by.require(Role.EDITOR)
    if by.user is None:
        raise Forbidden("Only a person can start a load test: it asks with a token of theirs.")
    variant, declared = checked(endpoint, wanted)
    _settle(endpoint)
    try:
        with transaction.atomic():
            test = LoadTest.objects.create(
                endpoint=endpoint, version=variant.version, declared=declared, created_by=by.user
            )
            test.job = enqueue(
                KIND, args={"load_test_id": test.pk}, team=endpoint.team, title=f"Load test of {endpoint.name}",
                memory_mb=MEMORY_MB, timeout_seconds=round(longest_seconds(declared)), max_attempts=1, by=by,
            )  # fmt: skip
            test.save(update_fields=["job"])
            record(by, "load_test.start", endpoint, load_test=test.pk, shape=wanted.shape)
    except IntegrityError as error:
        message = f"A load test of “{endpoint.name}” is running; wait for its end or cancel it."
        raise Conflict(message, field="endpoint") from error
    return test


def cancel_load_test(test: LoadTest, *, by: Actor) -> None:
    """Conflict when it has ended."""
    by.require(Role.EDITOR)
    if not test.is_live or test.job is None:
        raise Conflict("The load test has ended already.")
    jobs.cancel(test.job, by=by)
    _settle(test.endpoint)


def begin_run(test: LoadTest, *, by: Actor) -> Run:
    """The run of its version, RUNNING, with what was declared as params."""
    params = {
        "endpoint": test.endpoint.name,
        "model": test.version.model.name,
        "version": test.version.number,
    }
    params |= {name: value for name, value in test.declared.items() if value not in (None, "")}
    with transaction.atomic():
        run = create_run(_experiment(by), name=f"{test.version} under load", by=by)
        log_batch(run, params={name: str(value) for name, value in params.items()}, by=by)
        Run.objects.filter(pk=run.pk).update(job=test.job)
        test.run = run
        test.figures = {**test.figures, "served": _served(test)}
        test.save(update_fields=["run", "figures"])
    return run


def keep_figures(test: LoadTest, **figures: Any) -> None:
    """What is known so far, for the page; the job calls it every few seconds."""
    test.figures = {**test.figures, **figures}
    test.save(update_fields=["figures"])


def end_load_test(
    test: LoadTest, *, histogram: dict[str, Any] | None, reasons: list[str] | None, by: Actor
) -> None:
    """With a goal, `reasons` say why it was missed; empty when it was met. The version's gate is told."""
    test.verdict = Verdict.NONE if reasons is None else Verdict.FAILED if reasons else Verdict.PASSED
    test.histogram, test.ended_at = histogram, timezone.now()
    test.figures = {**test.figures, "reasons": reasons or []}
    with transaction.atomic():
        test.save(update_fields=["verdict", "histogram", "ended_at", "figures"])
        if (run := _open_run(test)) is not None:
            tags = {"mlregistry.verdict": test.get_verdict_display()}
            log_batch(run, metrics=_metrics(test), tags=tags, by=by)
            finish_run(run, RunStatus.FINISHED, by=by)
    if reasons is not None:
        _tell_gate(test, reasons, by)


def break_off(test: LoadTest, *, error: str, by: Actor) -> None:
    """It failed, with the reason, or was cancelled (no reason)."""
    test.error, test.ended_at = error, timezone.now()
    with transaction.atomic():
        test.save(update_fields=["error", "ended_at"])
        if (run := _open_run(test)) is not None:
            finish_run(run, RunStatus.FAILED if error else RunStatus.KILLED, error=error, by=by)


def _settle(endpoint: Endpoint) -> None:
    """Ends the row of a test whose job ended without telling it: cancelled while it waited, or killed."""
    for test in LoadTest.objects.select_related("job", "endpoint__team", "run").filter(
        endpoint=endpoint, ended_at=None
    ):
        if test.is_live:
            continue
        error = (
            (test.job.error or "Its job ended without a word.") if test.job and test.job.started_at else ""
        )
        break_off(test, error=error, by=Actor.system(test.endpoint.team))


def _served(test: LoadTest) -> str:
    """What answers, as the gate knows it; empty where other versions answer too."""
    return served_digest(test.version) if asks_alone(test) else ""


def _tell_gate(test: LoadTest, reasons: Sequence[str], by: Actor) -> None:
    """Nothing, when other versions answered too, or the version was compiled anew meanwhile."""
    served, overall = test.figures.get("served"), test.figures.get("overall") or {}
    if not served or served != _served(test):
        return
    rate = test.figures.get("best_rate") or overall.get("throughput")
    keep_load_verdict(
        test.version, passed=test.verdict == Verdict.PASSED, reasons=reasons, served=served,
        goal={name: test.declared[name] for name in GOAL}, load_test_id=test.pk, endpoint=test.endpoint.name, by=by,
        figures={**{name: overall.get(name) for name in (*QUANTILES, "error_share")}, "rate": rate},
    )  # fmt: skip


def _open_run(test: LoadTest) -> Run | None:
    """None when somebody has deleted it meanwhile."""
    if test.run_id is None:
        return None
    return Run.objects.filter(pk=test.run_id, lifecycle=Lifecycle.ACTIVE).first()


def _experiment(by: Actor) -> Experiment:
    found = experiments_access.experiment_by_name(by, EXPERIMENT)
    return found or create_experiment(EXPERIMENT, description="What load tests of endpoints measured.", by=by)


def _metrics(test: LoadTest) -> list[Metric]:
    overall = test.figures.get("overall") or {}
    found = {METRICS[name]: 1000 * overall[name] for name in METRICS if overall.get(name) is not None}
    found |= {RATES[name]: overall[name] for name in RATES if overall.get(name) is not None}
    if (best := test.figures.get("best_rate")) is not None:
        found["highest_rate_per_s"] = best
    return [Metric(name, float(value)) for name, value in found.items()]
