"""What a training leaves behind, whatever the kind of problem. Filled by the trainers, kept by the training job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlregistry.ml.signature import Signature


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
