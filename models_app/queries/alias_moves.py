"""Where a model's aliases pointed, and since when. For its page and the API."""

from typing import Any

from django.db.models import QuerySet

from models_app.models import AliasMove, RegisteredModel

MOST_SHOWN = 200


def moves_of(model: RegisteredModel) -> QuerySet[AliasMove]:
    """The newest first, under whatever name the model had."""
    return AliasMove.objects.filter(team_id=model.team_id, model_id_then=model.pk).order_by("-at", "-pk")


def move_json(move: AliasMove) -> dict[str, Any]:
    return {
        "at": move.at, "alias": move.alias, "version": move.number, "former": move.former, "who": move.who or None,
        "via": move.via, "why": move.why, "request": move.request_number,
    }  # fmt: skip
