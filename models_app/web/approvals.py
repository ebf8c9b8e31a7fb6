"""Pages of approval: requests and what is said of them, the policies of a model, asking for a promotion."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mlregistry.accounts import access as people
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.notices.actions.choosing import offered, ticked
from mlregistry.ui.page import PageRequest, page, whole
from models_app import access
from models_app.actions import approval_policies, promotion_requests, promotion_reviews
from models_app.models import PromotionRequest, PromotionState, RegisteredModel
from models_app.queries import approvals
from models_app.queries.promotions import MOST_LISTED, requests_of
from models_app.queries.version_diffs import Diff, diff_of

DECISIONS: dict[str, tuple[Callable[..., object], str]] = {
    "comment": (promotion_reviews.comment, "Said."),
    "approve": (promotion_reviews.approve, "Approved."),
    "reject": (promotion_reviews.reject, "Rejected; whoever asked is told."),
}


@require_GET
@page()
def promotions(request: PageRequest) -> HttpResponse:
    """Open requests, or those of the state asked for."""
    state = request.GET.get("state", PromotionState.OPEN)
    rows = requests_of(request.actor.team)
    if state in PromotionState.values:
        rows = rows.filter(state=state)
    context = {"requests": rows[:MOST_LISTED], "state": state, "states": PromotionState.choices}
    return render(request, "models_app/promotions.html", context)


@require_GET
@page()
def promotion(request: PageRequest, request_id: int) -> HttpResponse:
    found = access.promotion(request.actor, request_id)
    return render(request, "models_app/promotion.html", _context(request, found))


@require_POST
@page(role=Role.EDITOR)
def review(request: PageRequest, request_id: int) -> HttpResponse:
    action, done = DECISIONS.get(request.POST.get("verdict", ""), DECISIONS["comment"])
    found = access.promotion(request.actor, request_id)
    action(found, request.POST.get("text", "").strip(), by=request.actor)
    moved = access.promotion(request.actor, request_id).state == PromotionState.PROMOTED
    messages.success(request, f"{done} “{found.alias}” points at {found.version} now." if moved else done)
    return redirect("models_app:promotion", request_id)


@require_POST
@page(role=Role.EDITOR)
def withdraw(request: PageRequest, request_id: int) -> HttpResponse:
    found = access.promotion(request.actor, request_id)
    promotion_requests.withdraw(found, why=request.POST.get("text", "").strip(), by=request.actor)
    messages.success(request, "The request is withdrawn.")
    return redirect("models_app:promotion", request_id)


@require_POST
@page(role=Role.EDITOR)
def ask(request: PageRequest, name: str) -> HttpResponse:
    form = request.POST
    version = access.version(request.actor, name, whole(form.get("version"), "version"))
    made = promotion_requests.request_promotion(
        version, form.get("alias", "").strip(), comment=form.get("comment", "").strip(), by=request.actor
    )
    messages.success(request, "The reviewers are told.")
    return redirect("models_app:promotion", made.pk)


@require_http_methods(["GET", "POST"])
@page(change=Role.OWNER, form=True)
def policies(request: PageRequest, name: str) -> HttpResponse:
    model = access.model(request.actor, name)
    if request.method == "POST":
        _declare(request, model)
        messages.success(request, "From now on it moves only with approval.")
        return redirect("models_app:approval", name)
    return render(request, "models_app/approval.html", _policies_context(request, model))


@require_POST
@page(role=Role.OWNER)
def lift(request: PageRequest, name: str) -> HttpResponse:
    model = access.model(request.actor, name)
    approval_policies.lift_approval(model, request.POST.get("alias", ""), by=request.actor)
    messages.success(request, "It moves without approval again.")
    return redirect("models_app:approval", name)


def _declare(request: PageRequest, model: RegisteredModel) -> None:
    form = request.POST
    names = form.getlist("reviewers")[: approval_policies.MOST_REVIEWERS + 1]
    approval_policies.declare_approval(
        model, form.get("alias", "").strip(), n_approvers=whole(form.get("n_approvers"), "n_approvers"),
        reviewers=[people.member(request.actor, one).user for one in dict.fromkeys(names)],
        checks=form.getlist("checks"), channels=ticked(request.actor, form.getlist("channels")),
        by=request.actor,
    )  # fmt: skip


def _policies_context(request: PageRequest, model: RegisteredModel) -> dict[str, Any]:
    rows, sent = list(approvals.policies_of(model)), request.POST if request.form_error else None
    chosen = request.GET.get("alias")
    edited = next((row for row in rows if chosen is not None and row.alias == chosen), None)
    if edited is not None:
        named = [user.get_username() for user in edited.reviewers.all()]
    return {
        "model": model,
        "policies": rows,
        "edited": edited,
        "alias": "champion" if edited is None else edited.alias,
        "n_approvers": 1 if edited is None else edited.n_approvers,
        "people": approvals.people(model.team_id),
        "reviewers": sent.getlist("reviewers") if sent else named if edited else [],
        "all_checks": list(approvals.CHECKS.items()),
        "checks": sent.getlist("checks") if sent else edited.checks if edited else ["gate"],
        **offered(
            request.actor, edited.channels.all() if edited else [], sent.getlist("channels") if sent else None
        ),
    }


def _context(request: PageRequest, found: PromotionRequest) -> dict[str, Any]:
    progress = approvals.progress(found) if found.is_open else None
    user, is_mine = request.actor.user, found.requested_by == request.actor.user
    return {
        "found": found,
        "model": found.model,
        "progress": progress,
        "stale": {one.review.pk: one.stale for one in progress.approvals if one.stale} if progress else {},
        "reviews": found.reviews.select_related("user").order_by("pk"),
        "is_mine": is_mine,
        "may_decide": progress is not None and not is_mine and user in progress.reviewers,
        "diff": _diff(request, found),
    }


def _diff(request: PageRequest, found: PromotionRequest) -> Diff | None:
    """Against the version that holds the alias, or held it before the move."""
    former = found.former if found.state == PromotionState.PROMOTED else None
    if former is None:
        key = approvals.holder(found.model, found.alias)
        other = access.versions(request.actor).filter(pk=key).first() if key else None
    else:
        other = access.versions(request.actor).filter(model=found.model, number=former).first()
    return diff_of(other, found.version) if other is not None and other.pk != found.version_id else None


def checked_number(text: str, field: str) -> int:
    """The number of a version out of an address."""
    number = whole(text, field)
    if number < 1:
        raise Invalid("Choose a version.", field=field)
    return number
