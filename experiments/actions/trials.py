"""The life of one trial: claimed, given params, reported, told. Called by lanes and by the API's ask and tell.

Each function is one short transaction. A write carries the trial's attempt: who lost the trial changes nothing,
and the same write sent twice counts once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from experiments.models import Run, RunStatus, Study, StudyState, Trial, TrialState
from experiments.queries import budgets
from experiments.queries import trials as queries
from mlregistry.accounts.actor import Actor
from mlregistry.errors import Conflict, Invalid, NotFound
from mlregistry.ml.search import pruning, sampling
from mlregistry.ml.search.sampling import Proposal

from . import artifacts
from . import logging as log_actions
from . import runs as run_actions
from .measurements import Metric
from .study_clock import keep_time

MOST_ATTEMPTS = 3
MOST_REPORTS = 1000
FIRST = 10  # looked at in one go
OF_STUDY = ("team", "created_by", "problem", "dataset_version", "run__experiment")  # what a lane needs of it

ENDS = {
    TrialState.COMPLETE: RunStatus.FINISHED,
    TrialState.PRUNED: RunStatus.FINISHED,
    TrialState.FAILED: RunStatus.FAILED,
}


@dataclass(frozen=True)
class Told:
    """How a trial ended; `metrics` go to its run beside the values."""

    state: str
    values: tuple[float, ...] | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    error: str = ""
    seconds: float | None = None
    cpu_seconds: float | None = None
    peak_memory_mb: float | None = None


def claim_trial(study_id: int, *, worker: str, lease_seconds: float) -> Trial | None:
    """One that waits or whose worker is gone, else the next number; None when the study gives out no more.

    Its `study` is read with what a lane needs.
    """
    with transaction.atomic():
        keep_time(study_id)
        rows = Study.objects.select_for_update(of=("self",)).select_related(*OF_STUDY)
        study = rows.filter(pk=study_id).first()
        if study is None or study.state != StudyState.RUNNING:
            return None
        over = budgets.why_over(study)
        free = _free(study)
        if over is not None and (free is None or over.at_once):
            return None
        until = timezone.now() + timedelta(seconds=lease_seconds)
        if study.resumed_at is None:
            _start_clock(study)
        if free is None:
            return _new_trial(study, worker, until)
        Trial.objects.filter(pk=free.pk).update(
            state=TrialState.RUNNING, attempt=F("attempt") + 1, lease_until=until, worker=worker[:200],
            started_at=Now(), intermediate=[],
        )  # fmt: skip
        free.refresh_from_db()
        free.study = study
        return free


def propose(study: Study, trial: Trial) -> Trial:
    """Params for the trial from its sampler, unless somebody chose them or an earlier attempt got some; and its run."""
    if trial.params is None:
        space = queries.space_of(study)
        learns = sampling.SAMPLERS[study.sampler].learns
        proposal = sampling.propose(
            space,
            study.sampler,
            seed=study.seed,
            number=trial.number,
            directions=study.directions,
            past=queries.past(study, space, apart=trial.number) if learns else (),
        )
        start_trial(study, trial, proposal)
    elif trial.run_id is None:
        start_trial(study, trial, Proposal(trial.params))
    return trial


def start_trial(study: Study, trial: Trial, proposal: Proposal) -> None:
    """Keep the params and make the run, a child of the study's; Conflict when the trial is another's now."""
    by = Actor.system(study.team, user=study.created_by)
    with transaction.atomic():
        if not _mine(trial).select_for_update().exists():
            raise _lost(trial)
        run = run_actions.create_run(
            study.experiment_id,
            name=f"{study.name[:180]} #{trial.number}",
            recipe=queries.recipe_of(study, proposal.params) if study.has_problem else None,
            parent=study.run,
            by=by,
        )
        Run.objects.filter(pk=run.pk).update(
            problem=study.problem_id, dataset_version=study.dataset_version_id
        )
        log_actions.log_batch(
            run, params={name: str(value) for name, value in proposal.params.items()}, by=by
        )
        _mine(trial).update(params=proposal.params, system_attrs=proposal.system_attrs, run=run)
    trial.params, trial.system_attrs, trial.run = proposal.params, proposal.system_attrs, run


def renew_trial(trial: Trial, *, lease_seconds: float) -> bool:
    """Keep the trial for longer; False when another attempt has it."""
    keep_time(trial.study_id)
    return bool(_mine(trial).update(lease_until=timezone.now() + timedelta(seconds=lease_seconds)))


def report_trial(study: Study, trial: Trial, step: int, value: float, *, lease_seconds: float) -> bool:
    """Keep what was found at this step, once; True when the trial should stop."""
    with transaction.atomic():
        row = _mine(trial).select_for_update().first()
        if row is None:
            raise _lost(trial)
        if step not in row.reports:
            if len(row.intermediate) >= MOST_REPORTS:
                raise Invalid(f"A trial reports at most {MOST_REPORTS:,} steps.", field="step")
            row.intermediate = [*row.intermediate, [step, value]]
        row.lease_until = timezone.now() + timedelta(seconds=lease_seconds)
        row.save(update_fields=["intermediate", "lease_until"])
    if study.pruner == "none":
        return False
    others = queries.reports(study, apart=trial.number)
    return pruning.should_prune(study.pruner, row.reports, others, direction=study.directions[0])


def tell_trial(trial: Trial, told: Told) -> Trial:
    """End the trial; the same end told again changes nothing, another one is a Conflict."""
    with transaction.atomic():
        keep_time(trial.study_id)
        rows = Study.objects.select_for_update(of=("self",)).select_related("team", "created_by")
        study = rows.get(pk=trial.study_id)
        ended = _mine(trial).update(
            state=told.state,
            values=list(told.values) if told.values is not None else None,
            error=told.error,
            seconds=told.seconds,
            cpu_seconds=told.cpu_seconds,
            peak_memory_mb=told.peak_memory_mb,
            lease_until=None,
            ended_at=Now(),
        )
        row = Trial.objects.select_related("run__experiment").get(pk=trial.pk)
        if not ended:
            if row.attempt == trial.attempt and row.state == told.state and _same(row.values, told.values):
                return row
            raise _lost(trial)
        _end_run(study, row, told)
        _count(study, row, told)
    return row


def keep_held_out(trial: Trial, path: Path) -> None:
    """The predictions for the rows that the trial's folds held out, as a file of its run."""
    if trial.run is not None and _mine(trial).exists():
        by = Actor.system(trial.study.team, user=trial.study.created_by)
        artifacts.save_artifact(trial.run, queries.HELD_OUT, path, by=by)


