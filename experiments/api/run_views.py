"""REST views of the saved views of an experiment's runs table."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from experiments import access
from experiments.actions import run_views as actions
from experiments.models import RunView
from experiments.queries.table_state import (
    LONGEST_FILTER,
    MOST_COLUMNS,
    MOST_GROUPS,
    MOST_ORDERS,
    SPAN_TITLES,
)
from mlregistry.accounts.models import Role
from mlregistry.rest import TeamView, listing, valid
from mlregistry.rest_idempotency import idempotent


def _names(most: int, help_text: str) -> Any:
    return serializers.ListField(
        child=serializers.CharField(max_length=1000), required=False, max_length=most, help_text=help_text
    )


class StateIn(serializers.Serializer[Any]):
    """What the table shows; names are those of the filter grammar."""

    columns = _names(MOST_COLUMNS, "Such as metrics.auc, min(metrics.loss), params.depth, attributes.status.")
    filter = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_FILTER)
    order = _names(MOST_ORDERS, "Such as metrics.auc DESC, the strongest first.")
    since = serializers.ChoiceField(choices=list(SPAN_TITLES), required=False, help_text="Time range.")
    group = _names(MOST_GROUPS, "Params, tags, attributes.status or attributes.user_id.")
    pinned = serializers.IntegerField(required=False, min_value=0, max_value=MOST_COLUMNS)
    widths = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=10_000),
        required=False, max_length=MOST_COLUMNS + 1,
        help_text="Pixels: of the name, then of each column; 0 is its own.",
    )  # fmt: skip


class RunViewIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)
    state = StateIn()
    is_shared = serializers.BooleanField(required=False, help_text="With the team, which takes an editor.")
    is_default = serializers.BooleanField(required=False, help_text="What the team sees first; shared too.")


class RunViewPatch(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100, required=False)
    state = StateIn(required=False)
    is_shared = serializers.BooleanField(required=False)
    is_default = serializers.BooleanField(required=False)


class RunViewOut(serializers.ModelSerializer[RunView]):
    state = StateIn()
    created_by = serializers.CharField(source="created_by.username", default=None, allow_null=True)

    class Meta:
        model = RunView
        fields = [
            "id", "experiment", "name", "state", "is_shared", "is_default", "created_by", "created_at", "updated_at",
        ]  # fmt: skip


class RunViews(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.VIEWER}

    @extend_schema(operation_id="run_views_list", responses=RunViewOut(many=True))
    def get(self, request: Request, experiment_id: int) -> Response:
        """The team's shared views of the experiment's runs, and your own."""
        rows = access.run_views(self.actor).filter(experiment=access.experiment(self.actor, experiment_id))
        order = ("name", "-name", "created_at", "-created_at")
        return listing(request, rows, ordering=order, to_json=RunViewOut().to_representation)

    @extend_schema(operation_id="run_views_create", request=RunViewIn, responses={201: RunViewOut})
    @idempotent()
    def post(self, request: Request, experiment_id: int) -> Response:
        """Your own, or shared with the team."""
        experiment = access.experiment(self.actor, experiment_id)
        given = valid(RunViewIn, request)
        name, state = given.pop("name"), given.pop("state")
        view = actions.create_run_view(experiment, name, state, **given, by=self.actor)
        return Response(RunViewOut(view).data, status=201)


class OneRunView(TeamView):
    roles = {"get": Role.VIEWER, "patch": Role.VIEWER, "delete": Role.VIEWER}

    @extend_schema(operation_id="run_views_read", responses=RunViewOut)
    def get(self, request: Request, view_id: int) -> Response:
        """One view."""
        return Response(RunViewOut(access.run_view(self.actor, view_id)).data)

    @extend_schema(operation_id="run_views_update", request=RunViewPatch, responses=RunViewOut)
    def patch(self, request: Request, view_id: int) -> Response:
        """Rename it, change what it shows, share it, make it the default."""
        view = access.run_view(self.actor, view_id)
        changed = actions.update_run_view(view, **valid(RunViewPatch, request), by=self.actor)
        return Response(RunViewOut(changed).data)

    @extend_schema(operation_id="run_views_delete", responses={204: None})
    def delete(self, request: Request, view_id: int) -> Response:
        """Without a trace but the audit's."""
        actions.delete_run_view(access.run_view(self.actor, view_id), by=self.actor)
        return Response(status=204)
