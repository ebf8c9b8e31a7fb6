"""REST: the audit trail of the team."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.api.serializers import AuditOut
from mlregistry.accounts.models import Role
from mlregistry.accounts.queries import audit
from mlregistry.rest import TeamView, listing

PARAMETERS = [OpenApiParameter(name, str) for name in (*audit.FILTERS, "since", "until")]


class Audit(TeamView):
    roles = {"get": Role.EDITOR}

    @extend_schema(parameters=PARAMETERS, responses=AuditOut(many=True))
    def get(self, request: Request) -> Response:
        """Who did what, newest first."""
        return listing(
            request,
            audit.filtered(self.actor, request.query_params),
            ordering=("-at", "at"),
            to_json=AuditOut().to_representation,
        )
