"""REST: problems."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from experiments import access
from experiments.actions import problems as actions
from mlregistry.accounts.models import Role
from mlregistry.rest import TeamView, body_of, listing
from mlregistry.rest_idempotency import idempotent

from .parsing import filtered, parameters, parsed
from .serializers import ProblemIn, ProblemOut

FILTERS = {"name": "name__icontains", "kind": "kind", "target": "target", "primary_metric": "primary_metric"}
ORDERING = ("-created_at", "name", "updated_at")


class Problems(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}

    @extend_schema(parameters=parameters(FILTERS, ORDERING), responses=ProblemOut(many=True))
    def get(self, request: Request) -> Response:
        """The team's problems."""
        rows = filtered(request, access.problems(self.actor), FILTERS)
        return listing(request, rows, ordering=ORDERING, to_json=ProblemOut().to_representation)

    @extend_schema(request=ProblemIn, responses={201: ProblemOut})
    @idempotent()
    def post(self, request: Request) -> Response:
        """Frame a problem."""
        problem = actions.create_problem(**parsed(ProblemIn, body_of(request)), by=self.actor)
        return Response(ProblemOut(problem).data, status=201)


class OneProblem(TeamView):
    roles = {"get": Role.VIEWER, "patch": Role.EDITOR, "delete": Role.EDITOR}

    @extend_schema(responses=ProblemOut)
    def get(self, request: Request, problem_id: int) -> Response:
        """One problem."""
        return Response(ProblemOut(access.problem(self.actor, problem_id)).data)

    @extend_schema(request=ProblemIn(partial=True), responses=ProblemOut)
    def patch(self, request: Request, problem_id: int) -> Response:
        """Change the fields that are sent."""
        problem = access.problem(self.actor, problem_id)
        changes = parsed(ProblemIn, body_of(request), partial=True)
        return Response(ProblemOut(actions.update_problem(problem, **changes, by=self.actor)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, problem_id: int) -> Response:
        """Delete a problem that no run was trained on."""
        actions.delete_problem(access.problem(self.actor, problem_id), by=self.actor)
        return Response(status=204)
