"""Approval of promotions: what a model asks before its aliases move, requests, and what reviewers said of them."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower

from .models import RegisteredModel
from .versions import ModelVersion


class ApprovalPolicy(models.Model):
    """What moving an alias takes. An empty alias means all of the model's that have no policy of their own.

    Without `reviewers` every editor and owner may approve. `checks` are names of `queries.approvals.CHECKS`.
    """

    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="approval_policies")
    alias = models.CharField(max_length=255, blank=True)
    n_approvers = models.PositiveSmallIntegerField(default=1)
    reviewers = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")
    checks = models.JSONField(default=list)
    channels = models.ManyToManyField("notices.Channel", blank=True, related_name="+")
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "approval policies"
        constraints = [models.UniqueConstraint("model", Lower("alias"), name="approval_policy_once")]

    def __str__(self) -> str:
        return f"{self.alias or 'all aliases'} of {self.model}"


class PromotionState(models.TextChoices):
    OPEN = "open", "open"
    PROMOTED = "promoted", "promoted"
    REJECTED = "rejected", "rejected"
    WITHDRAWN = "withdrawn", "withdrawn"


class PromotionRequest(models.Model):
    """That an alias may move to a version. `origin` says what made it where nobody asked by hand, `link` where that is;
    `former` is the version that held the alias when it moved."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="promotion_requests")
    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="promotion_requests")
    alias = models.CharField(max_length=255)
    state = models.CharField(max_length=10, choices=PromotionState.choices, default=PromotionState.OPEN)
    comment = models.TextField(blank=True)
    origin = models.CharField(max_length=200, blank=True)
    link = models.CharField(max_length=500, blank=True)
    former = models.PositiveIntegerField(null=True)
    reason = models.TextField(blank=True, help_text="why it was rejected or withdrawn")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    requested_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "version",
                Lower("alias"),
                condition=models.Q(state="open"),
                name="one_open_promotion",
            )
        ]
        indexes = [models.Index(fields=["model", "-id"], name="promotion_newest")]

    def __str__(self) -> str:
        return f"{self.alias} for {self.version}"

    @property
    def is_open(self) -> bool:
        return self.state == PromotionState.OPEN


class ReviewVerdict(models.TextChoices):
    COMMENT = "comment", "commented"
    APPROVE = "approve", "approved"
    REJECT = "reject", "rejected"


class PromotionReview(models.Model):
    """`seen` is what an approval stands on (`queries.approvals.seen_of`): when that changes, it counts no more."""

    request = models.ForeignKey(PromotionRequest, on_delete=models.CASCADE, related_name="reviews")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    verdict = models.CharField(max_length=10, choices=ReviewVerdict.choices)
    text = models.TextField(blank=True)
    seen = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()}: {self.request}"
