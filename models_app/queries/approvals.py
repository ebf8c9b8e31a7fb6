"""What a promotion still needs: policies, who may approve, which approvals count. For actions, doors and serving."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from mlregistry.accounts.models import Membership, Role, User
from models_app.models import (
    Alias,
    ApprovalPolicy,
    CardText,
    ModelVersion,
    PromotionRequest,
    PromotionReview,
    PromotionState,
    RegisteredModel,
    ReviewVerdict,
)
from models_app.queries import gates, load_verdicts
from models_app.queries.model_tests import compiled_digest, digest, files_digest

CHECKS = {
    "gate": "its tests have passed",
    "load_test": "its load test has kept the goal",
    "card": "its model card says what it is for and what its limits are",
}
STALE = {
    "champion": "the alias moved meanwhile",
    "newest": "a newer version was registered since",
    "gate": "the result of its tests changed since",
    "files": "its files or its compiled form changed since",
}


@dataclass(frozen=True)
class Approval:
    """The newest verdict of one reviewer; `stale` says why it counts no more, and is empty while it does."""

    review: PromotionReview
    stale: str = ""


@dataclass(frozen=True)
class Progress:
    """How far an open request is. Nothing `missing`: the alias may move."""

    n_needed: int
    approvals: list[Approval]
    checks: list[tuple[str, str]]  # what is asked, and what is missing of it
    missing: list[str]
    reviewers: list[User] = field(default_factory=list)
    gate: list[str] = field(default_factory=list)  # what the gate has against it besides the checks

    @property
    def n_counted(self) -> int:
        return sum(not one.stale for one in self.approvals)


def policies_of(model: RegisteredModel) -> QuerySet[ApprovalPolicy]:
    rows = ApprovalPolicy.objects.filter(model=model).select_related("model__team", "updated_by")
    return rows.prefetch_related("reviewers", "channels").order_by("alias")


def policy_of(model: RegisteredModel, alias: str) -> ApprovalPolicy | None:
    """The alias's own, else that of all aliases; letters count alike in both cases, so that none looks like another."""
    rows = list(policies_of(model))
    own = (row for row in rows if row.alias and row.alias.lower() == alias.lower())
    return next(own, next((row for row in rows if not row.alias), None))


def needed_for(version: ModelVersion, alias: str) -> ApprovalPolicy | None:
    """The policy that keeps the alias from moving to this version; None where it may, or points at it already."""
    if not alias or holder(version.model, alias) == version.pk:
        return None
    return policy_of(version.model, alias)


def holder(model: RegisteredModel, alias: str) -> int | None:
    return Alias.objects.filter(model=model, name=alias).values_list("version_id", flat=True).first()


def request_of(version: ModelVersion, alias: str) -> PromotionRequest | None:
    """The newest request for this move, open or decided."""
    return PromotionRequest.objects.filter(version=version, alias__iexact=alias).order_by("-pk").first()


def open_requests(version: ModelVersion) -> QuerySet[PromotionRequest]:
    return PromotionRequest.objects.filter(version=version, state=PromotionState.OPEN).order_by("pk")


def may_approve(policy: ApprovalPolicy) -> list[User]:
    """People, now editors or owners of the team; only those named where some are."""
    named = {user.pk for user in policy.reviewers.all()}
    return [user for user in people(policy.model.team_id) if not named or user.pk in named]


def people(team_id: int) -> list[User]:
    """Editors and owners who are no service accounts."""
    rows = Membership.objects.filter(team_id=team_id, role__gte=Role.EDITOR, user__is_active=True)
    rows = rows.filter(user__is_service=False).select_related("user").order_by("user__username")
    return [row.user for row in rows]


def progress(request: PromotionRequest) -> Progress:
    """By the policy, the members, the alias and the tests as they are now."""
    policy = policy_of(request.model, request.alias)
    if policy is None:
        return Progress(0, [], [], ["No approval is asked for any more: withdraw this and set the alias."])
    reviewers = may_approve(policy)
    allowed = {user.pk for user in reviewers} - {request.requested_by_id}
    approvals = _approvals(request, allowed)
    checks = [(CHECKS[name], MISSING[name](request.version)) for name in CHECKS if name in policy.checks]
    counted = sum(not one.stale for one in approvals)
    missing = [] if counted >= policy.n_approvers else [_lacking(counted, policy.n_approvers)]
    missing += [why for _, why in checks if why]
    gate = [why for why in _gate_missing(request) if why not in missing]
    others = [user for user in reviewers if user.pk in allowed]
    return Progress(policy.n_approvers, approvals, checks, missing + gate, others, gate)


def seen_of(request: PromotionRequest) -> dict[str, Any]:
    """What an approval stands on: the version's files and test result, the champion, that nothing newer was made."""
    version, model = request.version, RegisteredModel.objects.get(pk=request.model_id)
    found = gates.standing(version)
    return {
        "champion": holder(model, request.alias),
        "newest": model.last_number,
        "gate": digest([found.state, *found.reasons]),
        "files": digest([files_digest(version), compiled_digest(version)]),
    }


def _approvals(request: PromotionRequest, allowed: Iterable[int]) -> list[Approval]:
    """The newest approval of each; comments change nothing."""
    now, people = seen_of(request), set(allowed)
    rows = request.reviews.filter(verdict=ReviewVerdict.APPROVE).select_related("user").order_by("pk")
    newest = {row.user_id: row for row in rows}
    return [Approval(row, _stale(row, now, people)) for row in newest.values()]


def _stale(row: PromotionReview, now: dict[str, Any], allowed: set[int]) -> str:
    if row.user_id is None or row.user_id not in allowed:
        return "whoever gave it may not approve this any more"
    return next((why for name, why in STALE.items() if row.seen.get(name) != now[name]), "")


def _lacking(counted: int, needed: int) -> str:
    return f"{counted} of {needed} {'approval' if needed == 1 else 'approvals'} given."


def _gate_missing(request: PromotionRequest) -> list[str]:
    return gates.obstacles_to_alias(request.alias, request.version).reasons[:1]


def _gate(version: ModelVersion) -> str:
    found = gates.standing(version)
    return "" if found.state == gates.OPEN else found.reasons[0]


def _load_test(version: ModelVersion) -> str:
    found = load_verdicts.newest(version)
    if found is None:
        return f"{version} has no load test with a goal yet."
    if found.served != load_verdicts.served_digest(version):
        return f"The load test of {version} was of other files or another form. Run it again."
    return "" if found.is_passed else f"{version} missed the goal of its load test."


def _card(version: ModelVersion) -> str:
    found = CardText.objects.filter(version=version).first()
    parts = {
        "what it is for": found and found.intended_use.strip(),
        "its limits": found and found.limits.strip(),
    }
    lacking = [name for name, text in parts.items() if not text]
    return f"The model card of {version} does not say {' and '.join(lacking)}." if lacking else ""


MISSING = {"gate": _gate, "load_test": _load_test, "card": _card}
