"""From the question to the evidence: problems, datasets, experiments, runs."""

from .datasets import Dataset, DatasetVersion
from .experiments import Experiment, Lifecycle
from .measurements import Curve, LatestMetric, MetricPoint, Param, RunTag
from .problems import Problem
from .run_artifacts import RunArtifact
from .runs import LIVE, Run, RunStatus

__all__ = [
    "LIVE",
    "Curve", "Dataset", "DatasetVersion", "Experiment", "LatestMetric", "Lifecycle", "MetricPoint",
    "Param", "Problem", "Run", "RunArtifact", "RunStatus", "RunTag",
]  # fmt: skip
