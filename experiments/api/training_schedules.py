"""REST: training that starts by the clock on the newest version of a dataset."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from experiments import access
from experiments.actions import training_schedules as actions
from experiments.models import TrainingSchedule
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.rest import TeamView, body_of, listing
from mlregistry.rest_idempotency import idempotent

from .parsing import parsed

ORDERING = ("-created_at",)


class ScheduleOut(serializers.ModelSerializer[TrainingSchedule]):
    class Meta:
        model = TrainingSchedule
        fields = (
            "id", "problem", "dataset", "recipes", "cron", "enabled", "last_at", "last_outcome", "last_reason",
            "last_version", "last_experiment", "created_by", "created_at",
        )  # fmt: skip


class ScheduleIn(serializers.Serializer[Any]):
    dataset = serializers.IntegerField()
    cron = serializers.CharField(max_length=100, help_text="minute hour day month weekday, in UTC")
    recipes = serializers.ListField(child=serializers.DictField(), required=False)
    estimators = serializers.ListField(child=serializers.CharField(), required=False)


class ScheduleChange(serializers.Serializer[Any]):
    cron = serializers.CharField(max_length=100, required=False)
    enabled = serializers.BooleanField(required=False)


class ProblemSchedules(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}

    @extend_schema(responses=ScheduleOut(many=True))
    def get(self, request: Request, problem_id: int) -> Response:
        """The schedules of a problem, with what each did last and why."""
        problem = access.problem(self.actor, problem_id)
        rows = problem.training_schedules.all()
        return listing(request, rows, ordering=ORDERING, to_json=ScheduleOut().to_representation)

    @extend_schema(request=ScheduleIn, responses={201: ScheduleOut})
    @idempotent()
    def post(self, request: Request, problem_id: int) -> Response:
        """Train `estimators` (or `recipes`) again and again; a marked version is refused with the reason."""
        problem = access.problem(self.actor, problem_id)
        wanted = parsed(ScheduleIn, body_of(request))
        schedule = actions.create_schedule(
            problem,
            access.dataset(self.actor, wanted["dataset"]),
            cron=wanted["cron"],
            recipes=_recipes(wanted),
            by=self.actor,
        )
        return Response(ScheduleOut(schedule).data, status=201)


class OneSchedule(TeamView):
    roles = {"get": Role.VIEWER, "patch": Role.EDITOR, "delete": Role.EDITOR}

    @extend_schema(responses=ScheduleOut)
    def get(self, request: Request, schedule_id: int) -> Response:
        """One schedule."""
        return Response(ScheduleOut(access.training_schedule(self.actor, schedule_id)).data)

    @extend_schema(request=ScheduleChange(partial=True), responses=ScheduleOut)
    def patch(self, request: Request, schedule_id: int) -> Response:
        """Change the cron line, pause or go on."""
        schedule = access.training_schedule(self.actor, schedule_id)
        changes = parsed(ScheduleChange, body_of(request), partial=True)
        return Response(ScheduleOut(actions.update_schedule(schedule, **changes, by=self.actor)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, schedule_id: int) -> Response:
        """End the schedule; what it has started stays."""
        actions.delete_schedule(access.training_schedule(self.actor, schedule_id), by=self.actor)
        return Response(status=204)


def _recipes(wanted: dict[str, Any]) -> list[dict[str, Any]]:
    if ("recipes" in wanted) == ("estimators" in wanted):
        raise Invalid("Send either 'estimators' or 'recipes'.", field="estimators")
    return wanted["recipes"] if "recipes" in wanted else [{"estimator": n} for n in wanted["estimators"]]
