"""What the pages of alerts show of rules: sentences, figures with their units, and what the form offers."""

from collections.abc import Sequence
from typing import Any

from mlregistry.notices.models import Severity
from serving.alert_words import condition, shown, span
from serving.models import AlertRule, Endpoint
from serving.queries.alert_figures import figures

UNIT_WORDS = {"share": "per cent", "seconds": "milliseconds"}
FACTORS = {"share": 100.0, "seconds": 1000.0}
DEFAULTS: dict[str, Any] = {
    "figure": "error_rate", "comparison": "above", "window_minutes": 5, "fewest": 0, "looks": 2,
    "cooldown_minutes": 60, "severity": "warning", "tells_recovery": True,
}  # fmt: skip


def rows_of(rules: Sequence[AlertRule]) -> list[dict[str, Any]]:
    """One for each line of a table."""
    return [shown_of(rule) for rule in rules]


def shown_of(rule: AlertRule) -> dict[str, Any]:
    figure = figures().get(rule.figure)
    return {
        "rule": rule,
        "condition": condition(rule),
        "value": shown(rule, rule.value) if rule.value is not None else None,
        "counts": figure.counts if figure else "observations",
        "cooldown": span(rule.cooldown_seconds) if rule.cooldown_seconds else "",
        "channels": rule.channels.all(),
    }


def form_of(endpoint: Endpoint, rule: AlertRule | None) -> dict[str, Any]:
    """The choices and values of the form, in the units in which people write."""
    known = figures()
    offered = [
        (one.name, f"{one.title}, in {UNIT_WORDS[one.unit]}" if one.unit in UNIT_WORDS else one.title)
        for one in known.values()
    ]
    return {
        "endpoint": endpoint,
        "rule": rule,
        "values": DEFAULTS if rule is None else _values(rule),
        "figures": offered,
        "with_column": "|".join(one.name for one in known.values() if one.has_column),
        "severities": [(value, value) for value in Severity.values],
        "comparisons": [("above", "rises above"), ("below", "falls below")],
    }


def _values(rule: AlertRule) -> dict[str, Any]:
    figure = figures().get(rule.figure)
    same = (
        "name",
        "figure",
        "column",
        "comparison",
        "fewest",
        "looks",
        "severity",
        "tells_recovery",
        "tells_no_data",
    )
    return {
        **{name: getattr(rule, name) for name in same},
        "threshold": f"{rule.threshold * FACTORS.get(figure.unit if figure else '', 1.0):.10g}",
        "window_minutes": f"{rule.window_seconds / 60:g}",
        "cooldown_minutes": f"{rule.cooldown_seconds / 60:g}",
    }
