"""A model whose champion moves only with approval, for tests of every door to it."""

from typing import Any

from mlregistry.accounts.actor import Actor
from models_app.actions.aliases import set_alias
from models_app.actions.approval_policies import declare_approval
from models_app.actions.versions import register
from models_app.models import Alias, ModelVersion
from tests.models_app.trained import finished_run


def two_versions(by: Actor, owner: Actor, **policy: Any) -> list[ModelVersion]:
    """The first is champion; the policy is declared after that."""
    run = finished_run(by)
    first, second = register(run, "tumour", by=by), register(run, "tumour", by=by)
    set_alias(first.model, "champion", first, by=by)
    declare_approval(first.model, "champion", **policy, by=owner)
    return [first, second]


def champion() -> int:
    return Alias.objects.get(name="champion").version.number
