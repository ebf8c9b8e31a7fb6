"""REST: studies of feature selection."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from experiments import access
from experiments.actions import selections as actions
from experiments.models import SelectionStudy
from mlregistry.accounts.models import Role
from mlregistry.rest import TeamView, body_of, listing
from mlregistry.rest_idempotency import idempotent

from .parsing import filtered, parameters, parsed
from .serializers import ProblemOut

FILTERS = {"problem": "problem_id", "dataset_version": "dataset_version_id"}
ORDERING = ("-created_at",)
PLAN = ("methods", "sizes", "own_choice", "folds")
RECIPE = ("estimator", "params", "preparation", "steps", "seed")


class SelectionOut(serializers.ModelSerializer[SelectionStudy]):
    state = serializers.CharField(read_only=True)
    advice = serializers.JSONField(read_only=True)

    class Meta:
        model = SelectionStudy
        fields = (
            "id", "problem", "dataset_version", "data_name", "state", "job", "plan", "recipe", "advice",
            "created_by", "created_at",
        )  # fmt: skip


class SelectionDetail(SelectionOut):
    class Meta(SelectionOut.Meta):
        fields = (*SelectionOut.Meta.fields, "result")  # type: ignore[assignment]  # the stubs want the base's own length


class SelectionIn(serializers.Serializer[Any]):
    problem = serializers.IntegerField()
    dataset_version = serializers.IntegerField()
    methods = serializers.ListField(child=serializers.CharField(), required=False)
    sizes = serializers.ListField(
        child=serializers.IntegerField(), required=False, help_text="numbers of features to try"
    )
    own_choice = serializers.BooleanField(required=False, help_text="try each method's own number too")
    folds = serializers.IntegerField(required=False)
    estimator = serializers.CharField(required=False, help_text="measures each set; a plain one by default")
    params = serializers.DictField(required=False)
    preparation = serializers.DictField(required=False)
    steps = serializers.JSONField(required=False, help_text="in place of the preparation")
    seed = serializers.IntegerField(required=False)


class UseIn(serializers.Serializer[Any]):
    method = serializers.CharField()
    n_features = serializers.IntegerField(
        required=False, allow_null=True, help_text="null: the method's own choice"
    )


class Selections(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}

    @extend_schema(parameters=parameters(FILTERS, ORDERING), responses=SelectionOut(many=True))
    def get(self, request: Request) -> Response:
        """The team's studies, without their results."""
        rows = filtered(request, access.selections(self.actor), FILTERS)
        return listing(request, rows, ordering=ORDERING, to_json=SelectionOut().to_representation)

    @extend_schema(request=SelectionIn, responses={202: SelectionOut})
    @idempotent()
    def post(self, request: Request) -> Response:
        """Start a study in the background."""
        wanted = parsed(SelectionIn, body_of(request))
        study = actions.start_selection(
            access.problem(self.actor, wanted["problem"]),
            access.dataset_version_by_id(self.actor, wanted["dataset_version"]),
            plan={name: wanted[name] for name in PLAN if name in wanted},
            recipe={name: wanted[name] for name in RECIPE if name in wanted},
            by=self.actor,
        )
        return Response(SelectionOut(study).data, status=202)


class OneSelection(TeamView):
    roles = {"get": Role.VIEWER, "delete": Role.EDITOR}

    @extend_schema(responses=SelectionDetail)
    def get(self, request: Request, selection_id: int) -> Response:
        """One study with its result, once there is one."""
        return Response(SelectionDetail(access.selection(self.actor, selection_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, selection_id: int) -> Response:
        """Delete a study; its job is stopped."""
        actions.delete_selection(access.selection(self.actor, selection_id), by=self.actor)
        return Response(status=204)


class UseSelection(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(request=UseIn, responses=ProblemOut)
    def post(self, request: Request, selection_id: int) -> Response:
        """Make one row's features those of the problem, or of a new one where runs hold the problem fast."""
        study = access.selection(self.actor, selection_id)
        wanted = parsed(UseIn, body_of(request))
        problem = actions.use_features(study, wanted["method"], wanted.get("n_features"), by=self.actor)
        return Response(ProblemOut(problem).data)
