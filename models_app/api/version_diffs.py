"""REST view of two versions of a model side by side."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.rest import TeamView
from models_app import access
from models_app.queries.version_diffs import diff_of


class Compare(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(
        operation_id="model_versions_compare", responses=dict,
        parameters=[OpenApiParameter("first", int, required=True), OpenApiParameter("second", int, required=True)],
    )  # fmt: skip
    def get(self, request: Request, name: str) -> Response:
        """Metrics, params, signature, card and tests of `first` and `second`."""
        access.model(self.actor, name)
        first, second = (_number(request.query_params.get(one, ""), one) for one in ("first", "second"))
        versions = [access.version(self.actor, name, number) for number in (first, second)]
        return Response(diff_of(*versions).to_json())


def _number(text: str, field: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Invalid(f"Give the number of a version as {field}.", field=field)
    return int(text)
