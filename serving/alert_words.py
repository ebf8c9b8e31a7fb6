"""What alerts say: a figure with its unit, a rule in a sentence, a message for one or many. For actions and pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from serving.alerting import Telling
from serving.models import AlertEvent, AlertRule
from serving.queries.alert_figures import figures

RANK = {"info": 0, "warning": 1, "critical": 2}
FIRST_LINES = 20
UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


@dataclass(frozen=True)
class Told:
    """One rule's news, for a message."""

    rule: AlertRule
    event: AlertEvent
    telling: Telling


def shown(rule: AlertRule, value: float | None) -> str:
    """Such as 12.3 %, 45 ms, 17 or 0.8312; “nothing” for none."""
    if value is None:
        return "nothing"
    figure = figures().get(rule.figure)
    unit = figure.unit if figure else ""
    if unit == "share":
        return f"{100 * value:.4g} %"
    if unit == "seconds":
        return f"{1000 * value:.4g} ms" if value < 1 else f"{value:.4g} s"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.4g}"


def title_of(rule: AlertRule) -> str:
    """The figure, with its column where it has one."""
    figure = figures().get(rule.figure)
    title = figure.title if figure else rule.figure
    return f"{title} of {rule.column}" if rule.column else title


def span(seconds: int) -> str:
    """5 minutes, 1 hour, 90 seconds."""
    size, unit = next((size, unit) for size, unit in UNITS if seconds % size == 0)
    n = seconds // size
    return f"{n} {unit}{'' if n == 1 else 's'}"


def condition(rule: AlertRule) -> str:
    """Such as: Error rate (5xx) above 5 % over 5 minutes"""
    return f"{title_of(rule)} {_bound(rule)}"


def sentence(rule: AlertRule, telling: Telling) -> str:
    """What happened to one rule, for those who know which."""
    if telling is Telling.NO_DATA:
        return f"{title_of(rule)}: there is no data. The rule: {_bound(rule)}."
    again = " again" if telling is Telling.RECOVERED else ""
    return f"{title_of(rule)} is {shown(rule, rule.value)}{again}. The rule: {_bound(rule)}."


def _bound(rule: AlertRule) -> str:
    return f"{rule.comparison} {shown(rule, rule.threshold)} over {span(rule.window_seconds)}"


def message(told: Sequence[Told]) -> dict[str, Any]:
    """The arguments of `notify` for one rule or a storm: kind, title, text, severity, link, data."""
    firing = [one for one in told if one.telling is Telling.FIRING]
    troubles = [one.rule.severity for one in told if one.telling is not Telling.RECOVERED]
    worst = max(troubles, key=RANK.__getitem__, default="info")
    kind = firing[0].telling if firing else told[0].telling
    lines = [_line(one, alone=len(told) == 1) for one in told[:FIRST_LINES]]
    if len(told) > FIRST_LINES:
        lines.append(f"… and {len(told) - FIRST_LINES} more.")
    endpoints = {one.rule.endpoint.name for one in told}
    return {
        "kind": f"alert.{kind.value}",
        "title": _title(told),
        "text": "\n".join(lines),
        "severity": worst,
        "link": f"/endpoints/{quote(endpoints.pop(), safe='')}/alerts/"
        if len(endpoints) == 1
        else "/alerts/",
        "data": {"alerts": [_data(one) for one in told]},
    }


def _line(one: Told, *, alone: bool) -> str:
    """The title already names a rule that is alone."""
    words = sentence(one.rule, one.telling)
    return words if alone else f"{one.rule.endpoint.name}: {one.rule.name}: {words}"


def _title(told: Sequence[Told]) -> str:
    if len(told) == 1:
        rule, telling = told[0].rule, told[0].telling
        words = {
            Telling.FIRING: "is firing",
            Telling.RECOVERED: "is well again",
            Telling.NO_DATA: "has no data",
        }
        return f"{rule.endpoint.name}: {rule.name} {words[telling]}"
    counted = [(sum(one.telling is kind for one in told), words) for kind, words in (
        (Telling.FIRING, "firing"), (Telling.NO_DATA, "without data"), (Telling.RECOVERED, "well again"))]  # fmt: skip
    parts = ", ".join(f"{n} {words}" for n, words in counted if n)
    endpoints = sorted({one.rule.endpoint.name for one in told})
    where = endpoints[0] if len(endpoints) == 1 else f"{len(endpoints)} endpoints"
    return f"{len(told)} alerts on {where}: {parts}"


def _data(one: Told) -> dict[str, Any]:
    rule = one.rule
    return {
        "endpoint": rule.endpoint.name,
        "rule": rule.name,
        "rule_id": rule.pk,
        "event": one.telling.value,
        "severity": rule.severity,
        "figure": rule.figure,
        "column": rule.column,
        "comparison": rule.comparison,
        "threshold": rule.threshold,
        "window_seconds": rule.window_seconds,
        "value": rule.value,
        "n_observed": rule.n_observed,
        "at": one.event.at.isoformat(),
    }
