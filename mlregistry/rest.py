"""What every door of the native REST API shares: the base view, problem+json, pages of a list."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

import django.core.exceptions
from django.db import InterfaceError, OperationalError
from django.db.models import Model, QuerySet
from django.http import Http404
from rest_framework import exceptions
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import (
    Forbidden,
    Invalid,
    MlregistryError,
    NotFound,
    Unauthenticated,
    Unavailable,
    of_nul,
)
from mlregistry.rest_permission import VERBS

logger = logging.getLogger(__name__)
PROBLEM_JSON = "application/problem+json"
Row = TypeVar("Row", bound=Model)


class TeamView(APIView):
    """Base of every view of the native API; `roles` names for each verb the least role (None: anybody)."""

    roles: ClassVar[Mapping[str, Role | None]]
    scope: ClassVar[str | None] = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        declared = set(getattr(cls, "roles", {}))
        offered = {verb for verb in VERBS if hasattr(cls, verb)}
        if declared != offered:
            raise TypeError(
                f"{cls.__name__} declares roles for {sorted(declared)} but offers {sorted(offered)}"
            )

    @property
    def actor(self) -> Actor:
        actor: Actor | None = getattr(self.request._request, "actor", None)
        if actor is None:
            raise Unauthenticated("Send a token: Authorization: Bearer <token>.")
        return actor


def body_of(request: Request) -> dict[str, Any]:
    """The JSON object of a request; Invalid when it is something else."""
    if not isinstance(request.data, dict):
        raise Invalid("The body must be a JSON object.")
    return request.data


def valid(schema: Any, request: Request) -> dict[str, Any]:
    """The fields that the serializer class lets through; its errors name the field."""
    serializer = schema(data=request.data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def problem_response(error: Exception, context: Mapping[str, Any] | None = None) -> Response | None:
    """RFC 9457 problem+json for every error a client can cause; None lets the server's own errors through."""
    known = _as_known(error)
    if known is None:
        return None
    body: dict[str, Any] = {
        "type": f"about:blank#{known.code}",
        "title": known.code.replace("_", " "),
        "status": known.status,
        "detail": known.message,
    }
    if known.field:
        body["field"] = known.field
    if known.details:
        body["errors"] = known.details
    response = Response(body, status=known.status, content_type=PROBLEM_JSON)
    if known.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="mlregistry"'
    return response


def _as_known(error: Exception) -> MlregistryError | None:
    """Translates the framework's exceptions into ours."""
    if isinstance(error, MlregistryError):
        return error
    if isinstance(error, (Http404, django.core.exceptions.ObjectDoesNotExist)):
        return NotFound("There is nothing here.")
    if isinstance(error, django.core.exceptions.PermissionDenied):
        return Forbidden("You may not do this.")
    if isinstance(error, (OperationalError, InterfaceError)):
        logger.error("The database did not answer: %s", error)
        return Unavailable("The database does not answer. Try again in a moment.")
    if isinstance(error, ValueError):
        return of_nul(error)
    if isinstance(error, exceptions.ValidationError):
        return _from_serializer(error.detail)
    if isinstance(error, exceptions.APIException):
        known = MlregistryError(str(error.detail))
        known.status, known.code = error.status_code, str(error.default_code)
        return known
    return None


def _from_serializer(detail: Any) -> Invalid:
    lines = list(_flatten(detail, ""))
    field, message = lines[0] if lines else ("", "The request is not valid.")
    return Invalid(
        f"{field}: {message}" if field else message,
        field=field or None,
        details=[f"{name}: {text}" if name else text for name, text in lines],
    )


def _flatten(detail: Any, path: str) -> Any:
    if isinstance(detail, dict):
        for key, value in detail.items():
            yield from _flatten(value, f"{path}.{key}" if path else str(key))
    elif isinstance(detail, list):
        for value in detail:
            yield from _flatten(value, path)
    else:
        yield path, str(detail)


class Page(CursorPagination):
    """Cursor pages: `page_size` up to 1,000, `ordering` among the view's fields, `cursor` from the answer."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 1000


def listing(
    request: Request,
    rows: QuerySet[Row],
    *,
    ordering: tuple[str, ...],
    to_json: Callable[[Row], dict[str, Any]],
) -> Response:
    """One page of `rows`, ordered by one of `ordering` (the first by default, '-' turns it round).

    `to_json` of a serializer is `Out().to_representation`: one of them for all rows, as making its fields costs most.
    """
    chosen = request.query_params.get("ordering", ordering[0])
    if chosen.lstrip("-") not in {name.lstrip("-") for name in ordering}:
        raise Invalid(f"ordering must be one of {', '.join(ordering)}.", field="ordering")
    page = Page()
    page.ordering = (chosen, "pk")
    found = page.paginate_queryset(rows.order_by(chosen, "pk"), request) or []
    return page.get_paginated_response([to_json(row) for row in found])
