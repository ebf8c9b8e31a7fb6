"""Requests that an alias may move to a version: made by people and by the server, withdrawn. Called by actions."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role, User
from mlregistry.errors import ApprovalNeeded, Conflict, Forbidden, Invalid
from mlregistry.lib.names import clean_text
from mlregistry.notices.actions.notifying import notify
from mlregistry.notices.models import Severity
from models_app.actions.alias_names import check_name
from models_app.models import (
    ApprovalPolicy,
    ModelVersion,
    PromotionRequest,
    PromotionState,
    RegisteredModel,
)
from models_app.queries import approvals

MOST_OPEN = 50  # of a model
LONGEST_COMMENT = 5_000


def request_promotion(
    version: ModelVersion, alias: str, *, comment: str = "", origin: str = "", link: str = "", by: Actor
) -> PromotionRequest:
    """Asks the reviewers to let the alias move. Conflict where one is open, or where no approval is needed."""
    by.require(Role.EDITOR)
    check_name(alias)
    clean_text(comment, field="comment", max_length=LONGEST_COMMENT)
    with transaction.atomic():
        model = RegisteredModel.objects.select_for_update().select_related("team").get(pk=version.model_id)
        policy = approvals.policy_of(model, alias)
        _check(version, alias, policy)
        if PromotionRequest.objects.filter(model=model, state=PromotionState.OPEN).count() >= MOST_OPEN:
            raise Conflict(
                f"“{model.name}” has {MOST_OPEN} open requests. Withdraw some first.", field="alias"
            )
        request = PromotionRequest.objects.create(
            model=model, version=version, alias=alias, comment=comment, origin=origin[:200], link=link[:500],
            requested_by=by.user,
        )  # fmt: skip
        record(by, "promotion.request", version, alias=alias, request=request.pk, origin=origin)
        if policy is not None:
            tell(request, "requested", text=comment or origin, to=approvals.may_approve(policy), by=by)
    return request


def requested(
    version: ModelVersion, alias: str, *, origin: str, link: str = "", by: Actor
) -> PromotionRequest:
    """For what runs by itself: the newest request for this move, made where there is none. One that was rejected or
    withdrawn stays the answer until somebody asks anew."""
    found = approvals.request_of(version, alias)
    if found is not None and found.state != PromotionState.PROMOTED:
        return found
    return request_promotion(
        version, alias, comment=f"{origin} asks for it.", origin=origin, link=link, by=by
    )


def withdraw(request: PromotionRequest, *, why: str = "", by: Actor) -> PromotionRequest:
    """By whoever asked, or an owner."""
    by.require(Role.EDITOR)
    if by.role < Role.OWNER and (by.user is None or by.user.pk != request.requested_by_id):
        raise Forbidden("Only whoever asked, or an owner, may withdraw the request.")
    clean_text(why, field="text", max_length=LONGEST_COMMENT)
    with transaction.atomic():
        request = locked(request)
        close(request, PromotionState.WITHDRAWN, reason=why, by=by)
        record(by, "promotion.withdraw", request.version, alias=request.alias, request=request.pk, reason=why)
        tell(request, "withdrawn", text=why, to=participants(request), by=by)
    return request


def locked(request: PromotionRequest) -> PromotionRequest:
    """The open row for this transaction, its model held; Conflict once it is decided."""
    RegisteredModel.objects.select_for_update().get(pk=request.model_id)
    rows = PromotionRequest.objects.select_for_update(of=("self",))
    found = rows.select_related("model__team", "version__model", "requested_by").get(pk=request.pk)
    if not found.is_open:
        raise Conflict(f"The request is decided already: it was {found.state}.", field="state")
    return found


def close(request: PromotionRequest, state: PromotionState, *, reason: str = "", by: Actor) -> None:
    request.state, request.reason = state, reason
    request.decided_by, request.decided_at = by.user, timezone.now()
    request.save(update_fields=["state", "reason", "decided_by", "decided_at", "former"])


def tell(
    request: PromotionRequest, event: str, *, text: str, to: Iterable[User], key: str = "", by: Actor
) -> None:
    """The inboxes of these people but the actor's, and the channels of the policy."""
    policy = approvals.policy_of(request.model, request.alias)
    data: dict[str, Any] = {
        "request": request.pk, "model": request.model.name, "version": request.version.number,
        "alias": request.alias, "event": event, "text": text,
    }  # fmt: skip
    notify(
        kind=f"promotion.{event}",
        title=f"{request.version} to {request.alias}: {WORDS[event]}"
        + (f" by {by.user.get_username()}" if by.user else ""),
        key=f"promotion:{request.pk}:{key or event}", text=text, link=f"/promotions/{request.pk}/",
        severity=Severity.WARNING if event == "requested" else Severity.INFO, data=data,
        users=[user for user in to if by.user is None or user.pk != by.user.pk],
        channels=list(policy.channels.all()) if policy else [], by=by,
    )  # fmt: skip


WORDS = {
    "requested": "approval asked for", "commented": "a comment", "approved": "approved",
    "rejected": "rejected", "promoted": "the alias moved", "withdrawn": "withdrawn",
}  # fmt: skip


def participants(request: PromotionRequest) -> list[User]:
    """Whoever asked, and whoever said something."""
    rows = User.objects.filter(pk__in=request.reviews.values("user_id"), is_active=True)
    found = {user.pk: user for user in rows}
    if request.requested_by is not None:
        found[request.requested_by.pk] = request.requested_by
    return list(found.values())


def refuse_unapproved(model: RegisteredModel, alias: str, version: ModelVersion) -> None:
    """ApprovalNeeded, with the place where approval is asked for, unless the alias may move without it."""
    policy = approvals.needed_for(version, alias)
    if policy is None:
        return
    found = approvals.request_of(version, alias)
    where = (
        f"Request {found.pk} for it is open."
        if found is not None and found.is_open
        else f"Ask for it on the page of version {version.number}, or by the API under promotions."
    )
    raise ApprovalNeeded(
        f"The alias “{alias}” of “{model.name}” moves only with {_people(policy)}. {where}", field="alias"
    )


def _people(policy: ApprovalPolicy) -> str:
    n = policy.n_approvers
    return "the approval of a second person" if n == 1 else f"the approval of {n} others"


def _check(version: ModelVersion, alias: str, policy: ApprovalPolicy | None) -> None:
    if policy is None:
        raise Conflict(f"“{alias}” of “{version.model.name}” moves without approval: set it.", field="alias")
    if approvals.holder(version.model, alias) == version.pk:
        raise Invalid(f"“{alias}” points at {version} already.", field="alias")
    found = approvals.request_of(version, alias)
    if found is not None and found.is_open:
        raise Conflict(f"Request {found.pk} asks for this already.", field="alias")
