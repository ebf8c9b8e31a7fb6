"""Requests for approval as pages and the API show them."""

from typing import Any

from django.db.models import QuerySet

from mlregistry.accounts.models import Team, User
from models_app.models import ApprovalPolicy, ModelVersion, PromotionRequest, PromotionState
from models_app.queries.approvals import CHECKS, Progress, progress

MOST_LISTED = 200


def requests_of(team: Team) -> QuerySet[PromotionRequest]:
    """The newest first."""
    rows = PromotionRequest.objects.filter(model__team=team).order_by("-pk")
    return rows.select_related(
        "model__team", "model__problem", "version__model", "requested_by", "decided_by"
    )


def of_version(version: ModelVersion) -> list[PromotionRequest]:
    rows = PromotionRequest.objects.filter(version=version).select_related("model", "version", "requested_by")
    return list(rows.order_by("-pk")[:20])


def request_json(request: PromotionRequest) -> dict[str, Any]:
    """Without what is still missing, which takes queries of its own."""
    return {
        "id": request.pk, "model": request.model.name, "version": request.version.number, "alias": request.alias,
        "state": request.state, "comment": request.comment, "origin": request.origin,
        "requested_by": name_of(request.requested_by), "requested_at": request.requested_at,
        "decided_by": name_of(request.decided_by), "decided_at": request.decided_at, "reason": request.reason,
        "former": request.former,
    }  # fmt: skip


def whole_json(request: PromotionRequest) -> dict[str, Any]:
    """With what reviewers said, and what an open one still needs."""
    rows = request.reviews.select_related("user").order_by("pk")
    said = [{"by": name_of(row.user), "verdict": row.verdict, "text": row.text, "at": row.at} for row in rows]
    found = progress(request) if request.state == PromotionState.OPEN else None
    return {**request_json(request), "reviews": said, "progress": _progress_json(found) if found else None}


def policy_json(policy: ApprovalPolicy) -> dict[str, Any]:
    return {
        "alias": policy.alias or "*", "n_approvers": policy.n_approvers, "checks": policy.checks,
        "reviewers": sorted(user.get_username() for user in policy.reviewers.all()),
        "channels": [channel.pk for channel in policy.channels.all()],
        "updated_by": name_of(policy.updated_by), "updated_at": policy.updated_at,
    }  # fmt: skip


def name_of(user: User | None) -> str | None:
    return user.get_username() if user is not None else None


def _progress_json(found: Progress) -> dict[str, Any]:
    return {
        "approvals_needed": found.n_needed,
        "approvals": [
            {"by": name_of(one.review.user), "at": one.review.at, "stale": one.stale}
            for one in found.approvals
        ],
        "checks": [{"asked": asked, "missing": missing} for asked, missing in found.checks],
        "missing": found.missing,
        "reviewers": [user.get_username() for user in found.reviewers],
    }


__all__ = ["CHECKS", "name_of", "of_version", "policy_json", "request_json", "requests_of", "whole_json"]
