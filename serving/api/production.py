"""REST views of the past, of lineage, and of who can see a thing."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.accounts.queries.visibility import who_sees
from mlregistry.discussions.nouns import thing_in_address
from mlregistry.rest import TeamView, listing
from serving import access
from serving.queries import production as queries
from serving.queries.lineage_graph import around


class Production(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(
        operation_id="production_read", responses=dict,
        parameters=[
            OpenApiParameter("at", str, description="2026-01-31T12:00:00Z, or without an offset in `zone`"),
            OpenApiParameter("zone", str, description="such as Europe/Berlin; UTC when left out"),
        ],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """What was in production at that moment, now when none is given: endpoints with variants, and aliases."""
        given = request.query_params
        at = queries.moment(given.get("at", ""), given.get("zone", ""))
        return Response(queries.to_json(queries.production(self.actor.team, at)))


class History(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(operation_id="endpoints_history", responses=dict)
    def get(self, request: Request, name: str) -> Response:
        """Every change of what stands behind the endpoint, the newest first; of deleted ones too."""
        rows = queries.moves_of(self.actor.team, name)
        if not rows.exists():
            access.endpoint(self.actor, name)
        return listing(request, rows, ordering=("-at",), to_json=queries.move_json)


class Lineage(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(operation_id="lineage_read", responses=dict)
    def get(self, request: Request, noun: str, key: str) -> Response:
        """The graph around a problem, dataset, run, endpoint, or version (model:number): nodes and edges."""
        return Response(around(noun, thing_in_address(self.actor, noun, key).row).to_json())


class Visibility(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(operation_id="visibility_read", responses=dict)
    def get(self, request: Request, noun: str, key: str) -> Response:
        """Who can see a thing, and why: of any kind that may be discussed; tokens for owners only."""
        thing = thing_in_address(self.actor, noun, key)
        run = thing.row.pk if noun == "run" else None
        found = who_sees(self.actor, predicts=noun == "endpoint", run=run)
        return Response({"noun": noun, "name": thing.name, **found.to_json()})
