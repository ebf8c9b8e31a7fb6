"""Set what a team may spend on jobs in a month. Called by the page and the API; the admin sets what is granted."""

import math

from django.db import transaction
from django.utils import timezone

from mlregistry.accounts import audit
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.jobs.models import Budget

MOST = 1e9


def set_budget(*, money: float | None, cpu_hours: float | None, by: Actor) -> Budget | None:
    """Money, processor hours or both; None limits nothing of its own. The budget, or None when nothing is limited.

    Invalid above what the operator grants the team.
    """
    by.require(Role.OWNER)
    wanted = {"money": _checked(money, "money"), "cpu_hours": _checked(cpu_hours, "cpu_hours")}
    with transaction.atomic():
        known = Budget.objects.select_for_update().filter(team=by.team).first()
        _check_granted(known, wanted)
        audit.record(by, "budget.set", by.team, **wanted)
        if money is None and cpu_hours is None and not (known and known.is_granted):
            Budget.objects.filter(team=by.team).delete()
            return None
        changed = {"changed_by": by.user, "changed_at": timezone.now()}
        budget, _ = Budget.objects.update_or_create(team=by.team, defaults=wanted | changed)
    return budget


def _check_granted(known: Budget | None, wanted: dict[str, float | None]) -> None:
    for field, value in wanted.items():
        most = getattr(known, f"most_{field}", None)
        if value is not None and most is not None and value > most:
            raise Invalid(f"The operator of this server grants the team at most {most:,g}.", field=field)


def _checked(value: float | None, field: str) -> float | None:
    if value is None:
        return None
    if not math.isfinite(value):
        raise Invalid(f"{field} must be a number.", field=field)
    if not 0 <= value <= MOST:
        raise Invalid(f"{field} must be from 0 to {MOST:,.0f}.", field=field)
    return float(value)
