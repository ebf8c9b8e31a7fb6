"""What the outer folds of a nested search found so far, and what they will take. Called by the doors of studies."""

from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING, Any

from django.db.models import Avg

from experiments.models import OuterFold, Study, Trial
from mlregistry.lib.lazily import lazily

if TYPE_CHECKING:
    from mlregistry.ml.comparing import paired
else:
    paired = lazily("mlregistry.ml.comparing.paired")


@dataclass(frozen=True)
class Honest:
    """`estimate` is there from two scores on; `inner` is the mean that the searches promised themselves."""

    n_folds: int
    folds: list[OuterFold] = field(default_factory=list)
    estimate: dict[str, Any] | None = None
    inner: float | None = None
    expected_seconds: float | None = None

    @property
    def n_scored(self) -> int:
        return sum(fold.score is not None for fold in self.folds)

    @property
    def is_live(self) -> bool:
        return any(fold.job is not None and fold.job.is_live for fold in self.folds)


def of_study(study: Study) -> Honest | None:
    """None for a study without outer folds."""
    if not study.outer_folds:
        return None
    folds = list(OuterFold.objects.filter(study=study).select_related("job").order_by("number"))
    scored = [fold for fold in folds if fold.score is not None]
    estimate = None
    if len(scored) > 1:
        held = fmean(fold.held_share or 0.0 for fold in scored)
        estimate = paired.estimate([fold.score or 0.0 for fold in scored], held).to_json()
    inner = [fold.inner_value for fold in scored if fold.inner_value is not None]
    return Honest(
        study.outer_folds,
        folds,
        estimate,
        fmean(inner) if inner else None,
        None if folds else _expected(study),
    )


def _expected(study: Study) -> float | None:
    """By the trials so far: as many again in each fold, on the fitted rows of the fold, one fold after the other."""
    mean = Trial.objects.filter(study=study, seconds__isnull=False).aggregate(mean=Avg("seconds"))["mean"]
    share = (study.outer_folds - 1) / study.outer_folds
    return None if mean is None else mean * share * study.max_trials * study.outer_folds
