"""The jobs that work on a study, and its end: started, looked after, closed with the winner's training.

Called by the actions of studies and trials, by the lanes themselves, and by the scheduler (`tend`).
"""

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from experiments.models import (
    LIVE,
    DatasetVersion,
    Problem,
    Run,
    RunStatus,
    Study,
    StudyLane,
    StudyState,
    Trial,
    TrialState,
)  # fmt: skip
from experiments.queries import budgets
from experiments.queries import contracts as contract_queries
from experiments.queries import datasets as dataset_queries
from experiments.queries import trials as trial_queries
from mlregistry.accounts.actor import Actor
from mlregistry.errors import Invalid
from mlregistry.jobs.models import LIVE as LIVE_JOB
from mlregistry.jobs.queue import enqueue
from mlregistry.lib.millis import now_millis

from . import auto_closing, outer_folds
from .logging import log_batch
from .measurements import Metric

KIND = "experiments.search"
TABLE_MB = 1024
BYTES_PER_CELL = 30
MOST_MEMORY_MB = 65_536
MOST_REVIVED = 10
DAY = 24 * 3600


def check_fit(problem: Problem, version: DatasetVersion) -> None:
    """Raises Invalid for a table that cannot be trained on, with every reason."""
    contract_queries.refuse_marked(version)
    errors = [found for found in dataset_queries.fit(problem, version) if found.severity == "error"]
    if errors:
        raise Invalid(errors[0].message, field="dataset_version", details=[one.message for one in errors])


def start(study: Study, n_lanes: int, *, by: Actor) -> None:
    """So many lanes more; none for a study whose trials are asked for from outside."""
    if study.dataset_version is None:
        return
    for _ in range(n_lanes):
        job = enqueue(
            KIND,
            args={"study_id": study.pk},
            team=study.team,
            title=f"Search: {study.name}",
            memory_mb=_memory_mb(study),
            timeout_seconds=7 * DAY,
            by=by,
        )
        StudyLane.objects.create(study=study, job=job)


