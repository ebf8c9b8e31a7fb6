"""From the question to the evidence: problems, datasets, experiments, runs."""

from .artifacts import Artifact
from .auto_trainings import AutoTraining
from .contracts import CheckState, ContractCheck, DataContract, QualityAlert, VersionComparison
from .curve_rollups import CurveRollup
from .datasets import Dataset, DatasetPart, DatasetVersion
from .evaluations import Evaluation, TestUse
from .experiments import Experiment, Lifecycle
from .inputs import InputDataset, ModelRole, RunInput, RunModel
from .logged_models import LoggedModel, LoggedModelMetric, LoggedModelStatus, model_key
from .measurements import Curve, LatestMetric, MetricChunk, MetricPoint, Param, RunTag
from .outer_folds import OuterFold
from .problems import Problem
from .profiles import DatasetProfile, Depth
from .provenance import Provenance
from .purged import PurgedRun
from .recipes import Recipe, RecipeVersion
from .run_rules import RunEvent, RunRule, RunTelling
from .run_views import RunView
from .runs import LIVE, Run, RunStatus
from .selections import SelectionStudy
from .sources import DataSource, SourceState, StagedRow
from .studies import OPEN_STUDY, Study, StudyLane, StudyState, Trial, TrialState
from .trainers import Trainer
from .training_schedules import TrainingSchedule

__all__ = [
    "LIVE", "OPEN_STUDY", "Artifact", "AutoTraining", "CheckState", "ContractCheck", "Curve", "CurveRollup",
    "DataContract", "DataSource", "Dataset", "DatasetPart", "DatasetProfile", "DatasetVersion", "Depth", "Evaluation",
    "Experiment", "InputDataset",
    "LatestMetric", "Lifecycle", "LoggedModel", "LoggedModelMetric", "LoggedModelStatus", "MetricChunk",
    "MetricPoint", "ModelRole", "OuterFold", "Param", "Problem", "Provenance", "PurgedRun", "QualityAlert", "Recipe",
    "RecipeVersion", "Run", "RunEvent", "RunInput", "RunModel", "RunRule", "RunStatus", "RunTag", "RunTelling",
    "RunView",
    "SelectionStudy", "SourceState", "StagedRow",
    "Study", "StudyLane", "StudyState", "TestUse", "Trainer", "TrainingSchedule", "Trial", "TrialState",
    "VersionComparison", "model_key",
]  # fmt: skip
