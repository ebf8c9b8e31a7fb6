"""Endpoints, what they answered, and what turned out to be true."""

from .abtests import AbTest, AbTestLook, AbTestState, AbTestStep, Mode
from .alerts import AlertEvent, AlertRule, AlertState, Comparison
from .batches import Batch
from .counts import AnswerCount
from .endpoints import Endpoint, RoutingEpoch, Variant
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
from .shadows import Shadow, ShadowAnswer
from .workers import ServingWorker

__all__ = [
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
    "DriftVerdict",
    "DriftWatch",
    "Endpoint",
    "EndpointReading",
    "Feedback",
    "LoadTest",
    "LogCount",
    "Mode",
    "Prediction",
    "ProcessLoad",
    "RoutingEpoch",
    "ServingWorker",
    "Shadow",
    "ShadowAnswer",
    "Span",
    "UncountedPredictions",
    "UnitFeedback",
    "Variant",
    "Verdict",
]
