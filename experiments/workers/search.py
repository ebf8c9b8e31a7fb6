"""One lane of a study: takes trial after trial and measures each in a fork; named in settings.JOB_KINDS.

The lane holds the table and the database's line, its forks do the fitting: the lane itself starts no thread of
OpenMP or BLAS, which would not survive the fork.
"""

import contextlib
import os
import socket
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, TypedDict

import pandas as pd

from experiments.actions import lanes, study_clock
from experiments.actions import trials as actions
from experiments.actions.trials import Told
from experiments.models import AutoTraining, Study, Trial, TrialState
from experiments.queries import auto_trainings, budgets
from experiments.queries.datasets import local_paths
from experiments.queries.problems import spec_of
from mlregistry.errors import Conflict, MlregistryError
from mlregistry.jobs.context import JobCancelled, JobContext, JobYielded
from mlregistry.jobs.forked import Ended, Fork, Limits
from mlregistry.jobs.options import seconds
from mlregistry.jobs.patience import patiently
from mlregistry.jobs.queries.jobs import others_wait
from mlregistry.ml import tables
from mlregistry.ml.ensembling import held
from mlregistry.ml.metrics import METRICS
from mlregistry.ml.portfolio import planning
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.search.plan import CPU_SECONDS, logged

from . import trial_fork

PRUNED = "pruned"
CANCELLED = "cancelled"
LOST = "lost"
TIME_UP = "The study's time was used up."


def search(context: JobContext, *, study_id: int) -> dict[str, Any]:
    """Work on the study until it gives out no more trials; returns how many this lane measured."""
    lane = Lane(context, study_id)
    with contextlib.closing(lane):
        while (trial := patiently(lane.claim)) is not None:
            lane.do(trial)
            if lane.turn_is_over():
                raise JobYielded
    patiently(lambda: lanes.close(study_id))
    return {"n_trials": lane.n_done}


class Lane:
    """The table is loaded once, with the first trial."""

    def __init__(self, context: JobContext, study_id: int) -> None:
        self.context = context
        self.study_id = study_id
        self.worker = f"{socket.gethostname()}:{os.getpid()}"
        self.lease = seconds("JOB_LEASE_SECONDS")
        self.frame: pd.DataFrame | None = None
        self.frame_of: int | None = None
        self.auto: AutoTraining | None = None
        self.forked: Fork | None = None
        self.n_done = 0
        self.began = time.monotonic()

    def turn_is_over(self) -> bool:
        """After its time, once others wait: a long study keeps nobody from a worker for longer than a trial."""
        if time.monotonic() - self.began < seconds("JOB_TURN_SECONDS"):
            return False
        others = patiently(lambda: others_wait(self.context.job_id))
        if others:
            patiently(lambda: study_clock.rest(self.study_id))
        return others

    def claim(self) -> Trial | None:
        if self.context.cancelled():
            raise JobCancelled
        self._load()
        return actions.claim_trial(self.study_id, worker=self.worker, lease_seconds=self.lease)

    def _load(self) -> None:
        """Read the table before a trial is taken, whose lease would run out over a large one."""
        if self.frame is None:
            study = Study.objects.select_related("dataset_version").filter(pk=self.study_id).first()
            if study is not None and study.dataset_version is not None:
                self.auto = auto_trainings.of_study(study)
                with contextlib.suppress(MlregistryError):  # the trial tells
                    self._frame(study)

    def do(self, trial: Trial) -> None:
        """Measure the trial and tell how it ended; whatever goes wrong in it, the study goes on."""
        study = trial.study
        try:
            told = self._measured(study, trial)
        except Conflict as error:
            self.context.log(f"Trial {trial.number}: {error.message}")
            return
        except MlregistryError as error:
            told = Told(TrialState.FAILED, error=error.message)
        if told is None:
            return
        try:
            patiently(lambda: actions.tell_trial(trial, told))
        except Conflict as error:
            self.context.log(f"Trial {trial.number}: {error.message}")
            return
        self.n_done += 1
        self.context.report(
            min(1.0, (trial.number + 1) / study.max_trials), f"Trial {trial.number}: {_line(told)}"
        )

    def _measured(self, study: Study, trial: Trial) -> Told | None:
        """None when the trial is not ours to end: cancelled, or taken by another."""
        if study.problem is None or study.dataset_version is None:
            patiently(lambda: lanes.close(study.pk))
            return None
        self._frame(study)
        trial = patiently(lambda: actions.propose(study, trial))
        return Attempt(self, study, trial).measure(spec_of(study.problem))

    def fork(self, study: Study, spec: ProblemSpec) -> Fork:
        """The one that measures this lane's trials; a new one where the table is another."""
        frame = self._frame(study)
        if self.forked is None:
            self.forked = trial_fork.of_study(study, spec, frame, self.auto)
        return self.forked

    def close(self) -> None:
        if self.forked is not None:
            self.forked.close()
            self.forked = None

    def _frame(self, study: Study) -> pd.DataFrame:
        version = study.dataset_version
        if version is None:
            raise Conflict("The dataset version was deleted.")
        if self.frame is None or self.frame_of != version.pk:
            self.close()
            with local_paths(version) as paths:
                self.frame, self.frame_of = tables.load(paths), version.pk
        return self.frame


