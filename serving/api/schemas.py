"""What the serving API takes and gives: input is checked by these, the OpenAPI page is made of them."""

from typing import Any

from rest_framework import serializers

from mlregistry.accounts.actor import Actor
from mlregistry.errors import Invalid
from models_app import access as models_access
from models_app.models import ModelVersion
from serving.actions.endpoints import LONGEST_REASON, VariantSpec
from serving.models import Endpoint

LOG_MODES = ["durable", "best-effort", "off"]


class VariantIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=60)
    model = serializers.CharField(max_length=256)
    version = serializers.IntegerField(min_value=1, required=False)
    alias = serializers.CharField(required=False, help_text="Instead of a version; resolved now.")
    weight = serializers.FloatField(help_text="Per cent; all weights sum to 100.")


class VariantsIn(serializers.Serializer[Any]):
    variants = VariantIn(many=True)


class VariantsChange(VariantsIn):
    reason = serializers.CharField(
        allow_blank=True, default="", max_length=LONGEST_REASON, help_text="Kept with the change."
    )


class EndpointIn(VariantsIn):
    name = serializers.CharField(max_length=100)
    description = serializers.CharField(allow_blank=True, default="")
    problem = serializers.IntegerField(required=False, allow_null=True)
    log_mode = serializers.ChoiceField(choices=LOG_MODES, default="durable")


class EndpointPatch(serializers.Serializer[Any]):
    description = serializers.CharField(allow_blank=True, required=False)
    problem = serializers.IntegerField(required=False)
    log_mode = serializers.ChoiceField(choices=LOG_MODES, required=False)


class VariantOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    model = serializers.CharField()
    version = serializers.IntegerField()
    weight = serializers.FloatField()


class EndpointOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    description = serializers.CharField()
    problem = serializers.IntegerField(allow_null=True)
    log_mode = serializers.CharField()
    variants = VariantOut(many=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class FeedbackItem(serializers.Serializer[Any]):
    prediction_id = serializers.CharField(required=False, help_text="As in the answer's prediction_ids.")
    request_id = serializers.CharField(required=False, help_text="X-Request-Id of the answer; then with row.")
    row = serializers.IntegerField(required=False, min_value=0, default=0)
    unit = serializers.CharField(
        required=False, help_text="Instead: the unit's newest prediction until `at`."
    )
    at = serializers.DateTimeField(required=False, help_text="With unit; now when left out.")
    truth = serializers.JSONField()


class FeedbackIn(serializers.Serializer[Any]):
    feedback = FeedbackItem(many=True)


def endpoint_json(endpoint: Endpoint) -> dict[str, Any]:
    """An endpoint with its variants prefetched."""
    return {
        "name": endpoint.name,
        "description": endpoint.description,
        "problem": endpoint.problem_id,
        "log_mode": endpoint.log_mode,
        "variants": [
            {
                "name": variant.name,
                "model": variant.version.model.name,
                "version": variant.version.number,
                "weight": float(variant.weight),
            }
            for variant in endpoint.variants.all()
        ],
        "created_at": endpoint.created_at,
        "updated_at": endpoint.updated_at,
    }


def variant_specs(by: Actor, given: list[dict[str, Any]]) -> list[VariantSpec]:
    """Variants as the actions want them: a number or an alias becomes the version."""
    return [{"name": item["name"], "version": _version(by, item), "weight": item["weight"]} for item in given]


def _version(by: Actor, item: dict[str, Any]) -> ModelVersion:
    if ("version" in item) == ("alias" in item):
        raise Invalid(f"Variant “{item['name']}” needs either a version or an alias.", field="variants")
    if "alias" in item:
        return models_access.version_by_alias(by, item["model"], item["alias"])
    return models_access.version(by, item["model"], item["version"])
