"""What a team may spend on jobs in a month. Read by spending, written by actions/budgets and the admin."""

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Budget(models.Model):
    """Money, processor hours or both; what is not set is not limited."""

    team = models.OneToOneField("accounts.Team", models.CASCADE, primary_key=True, related_name="+")
    money = models.FloatField(null=True, blank=True, validators=[MinValueValidator(0)])
    cpu_hours = models.FloatField(null=True, blank=True, validators=[MinValueValidator(0)])
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    changed_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(money=None) | Q(money__gte=0)) & (Q(cpu_hours=None) | Q(cpu_hours__gte=0)),
                name="jobs_budget_not_negative",
            )
        ]

    def __str__(self) -> str:
        return f"budget of {self.team}"
