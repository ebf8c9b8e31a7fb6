"""The gate before aliases and promotions: who passes, who overrules it, and each model's policy. Called by actions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import transaction

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict, Forbidden, Invalid
from mlregistry.lib.lazily import lazily
from mlregistry.ml.model_tests import expectations as declared
from mlregistry.ml.model_tests import limits as bounds
from mlregistry.ml.model_tests import load_policy
from models_app.models import ModelGate, ModelVersion, RegisteredModel
from models_app.queries.gates import OPEN, Standing

if TYPE_CHECKING:
    from mlregistry.ml.model_tests import table
else:
    table = lazily("mlregistry.ml.model_tests.table")

MOST_ALIASES = 50
LONGEST_ALIAS = 255
LONGEST_REASON = 2_000


def pass_gate(found: Standing, version: ModelVersion, *, alias: str = "", why: str = "", by: Actor) -> None:
    """Lets an open standing through; otherwise an owner who says why, with a line in the audit trail.

    Raises Conflict, or Forbidden for somebody else's reason.
    """
    if found.state == OPEN:
        return
    if not why:
        raise Conflict(
            f"{found.reasons[0]} An owner may overrule the gate and say why.",
            field="why",
            details=found.reasons[:20],
        )
    if by.role < Role.OWNER:
        raise Forbidden(f"{found.reasons[0]} Only an owner may overrule the gate.", field="why")
    if len(why) > LONGEST_REASON:
        raise Invalid(f"The reason may have at most {LONGEST_REASON:,} characters.", field="why")
    record(by, "gate.overrule", version, alias=alias, why=why, against=found.reasons[:20])


def set_gate(
    model: RegisteredModel, *, aliases: Sequence[str] | None = None, blocking: Any = ..., limits: Any = None,
    expectations: Any = None, strict: bool | None = None, load_test: Any = ..., by: Actor,
) -> ModelGate:  # fmt: skip
    """Changes what is given; owners only. New limits and expectations make earlier tests count no more."""
    by.require(Role.OWNER)
    wanted: dict[str, Any] = {}
    if aliases is not None:
        wanted["aliases"] = _checked_aliases(aliases)
    if blocking is not ...:
        wanted["blocking"] = table.parse_blocking(blocking)
    if limits is not None:
        wanted["limits"] = bounds.parse(limits)
    if expectations is not None:
        wanted["expectations"] = [one.to_json() for one in declared.parse(expectations)]
    if strict is not None:
        wanted["strict"] = strict
    if load_test is not ...:
        wanted["load_test"] = load_policy.parse(load_test)
    with transaction.atomic():
        gate, _ = ModelGate.objects.update_or_create(model=model, defaults={**wanted, "updated_by": by.user})
        record(by, "gate.set", model, **wanted)
    return gate


def _checked_aliases(given: Sequence[str]) -> list[str]:
    names = list(dict.fromkeys(given))
    if len(names) > MOST_ALIASES:
        raise Invalid(f"At most {MOST_ALIASES} aliases can be guarded.", field="aliases")
    for name in names:
        if not name or len(name) > LONGEST_ALIAS or "\x00" in name:
            raise Invalid("A guarded alias is a name of at most 255 characters.", field="aliases")
    return names
