"""Filters and orders as text: parsed here into a tree, turned into queries by the search actions.

The grammar is MLflow's, and around it OR, NOT, parentheses, lists, regular expressions and aggregates.
"""

from mlregistry.lib.filter_expr.grammars import (
    EXPERIMENTS,
    LOGGED_MODELS,
    MODEL_VERSIONS,
    REGISTERED_MODELS,
    RUNS,
    Attribute,
    Grammar,
)
from mlregistry.lib.filter_expr.nodes import And, Comparison, Expression, Not, Or, Order
from mlregistry.lib.filter_expr.orders import parse_order
from mlregistry.lib.filter_expr.parser import parse

__all__ = [
    "EXPERIMENTS",
    "LOGGED_MODELS",
    "MODEL_VERSIONS",
    "REGISTERED_MODELS",
    "RUNS",
    "And",
    "Attribute",
    "Comparison",
    "Expression",
    "Grammar",
    "Not",
    "Or",
    "Order",
    "parse",
    "parse_order",
]
