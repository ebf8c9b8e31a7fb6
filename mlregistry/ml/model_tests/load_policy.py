"""What a model's gate asks of load tests: checked as people give it, and held against what one measured."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mlregistry.errors import Invalid
from mlregistry.loadtests import plans

QUANTILES = tuple(plans.QUANTILES)
QUANTILE = "p99"
LARGEST = {"ms": 60_000.0, "rate": 1_000_000.0}
FIELDS = frozenset({*LARGEST, "quantile"})


def parse(given: Any) -> dict[str, Any] | None:
    """None asks for nothing, {} for any goal that was kept, `ms` (at `quantile`) and `rate` for no less than these."""
    if given is None:
        return None
    unknown = set(map(str, given)) - FIELDS if isinstance(given, Mapping) else {"?"}
    if unknown or not isinstance(given, Mapping):
        word = f"; it has no field “{min(unknown)[:60]}”" if isinstance(given, Mapping) else ""
        raise Invalid(
            f'load_test is null or an object such as {{"ms": 50, "quantile": "p99", "rate": 100}}{word}.',
            field="load_test",
        )
    quantile = QUANTILE if given.get("quantile") is None else given["quantile"]
    if quantile not in QUANTILES:
        raise Invalid(f"The quantile of load_test is one of {', '.join(QUANTILES)}.", field="load_test")
    found: dict[str, Any] = {
        name: _number(given[name], name) for name in LARGEST if given.get(name) is not None
    }
    return {**found, "quantile": quantile} if "ms" in found else found


def shortfalls(wanted: Mapping[str, Any], figures: Mapping[str, Any]) -> list[str]:
    """Why figures (quantiles in seconds, `rate` in right answers a second) are not enough; empty when they are."""
    reasons, quantile = [], str(wanted.get("quantile", QUANTILE))
    latency, rate = figures.get(quantile), figures.get("rate") or 0.0
    if "ms" in wanted and (latency is None or 1000 * latency > wanted["ms"]):
        told = "unknown" if latency is None else f"{1000 * latency:,.3g} ms"
        reasons.append(f"{quantile} is {told}, the gate allows {wanted['ms']:,.3g} ms.")
    if "rate" in wanted and rate + 1e-9 < wanted["rate"]:
        reasons.append(
            f"It was measured at {rate:,.3g} answers a second, the gate asks for {wanted['rate']:,.3g}."
        )
    return reasons


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Invalid(f"{name} of load_test is a number.", field="load_test")
    if not 0 < value <= LARGEST[name]:
        raise Invalid(
            f"{name} of load_test lies above 0 and is at most {LARGEST[name]:,.0f}.", field="load_test"
        )
    return float(value)
