"""REST view of a version's compiled form."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.rest import TeamView
from models_app import access
from models_app.actions import compilations
from models_app.queries.compilations import compilation_json, compilation_of


class Compilation(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR, "delete": Role.EDITOR}

    @extend_schema(operation_id="model_versions_compilation", responses=dict)
    def get(self, request: Request, name: str, number: int) -> Response:
        """Which form serves, and the report of the gate: candidates, inputs, differences, seconds."""
        return Response(compilation_json(compilation_of(access.version(self.actor, name, number))))

    @extend_schema(operation_id="model_versions_compile", request=None, responses={202: dict})
    def post(self, request: Request, name: str, number: int) -> Response:
        """Starts the job, unless one is under way."""
        found = compilations.request_compilation(access.version(self.actor, name, number), by=self.actor)
        return Response(compilation_json(found), status=202)

    @extend_schema(operation_id="model_versions_serve_native", responses={204: None})
    def delete(self, request: Request, name: str, number: int) -> Response:
        """The native model serves again; the report stays."""
        compilations.drop_compilation(access.version(self.actor, name, number), by=self.actor)
        return Response(status=204)
