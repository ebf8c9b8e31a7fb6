"""What the registry's API takes and gives: input is checked by these, the OpenAPI page is made of them."""

from typing import Any

from rest_framework import serializers

from mlregistry.ml.intake.formats import FORMATS
from models_app.models import ModelVersion, RegisteredModel


class ModelIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=256)
    description = serializers.CharField(allow_blank=True, default="")
    problem = serializers.IntegerField(required=False, allow_null=True)


class ModelPatch(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=256, required=False, help_text="Renames the model.")
    description = serializers.CharField(allow_blank=True, required=False)
    problem = serializers.IntegerField(required=False)
    tags = serializers.DictField(child=serializers.CharField(), required=False)


class VersionIn(serializers.Serializer[Any]):
    run = serializers.CharField(help_text="The id of a finished run.")
    description = serializers.CharField(allow_blank=True, default="")
    alias = serializers.CharField(required=False, help_text="Let this alias point at the new version.")


class VersionPatch(serializers.Serializer[Any]):
    description = serializers.CharField(allow_blank=True, required=False)
    stage = serializers.CharField(required=False, help_text="None, Staging, Production or Archived.")
    tags = serializers.DictField(child=serializers.CharField(), required=False)


class AliasIn(serializers.Serializer[Any]):
    version = serializers.IntegerField(min_value=1)
    why = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=2_000,
        help_text="an owner's reason to overrule the gate",
    )


class ModelOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    description = serializers.CharField()
    problem = serializers.IntegerField(allow_null=True)
    tags = serializers.DictField(child=serializers.CharField())
    n_versions = serializers.IntegerField()
    latest_version = serializers.IntegerField(allow_null=True)
    aliases = serializers.DictField(child=serializers.IntegerField())
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class VersionOut(serializers.Serializer[Any]):
    model = serializers.CharField()
    number = serializers.IntegerField()
    state = serializers.CharField()
    description = serializers.CharField()
    tags = serializers.DictField(child=serializers.CharField())
    run = serializers.CharField(allow_null=True)
    stage = serializers.CharField()
    source = serializers.CharField(  # type: ignore[assignment]  # a field's own attribute of that name is taken away
        help_text="Where its files lie, as the client that registered it says."
    )
    signature = serializers.JSONField(allow_null=True, help_text="null for a version without files here")
    input_example = serializers.JSONField()
    metrics = serializers.DictField(child=serializers.FloatField())
    files = serializers.ListField(child=serializers.DictField())
    intake = serializers.CharField(
        allow_null=True, help_text="of a version from outside: how far its check is"
    )
    aliases = serializers.ListField(child=serializers.CharField())
    n_endpoints = serializers.IntegerField()
    created_at = serializers.DateTimeField()


def model_json(model: RegisteredModel) -> dict[str, Any]:
    """A model from `queries.models.with_latest`."""
    return {
        "name": model.name,
        "description": model.description,
        "problem": model.problem_id,
        "tags": model.tags,
        "n_versions": getattr(model, "n_versions", 0),
        "latest_version": getattr(model, "latest_number", None),
        "aliases": {alias.name: alias.version.number for alias in model.aliases.all()},
        "created_at": model.created_at,
        "updated_at": model.updated_at,
    }


def version_json(version: ModelVersion) -> dict[str, Any]:
    """A version from `queries.models.with_details`."""
    return {
        "model": version.model.name,
        "number": version.number,
        "state": version.state,
        "description": version.description,
        "tags": version.tags,
        "run": version.run_id.hex if version.run_id else None,
        "stage": version.stage,
        "source": version.source,
        "signature": version.signature,
        "input_example": version.input_example,
        "metrics": version.metrics,
        "files": [
            {
                "format": row.format,
                "size": row.file.size,
                "sha256": row.file.sha256,
                "who_may_load": FORMATS[row.format].who,
                "trained_here": row.trained_here,
            }
            for row in version.files.all()
        ],
        "intake": version.intake.state if hasattr(version, "intake") else None,
        "aliases": [alias.name for alias in version.aliases.all()],
        "n_endpoints": getattr(version, "n_endpoints", 0),
        "created_at": version.created_at,
    }
