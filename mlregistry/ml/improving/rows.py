"""The rows of an improvement study: those that are searched, their folds, and those held out. Called by the study."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from mlregistry.ml import metrics, splits, training_steps
from mlregistry.ml.comparing.paired import Estimate, estimate
from mlregistry.ml.improving.plan import Plan
from mlregistry.ml.metrics import MAXIMIZE
from mlregistry.ml.recipes import Split
from mlregistry.ml.supervised import table
from mlregistry.ml.supervised.folding import folds
from mlregistry.ml.supervised.table import Report, Work

Array = npt.NDArray[Any]
Clock = Callable[[], float]
MOST_ROWS = 50_000


@dataclass
class Bench:
    """What all that is tried shares: the folds of the searched rows, the rows held out, the clock, the base scores."""

    work: Work
    plan: Plan
    report: Report
    clock: Clock
    began: float
    searched: Array
    held: Array
    parts: list[tuple[Array, Array]]
    n_steps: int
    base: list[float] = field(default_factory=list)
    n_done: int = 0

    @property
    def gain(self) -> float:
        chosen = metrics.metric(self.work.spec.kind, self.work.spec.primary_metric)
        return 1.0 if chosen.direction == MAXIMIZE else -1.0

    @property
    def held_share(self) -> float:
        """Held-out rows per fitted row, as the corrected interval asks for it."""
        return float(np.mean([len(outside) / len(inside) for inside, outside in self.parts]))

    def has_time(self, share: float = 1.0) -> bool:
        return self.clock() - self.began < 60 * self.plan.minutes * share

    def tell(self, text: str) -> None:
        """By what is done or by the time that is used up, whichever is nearer to the end."""
        used = (self.clock() - self.began) / (60 * self.plan.minutes)
        self.report(0.02 + 0.9 * min(1.0, max(self.n_done / self.n_steps, used)), text)
        self.n_done += 1

    def difference(self, scores: Sequence[float]) -> Estimate:
        """To the unchanged recipe, positive for the better."""
        pairs = zip(scores, self.base, strict=True)
        return estimate([self.gain * (score - base) for score, base in pairs], self.held_share)


def bench(work: Work, plan: Plan, report: Report, clock: Clock, began: float, n_proposals: int) -> Bench:
    """Parts the training rows of the recipe once more, as it parts the table: by time, by group or by chance."""
    rows = table.part(work).train
    if len(rows) > MOST_ROWS:
        work.warnings.append(f"A random sample of {MOST_ROWS:,} of {len(rows):,} training rows was studied.")
        chance = np.random.default_rng(work.recipe.seed)
        rows = np.sort(chance.choice(rows, MOST_ROWS, replace=False))
    searched, held = _parted(work, rows, plan)
    repeats = 1 if work.recipe.split.method == "by_time" else plan.repeats
    parts = list(folds(work, searched, n_folds=plan.folds, repeats=repeats))
    n_steps = len(parts) * (2 + 2 * n_proposals)
    return Bench(work, plan, report, clock, began, searched, held, parts, n_steps)


def _parted(work: Work, rows: Array, plan: Plan) -> tuple[Array, Array]:
    split, frame = work.recipe.split, work.frame
    order, groups = training_steps.order_of(frame, split), training_steps.groups_of(frame, split)
    method = "by_time" if order is not None else "train_test"
    wanted = replace(
        Split(), method=method, test_fraction=plan.held_out, stratify=split.stratify, gap=split.gap
    )
    parts = splits.split(
        work.target[rows],
        wanted,
        classes=bool(work.classes),
        seed=(work.recipe.seed + 1) % 2**32,
        order=None if order is None else order[rows],
        groups=None if groups is None else np.unique(groups[rows], return_inverse=True)[1],
    )
    return rows[parts.train], rows[parts.test]
