"""Endpoints, what they answered, and what turned out to be true."""

from .endpoints import Endpoint, RoutingEpoch, Variant
from .predictions import Feedback, Prediction

__all__ = ["Endpoint", "Feedback", "Prediction", "RoutingEpoch", "Variant"]
