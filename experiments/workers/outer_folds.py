"""Repeats a search in one outer fold and scores its winner on the held-out rows; named in settings.JOB_KINDS.

Like a lane it fits in forks only. The trials stay in memory: a worker that dies has its fold searched again.
"""

import contextlib
import time
from collections.abc import Callable
from typing import Any

from experiments.actions import outer_folds as actions
from experiments.actions.outer_folds import Found
from experiments.models import OuterFold, Study, TrialState
from experiments.queries import trials as trial_queries
from experiments.queries.datasets import local_paths
from experiments.queries.problems import spec_of
from mlregistry.errors import Invalid, MlregistryError
from mlregistry.jobs.context import JobCancelled, JobContext
from mlregistry.jobs.forked import Ended, Fork, Limits, Send
from mlregistry.ml import metrics, tables
from mlregistry.ml.recipes import parse as parse_recipe
from mlregistry.ml.search import measuring, outer, pruning, sampling
from mlregistry.ml.search.outer import Outer
from mlregistry.ml.search.plan import logged
from mlregistry.ml.search.sampling import COMPLETE, PRUNED, Past

from . import trial_fork

CANCELLED = "cancelled"
PRUNE = "pruned"


def search_fold(context: JobContext, *, study_id: int, number: int) -> dict[str, Any]:
    """Search the fold and keep its score; one that has it is left as it is."""
    rows = Study.objects.select_related("problem", "dataset_version")
    study = rows.filter(pk=study_id).first()
    if study is None or OuterFold.objects.filter(study=study, number=number, score__isnull=False).exists():
        return {}
    started = time.monotonic()
    try:
        with contextlib.closing(Fold(context, study, number)) as fold:
            found = fold.searched()
    except MlregistryError as error:
        found = Found(0, time.monotonic() - started, error=error.message)
    actions.keep(study_id, number, found)
    if found.error:
        raise Invalid(found.error)
    return {"score": found.score, "n_trials": found.n_trials}


class Fold:
    """One outer fold under way; `past` are its trials that can tell something."""

    def __init__(self, context: JobContext, study: Study, number: int) -> None:
        if study.problem is None or study.dataset_version is None:
            raise Invalid("The problem or the dataset version of the study was deleted.")
        self.context, self.study = context, study
        self.outer = Outer(study.outer_folds, number)
        self.spec = spec_of(study.problem)
        with local_paths(study.dataset_version) as paths:
            self.frame = tables.load(paths)
        self.space = trial_queries.space_of(study)
        self.metric = study.objectives[0]["metric"]
        self.sign = 1 if study.directions[0] == "maximize" else -1
        self.past: list[Past] = []
        self.best: Past | None = None
        self.n_since_best = self.n_tried = 0
        self.threads = trial_fork.Threads(1)
        self.fork = Fork(self._in_fork)

    def close(self) -> None:
        self.fork.close()

    def searched(self) -> Found:
        """As many trials as the study had, within its minutes and its patience; then the winner's score."""
        started = time.monotonic()
        ended = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAILED)
        n_trials = self.study.trials.filter(state__in=ended).count()
        for number in range(n_trials):
            late = self.study.max_seconds and time.monotonic() - started > self.study.max_seconds
            if late or (self.study.patience and self.n_since_best >= self.study.patience):
                break
            self.context.report(0.95 * number / n_trials, f"Trial {number + 1} of {n_trials}")
            self._try(number)
        if self.best is None:
            raise Invalid("Not one trial of this outer fold could be measured.")
        self.context.report(0.95, "Scoring the winner on the held-out rows")
        scored = self._scored(self.best.params)
        return Found(
            self.n_tried,
            time.monotonic() - started,
            self.best.params,
            self.best.values[0],
            scored["score"],
            scored["held_share"],
        )

    def _try(self, number: int) -> None:
        study, own = self.study, dict[int, float]()
        self.n_tried += 1
        proposal = sampling.propose(
            self.space,
            study.sampler,
            seed=sampling.mixed(study.seed, -1 - self.outer.number),
            number=number,
            directions=study.directions,
            past=self.past,
        )
        others = [one.intermediate for one in self.past]

        def hear(message: dict[str, Any]) -> str | None:
            if message["value"] is None:
                return None
            own[message["step"]] = message["value"]
            prune = pruning.should_prune(study.pruner, own, others, direction=study.directions[0])
            return PRUNE if prune and not message["last"] else None

        ended = self._forked({"params": proposal.params, "scored": False}, hear)
        if ended.problem and ended.reason != PRUNE:
            self.context.log(f"Trial {number}: {ended.problem}")
        elif own:
            self._count(proposal, own, pruned=ended.reason == PRUNE)

    def _count(self, proposal: sampling.Proposal, own: dict[int, float], *, pruned: bool) -> None:
        value = own[max(own)]
        values = () if pruned else (value,)
        told = Past(PRUNED if pruned else COMPLETE, proposal.params, values, own, proposal.system_attrs)
        self.past.append(told)
        self.n_since_best += 1
        if not pruned and (self.best is None or self.sign * value > self.sign * self.best.values[0]):
            self.best, self.n_since_best = told, 0

    def _in_fork(self, piece: dict[str, Any], send: Send) -> None:
        """Measure the steps of a trial, or score its recipe on the rows of the outer fold."""
        self.threads.limit()
        recipe = parse_recipe(trial_queries.recipe_of(self.study, piece["params"]), kind=self.spec.kind)
        if piece["scored"]:
            found = outer.score(self.spec, recipe, self.frame, self.outer)
            send({"score": found.metrics.get(self.metric), "held_share": found.held_share})
            return
        shares = self.study.shares if self.study.pruner != "none" else []
        for step in measuring.measure(self.spec, recipe, self.frame, shares, outer=self.outer):
            value = step.metrics.get(logged(self.spec.kind, self.metric))
            send({"step": step.number, "value": value, "last": step.is_last})

    def _scored(self, params: dict[str, Any]) -> dict[str, float]:
        heard: dict[str, Any] = {}

        def hear(message: dict[str, Any]) -> str | None:
            heard.update(message)
            return None

        ended = self._forked({"params": params, "scored": True}, hear)
        if ended.problem or heard.get("score") is None:
            title = metrics.metric(self.spec.kind, self.metric).title
            raise Invalid(ended.problem or f"{title} is not defined on the held-out rows of this fold.")
        return heard

    def _forked(self, piece: dict[str, Any], hear: Callable[[dict[str, Any]], str | None]) -> Ended:
        limits = Limits(self.study.trial_seconds, self.study.trial_memory_mb)
        tick = lambda: CANCELLED if self.context.cancelled() else None  # noqa: E731  # handed on as it is
        ended = self.fork.run(piece, limits=limits, hear=hear, tick=tick)
        if ended.reason == CANCELLED:
            raise JobCancelled
        return ended
