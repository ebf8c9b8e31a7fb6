"""What a training leaves behind, whatever the kind of problem. Filled by the trainers, kept by the training job."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt
import pandas as pd

from mlregistry.ml.signature import Signature

Told = Callable[[Mapping[str, float], str], None]
"""Is told the metrics as soon as they are known, and the digest of the test rows where there is one."""


def nobody(measured: Mapping[str, float], test_digest: str) -> None:
    """The one to tell where nobody waits."""


@dataclass(frozen=True)
class TrainingResult:
    """The fitted pipeline or recommender (of the training rows) with everything a run records about it."""

    pipeline: Any
    metrics: dict[str, float]
    curves: dict[str, dict[str, Any]]
    signature: Signature
    n_rows: dict[str, int]
    input_example: list[dict[str, Any]]
    warnings: list[str]
    seconds: dict[str, float]
    evaluation: dict[str, Any] = field(default_factory=dict)
    """JSON: digest of the test rows, intervals of the test metrics, metrics of each fold, slices, adjustments."""
    replicates: npt.NDArray[Any] | None = None
    """The primary metric on the resamples of the test rows, to be paired with another run's."""
    predictions: pd.DataFrame | None = None
    """Per test row: its number in the table, truth, prediction, probabilities or quantiles."""
    split_digest: str = ""
    """Of the numbers that the rows of training, validation and test have in the table."""
