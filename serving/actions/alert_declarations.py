"""What an alert rule declares, and what is wrong with it. Called by actions.alert_rules; forms and API fill it in."""

import math
from dataclasses import dataclass, replace
from typing import Any

from mlregistry.errors import Invalid
from mlregistry.lib.names import clean_name
from mlregistry.notices.models import Severity
from serving.models import AlertRule, Comparison, Endpoint
from serving.queries.alert_figures import Figure, figures
from serving.queries.live import live_metric_of

SHORTEST_WINDOW = 60
LARGEST_THRESHOLD = 1e15
BOUNDS = {
    "fewest": (0, 1_000_000_000, "The fewest observations"),
    "looks": (1, 100, "Looks in a row"),
    "cooldown_seconds": (0, 30 * 86_400, "The cool-down in seconds"),
}


@dataclass(frozen=True)
class Declaration:
    """As `models.AlertRule` keeps it; times in seconds, shares from 0 to 1."""

    name: str
    figure: str
    threshold: float
    comparison: str = Comparison.ABOVE
    column: str = ""
    window_seconds: int = 300
    fewest: int = 0
    looks: int = 1
    cooldown_seconds: int = 3600
    severity: str = Severity.WARNING
    tells_recovery: bool = True
    tells_no_data: bool = False


def declaration_of(rule: AlertRule) -> Declaration:
    return Declaration(**{name: getattr(rule, name) for name in Declaration.__dataclass_fields__})


def checked(endpoint: Endpoint, wanted: Declaration) -> Declaration:
    """The same with clean text. Raises Invalid naming the field at fault."""
    figure = _figure(endpoint, wanted)
    for field, choices in (("comparison", Comparison.values), ("severity", Severity.values)):
        if getattr(wanted, field) not in choices:
            raise Invalid(f"{field} must be one of {', '.join(choices)}.", field=field)
    _threshold(figure, wanted.threshold)
    longest = int(figure.longest.total_seconds())
    _within("window_seconds", wanted.window_seconds, SHORTEST_WINDOW, longest, f"The window of {figure.name}")
    for field, (least, most, words) in BOUNDS.items():
        _within(field, getattr(wanted, field), least, most, words)
    name = clean_name(wanted.name, field="name", max_length=100)
    return replace(wanted, name=name, column=_column(figure, wanted.column))


def _figure(endpoint: Endpoint, wanted: Declaration) -> Figure:
    known = figures()
    if wanted.figure not in known:
        raise Invalid(f"figure must be one of {', '.join(known)}.", field="figure")
    if wanted.figure == "live_metric" and live_metric_of(endpoint) is None:
        raise Invalid(
            f"“{endpoint}” belongs to no problem, so it has no live metric. Choose another figure.",
            field="figure",
        )
    return known[wanted.figure]


def _column(figure: Figure, column: str) -> str:
    if figure.has_column:
        return clean_name(column, field="column", max_length=200)
    if column:
        raise Invalid(f"{figure.name} is not about a column; leave it empty.", field="column")
    return ""


def _threshold(figure: Figure, threshold: Any) -> None:
    if not math.isfinite(threshold) or abs(threshold) > LARGEST_THRESHOLD:
        raise Invalid("The threshold must be a finite number up to 1e15.", field="threshold")
    if figure.unit == "share" and not 0 <= threshold <= 1:
        raise Invalid(f"{figure.title} is a share: the threshold lies between 0 and 1.", field="threshold")


def _within(field: str, value: int, least: int, most: int, words: str) -> None:
    if not least <= value <= most:
        raise Invalid(f"{words} must lie between {least:,} and {most:,}.", field=field)
