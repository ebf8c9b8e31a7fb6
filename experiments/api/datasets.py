"""REST: datasets and their versions, uploaded as a form's `file` or as a raw body with X-Filename."""

from typing import Any

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from experiments import access
from experiments.actions import datasets as actions
from experiments.queries import datasets as queries
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.ml.reading import NAMES, parse
from mlregistry.ml.table_export import FORMATS
from mlregistry.rest import TeamView, body_of, listing
from mlregistry.rest_idempotency import idempotent

from .parsing import UPLOAD_PARSERS, filtered, needed, parameters, parsed, upload
from .serializers import DatasetIn, DatasetOut, FindingOut, PreviewOut, VersionOut

FILTERS = {"name": "name__icontains", "problem": "problem_id"}
ORDERING = ("-created_at", "name")
VERSION_FILTERS = {"format": "format", "digest": "digest", "filename": "filename__icontains"}
VERSION_ORDERING = ("-number",)
UPLOAD_REQUEST = {
    "multipart/form-data": {
        "type": "object",
        "properties": {"file": {"type": "string", "format": "binary"}},
        "required": ["file"],
    },
    "application/octet-stream": OpenApiTypes.BINARY,
}  # fmt: skip
FILENAME = OpenApiParameter(
    "X-Filename", OpenApiTypes.STR, OpenApiParameter.HEADER, description="The name of a raw body"
)
DIGEST = OpenApiParameter(
    "Content-Digest",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="sha-256=:<base64>: of a raw body; needed when it comes in chunks, without Content-Length",
)
HOW = [
    OpenApiParameter("append", bool, description="Add the rows to those of the newest version"),
    *(
        OpenApiParameter(name, str, description="How to read the file; found out when left out")
        for name in NAMES
    ),
]


class Datasets(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}

    @extend_schema(parameters=parameters(FILTERS, ORDERING), responses=DatasetOut(many=True))
    def get(self, request: Request) -> Response:
        """The team's datasets."""
        rows = filtered(request, access.datasets(self.actor), FILTERS)
        return listing(request, rows, ordering=ORDERING, to_json=DatasetOut().to_representation)

    @extend_schema(request=DatasetIn, responses={201: DatasetOut})
    @idempotent()
    def post(self, request: Request) -> Response:
        """Name a dataset; its contents come as versions."""
        wanted = _with_problem(self.actor, parsed(DatasetIn, body_of(request)))
        return Response(DatasetOut(actions.create_dataset(**wanted, by=self.actor)).data, status=201)


class OneDataset(TeamView):
    roles = {"get": Role.VIEWER, "patch": Role.EDITOR, "delete": Role.EDITOR}

    @extend_schema(responses=DatasetOut)
    def get(self, request: Request, dataset_id: int) -> Response:
        """One dataset."""
        return Response(DatasetOut(access.dataset(self.actor, dataset_id)).data)

    @extend_schema(request=DatasetIn(partial=True), responses=DatasetOut)
    def patch(self, request: Request, dataset_id: int) -> Response:
        """Change the fields that are sent."""
        dataset = access.dataset(self.actor, dataset_id)
        changes = _with_problem(self.actor, parsed(DatasetIn, body_of(request), partial=True))
        return Response(DatasetOut(actions.update_dataset(dataset, **changes, by=self.actor)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, dataset_id: int) -> Response:
        """Delete a dataset that no run was trained on, with its versions and files."""
        actions.delete_dataset(access.dataset(self.actor, dataset_id), by=self.actor)
        return Response(status=204)


class Versions(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}
    parser_classes = UPLOAD_PARSERS

    @extend_schema(parameters=parameters(VERSION_FILTERS, VERSION_ORDERING), responses=VersionOut(many=True))
    def get(self, request: Request, dataset_id: int) -> Response:
        """The dataset's versions, newest first."""
        dataset = access.dataset(self.actor, dataset_id)
        rows = filtered(request, access.dataset_versions(self.actor, dataset.pk), VERSION_FILTERS)
        return listing(request, rows, ordering=VERSION_ORDERING, to_json=VersionOut().to_representation)

    @extend_schema(request=UPLOAD_REQUEST, parameters=[FILENAME, DIGEST, *HOW], responses={201: VersionOut})
    @idempotent()
    def post(self, request: Request, dataset_id: int) -> Response:
        """Upload CSV, TSV, Excel, Parquet, JSON or SQLite, also compressed; the same bytes again add no version."""
        dataset = access.dataset(self.actor, dataset_id)
        append, how = request.query_params.get("append") in ("1", "true"), parse(request.query_params)
        with upload(request) as (stream, filename, _):
            if not filename:
                raise Invalid("Name the file in the header X-Filename.", field="X-Filename")
            version = actions.add_version(
                dataset, stream, filename=filename, append=append, reading=how, by=self.actor
            )
        return Response(VersionOut(version).data, status=201)


class OneVersion(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(responses=VersionOut)
    def get(self, request: Request, dataset_id: int, number: int) -> Response:
        """One version with its columns."""
        return Response(VersionOut(access.dataset_version(self.actor, dataset_id, number)).data)


class VersionPreview(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(
        parameters=[OpenApiParameter("offset", int), OpenApiParameter("limit", int)], responses=PreviewOut
    )
    def get(self, request: Request, dataset_id: int, number: int) -> Response:
        """Rows of the table."""
        version = access.dataset_version(self.actor, dataset_id, number)
        offset, limit = needed(request, "offset", 0), needed(request, "limit", 50)
        rows = queries.preview(version, offset=offset, limit=limit)
        columns = [column["name"] for column in version.columns]
        return Response({"offset": offset, "n_rows": version.n_rows, "columns": columns, "rows": rows})


class VersionDownload(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(
        parameters=[OpenApiParameter("as", str, enum=sorted(FORMATS))],
        responses={(200, "text/csv"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, dataset_id: int, number: int) -> FileResponse:
        """The whole table as `csv` (text that a spreadsheet would calculate is neutralised) or `parquet`."""
        version = access.dataset_version(self.actor, dataset_id, number)
        kind = request.query_params.get("as", "csv")
        name = f"{version.dataset.name} v{number}.{kind}"
        file = queries.exported(version, format=kind)
        return FileResponse(file, as_attachment=True, filename=name, content_type=FORMATS[kind])


class VersionFit(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(
        parameters=[OpenApiParameter("problem", int, required=True)], responses=FindingOut(many=True)
    )
    def get(self, request: Request, dataset_id: int, number: int) -> Response:
        """What stands against training the problem on this table; an empty list when all is well."""
        version = access.dataset_version(self.actor, dataset_id, number)
        problem = access.problem(self.actor, needed(request, "problem"))
        return Response([finding.to_json() for finding in queries.fit(problem, version)])


def _with_problem(by: Actor, wanted: dict[str, Any]) -> dict[str, Any]:
    """The arguments with the problem's row in place of its id."""
    if wanted.get("problem") is not None:
        wanted["problem"] = access.problem(by, wanted["problem"])
    return wanted
