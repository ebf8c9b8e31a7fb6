"""REST: the logged models of an experiment, and one of them."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from experiments import access
from experiments.models import LoggedModel
from experiments.queries import logged_models as queries
from mlregistry.accounts.models import Role
from mlregistry.rest import TeamView, listing

from .parsing import filtered, parameters

FILTERS = {"name": "name__icontains", "status": "status", "lifecycle": "lifecycle", "model_type": "model_type",
           "source_run": "source_run_id"}  # fmt: skip
ORDERING = ("-created_at", "name", "updated_at")


class LoggedModelOut(serializers.ModelSerializer[LoggedModel]):
    """`model_id` is how MLflow's clients name it."""

    model_id = serializers.CharField()

    class Meta:
        model = LoggedModel
        fields = (
            "model_id", "experiment", "name", "status", "status_message", "model_type", "source_run", "params",
            "tags", "lifecycle", "created_by", "created_at", "updated_at",
        )  # fmt: skip


class LoggedModelMetricOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    value = serializers.FloatField(source="number", allow_null=True)
    step = serializers.IntegerField()
    timestamp = serializers.IntegerField()
    dataset_name = serializers.CharField()
    dataset_digest = serializers.CharField()
    run = serializers.UUIDField(source="run_id")


class LoggedModelDetail(LoggedModelOut):
    metrics = serializers.SerializerMethodField()

    class Meta(LoggedModelOut.Meta):
        fields = (*LoggedModelOut.Meta.fields, "metrics")  # type: ignore[assignment]  # the stubs want the base's own length

    @extend_schema_field(LoggedModelMetricOut(many=True))
    def get_metrics(self, model: LoggedModel) -> Any:
        return LoggedModelMetricOut(queries.latest_metrics([model])[model.pk], many=True).data


class ExperimentLoggedModels(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(parameters=parameters(FILTERS, ORDERING), responses=LoggedModelOut(many=True))
    def get(self, request: Request, experiment_id: int) -> Response:
        """What the experiment's runs logged as models, deleted ones too."""
        experiment = access.experiment(self.actor, experiment_id)
        rows = filtered(request, access.logged_models(self.actor).filter(experiment=experiment), FILTERS)
        return listing(request, rows, ordering=ORDERING, to_json=LoggedModelOut().to_representation)


class OneLoggedModel(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(responses=LoggedModelDetail)
    def get(self, request: Request, model_id: str) -> Response:
        """One logged model by MLflow's id (m-…), with the latest value of each metric on each dataset."""
        return Response(LoggedModelDetail(access.logged_model(self.actor, model_id, deleted=True)).data)
