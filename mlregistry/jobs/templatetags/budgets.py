"""The team's budget for templates that warn of it, and sums of money."""

from typing import Any

from django import template
from django.conf import settings

from mlregistry.jobs import spending

register = template.Library()


@register.simple_tag(takes_context=True)
def budget_standing(context: template.Context) -> spending.Standing | None:
    """How the team of the page stands with its budget; None without one."""
    team: Any = context.get("team")
    return spending.standing(team) if team else None


@register.filter
def hours(amount: float | None) -> str:
    """Two digits after the point; what rounds to nothing is not nothing."""
    if amount is None:
        return "–"
    return "< 0.01" if 0 < amount < 0.005 else f"{amount:,.2f}"


@register.filter
def work(kind: str) -> str:
    """The kind of a job in words: models_app.test_version → test version."""
    return kind.rpartition(".")[2].replace("_", " ")


@register.filter
def money(amount: float | None) -> str:
    """1.25 EUR; what is not nothing but less than a cent is said so."""
    if amount is None:
        return "–"
    text = "under 0.01" if 0 < amount < 0.01 else f"{amount:,.2f}"
    return f"{text} {settings.PRICES.currency}".strip()
