"""Endpoints, what they answered, and what turned out to be true."""

from .counts import AnswerCount
from .endpoints import Endpoint, RoutingEpoch, Variant
from .predictions import Feedback, Prediction

__all__ = ["AnswerCount", "Endpoint", "Feedback", "Prediction", "RoutingEpoch", "Variant"]
