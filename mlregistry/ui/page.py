"""The one decorator of all web views: signs in, finds the team, checks the role, turns errors into pages."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import get_script_prefix, reverse, set_script_prefix
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.middleware import HtmxDetails

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.accounts.queries import actors
from mlregistry.errors import Forbidden, Invalid, MlregistryError, Unavailable, of_nul

View = Callable[..., HttpResponseBase]
VIEWS: dict[str, Role] = {}
"""Every decorated view by module and name; a test holds the URL table against it."""


class PageRequest(HttpRequest):
    """A request inside a page: `actor` is set; `form_error` holds what was wrong with a form just sent."""

    actor: Actor
    htmx: HtmxDetails
    form_error: MlregistryError | None


def page(
    *, role: Role = Role.VIEWER, change: Role | None = None, form: bool = False
) -> Callable[[View], View]:
    """`role` may look, `change` (the same when left out) may POST.

    With `form`, an error on POST shows the view's own GET again, the values kept and the field marked;
    without, the error is a message on the page the person came from.
    """

    def decorate(view: View) -> View:
        VIEWS[f"{view.__module__}.{view.__qualname__}"] = role

        @wraps(view)
        def answer(request: PageRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path(), reverse("accounts:login"))
            request.form_error = None
            try:
                request.actor = actors.for_user(request.user, getattr(request, "team_slug", None))
                request.actor.require(role if request.method in ("GET", "HEAD") else change or role)
                return view(request, *args, **kwargs)
            except MlregistryError as error:
                return _refused(view, request, error, args, kwargs, form=form)
            except ValueError as error:
                known = of_nul(error)
                if known is None:
                    raise
                return _refused(view, request, known, args, kwargs, form=form)

        answer.page_role = role  # type: ignore[attr-defined]  # an attribute of ours
        return cast(View, answer)

    return decorate


def _refused(
    view: View, request: PageRequest, error: MlregistryError, args: Any, kwargs: Any, *, form: bool
) -> HttpResponseBase:
    if request.method != "POST" or error.status in (403, 404):
        return error_page(request, error)
    return _again(view, request, error, args, kwargs) if form else _back(request, error)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400: what failed before a view was reached, such as an upload over the limit."""
    known = exception if isinstance(exception, MlregistryError) else Invalid("The request could not be read.")
    return error_page(request, known)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: a database that is away is no mistake of ours and passes, so it has a page of its own."""
    away = isinstance(sys.exc_info()[1], (OperationalError, InterfaceError))
    page, status = ("503.html", Unavailable.status) if away else ("500.html", 500)
    return HttpResponse(render_to_string(page), status=status, headers={"Retry-After": "5"} if away else None)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404: no view has this address."""
    _keep_menu(request)
    return render(request, "404.html", status=404)


def error_page(request: HttpRequest, error: MlregistryError) -> HttpResponse:
    _keep_menu(request)
    return render(request, "ui/error.html", {"error": error}, status=error.status)


def _keep_menu(request: Any) -> None:
    """Whoever is signed in finds on from any error: where the address names a team that they are not in, by the menu
    of their own, as links into that one would fail again."""
    user, slug = getattr(request, "user", None), getattr(request, "team_slug", None)
    if hasattr(request, "actor") or user is None or not user.is_authenticated:
        return
    if slug is not None and not user.memberships.filter(team__slug=slug).exists():
        set_script_prefix(get_script_prefix().removesuffix(f"t/{slug}/"))
        slug = None
    try:
        request.actor = actors.for_user(user, slug)
    except Forbidden:
        pass  # in no team at all


def _again(
    view: View, request: PageRequest, error: MlregistryError, args: Any, kwargs: Any
) -> HttpResponseBase:
    """The form once more: as a GET that still knows what was sent."""
    request.method, request.form_error = "GET", error
    try:
        response = view(request, *args, **kwargs)
    except MlregistryError as second:
        return error_page(request, second)
    response.status_code = error.status
    return response


def _back(request: PageRequest, error: MlregistryError) -> HttpResponse:
    messages.error(request, error.message)
    return HttpResponseRedirect(origin(request))


def origin(request: HttpRequest) -> str:
    """The page of ours that the person came from, or home."""
    address = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure()):
        return address
    return reverse("ui:home")


def number(value: str | None, field: str, *, default: float | None = None) -> float | None:
    """A number out of a form; empty gives the default, anything else raises Invalid for the field."""
    if value is None or not value.strip():
        return default
    try:
        return float(value.replace(",", "."))
    except ValueError as error:
        raise Invalid(f"“{value}” is not a number.", field=field) from error


def whole(value: str | None, field: str, *, default: int = 0) -> int:
    """A whole number out of a form or query."""
    if value is None or not value.strip():
        return default
    try:
        return int(value)
    except ValueError as error:
        raise Invalid(f"“{value}” is not a whole number.", field=field) from error
