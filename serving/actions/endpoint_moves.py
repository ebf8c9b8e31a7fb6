"""Keeps what stands behind endpoints, in the transaction that changes it. Called by the actions of endpoints."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from mlregistry.accounts.actor import Actor
from models_app.models import ModelVersion
from serving.models import Endpoint, EndpointMove


def note_variants(
    endpoint: Endpoint, variants: Sequence[tuple[str, ModelVersion, float]], *, why: str = "", by: Actor
) -> EndpointMove:
    """Name, version and weight of each; none when the endpoint goes."""
    plain: list[dict[str, Any]] = [
        {
            "name": name,
            "model": version.model.name,
            "model_id": version.model_id,
            "version": version.number,
            "weight": float(weight),
        }
        for name, version, weight in variants
    ]
    return EndpointMove.objects.create(
        team_id=endpoint.team_id, endpoint_id_then=endpoint.pk, endpoint_name=endpoint.name, variants=plain,
        who=by.user.get_username() if by.user else "", via=by.via, why=why, at=timezone.now(),
    )  # fmt: skip
