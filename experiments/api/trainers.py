"""REST: trainers of a team's own, and their runs."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from experiments import access
from experiments.actions import trainers as actions
from experiments.actions.trainers import Start
from experiments.models import Trainer
from mlregistry.accounts.models import Role
from mlregistry.jobs.engines import DEFAULT_CLASS
from mlregistry.rest import TeamView, body_of, listing

from .datasets import DIGEST, FILENAME, UPLOAD_REQUEST
from .parsing import UPLOAD_PARSERS, parsed, upload


class TrainerOut(serializers.ModelSerializer[Trainer]):
    archive_sha256 = serializers.CharField(source="archive.sha256", default=None, allow_null=True)

    class Meta:
        model = Trainer
        fields = ["id", "name", "entry", "archive_sha256", "n_files", "requirements", "created_at"]


class EntryIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200)
    entry = serializers.CharField(max_length=200, help_text="module:function that the operator allows")


class TrainerRunIn(serializers.Serializer[Any]):
    experiment = serializers.IntegerField()
    dataset_version = serializers.IntegerField(required=False, allow_null=True)
    params = serializers.DictField(
        required=False, help_text="JSON; the trainer finds it in MLREGISTRY_PARAMS"
    )
    limits = serializers.DictField(
        required=False,
        help_text="wall_seconds, cpu_seconds, memory_mb, disk_mb",
        child=serializers.JSONField(),
    )
    resource_class = serializers.CharField(required=False)


class TrainerRunOut(serializers.Serializer[Any]):
    run = serializers.UUIDField()
    job = serializers.UUIDField()


class Trainers(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.OWNER}
    parser_classes = UPLOAD_PARSERS

    @extend_schema(responses=TrainerOut(many=True))
    def get(self, request: Request) -> Response:
        """The team's trainers."""
        rows = access.trainers(self.actor)
        return listing(request, rows, ordering=("name", "created_at"), to_json=TrainerOut().to_representation)

    @extend_schema(
        request={**UPLOAD_REQUEST, "application/json": EntryIn},
        parameters=[OpenApiParameter("name", str, description="of an uploaded trainer"), FILENAME, DIGEST],
        responses={201: TrainerOut},
    )
    def post(self, request: Request) -> Response:
        """Bring a zip archive with main.py (a form's `file`, or the raw bytes), or name an entry point as JSON."""
        if request.content_type.startswith("application/json") and not request.headers.get("X-Filename"):
            made = actions.create_trainer(**parsed(EntryIn, body_of(request)), by=self.actor)
        else:
            with upload(request) as (stream, filename, _):
                name = request.query_params.get("name") or filename.removesuffix(".zip")
                made = actions.create_trainer(name, source=stream, by=self.actor)
        return Response(TrainerOut(made).data, status=201)


class OneTrainer(TeamView):
    roles = {"get": Role.VIEWER, "delete": Role.OWNER}

    @extend_schema(responses=TrainerOut)
    def get(self, request: Request, trainer_id: int) -> Response:
        """One trainer with its requirements."""
        return Response(TrainerOut(access.trainer(self.actor, trainer_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, trainer_id: int) -> Response:
        """Delete the trainer; its runs stay."""
        actions.delete_trainer(access.trainer(self.actor, trainer_id), by=self.actor)
        return Response(status=204)


class TrainerRuns(TeamView):
    roles = {"post": Role.OWNER}

    @extend_schema(request=TrainerRunIn, responses={202: TrainerRunOut})
    def post(self, request: Request, trainer_id: int) -> Response:
        """Start the trainer as a job that logs to a new run."""
        trainer = access.trainer(self.actor, trainer_id)
        run, job = actions.start_trainer(
            trainer, self._start(parsed(TrainerRunIn, body_of(request))), by=self.actor
        )
        return Response(TrainerRunOut({"run": run.pk, "job": job.pk}).data, status=202)

    def _start(self, wanted: dict[str, Any]) -> Start:
        version = wanted.get("dataset_version")
        return Start(
            experiment=access.experiment(self.actor, wanted["experiment"]),
            dataset_version=None if version is None else access.dataset_version_by_id(self.actor, version),
            params=wanted.get("params", {}),
            limits=wanted.get("limits", {}),
            queue=wanted.get("resource_class", DEFAULT_CLASS),
        )
