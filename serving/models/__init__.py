"""Endpoints, what they answered, and what turned out to be true."""

from .abtests import AbTest, AbTestLook, AbTestState, AbTestStep, Mode
from .counts import AnswerCount
from .endpoints import Endpoint, RoutingEpoch, Variant
from .load_tests import LoadTest, Verdict
from .predictions import Feedback, Prediction
from .shadows import Shadow, ShadowAnswer

__all__ = [
    "AbTest",
    "AbTestLook",
    "AbTestState",
    "AbTestStep",
    "AnswerCount",
    "Endpoint",
    "Feedback",
    "LoadTest",
    "Mode",
    "Prediction",
    "RoutingEpoch",
    "Shadow",
    "ShadowAnswer",
    "Variant",
    "Verdict",
]
