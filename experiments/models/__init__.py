"""From the question to the evidence: problems, datasets, experiments, runs."""

from .artifacts import Artifact
from .datasets import Dataset, DatasetPart, DatasetVersion
from .experiments import Experiment, Lifecycle
from .inputs import InputDataset, ModelRole, RunInput, RunModel
from .logged_models import LoggedModel, LoggedModelMetric, LoggedModelStatus, model_key
from .measurements import Curve, LatestMetric, MetricChunk, MetricPoint, Param, RunTag
from .problems import Problem
from .purged import PurgedRun
from .runs import LIVE, Run, RunStatus
from .sources import DataSource, SourceState, StagedRow

__all__ = [
    "LIVE",
    "Artifact", "Curve", "DataSource", "Dataset", "DatasetPart", "DatasetVersion", "Experiment", "InputDataset",
    "LatestMetric", "Lifecycle", "LoggedModel", "LoggedModelMetric", "LoggedModelStatus", "MetricChunk", "MetricPoint",
    "ModelRole", "Param", "Problem", "PurgedRun", "Run", "RunInput", "RunModel", "RunStatus", "RunTag", "SourceState",
    "StagedRow", "model_key",
]  # fmt: skip