class Usage(TypedDict):
    seconds: float
    cpu_seconds: float
    peak_memory_mb: float


class Attempt:
    """One trial in its fork: reports go to the database, the verdict comes back as a reason to stop."""

    def __init__(self, lane: Lane, study: Study, trial: Trial) -> None:
        self.lane, self.study, self.trial = lane, study, trial
        self.kind = ""
        self.found: dict[str, Any] = {}
        self.renewed = time.monotonic()
        self.left = budgets.seconds_left(study)
        self.started = time.monotonic()
        self.auto = lane.auto

    def measure(self, spec: ProblemSpec) -> Told | None:
        if self.auto is None:
            return self._measured(spec, None)
        with tempfile.TemporaryDirectory(prefix="held-") as folder:
            kept = Path(folder) / held.NAME
            told = self._measured(spec, kept)
            if told is not None and told.state == TrialState.COMPLETE and kept.exists():
                patiently(lambda: actions.keep_held_out(self.trial, kept))
            return told

    def _measured(self, spec: ProblemSpec, kept: Path | None) -> Told | None:
        """With `kept` the predictions for the rows of each fold so far are written there."""
        self.kind = spec.kind
        limits = Limits(self.study.trial_seconds, self.study.trial_memory_mb)
        look = self.auto is not None and self.trial.number < planning.LOOKS
        piece = {"params": self.trial.params or {}, "kept": str(kept or ""), "look": look}
        fork = self.lane.fork(self.study, spec)
        ended = fork.run(piece, limits=limits, hear=self._hear, tick=self._tick)
        if ended.output:
            self.lane.context.log(f"Trial {self.trial.number} printed: {ended.output[-500:]}")
        if ended.reason == CANCELLED:
            patiently(lambda: actions.release_trial(self.trial))
            raise JobCancelled
        return None if ended.reason == LOST else self._told(ended)

    def _hear(self, message: dict[str, Any]) -> str | None:
        if message["step"] != trial_fork.LOOK:
            self.found = message
        if self.study.pruner == "none":
            return None
        value = message["metrics"].get(logged(self.kind, self.study.objectives[0]["metric"]))
        if value is None or message["last"]:
            return None
        return PRUNED if self._report(message["step"], value) else None

    def _report(self, step: int, value: float) -> bool:
        self.renewed = time.monotonic()
        return patiently(
            lambda: actions.report_trial(self.study, self.trial, step, value, lease_seconds=self.lane.lease)
        )

    def _tick(self) -> str | None:
        if self.lane.context.cancelled():
            return CANCELLED
        if self.left is not None and time.monotonic() - self.started > self.left:
            return TIME_UP
        if time.monotonic() - self.renewed < self.lane.lease / 3:
            return None
        self.renewed = time.monotonic()
        kept = patiently(lambda: actions.renew_trial(self.trial, lease_seconds=self.lane.lease))
        return None if kept else LOST

    def _told(self, ended: Ended) -> Told:
        used = Usage(
            seconds=ended.seconds, cpu_seconds=ended.cpu_seconds, peak_memory_mb=ended.peak_memory_mb
        )
        metrics = self.found.get("metrics", {})
        if self.auto is not None and ended.reason not in ("", PRUNED) and metrics:
            told = self._complete(metrics, ended, used)
            folds = "1 fold" if self.found["step"] == 1 else f"{self.found['step']} folds"
            return replace(told, error=f"{ended.reason} Measured on {folds}.")
        if ended.reason in (PRUNED, TIME_UP):
            why = "" if ended.reason == PRUNED else TIME_UP
            return Told(TrialState.PRUNED, metrics=metrics, error=why, **used)
        if ended.problem:
            return Told(TrialState.FAILED, metrics=metrics, error=ended.problem, **used)
        return self._complete(metrics, ended, used)

    def _complete(self, metrics: dict[str, float], ended: Ended, used: Usage) -> Told:
        values = [self._value(one["metric"], metrics, ended) for one in self.study.objectives]
        known = [value for value in values if value is not None]
        if len(known) < len(values):
            missing = self.study.objectives[values.index(None)]["metric"]
            return Told(
                TrialState.FAILED,
                metrics=metrics,
                error=f"{self._title(missing)} is not defined on the held-out rows.",
                **used,
            )
        return Told(TrialState.COMPLETE, tuple(known), metrics, **used)

    def _title(self, name: str) -> str:
        known = METRICS.get(self.kind, {})
        return known[name].title if name in known else name

    def _value(self, name: str, metrics: dict[str, float], ended: Ended) -> float | None:
        return ended.cpu_seconds if name == CPU_SECONDS else metrics.get(logged(self.kind, name))


def _line(told: Told) -> str:
    if told.values:
        return ", ".join(f"{value:.5g}" for value in told.values)
    return told.error[:200] or told.state.lower()
