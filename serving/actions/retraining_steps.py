"""The steps of a retraining up to its comparison: what each waits for, and what it comes to. Called by `retraining`.

Each is asked again and again under the lock of its row, so it begins nothing twice.
"""

from datetime import datetime, timedelta

from experiments.actions.settling import settle_runs
from experiments.models import LIVE, Run, RunStatus, StudyState
from experiments.queries import studies
from mlregistry.accounts.actor import Actor
from mlregistry.jobs.queue import enqueue
from mlregistry.ml.metrics import METRICS
from models_app.actions.model_tests import request_tests
from models_app.actions.versions import register
from models_app.models import Compilation, ModelVersion
from models_app.queries import gates
from models_app.queries.model_tests import can_test
from serving.actions.retraining_moves import Move, cancelled, failed, of_job, on, refused, stay
from serving.models import Retraining, RetrainingStep

ASSEMBLE, COMPARE = "serving.assemble_retraining", "serving.compare_retraining"
MEMORY_MB = 4096
LONGEST_SECONDS = 4 * 3600
TESTS_WITHIN = timedelta(days=1)


def assembling(row: Retraining, step: RetrainingStep, now: datetime, by: Actor) -> Move:
    """The job joins the rows, and starts the training when it has."""
    if step.job is None:
        return _enqueued(row, step, ASSEMBLE, f"Data to retrain {row.endpoint.name}", by, now=now.isoformat())
    move = of_job(step.job)
    if move is not None:
        return move
    if "refused" in step.details:
        return refused(step.details["refused"])
    if row.dataset_version is None:
        return failed("The dataset version was deleted.")
    data = row.data
    before = f"{data['n_original']:,} rows of {row.original_version}, " if data["n_original"] else ""
    return on(
        f"{row.dataset_version}: {before}{data['n_labelled']:,} logged with their truth;"
        f" {data['n_held_out']:,} of the newest are held out."
    )


def training(row: Retraining, step: RetrainingStep, now: datetime, by: Actor) -> Move:
    """Until the run has finished; then its model is a version."""
    if row.study is not None and row.run is None:
        move = _searching(row)
        if move is not None:
            return move
    run = row.run
    if run is None:
        return failed("Its run was deleted.")
    if run.status in LIVE:
        return _under_way(run, by)
    if run.status == RunStatus.FAILED:
        return failed(run.error or "Training failed.")
    if run.status != RunStatus.FINISHED:
        return cancelled("The run was stopped.")
    if row.champion is None:
        return failed("The champion was deleted.")
    row.challenger = register(
        run,
        row.champion.model.name,
        description=f"Retrained for {row.endpoint.name}: {row.reason}"[:1_000],
        by=by,
    )
    row.save(update_fields=["challenger"])
    return on(f"{run.name} became {row.challenger}.")


def testing(row: Retraining, step: RetrainingStep, now: datetime, by: Actor) -> Move:
    """The gate of the model's tests; what blocks a promotion ends the attempt before anybody is served."""
    version = row.challenger
    if version is None:
        return failed("The challenger was deleted.")
    found = gates.obstacles_to_promotion(version)
    if found.state == gates.OPEN:
        words = "Its tests passed." if found.run is not None else "Nothing stands against it."
        return on(words, test_run=found.run.pk if found.run else None)
    if found.state != gates.WAITS:
        return refused(found.reasons[0], reasons=found.reasons[:20])
    limit = timedelta(days=row.wants("deadline_days")) if found.awaits_load else TESTS_WITHIN
    broke = "asked" in step.details and not found.awaits_load and not _tests_under_way(version, found)
    if broke or now - step.started_at > limit:
        return failed(f"Its tests did not come to an end. {found.reasons[0]}")
    _ask_for_tests(version, found, step, by)
    return stay(found.reasons[0])


def comparing(row: Retraining, step: RetrainingStep, now: datetime, by: Actor) -> Move:
    """Both answer the rows that were held out; it goes on when the challenger is better by what the policy wants."""
    if step.job is None:
        return _enqueued(row, step, COMPARE, f"Compare {row.challenger} with {row.champion}", by)
    move = of_job(step.job)
    if move is not None:
        return move
    if not row.comparison:
        return refused(step.details.get("refused", "The two could not be compared."))
    words = _compared(row)
    return on(words) if row.comparison["enough"] else refused(words)


def _compared(row: Retraining) -> str:
    found = row.comparison
    interval = (
        ""
        if found["low"] is None
        else f" (95 % interval {_signed(found['low'])} to {_signed(found['high'])})"
    )
    problem = row.endpoint.problem
    metric = METRICS[problem.kind][found["metric"]].title if problem is not None else found["metric"]
    least = row.wants("least_gain")
    than = "the champion" if not least else f"the champion by {least:g}"
    shown = "shown to be " if row.wants("sure") else ""
    verdict = f"{shown}better than {than}" if found["enough"] else f"not {shown}better than {than}"
    return (
        f"On {found['n_rows']:,} fresh rows the {metric} is {found['challenger']:.4g} against"
        f" {found['champion']:.4g}, better by {_signed(found['improvement'])}{interval}: {verdict}."
    )


def _signed(value: float) -> str:
    return f"{value:+.3g}".replace("-", "−")


def _enqueued(row: Retraining, step: RetrainingStep, kind: str, title: str, by: Actor, **args: str) -> Move:
    step.job = enqueue(
        kind, args={"retraining_id": row.pk, **args}, team=row.endpoint.team, title=title, memory_mb=MEMORY_MB,
        timeout_seconds=LONGEST_SECONDS, by=by,
    )  # fmt: skip
    step.save(update_fields=["job"])
    return stay("It waits for a worker.")


def _searching(row: Retraining) -> Move | None:
    """None once the study's winner is known, which is the run from then on."""
    study = row.study
    if study is None:
        return failed("Its study was deleted.")
    if study.is_open:
        best = "" if study.best_value is None else f", the best so far {study.best_value:.4g}"
        n_ended = studies.progress(study)["n_ended"]
        return stay(f"{n_ended:,} of {study.max_trials:,} trials{best}.")
    if study.state == StudyState.CANCELLED:
        return cancelled("The search was cancelled.")
    if study.winner is None:
        return failed(study.reason or "The search found nothing.")
    row.run = study.winner
    row.save(update_fields=["run"])
    return None


def _under_way(run: Run, by: Actor) -> Move:
    job = run.job
    if job is not None and not job.is_live:
        settle_runs(by.team)
        return stay("Its job has ended.")
    return stay((job.message if job else "") or "It waits for a worker.")


def _ask_for_tests(version: ModelVersion, found: gates.Standing, step: RetrainingStep, by: Actor) -> None:
    """Once, where none are on their way: its compiled form comes first and brings them along."""
    if found.awaits_load or _tests_under_way(version, found) or not can_test(version):
        return
    request_tests(version, by=by)
    step.details = {**step.details, "asked": True}
    step.save(update_fields=["details"])


def _tests_under_way(version: ModelVersion, found: gates.Standing) -> bool:
    compiling = Compilation.objects.select_related("job").filter(version=version).first()
    return (compiling is not None and compiling.is_live) or (found.run is not None and found.run.is_live)
