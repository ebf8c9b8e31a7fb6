"""What the API of A/B tests takes and gives."""

from typing import Any

from rest_framework import serializers

from serving.actions.abtests import obstacles_to
from serving.models import AbTest, AbTestLook, Mode

LARGEST = 2**53


class AbTestIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)
    control = serializers.CharField(max_length=60, help_text="The variant that the others are compared with.")
    mode = serializers.ChoiceField(choices=Mode.choices, required=False)
    hypothesis = serializers.CharField(allow_blank=True, required=False)
    metric = serializers.CharField(max_length=40, allow_blank=True, required=False)
    outcome = serializers.JSONField(required=False, help_text="The class that the metric “outcome” counts.")
    maximize = serializers.BooleanField(required=False, help_text="For “outcome”: is more better?")
    per_unit = serializers.BooleanField(required=False, help_text="Each unit counts once.")
    margin = serializers.FloatField(required=False)
    effect = serializers.FloatField(
        required=False, help_text="The improvement hoped for; it sets the horizon."
    )
    alpha = serializers.FloatField(required=False)
    horizon = serializers.IntegerField(required=False, max_value=LARGEST, help_text="Units of two variants.")
    cuped_days = serializers.IntegerField(required=False, min_value=0, max_value=90)
    weights = serializers.DictField(child=serializers.FloatField(), required=False)
    alias = serializers.CharField(max_length=255, allow_blank=True, required=False)
    steps = serializers.ListField(child=serializers.FloatField(), required=False, max_length=20)
    dwell_seconds = serializers.FloatField(required=False)
    fewest_requests = serializers.IntegerField(required=False, max_value=LARGEST)
    guardrails = serializers.DictField(child=serializers.FloatField(), required=False)
    floor = serializers.FloatField(required=False)
    every_seconds = serializers.IntegerField(required=False, max_value=LARGEST)


class StopIn(serializers.Serializer[Any]):
    back = serializers.BooleanField(default=False)
    reason = serializers.CharField(allow_blank=True, default="", max_length=1000)


class PromoteIn(serializers.Serializer[Any]):
    variant = serializers.CharField(max_length=60)
    why = serializers.CharField(
        allow_blank=True, default="", max_length=1000, help_text="An owner's reason, where it has not won."
    )


class AbTestOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    endpoint = serializers.CharField()
    name = serializers.CharField()
    mode = serializers.CharField()
    state = serializers.CharField()
    declared = serializers.DictField()
    variants = serializers.ListField(child=serializers.CharField())
    newest = serializers.DictField(allow_null=True)
    fixed = serializers.DictField()
    obstacles = serializers.DictField()
    winner = serializers.CharField(allow_null=True)
    reason = serializers.CharField()
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class LookOut(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    figures = serializers.DictField()


class PlanQuery(serializers.Serializer[Any]):
    metric = serializers.CharField(max_length=40)
    effect = serializers.FloatField()
    share = serializers.FloatField(default=50.0, min_value=0.01, max_value=99.99)
    outcome = serializers.CharField(default="", allow_blank=True, max_length=1000)


class PlanOut(serializers.Serializer[Any]):
    traffic = serializers.DictField()
    plan = serializers.DictField()


DECLARED = (
    "hypothesis", "control", "metric", "outcome", "maximize", "per_unit", "margin", "effect", "alpha", "horizon",
    "cuped_days", "alias",
)  # fmt: skip


def ab_test_json(test: AbTest) -> dict[str, Any]:
    return {
        "id": test.pk,
        "endpoint": test.endpoint.name,
        "name": test.name,
        "mode": test.mode,
        "state": test.state,
        "declared": {**{name: getattr(test, name) for name in DECLARED}, **test.options},
        "variants": list(test.versions),
        "newest": test.memory.get("newest"),
        "fixed": test.memory.get("fixed", {}),
        "obstacles": {name: obstacles_to(test, name) for name in test.challengers},
        "winner": test.winner or None,
        "reason": test.reason,
        "started_at": test.started_at,
        "ended_at": test.ended_at,
    }


def look_json(look: AbTestLook) -> dict[str, Any]:
    return {"at": look.at, "figures": look.figures}
