"""Aliases: movable names of versions, such as champion. Called by all doors."""

from django.db import transaction

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role
from mlregistry.errors import ApprovalNeeded, Invalid, NotFound
from models_app.actions.alias_moves import note_move
from models_app.actions.alias_names import check_form, check_name
from models_app.actions.gates import pass_gate
from models_app.actions.news import tell
from models_app.actions.promotion_requests import refuse_unapproved, requested
from models_app.models import Alias, AwaitedAlias, ModelVersion, PromotionRequest, RegisteredModel
from models_app.queries.approvals import needed_for, policy_of
from models_app.queries.gates import WAITS, obstacles_to_alias


def set_alias(model: RegisteredModel, name: str, version: ModelVersion, *, why: str = "", by: Actor) -> Alias:
    """Points the alias at this version, away from the one it pointed at before.

    A guarded alias moves only to a version whose newest tests passed: Conflict otherwise, unless an owner says `why`.
    One that takes approval does not move here (ApprovalNeeded), whoever asks and whatever they say.
    """
    _check_target(model, name, version, by)
    with transaction.atomic():
        RegisteredModel.objects.select_for_update().get(pk=model.pk)
        refuse_unapproved(model, name, version)
        pass_gate(obstacles_to_alias(name, version), version, alias=name, why=why, by=by)
        return point_alias(model, name, version, why=why, by=by)


def set_or_await(model: RegisteredModel, name: str, version: ModelVersion, *, by: Actor) -> Alias | None:
    """Sets the alias; where the version's tests are yet to come, it waits for them and moves when they pass (None).

    Where it takes approval, that is asked for (None).
    """
    _check_target(model, name, version, by)
    if needed_for(version, name) is not None:
        requested(version, name, origin=f"The registration of version {version.number}", by=by)
        return None
    if obstacles_to_alias(name, version).state != WAITS:
        return set_alias(model, name, version, by=by)
    with transaction.atomic():
        AwaitedAlias.objects.update_or_create(
            model=model, name=name, defaults={"version": version, "asked_by": by.user}
        )
        record(by, "alias.await", model, alias=name, version=version.number)
    return None


def point_alias(
    model: RegisteredModel, name: str, version: ModelVersion, *, why: str = "",
    approved: PromotionRequest | None = None, by: Actor,
) -> Alias:  # fmt: skip
    """The move itself, for callers that have passed the gate. Without an approved request it refuses what takes one."""
    with transaction.atomic():
        RegisteredModel.objects.select_for_update().get(pk=model.pk)
        if approved is None:
            refuse_unapproved(model, name, version)
        former = (
            Alias.objects.filter(model=model, name=name).values_list("version__number", flat=True).first()
        )
        alias, _ = Alias.objects.update_or_create(model=model, name=name, defaults={"version": version})
        AwaitedAlias.objects.filter(model=model, name=name).delete()
        record(by, "alias.set", model, alias=name, version=version.number, former=former)
        note_move(model, name, version.number, former=former, why=why, request=approved, by=by)
        tell(model, "alias", "created", alias=name, version=str(version.number), by=by)
    return alias


def delete_alias(model: RegisteredModel, name: str, *, missing_ok: bool = False, by: Actor) -> None:
    """Removes the alias; the version stays."""
    by.require(Role.EDITOR)
    check_form(name)
    with transaction.atomic():
        RegisteredModel.objects.select_for_update().get(pk=model.pk)
        found = Alias.objects.select_related("model", "version").filter(model=model, name=name).first()
        if found is None and missing_ok:
            return
        if found is None:
            raise NotFound(f"The model “{model.name}” has no alias “{name}”.", field="alias")
        keep_approved([found])
        found.delete()
        record(by, "alias.delete", model, alias=name)
        note_move(model, name, None, former=found.version.number, by=by)
        tell(model, "alias", "deleted", alias=name, by=by)


def keep_approved(aliases: list[Alias]) -> None:
    """ApprovalNeeded where one of them may not be taken away: that moves it too."""
    for alias in aliases:
        if policy_of(alias.model, alias.name) is not None:
            raise ApprovalNeeded(
                f"The alias “{alias.name}” of “{alias.model.name}” points at version {alias.version.number} and moves"
                " only with approval. Ask for another version in its place, or let an owner lift the approval.",
                field="alias",
            )


def _check_target(model: RegisteredModel, name: str, version: ModelVersion, by: Actor) -> None:
    by.require(Role.EDITOR)
    check_name(name)
    if version.model_id != model.pk:
        raise Invalid(f"{version} is no version of “{model.name}”.", field="version")
