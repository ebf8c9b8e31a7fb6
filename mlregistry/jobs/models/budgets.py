"""What a team may spend on jobs in a month. Read by spending, written by actions/budgets and the admin."""

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Budget(models.Model):
    """Money, processor hours or both; what is not set is not limited.

    `money` and `cpu_hours` are what the team's owners set themselves, up to what the operator grants: `most_money` and
    `most_cpu_hours`. The lower one holds.
    """

    team = models.OneToOneField("accounts.Team", models.CASCADE, primary_key=True, related_name="+")
    money = models.FloatField(null=True, blank=True, validators=[MinValueValidator(0)])
    cpu_hours = models.FloatField(null=True, blank=True, validators=[MinValueValidator(0)])
    most_money = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(0)], help_text="granted by the operator"
    )
    most_cpu_hours = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(0)], help_text="granted by the operator"
    )
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    changed_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(money=None) | Q(money__gte=0)) & (Q(cpu_hours=None) | Q(cpu_hours__gte=0)),
                name="jobs_budget_not_negative",
            ),
            models.CheckConstraint(
                condition=(Q(most_money=None) | Q(most_money__gte=0))
                & (Q(most_cpu_hours=None) | Q(most_cpu_hours__gte=0)),
                name="jobs_budget_grant_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"budget of {self.team}"

    @property
    def limit_of_money(self) -> float | None:
        return _lower(self.money, self.most_money)

    @property
    def limit_of_cpu_hours(self) -> float | None:
        return _lower(self.cpu_hours, self.most_cpu_hours)

    @property
    def is_granted(self) -> bool:
        return self.most_money is not None or self.most_cpu_hours is not None


def _lower(*limits: float | None) -> float | None:
    return min((limit for limit in limits if limit is not None), default=None)
