"""Keeps where aliases point, in the transaction that moves them. Called by every action that does."""

from datetime import datetime

from django.utils import timezone

from mlregistry.accounts.actor import Actor
from models_app.models import Alias, AliasMove, PromotionRequest, RegisteredModel


def note_move(
    model: RegisteredModel, alias: str, number: int | None, *, former: int | None = None, why: str = "",
    request: PromotionRequest | None = None, at: datetime | None = None, by: Actor,
) -> AliasMove:  # fmt: skip
    """One line; no number for an alias that is taken away."""
    return AliasMove.objects.create(
        team_id=model.team_id, model_id_then=model.pk, model_name=model.name, alias=alias, number=number,
        former=former, who=by.user.get_username() if by.user else "", via=by.via, why=why,
        request_number=request.pk if request else None, at=at or timezone.now(),
    )  # fmt: skip


def note_gone(aliases: list[Alias], *, why: str, by: Actor) -> None:
    """Aliases that go with the version or the model they belong to."""
    for alias in aliases:
        note_move(alias.model, alias.name, None, former=alias.version.number, why=why, by=by)
