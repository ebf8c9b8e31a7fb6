"""Budgets held: what a team has used this month, refusing new jobs and stopping those that run once it is used up.

A job counts in the month in which its last attempt began. Called by queue, actions, pages and the scheduler's chores.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Sum
from django.db.models.functions import Now
from django.utils import timezone

from mlregistry.accounts.models import Team
from mlregistry.errors import Conflict

from .models import Budget, Job, State

WARN_AT = 0.8


@dataclass(frozen=True)
class Standing:
    """A team's budget and what it has used of it since the first of the month."""

    team: Team
    budget: Budget
    cost: float
    cpu_hours: float

    @property
    def share(self) -> float:
        """The larger of both shares; a budget of nothing is used up."""
        pairs = ((self.cost, self.budget.limit_of_money), (self.cpu_hours, self.budget.limit_of_cpu_hours))
        return max(
            (used / limit if limit else 1.0 for used, limit in pairs if limit is not None), default=0.0
        )

    @property
    def is_used_up(self) -> bool:
        return self.share >= 1.0

    @property
    def is_nearly_used_up(self) -> bool:
        return WARN_AT <= self.share < 1.0

    @property
    def told(self) -> str:
        """“8.10 of 10 EUR and 3.2 of 20 processor hours”"""
        parts = []
        money, hours = self.budget.limit_of_money, self.budget.limit_of_cpu_hours
        if money is not None:
            parts.append(f"{self.cost:,.2f} of {money:,.2f} {settings.PRICES.currency}".strip())
        if hours is not None:
            parts.append(f"{self.cpu_hours:,.2f} of {hours:,.2f} processor hours")
        return " and ".join(parts)

    @property
    def advice(self) -> str:
        """Who can raise what is used up."""
        pairs = (
            (self.cost, self.budget.most_money),
            (self.cpu_hours, self.budget.most_cpu_hours),
        )
        if any(most is not None and used >= most for used, most in pairs):
            return "The operator of this server grants no more; ask there."
        return "An owner can raise it on the page Usage."


def month_of(moment: datetime) -> datetime:
    """The first moment of its month, in UTC."""
    return moment.astimezone(timezone.get_default_timezone()).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )


def after_month(start: datetime) -> datetime:
    return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)


def standing(team: Team) -> Standing | None:
    """None for a team without a budget."""
    budget = Budget.objects.filter(team=team).first()
    if budget is None or (budget.limit_of_money is None and budget.limit_of_cpu_hours is None):
        return None
    used = Job.objects.filter(team=team, started_at__gte=month_of(timezone.now())).aggregate(
        cost=Sum("cost"), cpu=Sum("cpu_seconds")
    )
    return Standing(team, budget, used["cost"] or 0.0, (used["cpu"] or 0.0) / 3600)


def refuse_over_budget(team: Team, kind: str) -> None:
    """Conflict, with what to do about it, when the team may start no job of this kind."""
    if kind in settings.JOB_KINDS_OUTSIDE_BUDGETS:
        return
    found = standing(team)
    if found is not None and found.is_used_up:
        raise Conflict(
            f"{reason(found)} {found.advice} Else it starts anew on"
            f" {after_month(month_of(timezone.now())):%-d %B}.",
            field="budget",
        )


def reason(found: Standing) -> str:
    return f"{found.team.name} has used up its budget for {timezone.now():%B}: {found.told}."


def stop_over_budget() -> int:
    """Stop the jobs of teams whose budget is used up; how many were told to. A chore of the scheduler."""
    n_stopped = 0
    for budget in Budget.objects.select_related("team"):
        found = standing(budget.team)
        if found is not None and found.is_used_up:
            n_stopped += _stop(found.team, reason(found)[:300])
    return n_stopped


def _stop(team: Team, text: str) -> int:
    jobs = Job.objects.filter(team=team).exclude(kind__in=settings.JOB_KINDS_OUTSIDE_BUDGETS)
    running = jobs.filter(state=State.RUNNING, cancel_requested_at=None)
    return jobs.filter(state=State.QUEUED, created_by__isnull=False).update(
        state=State.FAILED, finished_at=Now(), error=text, message="Stopped"
    ) + running.update(cancel_requested_at=Now(), stop_reason=text)
