"""Aliases: movable names of versions, such as champion. Called by all doors."""

import re

from django.db import transaction

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid, NotFound
from models_app.models import Alias, ModelVersion, RegisteredModel

NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
LIKE_A_NUMBER = re.compile(r"[vV]\d+")
RESERVED = frozenset({"latest"})


def set_alias(model: RegisteredModel, name: str, version: ModelVersion, *, by: Actor) -> Alias:
    """Points the alias at this version, away from the one it pointed at before."""
    by.require(Role.EDITOR)
    _check_name(name)
    if version.model_id != model.pk:
        raise Invalid(f"{version} is no version of “{model.name}”.", field="version")
    with transaction.atomic():
        RegisteredModel.objects.select_for_update().get(pk=model.pk)
        former = (
            Alias.objects.filter(model=model, name=name).values_list("version__number", flat=True).first()
        )
        alias, _ = Alias.objects.update_or_create(model=model, name=name, defaults={"version": version})
        record(by, "alias.set", model, alias=name, version=version.number, former=former)
    return alias


def delete_alias(model: RegisteredModel, name: str, *, by: Actor) -> None:
    """Removes the alias; the version stays."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        n_deleted, _ = Alias.objects.filter(model=model, name=name).delete()
        if not n_deleted:
            raise NotFound(f"The model “{model.name}” has no alias “{name}”.", field="alias")
        record(by, "alias.delete", model, alias=name)


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise Invalid("An alias is made of letters, digits, hyphens and underscores.", field="alias")
    if name.lower() in RESERVED or LIKE_A_NUMBER.fullmatch(name):
        raise Invalid(f"“{name}” cannot be an alias: it reads like a version.", field="alias")
