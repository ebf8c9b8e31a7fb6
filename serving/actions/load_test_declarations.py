"""Checks what a load test declares before its start. Called by `start_load_test`."""

import math
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from mlregistry.errors import Conflict, Invalid
from mlregistry.loadtests.plans import QUANTILES
from mlregistry.loadtests.searching import MOST_STEPS
from serving.models import Endpoint, Variant

SHAPES = ("constant", "closed", "search")
ROWS = ("auto", "log", "generated")
SECONDS = (1.0, 600.0)
STEP_SECONDS = (1.0, 60.0)  # of each rate of a search
WARM_UP = (1.0, 60.0)  # the processes hear of the test's token meanwhile
MOST_CONNECTIONS = 256
MOST_ROWS = 1_000
LEAST_LATENCY = 0.0001


@dataclass(frozen=True)
class Declaration:
    """What somebody wants to measure. `constant`: `rate` requests a second; `closed`: as many as `connections` get
    through; `search`: the highest rate within the goal, with `seconds` at each. A goal is optional but for a search.

    `variant` "" asks as the traffic is split. `kept` puts the answers into the prediction log.
    """

    shape: str = "constant"
    seconds: float = 20.0
    rate: float = 100.0
    connections: int = 16
    warm_up_seconds: float = 2.0
    variant: str = ""
    rows: str = "auto"
    n_rows: int = 1
    kept: bool = False
    goal_seconds: float | None = None
    goal_quantile: str = "p99"
    goal_errors: float = 0.0
    goal_rate: float = 0.0


def checked(endpoint: Endpoint, wanted: Declaration) -> tuple[Variant, dict[str, Any]]:
    """The variant that is asked (that with most traffic when none is named), and what the row keeps."""
    if not settings.LOAD_TEST_RATE:
        raise Invalid(
            "The operator has switched load tests off (MLREGISTRY_LOAD_TEST_RATE=0).", field="shape"
        )
    _one_of(wanted.shape, SHAPES, "shape")
    _one_of(wanted.rows, ROWS, "rows")
    _one_of(wanted.goal_quantile, tuple(QUANTILES), "goal_quantile")
    _within(wanted.seconds, STEP_SECONDS if wanted.shape == "search" else SECONDS, "seconds")
    _within(wanted.warm_up_seconds, WARM_UP, "warm_up_seconds")
    _within(wanted.connections, (1, MOST_CONNECTIONS), "connections")
    _within(wanted.n_rows, (1, MOST_ROWS), "n_rows")
    _within(wanted.goal_errors, (0.0, 1.0), "goal_errors")
    _within(wanted.goal_rate, (0.0, settings.LOAD_TEST_RATE), "goal_rate")
    if wanted.shape == "constant":
        _within(wanted.rate, (0.1, settings.LOAD_TEST_RATE), "rate")
    if wanted.goal_seconds is not None:
        _within(wanted.goal_seconds, (LEAST_LATENCY, 60.0), "goal_seconds")
    elif wanted.shape == "search":
        raise Invalid("A search needs a latency goal, such as 0.05 seconds.", field="goal_seconds")
    return _variant(endpoint, wanted), {**vars(wanted), "kept": wanted.kept and endpoint.log_mode != "off"}


def longest_seconds(declared: dict[str, Any]) -> float:
    """How long it may take at most, with a minute to get ready."""
    one: float = declared["seconds"] + declared["warm_up_seconds"] + 12
    return 60 + one * (MOST_STEPS + 1 if declared["shape"] == "search" else 1)


def _variant(endpoint: Endpoint, wanted: Declaration) -> Variant:
    rows = list(endpoint.variants.all())
    if not rows:
        raise Conflict(f"“{endpoint.name}” serves no version yet: give it a variant first.", field="variant")
    if not wanted.variant:
        return max(rows, key=lambda row: row.weight)
    found = next((row for row in rows if row.name == wanted.variant), None)
    if found is None:
        raise Invalid(f"“{endpoint.name}” has no variant “{wanted.variant[:60]}”.", field="variant")
    if not found.weight:
        raise Invalid(f"“{found.name}” gets no traffic: give it a weight above 0 first.", field="variant")
    return found


def _one_of(value: str, known: tuple[str, ...], field: str) -> None:
    if value not in known:
        raise Invalid(f"{field} must be one of {', '.join(known)}.", field=field)


def _within(value: float, bounds: tuple[float, float], field: str) -> None:
    if not math.isfinite(value) or not bounds[0] <= value <= bounds[1]:
        raise Invalid(f"{field} must lie between {bounds[0]:g} and {bounds[1]:g}.", field=field)