def release_trial(trial: Trial) -> None:
    """Give the trial back unfinished; another worker takes it at once, with the same params."""
    _mine(trial).update(state=TrialState.WAITING, lease_until=None)


def _new_trial(study: Study, worker: str, until: Any) -> Trial:
    trial = Trial.objects.create(
        study=study,
        number=study.next_number,
        lease_until=until,
        worker=worker[:200],
        started_at=timezone.now(),
    )
    Study.objects.filter(pk=study.pk).update(next_number=F("next_number") + 1)
    return trial


def _start_clock(study: Study) -> None:
    """The wait for a worker costs no time."""
    Study.objects.filter(pk=study.pk).update(resumed_at=Now())
    study.refresh_from_db(fields=["resumed_at"])


def _free(study: Study) -> Trial | None:
    """The first to take. Trials that took several workers with them are not tried again."""
    while rows := list(queries.free(study).order_by("number")[:FIRST]):
        for trial in rows:
            if trial.state != TrialState.RUNNING or trial.attempt < MOST_ATTEMPTS:
                return trial
            _give_up(study, trial)
    return None


def _give_up(study: Study, trial: Trial) -> None:
    told = Told(TrialState.FAILED, error=f"Its worker died in each of {MOST_ATTEMPTS} attempts.")
    Trial.objects.filter(pk=trial.pk).update(
        state=told.state, error=told.error, lease_until=None, ended_at=Now()
    )
    _end_run(study, trial, told)


def _mine(trial: Trial) -> Any:
    return Trial.objects.filter(pk=trial.pk, attempt=trial.attempt, state=TrialState.RUNNING)


def _lost(trial: Trial) -> Conflict:
    row = Trial.objects.filter(pk=trial.pk).first()
    if row is None:
        return Conflict("The study was deleted.")
    if row.attempt != trial.attempt:
        return Conflict(
            f"Trial {trial.number} is in attempt {row.attempt} now; attempt {trial.attempt} lost it when its"
            " lease ran out.",
            field="attempt",
        )
    return Conflict(
        f"Trial {trial.number} has ended already: it is {row.get_state_display()}.", field="state"
    )


def _same(stored: Sequence[float] | None, told: Sequence[float] | None) -> bool:
    return list(stored or []) == list(told or [])


def _end_run(study: Study, trial: Trial, told: Told) -> None:
    if trial.run is None:
        return
    by = Actor.system(study.team, user=study.created_by)
    named = {
        objective["metric"]: value
        for objective, value in zip(study.objectives, told.values or (), strict=False)
    }
    measured = [Metric(key, float(value)) for key, value in {**told.metrics, **named}.items()]
    tags = {"mlregistry.trial": str(trial.number), "mlregistry.trialState": told.state}
    log_actions.log_batch(trial.run, metrics=measured, tags=tags, by=by)
    Run.objects.filter(pk=trial.run.pk).update(
        status=ENDS[TrialState(told.state)], error=told.error[:4000], ended_at=Now()
    )


def _count(study: Study, trial: Trial, told: Told) -> None:
    """The study's own figures; what it cost counts for failed trials too."""
    study.cpu_seconds += told.cpu_seconds or 0.0
    study.n_since_best += told.state != TrialState.FAILED
    if told.state == TrialState.COMPLETE and told.values and len(study.objectives) == 1:
        value = told.values[0]
        sign = 1 if study.directions[0] == "maximize" else -1
        if study.best_value is None or sign * value > sign * study.best_value:
            study.best_value, study.best_number, study.n_since_best = value, trial.number, 0
    study.save(update_fields=["cpu_seconds", "n_since_best", "best_value", "best_number"])


def trial_of(study: Study, number: int, attempt: int | None = None) -> Trial:
    """The study's trial, as the holder of `attempt` sees it; NotFound when there is none of this number."""
    found = Trial.objects.filter(study=study, number=number).first()
    if found is None:
        raise NotFound(f"{study.name} has no trial {number}.")
    if attempt is not None:
        found.attempt = attempt
    return found
