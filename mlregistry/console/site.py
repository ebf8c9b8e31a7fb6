"""The administration's site: its first page is the console, and people sign in on the one page for that."""

import re
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from mlregistry.accounts.queries import actors
from mlregistry.errors import Forbidden
from mlregistry.ui.page import error_page

from .queries import health, overview, people, storage

LEFT_OUT = frozenset({"account", "socialaccount"})
NAMES_IN_Y = re.compile(r"(?<![aeiou])ys$")  # Django adds an s, whatever the name ends in


class ConsoleSite(AdminSite):
    site_header = "mlregistry administration"
    site_title = "mlregistry"
    index_title = "Console"
    enable_nav_sidebar = False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Without allauth's pages: its tables hold who is who at the provider, which only a sign-in may write.

        Plurals are mended here, where they are read: in the models they would be migrations.
        """
        models: list[Any] = (
            [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)
        )
        shown = [model for model in models if model._meta.app_label not in LEFT_OUT]
        for model in shown:
            plural = NAMES_IN_Y.sub("ies", str(model._meta.verbose_name_plural))
            model._meta.verbose_name_plural = plural
        super().register(shown, admin_class, **options)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Superusers see how the server does; other staff the list of what they may look at."""
        console: dict[str, Any] = {}
        if request.user.is_superuser:
            found = overview.look()
            console = {
                "console": found,
                "storage": storage.look(),
                "people": people.look(),
                "checks": health.checks(found),
                "versions": health.versions(),
            }
        try:
            request.actor = actors.for_user(request.user)  # type: ignore[attr-defined,arg-type]  # for the page’s menu
        except Forbidden:
            pass  # an operator who is in no team
        return super().index(request, {**console, **(extra_context or {})})

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The page on which everybody signs in; who is signed in and no staff is told so."""
        if request.user.is_authenticated and not self.has_permission(request):
            return error_page(request, Forbidden("The administration is for the operators of this server."))
        return redirect_to_login(request.GET.get("next", reverse("admin:index")), reverse("accounts:login"))
