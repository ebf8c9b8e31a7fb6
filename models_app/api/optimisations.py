"""REST views of optimisations: start, watch, cancel, make a version of a candidate; and what a version costs."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.ml.optimising.wish import MEMBERS, TOLERANCE
from mlregistry.rest import TeamView, valid
from models_app import access
from models_app.actions import optimisations as actions
from models_app.queries import costs
from models_app.queries import optimisations as queries

MOST_SHOWN = actions.MOST_KEPT


class OptimisationIn(serializers.Serializer[Any]):
    methods = serializers.ListField(
        child=serializers.CharField(max_length=40),
        max_length=50,
        required=False,
        help_text="names of methods; all that apply when left out",
    )
    tolerance = serializers.FloatField(
        required=False,
        help_text=f"how much worse the problem's metric may become, in its own unit ({TOLERANCE})",
    )
    costs = serializers.JSONField(
        required=False,
        help_text="costs[true][predicted] of a decision, classes in the signature's order",
    )
    n_members = serializers.IntegerField(
        required=False, help_text=f"of how many of the leaderboard's best: {MEMBERS[0]} to {MEMBERS[1]}"
    )  # fmt: skip


class TakeIn(serializers.Serializer[Any]):
    alias = serializers.CharField(required=False, default="", allow_blank=True, max_length=255)
    description = serializers.CharField(required=False, default="", allow_blank=True, max_length=20_000)


class Optimisations(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}

    @extend_schema(operation_id="model_versions_optimisations", responses=dict)
    def get(self, request: Request, name: str, number: int) -> Response:
        """Which methods apply to the version and why others do not, and its optimisations, the newest first."""
        version = access.version(self.actor, name, number)
        why = queries.why_not(version)
        rows = queries.optimisations_of(version)[:MOST_SHOWN]
        return Response(
            {
                "why_not": why,
                "methods": [] if why else queries.methods_of(version),
                "optimisations": [queries.optimisation_json(row, candidates=False) for row in rows],
            }
        )

    @extend_schema(operation_id="model_versions_optimise", request=OptimisationIn, responses={202: dict})
    def post(self, request: Request, name: str, number: int) -> Response:
        """Starts the job that tries the methods and measures what they make beside the version."""
        version, wish = access.version(self.actor, name, number), valid(OptimisationIn, request)
        found = actions.request_optimisation(version, wish=wish, by=self.actor)
        return Response(queries.optimisation_json(found), status=202)


class Optimisation(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(operation_id="model_versions_optimisation", responses=dict)
    def get(self, request: Request, name: str, number: int, optimisation_id: int) -> Response:
        """State, progress and time left; once finished the figures of the version and of every candidate."""
        found = access.optimisation(self.actor, name, number, optimisation_id)
        return Response(queries.optimisation_json(found))


class Cancel(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(operation_id="model_versions_optimisation_cancel", request=None, responses=dict)
    def post(self, request: Request, name: str, number: int, optimisation_id: int) -> Response:
        """Stops the job; nothing of it is kept."""
        found = access.optimisation(self.actor, name, number, optimisation_id)
        return Response(queries.optimisation_json(actions.cancel_optimisation(found, by=self.actor)))


class CandidateVersion(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(operation_id="model_versions_optimisation_take", request=TakeIn, responses={201: dict})
    def post(self, request: Request, name: str, number: int, optimisation_id: int, place: int) -> Response:
        """Makes the candidate the model's next version; the alias moves to it once the gate lets it."""
        candidate = access.optimised_candidate(self.actor, name, number, optimisation_id, place)
        made = actions.take(candidate, **valid(TakeIn, request), by=self.actor)
        return Response(
            {"model": made.model.name, "number": made.number, "optimised_from": number}, status=201
        )


class Costs(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(operation_id="model_versions_costs", responses=dict)
    def get(self, request: Request, name: str, number: int) -> Response:
        """Of the training that made the version and of 1,000 predictions, by measured processor time."""
        return Response(costs.costs_of(access.version(self.actor, name, number)))
