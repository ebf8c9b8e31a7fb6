"""REST view of where a model's aliases pointed."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.rest import TeamView, listing
from models_app import access
from models_app.queries.alias_moves import move_json, moves_of


class AliasHistory(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(operation_id="models_alias_history", responses=dict)
    def get(self, request: Request, name: str) -> Response:
        """Every move of the model's aliases with who and why, the newest first."""
        rows = moves_of(access.model(self.actor, name))
        return listing(request, rows, ordering=("-at",), to_json=move_json)
