"""Which aliases of a model move only with approval: declare, lift. For owners; called by doors."""

from collections.abc import Iterable, Sequence

from django.db import transaction

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role, User
from mlregistry.errors import Invalid, NotFound
from mlregistry.notices.actions.choosing import usable
from mlregistry.notices.models import Channel
from models_app.actions.alias_names import check_form, check_name
from models_app.models import ApprovalPolicy, RegisteredModel
from models_app.queries import approvals

MOST_POLICIES = 50
MOST_APPROVERS = 5
MOST_REVIEWERS = 50


def declare_approval(
    model: RegisteredModel, alias: str = "", *, n_approvers: int = 1, reviewers: Sequence[User] = (),
    checks: Iterable[str] = (), channels: Iterable[Channel] = (), by: Actor,
) -> ApprovalPolicy:  # fmt: skip
    """From now on the alias, or without one every alias of the model, moves only with this many approvals.

    Takes the place of the policy of before; open requests are held against the new one. Invalid names the field.
    """
    by.require(Role.OWNER)
    if alias:
        check_name(alias)
    wanted = list(dict.fromkeys(checks))
    if unknown := [name for name in wanted if name not in approvals.CHECKS]:
        raise Invalid(
            f"There is no check “{unknown[0]}”; there are {', '.join(approvals.CHECKS)}.", field="checks"
        )
    told = usable(by, channels, who="A policy of approval")
    with transaction.atomic():
        RegisteredModel.objects.select_for_update().get(pk=model.pk)
        _check_many(model, alias)
        kept = ApprovalPolicy.objects.filter(model=model, alias__iexact=alias).first()
        kept = kept or ApprovalPolicy(model=model, alias=alias)
        kept.n_approvers, kept.checks, kept.updated_by = n_approvers, wanted, by.user
        _check_people(kept, reviewers, by)
        kept.save()
        kept.reviewers.set(reviewers)
        kept.channels.set(told)
        record(by, "approval.declare", model, alias=alias, n_approvers=n_approvers, checks=wanted,
               reviewers=[user.get_username() for user in reviewers])  # fmt: skip
    return kept


def lift_approval(model: RegisteredModel, alias: str = "", *, by: Actor) -> None:
    """The alias moves freely again; its open requests stay, and settle with the next review."""
    by.require(Role.OWNER)
    if alias:
        check_form(alias)
    with transaction.atomic():
        RegisteredModel.objects.select_for_update().get(pk=model.pk)
        gone, _ = ApprovalPolicy.objects.filter(model=model, alias__iexact=alias).delete()
        if not gone:
            raise NotFound(
                f"“{model.name}” asks for no approval of “{alias or 'all aliases'}”.", field="alias"
            )
        record(by, "approval.lift", model, alias=alias)


def _check_many(model: RegisteredModel, alias: str) -> None:
    rows = ApprovalPolicy.objects.filter(model=model)
    if rows.exclude(alias__iexact=alias).count() >= MOST_POLICIES:
        raise Invalid(f"A model has at most {MOST_POLICIES} policies of approval.", field="alias")


def _check_people(policy: ApprovalPolicy, reviewers: Sequence[User], by: Actor) -> None:
    """So many that a request can be decided by others than who made it."""
    wanted = policy.n_approvers
    if not 1 <= wanted <= MOST_APPROVERS:
        raise Invalid(f"Ask for 1 to {MOST_APPROVERS} approvals.", field="n_approvers")
    if len(reviewers) > MOST_REVIEWERS:
        raise Invalid(f"Name at most {MOST_REVIEWERS} reviewers.", field="reviewers")
    possible = {user.pk for user in approvals.people(policy.model.team_id)}
    for user in reviewers:
        if user.pk not in possible:
            raise Invalid(
                f"{user} cannot review: it takes a person who is editor or owner in {by.team.name}.",
                field="reviewers",
            )
    if reviewers and len(reviewers) < wanted:
        raise Invalid(f"{wanted} approvals take {wanted} reviewers or more.", field="reviewers")
    if not reviewers and len(possible) <= wanted:
        raise Invalid(
            f"{wanted} {'approval takes' if wanted == 1 else 'approvals take'} {wanted + 1} editors or owners, as"
            f" nobody approves what they asked for; {by.team.name} has {len(possible)}.",
            field="n_approvers",
        )
