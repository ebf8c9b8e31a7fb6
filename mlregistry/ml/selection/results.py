"""What a study found, as frozen values and as JSON. Made by the study, kept by the job, read by the pages."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from mlregistry.ml.comparing.paired import Estimate

ALL = "all"
BETTER, WORSE, NO_DIFFERENCE = "better", "worse", "no difference shown"


@dataclass(frozen=True)
class Row:
    """One method with one number of features (None: its own choice), measured in every fold.

    `difference` is to all features, positive for the better; `features` are chosen on all rows, `kept` counts the
    folds that chose each; seconds are of selecting and fitting in all folds.
    """

    method: str
    n_features: int | None
    score: Estimate
    folds: list[float]
    n_kept: list[int]
    features: list[str]
    kept: dict[str, int]
    difference: Estimate | None = None
    p: float | None = None
    verdict: str = ""
    jaccard: float | None = None
    kuncheva: float | None = None
    seconds: float = 0.0

    @property
    def size(self) -> int:
        """How many features it comes to on all rows (components, for a method that keeps none)."""
        return len(self.features) or self.n_kept[-1]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Advice:
    """One sentence, and the row to take (both None when all features are to stay)."""

    text: str
    method: str | None = None
    n_features: int | None = None
    size: int | None = None


@dataclass(frozen=True)
class Result:
    """`scores`: method → feature → mean and deviation over the folds; correlation and pca describe all rows."""

    metric: str
    metric_title: str
    direction: str
    estimator: str
    n_rows: int
    n_columns: int
    n_folds: int
    features: list[str]
    reference: Row
    baseline: Estimate
    rows: list[Row]
    scores: dict[str, dict[str, list[float]]]
    correlation: dict[str, Any]
    pca: dict[str, Any]
    advice: Advice
    warnings: list[str]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
