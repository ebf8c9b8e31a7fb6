"""Endpoints, what they answered, and what turned out to be true."""

from .abtests import AbTest, AbTestLook, AbTestState, AbTestStep, Mode
from .alerts import AlertEvent, AlertRule, AlertState, Comparison
from .batches import Batch
from .counts import AnswerCount
from .endpoint_moves import EndpointMove
from .endpoints import Endpoint, RoutingEpoch, Variant
from .improvements import Improvement
from .load_tests import LoadTest, Verdict
from .logcounts import LogCount
from .monitoring import (
    BaselineState,
    DriftBaseline,
    DriftCheck,
    DriftCount,
    DriftVerdict,
    DriftWatch,
    Span,
    UncountedPredictions,
)
from .predictions import Feedback, Prediction, UnitFeedback
from .process_loads import ProcessLoad
from .readings import EndpointReading
from .reports import EndpointReport, ReportSchedule, Rhythm
from .retraining import (
    OPEN_RETRAINING,
    DriftTrigger,
    GoLive,
    Method,
    Retraining,
    RetrainingPolicy,
    RetrainingState,
    RetrainingStep,
    StepName,
    StepState,
    Trigger,
)
from .shadows import Shadow, ShadowAnswer
from .workers import ServingWorker

__all__ = [
    "OPEN_RETRAINING",
    "AbTest",
    "AbTestLook",
    "AbTestState",
    "AbTestStep",
    "AlertEvent",
    "AlertRule",
    "AlertState",
    "AnswerCount",
    "BaselineState",
    "Batch",
    "Comparison",
    "DriftBaseline",
    "DriftCheck",
    "DriftCount",
    "DriftTrigger",
    "DriftVerdict",
    "DriftWatch",
    "Endpoint",
    "EndpointMove",
    "EndpointReading",
    "EndpointReport",
    "Feedback",
    "GoLive",
    "Improvement",
    "LoadTest",
    "LogCount",
    "Method",
    "Mode",
    "Prediction",
    "ProcessLoad",
    "ReportSchedule",
    "Retraining",
    "RetrainingPolicy",
    "RetrainingState",
    "RetrainingStep",
    "Rhythm",
    "RoutingEpoch",
    "ServingWorker",
    "Shadow",
    "ShadowAnswer",
    "Span",
    "StepName",
    "StepState",
    "Trigger",
    "UncountedPredictions",
    "UnitFeedback",
    "Variant",
    "Verdict",
]
