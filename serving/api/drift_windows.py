"""Which version and window a request is about. Called by api.drift and api.quality."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from mlregistry.errors import Invalid
from models_app.models import ModelVersion
from serving import models as rows
from serving.queries import drift
from serving.queries.drift import Window

WHICH = [
    OpenApiParameter("from", datetime, description="Begin of the window, moved back to the full hour."),
    OpenApiParameter("to", datetime, description="Its end, moved on to the full hour; now when left out."),
    OpenApiParameter("model", str, description="Of the version, where versions of several models answer."),
    OpenApiParameter("version", int, description="Its number; else the one with most of the traffic."),
]


class VersionIn(serializers.Serializer[Any]):
    model = serializers.CharField(required=False, max_length=256, default="")
    version = serializers.IntegerField(required=False, min_value=1, allow_null=True, default=None)


class WindowIn(VersionIn):
    def get_fields(self) -> dict[str, Any]:
        """“from” is no name that a class can have."""
        ends = {name: serializers.DateTimeField(required=False) for name in ("from", "to")}
        return {**super().get_fields(), **ends}


def asked_of(query: Any) -> dict[str, Any]:
    given = WindowIn(data={key: query[key] for key in ("from", "to", "model", "version") if query.get(key)})
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def version_of(endpoint: rows.Endpoint, asked: dict[str, Any]) -> ModelVersion:
    return drift.version_of(endpoint, model=asked["model"], number=asked["version"])


def window_of(endpoint: rows.Endpoint, asked: dict[str, Any]) -> Window:
    """The newest of the declared length where no end is named."""
    now, hours = timezone.now(), drift.watch_of(endpoint).window_hours
    if "from" not in asked and "to" not in asked:
        return drift.newest_window(hours, now=now)
    if "from" not in asked:
        raise Invalid("“from” says where the window begins.", field="from")
    return drift.window(asked["from"], asked.get("to", now), now=now)