def _memory_mb(study: Study) -> int:
    """The table twice, and what a trial may take."""
    version = study.dataset_version
    n_cells = version.n_rows * version.n_columns if version else 0
    return min(MOST_MEMORY_MB, 2 * (TABLE_MB + n_cells * BYTES_PER_CELL // 2**20) + study.trial_memory_mb)


def close(study_id: int) -> Study | None:
    """End the study when nothing is left to do, once; None while there is."""
    with transaction.atomic():
        rows = Study.objects.select_for_update(of=("self",))
        rows = rows.select_related("team", "created_by", "problem", "dataset_version", "experiment", "run")
        study = rows.filter(pk=study_id, state=StudyState.RUNNING).first()
        if study is None:
            return None
        if study.has_problem and (gone := _gone(study)):
            end(study, StudyState.FAILED, gone, run_status=RunStatus.FAILED)
            return study
        over = budgets.why_over(study)
        working = Trial.objects.filter(study=study, state=TrialState.RUNNING, lease_until__gte=Now())
        if over is None or working.exists():
            return None
        if not over.at_once and trial_queries.free(study).exists():
            return None
        _finish(study, over.reason)
        return study


def end(study: Study, state: str, reason: str, *, run_status: str) -> None:
    """Write the end of a locked study; trials that were under way end as failed with its reason."""
    ended = (study.state, study.reason) if not study.is_open else None
    if ended:
        return
    left = Trial.objects.filter(study=study, state__in=(TrialState.WAITING, TrialState.RUNNING))
    runs = list(left.filter(run__isnull=False).values_list("run_id", flat=True))
    left.update(state=TrialState.FAILED, error=reason, lease_until=None, ended_at=Now())
    Run.objects.filter(pk__in=runs, status__in=LIVE).update(
        status=RunStatus.KILLED, error=reason, ended_at=Now()
    )
    study.used_seconds = budgets.seconds_used(study)
    study.state, study.reason, study.resumed_at = state, reason, None
    study.save(update_fields=["used_seconds", "state", "reason", "resumed_at", "winner"])
    Study.objects.filter(pk=study.pk).update(ended_at=Now())
    if study.run_id:
        failed = reason if run_status == RunStatus.FAILED else ""
        Run.objects.filter(pk=study.run_id).update(status=run_status, ended_at=Now(), error=failed)


def tend() -> int:
    """Close studies whose budget ran out, start a lane where all have died; how many were touched."""
    touched = 0
    for study_id in list(Study.objects.filter(state=StudyState.RUNNING).values_list("pk", flat=True)):
        if close(study_id) is not None or _revive(study_id):
            touched += 1
    return touched


def _revive(study_id: int) -> bool:
    with transaction.atomic():
        rows = Study.objects.select_for_update(of=("self",)).select_related("team", "created_by", "run")
        study = rows.filter(pk=study_id, state=StudyState.RUNNING, has_problem=True).first()
        if study is None or not study.n_lanes:
            return False
        if StudyLane.objects.filter(study=study, job__state__in=LIVE_JOB).exists():
            return False
        last = StudyLane.objects.filter(study=study).select_related("job").order_by("-pk").first()
        if study.n_revived >= MOST_REVIVED:
            reason = f"Its lanes ended {MOST_REVIVED} times. {last.job.error if last else ''}".strip()
            end(study, StudyState.FAILED, reason, run_status=RunStatus.FAILED)
            return True
        Study.objects.filter(pk=study.pk).update(n_revived=study.n_revived + 1)
        start(study, 1, by=Actor.system(study.team, user=study.created_by))
    return True


def _gone(study: Study) -> str:
    if study.problem is None:
        return "Its problem was deleted."
    if study.dataset_version is None:
        return f"Its dataset version {study.data_name} was deleted."
    if study.experiment.lifecycle != "active":
        return "Its experiment was deleted."
    return ""


def _finish(study: Study, reason: str) -> None:
    """COMPLETE when a trial is; the best recipe is then trained once more, as a run of its own.

    After "Just train it" its ensembles are, in place of the best recipe.
    """
    auto = auto_closing.is_auto(study)
    if auto:
        auto_closing.drop_unstarted(study)
    complete = Trial.objects.filter(study=study, state=TrialState.COMPLETE)
    if not complete.exists():
        bad = Trial.objects.filter(study=study).filter(~Q(error="")).order_by("number").first()
        told = f" Trial {bad.number}: {bad.error}" if bad else ""
        reason = f"Not one trial could be measured.{told}"
        end(study, StudyState.FAILED, reason, run_status=RunStatus.FAILED)
        return
    if study.best_number is not None and study.run is not None:
        by = Actor.system(study.team, user=study.created_by)
        best = Metric(f"best_{study.objectives[0]['metric']}", float(study.best_value or 0.0), now_millis())
        log_batch(study.run, metrics=[best], by=by)
        if study.has_problem and not auto:
            study.winner = _train(study, complete.get(number=study.best_number), by)
            outer_folds.start(study, memory_mb=_memory_mb(study), by=by)
    end(study, StudyState.COMPLETE, reason, run_status=RunStatus.FINISHED)
    if auto:
        auto_closing.start(study, by=Actor.system(study.team, user=study.created_by))


def _train(study: Study, best: Trial, by: Actor) -> Run:
    """The winner's run: fitted on the training rows, measured on the test rows this one time."""
    recipe = trial_queries.recipe_of(study, best.params or {})
    run = Run.objects.create(
        experiment=study.experiment,
        name=f"Best of {study.name}",
        status=RunStatus.SCHEDULED,
        estimator=recipe["estimator"],
        recipe=recipe,
        problem=study.problem,
        dataset_version=study.dataset_version,
        parent=study.run,
        created_by=study.created_by,
    )
    run.job = enqueue(
        "experiments.train",
        args={"run_ids": [str(run.pk)]},
        team=study.team,
        title=f"Train the best of {study.name}",
        memory_mb=TABLE_MB + study.trial_memory_mb,
        timeout_seconds=max(3600, 10 * study.trial_seconds),
        by=by,
    )
    run.save(update_fields=["job"])
    return run
