"""From requests to arguments: bodies through serializers, filters from a table, uploads as streams."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from mlregistry.errors import Invalid
from mlregistry.rest_uploads import UPLOAD_PARSERS as UPLOAD_PARSERS
from mlregistry.rest_uploads import downloaded as downloaded
from mlregistry.rest_uploads import upload as upload

Row = TypeVar("Row", bound=Model)
PAGING = {"cursor", "page_size", "ordering", "format"}
LARGEST_BIGINT = 2**63 - 1


def parsed(serializer: type[Serializer[Any]], data: Any, *, partial: bool = False) -> dict[str, Any]:
    """The checked fields; Invalid names the field that is wrong or not known."""
    if not isinstance(data, Mapping):
        raise Invalid("The body must be a JSON object.")
    checked = serializer(data=data, partial=partial)
    for name in data:
        if name not in checked.fields:
            known = ", ".join(checked.fields)
            raise Invalid(
                f"There is no field {str(name)[:100]!r} here; known: {known}.", field=str(name)[:100]
            )
    checked.is_valid(raise_exception=True)
    return dict(checked.validated_data)


def filtered(request: Request, rows: QuerySet[Row], filters: Mapping[str, str]) -> QuerySet[Row]:
    """The rows held to the filters in the query (`name` → lookup); Invalid for one that is not known."""
    for name, value in request.query_params.items():
        if name in PAGING:
            continue
        if name not in filters:
            raise Invalid(f"There is no filter {name!r}; known: {', '.join(filters)}.", field=name)
        if "\x00" in value:
            raise Invalid("NUL is not allowed.", field=name)
        try:
            rows = rows.filter(**{filters[name]: value})
        except (ValueError, TypeError, OverflowError) as error:
            raise Invalid(f"{value!r} is no value for {name}.", field=name) from error
    return rows


def number(request: Request, name: str, default: int | None = None) -> int | None:
    """A whole number from the query, or the default."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.removeprefix("-").isdecimal() or not text.isascii() or abs(int(text[:25])) > LARGEST_BIGINT:
        raise Invalid(f"{text[:50]!r} is no whole number.", field=name)
    return int(text)


def needed(request: Request, name: str, default: int | None = None) -> int:
    """Like `number`, for a query that needs it."""
    value = number(request, name, default)
    if value is None:
        raise Invalid(f"Name it in the query: ?{name}=….", field=name)
    return value


def parameters(filters: Mapping[str, str], ordering: tuple[str, ...]) -> list[OpenApiParameter]:
    """The query of a list, for the schema."""
    return [
        *[
            OpenApiParameter(name, OpenApiTypes.STR, description=f"Filter: {lookup}")
            for name, lookup in filters.items()
        ],
        OpenApiParameter("ordering", OpenApiTypes.STR, enum=sorted({*ordering, *map(_turned, ordering)})),
        OpenApiParameter("page_size", OpenApiTypes.INT, description="1 to 1,000"),
        OpenApiParameter("cursor", OpenApiTypes.STR, description="From `next` or `previous` of an answer"),
    ]


def _turned(name: str) -> str:
    return name.removeprefix("-") if name.startswith("-") else f"-{name}"
