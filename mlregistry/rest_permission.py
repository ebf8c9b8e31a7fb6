"""The one permission of the REST doors; settings name it, every TeamView declares its roles to it.

A module of its own because the framework loads it while its views are being imported.
"""

from collections.abc import Mapping
from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role, Scope
from mlregistry.errors import Unauthenticated

VERBS = ("get", "post", "put", "patch", "delete")


class DeclaredRole(BasePermission):
    """Holds a request to the role and scope that its view declares for the verb."""

    def has_permission(self, request: Request, view: Any) -> bool:
        roles: Mapping[str, Role | None] = getattr(view, "roles", {})
        method = str(request.method).lower().replace("head", "get")
        if method not in roles:  # a verb that the view does not have is answered by 405
            return method == "options" or method not in VERBS or not hasattr(view, method)
        role = roles[method]
        if role is None:
            return True
        actor: Actor | None = getattr(request._request, "actor", None)
        if actor is None:
            raise Unauthenticated("Send a token: Authorization: Bearer <token>.")
        actor.require_scope(getattr(view, "scope", None) or (Scope.READ if method == "get" else Scope.WRITE))
        actor.require(role)
        return True
