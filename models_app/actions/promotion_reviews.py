"""What reviewers say of a request, and the move once all that is asked for is there. Called by doors and jobs."""

from django.db import transaction

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role, User
from mlregistry.errors import Conflict, Forbidden, Invalid
from mlregistry.lib.names import clean_text
from models_app.actions.aliases import point_alias
from models_app.actions.promotion_requests import LONGEST_COMMENT, close, locked, participants, tell
from models_app.models import (
    ModelVersion,
    PromotionRequest,
    PromotionReview,
    PromotionState,
    ReviewVerdict,
)
from models_app.queries import approvals
from models_app.queries.approvals import Progress

MOST_REVIEWS = 500


def comment(request: PromotionRequest, text: str, *, by: Actor) -> PromotionReview:
    """Decides nothing; for everybody who edits, whoever asked too."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        request = locked(request)
        review = _kept(request, ReviewVerdict.COMMENT, _said(text, "Write what you want to say."), by)
        tell(request, "commented", text=text, to=_everybody(request), key=f"comment:{review.pk}", by=by)
    return review


def approve(request: PromotionRequest, text: str = "", *, by: Actor) -> PromotionRequest:
    """Once more where an earlier approval counts no more. The alias moves when nothing else is missing.

    Forbidden for whoever asked, and for those who are no reviewers.
    """
    with transaction.atomic():
        request = locked(request)
        _require_reviewer(request, by)
        clean_text(text, field="text", max_length=LONGEST_COMMENT)
        review = _kept(request, ReviewVerdict.APPROVE, text, by)
        record(by, "promotion.approve", request.version, alias=request.alias, request=request.pk)
        if not _settle(request, by):
            tell(request, "approved", text=text, to=participants(request), key=f"approve:{review.pk}", by=by)
    return request


def reject(request: PromotionRequest, reason: str, *, by: Actor) -> PromotionRequest:
    """Ends it; the reason is asked for."""
    with transaction.atomic():
        request = locked(request)
        _require_reviewer(request, by)
        reason = _said(reason, "Say why, so that whoever asked knows what to do.")
        _kept(request, ReviewVerdict.REJECT, reason, by)
        close(request, PromotionState.REJECTED, reason=reason, by=by)
        record(
            by, "promotion.reject", request.version, alias=request.alias, request=request.pk, reason=reason
        )
        tell(request, "rejected", text=reason, to=participants(request), by=by)
    return request


def settle_requests(version: ModelVersion, *, by: Actor) -> None:
    """After tests, load tests or the card: requests that waited for nothing else move their alias."""
    for request in approvals.open_requests(version):
        with transaction.atomic():
            try:
                request = locked(request)
            except Conflict:
                continue
            _settle(request, by)


def _settle(request: PromotionRequest, by: Actor) -> bool:
    """Moves the alias of a locked request where nothing is missing."""
    found = approvals.progress(request)
    if found.missing:
        return False
    former = (
        request.model.aliases.filter(name=request.alias).values_list("version__number", flat=True).first()
    )
    request.former = former
    point_alias(
        request.model, request.alias, request.version, why=_why(request, found), approved=request, by=by
    )
    close(request, PromotionState.PROMOTED, by=by)
    record(by, "promotion.promote", request.version, alias=request.alias, request=request.pk,
           approved_by=_approvers(found))  # fmt: skip
    tell(request, "promoted", text=_why(request, found), to=participants(request), by=by)
    return True


def _why(request: PromotionRequest, found: Progress) -> str:
    names = _approvers(found)
    approved = f"Approved by {', '.join(names)}." if names else "No approval is asked for any more."
    return f"{approved} {request.comment}".strip()


def _approvers(found: Progress) -> list[str]:
    return [str(one.review.user) for one in found.approvals if not one.stale]


def _kept(request: PromotionRequest, verdict: ReviewVerdict, text: str, by: Actor) -> PromotionReview:
    if request.reviews.count() >= MOST_REVIEWS:
        raise Conflict(f"A request has at most {MOST_REVIEWS} comments and reviews.", field="text")
    seen = approvals.seen_of(request) if verdict == ReviewVerdict.APPROVE else {}
    return PromotionReview.objects.create(
        request=request, user=by.user, verdict=verdict, text=text, seen=seen
    )


def _said(text: str, hint: str) -> str:
    text = clean_text(text, field="text", max_length=LONGEST_COMMENT).strip()
    if not text:
        raise Invalid(hint, field="text")
    return text


def _require_reviewer(request: PromotionRequest, by: Actor) -> None:
    """Four eyes: another person than who asked, and one of the reviewers."""
    by.require(Role.EDITOR)
    if by.user is None or by.user.pk == request.requested_by_id:
        raise Forbidden("Whoever asked for a promotion does not decide on it: somebody else has to.")
    policy = approvals.policy_of(request.model, request.alias)
    if policy is not None and by.user not in approvals.may_approve(policy):
        raise Forbidden(f"Only reviewers of “{request.alias}” decide on this; you are none of them.")


def _everybody(request: PromotionRequest) -> list[User]:
    policy = approvals.policy_of(request.model, request.alias)
    people = {user.pk: user for user in participants(request)}
    people |= {user.pk: user for user in approvals.may_approve(policy)} if policy else {}
    return list(people.values())
